//! `barp ope`: what other policies would have earned, estimated from a log alone.

use crate::commands::data::log::{LogArguments, dollars, score};
use crate::failure::Failure;
use crate::output::say;
use crate::table::aligned;
use clap::{Args, ValueEnum};
use environments::sources::wide::OnBadRow;
use experiment::logged::{Evaluation, Outcome, Propensities, evaluate, names};
use serde_json::{Value, json};
use statistics::off_policy::Estimator;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Ope {
    /// The log: parquet, CSV or JSONL, one row for each answered request, with the propensity of the choice
    log: PathBuf,
    /// A policy that chooses by the task alone: always:MODEL, random, cheapest, largest, best-single, best-per-task
    /// (repeatable) [default: all of them]
    #[arg(long)]
    policy: Vec<String>,
    /// Where the propensities come from
    #[arg(long, value_enum, default_value = "logged")]
    propensities: PropensitySource,
    /// TOML file that says which column is what
    #[arg(long)]
    columns: Option<PathBuf>,
    #[command(flatten)]
    arguments: LogArguments,
    /// Leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// As [`Propensities`], with words for the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PropensitySource {
    /// The log's own column
    Logged,
    /// The share of the chosen model among the rows of its task: right only if nothing else decided the choice
    Shares,
}

impl PropensitySource {
    pub(crate) fn propensities(self) -> Propensities {
        match self {
            PropensitySource::Logged => Propensities::Logged,
            PropensitySource::Shares => Propensities::Shares,
        }
    }
}

impl Ope {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let on_bad_row = if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse };
        let log = self.arguments.open(&self.log, self.columns.as_deref(), on_bad_row)?;
        let named = if self.policy.is_empty() { names(log.models()) } else { self.policy.clone() };
        let evaluations = evaluate(&log, &named, self.propensities.propensities());
        let evaluations = evaluations.map_err(|error| Failure::Input(format!("{}: {error}", self.log.display())))?;
        if self.json {
            let all: Vec<Value> = evaluations.iter().map(as_json).collect();
            say!("{}", serde_json::to_string_pretty(&all).expect("estimates are plain"));
        } else {
            say!("{}", table(&evaluations).trim_end());
        }
        match evaluations.iter().all(|evaluation| evaluation.flaw().is_some()) {
            true => Err(Failure::Failed("the log can carry none of these estimates".into())),
            false => Ok(()),
        }
    }
}

/// What is believed of an estimate: nothing where a flaw forbids it. The direct method needs no weights, so it stands.
fn believed(evaluation: &Evaluation, estimator: Estimator) -> Option<statistics::Interval> {
    let interval = evaluation.gathered.estimate(estimator);
    let stands = evaluation.flaw().is_none() || estimator == Estimator::DirectMethod;
    (stands && interval.mean.is_finite()).then_some(interval)
}

fn table(evaluations: &[Evaluation]) -> String {
    let header =
        ["policy", "outcome", "doubly robust", "+-", "snips", "ips", "direct", "effective rows", "largest weight"];
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
