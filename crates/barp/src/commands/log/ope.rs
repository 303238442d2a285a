//! `barp log ope`: what other policies would have earned, estimated from a log alone.

use super::reading::{LogSource, Weighing};
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use crate::table::{aligned, dollars, score};
use crate::{progress, routers};
use clap::Args;
use environments::sources::logged::Log;
use experiment::log::{
    Decides, Evaluation, EvaluationError, Evaluations, LoggedRouter, Outcome, RouterScores, ScoredRows, evaluate,
    evaluate_routers, names,
};
use routing::Preference;
use serde_json::Value;
use statistics::off_policy::Estimator;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Ope {
    #[command(flatten)]
    source: LogSource,
    /// A policy that chooses by the task alone: always:MODEL, random, cheapest, largest, best-single, best-per-task
    /// (repeatable) [default: all of them]
    #[arg(long)]
    policy: Vec<String>,
    /// A router made by `barp train`, scored on rows whose prompts it was not trained on (repeatable)
    #[arg(long, value_name = "FILE")]
    router: Vec<PathBuf>,
    /// Weight on cost at which routers are scored, from 0 (quality alone) to 1 (cost alone); repeatable [default: that of
    /// each row]
    #[arg(long, requires = "router")]
    w_cost: Vec<f64>,
    /// Score the model that `barp route` writes, not a draw from the router's probabilities
    #[arg(long, requires = "router")]
    greedy: bool,
    #[command(flatten)]
    encoding: EncodingArguments,
    #[command(flatten)]
    weighing: Weighing,
    /// Print as JSON: more estimators, and why each is refused
    #[arg(long)]
    json: bool,
}

impl Ope {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let log = self.source.open()?;
        let named = if self.policy.is_empty() { names(log.models()) } else { self.policy.clone() };
        let routers = self.routers()?;
        let (from, together) = (self.weighing.propensities.propensities(), self.weighing.cluster.together());
        let refuse = |error: EvaluationError| Failure::Input(format!("{}: {error}", self.source.shown()));
        let found = evaluate(&log, &named, from, together).map_err(refuse)?;
        let scored = match routers.is_empty() {
            true => Vec::new(),
            false => evaluate_routers(&log, &routers, from, together, &progress::encoding()).map_err(refuse)?,
        };
        if self.json {
            let routers = scored.iter().flat_map(|scores| scores.to_json(&found.propensities));
            let all: Vec<Value> = found.to_json().into_iter().chain(routers).collect();
            say!("{}", serde_json::to_string_pretty(&all).expect("estimates are plain"));
        }
        let mut evaluations = found.all.clone();
        evaluations.extend(scored.iter().flat_map(|scores| scores.evaluations.iter().cloned()));
        if !self.json {
            say!("{}", table(&evaluations).trim_end());
            say!("{}", on_the_log(&found, &log).trim_end());
            for (router, scores) in routers.iter().zip(&scored) {
                say!("{}", basis(router, scores));
            }
        }
        match evaluations.iter().all(|evaluation| evaluation.flaw().is_some()) {
            true => Err(Failure::Failed("the log can carry none of these estimates".into())),
            false => Ok(()),
        }
    }

    /// The routers, with their encoders.
    fn routers(&self) -> Result<Vec<LoggedRouter>, Failure> {
        let preference =
            |&weight: &f64| Preference::new(weight).map_err(|error| Failure::Input(format!("--w-cost: {error}")));
        let preferences: Vec<Preference> = self.w_cost.iter().map(preference).collect::<Result<_, _>>()?;
        let decides = if self.greedy { Decides::Greedily } else { Decides::ByProbability };
        routers::logged(&self.router, &self.encoding, &preferences, decides)
    }
}

/// Which rows scored a router and which of its answers, in a sentence.
fn basis(router: &LoggedRouter, scores: &RouterScores) -> String {
    let answers = match router.decides {
        Decides::ByProbability => "draws from its probabilities (--greedy: what `barp route` writes)",
        Decides::Greedily => "the model that `barp route` writes",
    };
    let rows = match &scores.rows {
        ScoredRows::AllFromElsewhere(source) => {
            format!("all rows: it learnt from {source}, and whether that shares prompts with the log is not known")
        }
        ScoredRows::Unseen { trained: Some(trained), left_out } => {
            format!("{left_out} rows are left out whose prompts are among the {trained} that it was trained on")
        }
        ScoredRows::Unseen { trained: None, left_out } => {
            format!(
                "{left_out} rows are left out whose prompts it may have been trained on: its card does not list them"
            )
        }
    };
    let absent = match &scores.absent[..] {
        [] => String::new(),
        models => format!("; {} never answers in the log", models.join(", ")),
    };
    format!("{}: {answers}; {rows}{absent}", router.name)
}

/// What holds of every line: the verdict on the propensities, and where the log says nothing of a model.
fn on_the_log(found: &Evaluations, log: &Log) -> String {
    let mut text = found.propensities.sentence() + "\n";
    let unscored = log.len() - log.survey().with_quality;
    if unscored > 0 {
        text +=
            &format!("{unscored} of {} rows have no score: quality holds if they are missing at random\n", log.len());
    }
    for hole in &found.holes {
        let (model, share) = (&log.models()[hole.arm], 100.0 * hole.share);
        text += &format!("hole: {model} never answers {} ({share:.1} % of the rows)\n", hole.part);
    }
    text
}

/// Estimators of the table, each with half of its interval.
const SHOWN: [(Estimator, &str); 5] = [
    (Estimator::DoublyRobust, "doubly robust"),
    (Estimator::SelfNormalisedRobust, "sndr"),
    (Estimator::Snips, "snips"),
    (Estimator::Ips, "ips"),
    (Estimator::DirectMethod, "direct"),
];

fn table(evaluations: &[Evaluation]) -> String {
    let mut header = vec!["policy", "outcome"];
    SHOWN.iter().for_each(|(_, name)| header.extend([*name, "+-"]));
    header.extend(["rows", "clusters", "effective", "largest weight"]);
    let to_line = |cells: Vec<String>| <[String; 16]>::try_from(cells).expect("a line has as many cells as the header");
    let mut lines = vec![to_line(header.into_iter().map(str::to_owned).collect())];
    let mut refused = String::new();
    for evaluation in evaluations {
        let digits = |value: f64| match evaluation.outcome {
            Outcome::Dollars => dollars(value),
            _ => score(value),
        };
        let mut cells = vec![evaluation.policy.clone(), evaluation.outcome.name().to_owned()];
        for (estimator, _) in SHOWN {
            let believed = evaluation.believed(estimator);
            let half = believed.and_then(|interval| Some(interval.high? - interval.mean)).unwrap_or(f64::NAN);
            cells.extend([digits(believed.map_or(f64::NAN, |interval| interval.mean)), digits(half)]);
        }
        let gathered = &evaluation.gathered;
        cells.extend([gathered.rows().to_string(), gathered.clusters().to_string()]);
        cells.extend([format!("{:.0}", gathered.effective()), format!("{:.1}", gathered.largest_weight())]);
        lines.push(to_line(cells));
        if let Some(flaw) = evaluation.flaw() {
            refused += &format!("refused: {} ({}): {flaw}\n", evaluation.policy, evaluation.outcome.name());
        }
    }
    aligned(&lines, 2) + &refused + "+- is half of the 95 % interval (Student's t over clusters of rows)\n"
}
