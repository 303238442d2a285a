//! `barp log ope`: what other policies would have earned, estimated from a log alone.

use super::reading::{LogSource, PropensitySource};
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use crate::table::{aligned, dollars, score};
use crate::{progress, routers};
use clap::Args;
use experiment::log::{
    Decides, Evaluation, EvaluationError, LoggedRouter, Outcome, RouterScores, ScoredRows, evaluate, evaluate_routers,
    names,
};
use routing::Preference;
use serde_json::{Value, json};
use statistics::off_policy::{Estimator, Flaw};
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
    /// Where the propensities come from
    #[arg(long, value_enum, default_value = "logged")]
    propensities: PropensitySource,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Ope {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let log = self.source.open()?;
        let named = if self.policy.is_empty() { names(log.models()) } else { self.policy.clone() };
        let routers = self.routers()?;
        let from = self.propensities.propensities();
        let refuse = |error: EvaluationError| Failure::Input(format!("{}: {error}", self.source.shown()));
        let mut evaluations = evaluate(&log, &named, from).map_err(refuse)?;
        let scored = match routers.is_empty() {
            true => Vec::new(),
            false => evaluate_routers(&log, &routers, from, &progress::encoding()).map_err(refuse)?,
        };
        if self.json {
            let routers = scored.iter().flat_map(router_json);
            let all: Vec<Value> = evaluations.iter().map(as_json).chain(routers).collect();
            say!("{}", serde_json::to_string_pretty(&all).expect("estimates are plain"));
        }
        evaluations.extend(scored.iter().flat_map(|scores| scores.evaluations.iter().cloned()));
        if !self.json {
            say!("{}", table(&evaluations).trim_end());
            for (router, scores) in routers.iter().zip(&scored) {
                say!("{}", basis(router, &scores.rows));
            }
        }
        match evaluations.iter().all(|evaluation| evaluation.flaw().is_some()) {
            true => Err(Failure::Failed("the log can carry none of these estimates".into())),
            false => Ok(()),
        }
    }

    /// The routers, with their encoders.
    fn routers(&self) -> Result<Vec<LoggedRouter>, Failure> {
        if self.router.is_empty() && self.encoding.is_given() {
            return Err(Failure::Input(
                "`--weights`, `--cache` and `--threads` are for --router: nothing else is encoded".into(),
            ));
        }
        let preference =
            |&weight: &f64| Preference::new(weight).map_err(|error| Failure::Input(format!("--w-cost: {error}")));
        let preferences: Vec<Preference> = self.w_cost.iter().map(preference).collect::<Result<_, _>>()?;
        let open = |path: &PathBuf| {
            let name = path.display().to_string();
            let deployment = routers::open(path, &self.encoding)?;
            let encoder = deployment.card().encoder.as_ref().map_or("", |card| card.name.as_str());
            let encoding = self.encoding.how(encoder);
            let decides = if self.greedy { Decides::Greedily } else { Decides::ByProbability };
            Ok(LoggedRouter { name, deployment, preferences: preferences.clone(), decides, encoding })
        };
        self.router.iter().map(open).collect()
    }
}

/// Which rows scored a router and which of its answers, in a sentence.
fn basis(router: &LoggedRouter, rows: &ScoredRows) -> String {
    let answers = match router.decides {
        Decides::ByProbability => "draws from its probabilities (--greedy: what `barp route` writes)",
        Decides::Greedily => "the model that `barp route` writes",
    };
    let rows = match rows {
        ScoredRows::AllFromElsewhere(source) => {
            format!("all rows: it learnt from {source}, and whether that shares prompts with the log is not known")
        }
        ScoredRows::AllOfOtherPrompts { sample } => {
            format!("all rows: of {sample} prompts sampled from its training, the log holds none")
        }
        ScoredRows::HeldOut { sample, shared, left_out } => format!(
            "held-out rows alone: of {sample} prompts sampled from its training, the log holds {shared}, so {left_out} rows \
             whose prompts it may have been trained on are left out"
        ),
    };
    format!("{}: {answers}; {rows}", router.name)
}

/// A router's estimates, each with the rows behind it.
fn router_json(scores: &RouterScores) -> Vec<Value> {
    let rows = match &scores.rows {
        ScoredRows::AllFromElsewhere(source) => json!({ "rows": "all", "trained_on": source }),
        ScoredRows::AllOfOtherPrompts { sample } => {
            json!({ "rows": "all", "trained_on": "log", "sampled_prompts": sample, "sampled_prompts_in_log": 0 })
        }
        ScoredRows::HeldOut { sample, shared, left_out } => json!({
            "rows": "held-out", "trained_on": "log", "sampled_prompts": sample, "sampled_prompts_in_log": shared,
            "rows_left_out": left_out,
        }),
    };
    let one = |(evaluation, w_cost): (&Evaluation, &Option<f64>)| {
        let mut all = as_json(evaluation);
        (all["w_cost"], all["basis"]) = (json!(w_cost), rows.clone());
        all
    };
    scores.evaluations.iter().zip(&scores.w_cost).map(one).collect()
}

/// What is believed of an estimate: nothing where a flaw forbids it.
fn believed(evaluation: &Evaluation, estimator: Estimator) -> Option<statistics::Interval> {
    let interval = evaluation.gathered.estimate(estimator);
    let stands = match evaluation.flaw() {
        None => true,
        // The direct method needs no weights, but it needs to know of every model that is taken.
        Some(Flaw::Hole { .. } | Flaw::NoSupport) => false,
        Some(_) => estimator == Estimator::DirectMethod,
    };
    (stands && interval.mean.is_finite()).then_some(interval)
}

fn table(evaluations: &[Evaluation]) -> String {
    let header =
        ["policy", "outcome", "doubly robust", "+-", "snips", "ips", "direct", "rows", "effective", "largest weight"];
    let mut lines = vec![header.map(str::to_owned)];
    let mut refused = String::new();
    for evaluation in evaluations {
        let digits = |value: f64| match evaluation.outcome {
            Outcome::Quality => score(value),
            Outcome::Dollars => dollars(value),
        };
        let mean = |estimator| digits(believed(evaluation, estimator).map_or(f64::NAN, |interval| interval.mean));
        let robust = believed(evaluation, Estimator::DoublyRobust);
        let half = robust.and_then(|interval| Some(interval.high? - interval.mean)).unwrap_or(f64::NAN);
        lines.push([
            evaluation.policy.clone(),
            evaluation.outcome.name().to_owned(),
            mean(Estimator::DoublyRobust),
            digits(half),
            mean(Estimator::Snips),
            mean(Estimator::Ips),
            mean(Estimator::DirectMethod),
            evaluation.gathered.rows().to_string(),
            format!("{:.0}", evaluation.gathered.effective()),
            format!("{:.1}", evaluation.gathered.largest_weight()),
        ]);
        if let Some(flaw) = evaluation.flaw() {
            refused += &format!("refused: {} ({}): {flaw}\n", evaluation.policy, evaluation.outcome.name());
        }
    }
    aligned(&lines, 2) + &refused + "+- is half of the 95 % interval (Student's t over logged rows)\n"
}

fn as_json(evaluation: &Evaluation) -> Value {
    let estimate = |estimator: Estimator| {
        let interval = believed(evaluation, estimator);
        let end = |end: fn(&statistics::Interval) -> Option<f64>| interval.as_ref().and_then(end);
        json!({
            "value": end(|interval| Some(interval.mean)),
            "ci_low": end(|interval| interval.low),
            "ci_high": end(|interval| interval.high),
            "ci_method": interval.map(|interval| interval.method),
        })
    };
    let mut all = json!({
        "policy": evaluation.policy,
        "outcome": evaluation.outcome.name(),
        "rows": evaluation.gathered.rows(),
        "matched_rows": evaluation.gathered.matched(),
        "effective_rows": evaluation.gathered.effective(),
        "mean_weight": evaluation.gathered.mean_weight(),
        "largest_weight": evaluation.gathered.largest_weight(),
        "refused": evaluation.flaw().map(|flaw| flaw.to_string()),
    });
    for estimator in Estimator::ALL {
        all[estimator.name()] = estimate(estimator);
    }
    all
}
