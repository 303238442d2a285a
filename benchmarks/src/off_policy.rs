//! How far off-policy estimates are from the truth, and how often their intervals hold it: on simulated gateways
//! (`tests/src/gateway.rs`), through the doors of `barp log ope` and `barp log decide`.
//!
//! Looked at are policies whose worth is known in closed form: every model for all requests, and, in decisions, their
//! differences and savings beside the gateway's own choices. Gateways differ from repetition to repetition.

use ::tests::gateway::{Gateway, MODELS, Trap};
use environments::sources::logged::{Log, LogOptions};
use experiment::Progress;
use experiment::log::{Goal, Outcome, Propensities, Question, Together, decide, evaluate};
use rayon::prelude::*;
use statistics::Interval;
use statistics::off_policy::Estimator;
use std::path::Path;

/// How one number fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Fared {
    /// What is wrong with the logs, in words.
    pub trap: String,
    /// Rows of a log.
    pub rows: usize,
    /// An estimator of `ope`, or a number of `decide`.
    pub what: String,
    /// Quality or dollars.
    pub outcome: &'static str,
    /// Numbers that were printed.
    pub printed: u64,
    /// Share of all that were refused.
    pub refused: f64,
    /// Those printed with an interval.
    pub intervals: u64,
    /// Share of these that held the truth.
    pub coverage: f64,
    /// Root mean squared error as a share of the mean truth.
    pub error: f64,
    /// Mean error as a share of the mean truth.
    pub bias: f64,
}

/// One number beside its truth.
struct Met {
    what: String,
    outcome: &'static str,
    found: Option<Interval>,
    truth: f64,
}

/// Logs of so many `rows` with a trap, `repetitions` of them, in `folder` while they are read.
///
/// # Panics
/// When a log cannot be written or read.
pub fn measure(trap: Trap, rows: usize, repetitions: u64, folder: &Path) -> Vec<Fared> {
    let all: Vec<Met> = (0..repetitions).into_par_iter().flat_map(|number| met(trap, rows, number, folder)).collect();
    let mut names: Vec<(&str, &str)> = Vec::new();
    for one in &all {
        if !names.contains(&(&one.what, one.outcome)) {
            names.push((&one.what, one.outcome));
        }
    }
    let of = |&(what, outcome): &(&str, &'static str)| -> Vec<&Met> {
        all.iter().filter(|one| one.what == what && one.outcome == outcome).collect()
    };
    let names: Vec<(&str, &'static str)> = names.iter().map(|&(what, outcome)| (what, known(outcome))).collect();
    names.iter().map(|name| fared(trap, rows, &of(name))).collect()
}

fn known(outcome: &str) -> &'static str {
    OUTCOMES.into_iter().map(Outcome::name).find(|name| *name == outcome).unwrap_or("share")
}

const OUTCOMES: [Outcome; 2] = [Outcome::Quality, Outcome::Dollars];

fn fared(trap: Trap, rows: usize, all: &[&Met]) -> Fared {
    let found: Vec<(Interval, f64)> = all.iter().filter_map(|one| Some((one.found?, one.truth))).collect();
    let ends: Vec<(f64, f64, f64)> =
        found.iter().filter_map(|(interval, truth)| Some((interval.low?, interval.high?, *truth))).collect();
    let count = found.len() as f64;
    let scale = found.iter().map(|(_, truth)| truth.abs()).sum::<f64>() / count;
    let mean =
        |of: &dyn Fn(f64) -> f64| found.iter().map(|(interval, truth)| of(interval.mean - truth)).sum::<f64>() / count;
    let held = ends.iter().filter(|(low, high, truth)| low <= truth && truth <= high).count();
    Fared {
        trap: format!("{trap:?}"),
        rows,
        what: all[0].what.clone(),
        outcome: all[0].outcome,
        printed: found.len() as u64,
        refused: 1.0 - count / all.len() as f64,
        intervals: ends.len() as u64,
        coverage: held as f64 / ends.len() as f64,
        error: libm::sqrt(mean(&|off| off * off)) / scale,
        bias: mean(&|off| off) / scale,
    }
}

fn met(trap: Trap, rows: usize, number: u64, folder: &Path) -> Vec<Met> {
    let gateway = Gateway::new(1_000 + number, trap, rows);
    let path = folder.join(format!("gateway-{trap:?}-{rows}-{number}.jsonl"));
    store::write_whole(&path, gateway.log().as_bytes()).expect("the folder can be written");
    let log = Log::open(&path, &LogOptions::default()).expect("the log is good");
    let mut all = estimators(&log, &gateway);
    all.extend(decided(&log, &gateway));
    std::fs::remove_file(&path).expect("the log was written");
    all
}

/// What a model for all requests is worth.
fn worth(gateway: &Gateway, model: &str) -> Option<[f64; 2]> {
    let place = MODELS.iter().position(|known| *known == model)?;
    Some(gateway.worth(&[std::array::from_fn(|at| if at == place { 1.0 } else { 0.0 }); 3]))
}

/// Every estimator of `ope`. A log in which the world moves is about no one world, and is left to decisions.
fn estimators(log: &Log, gateway: &Gateway) -> Vec<Met> {
    if !matches!(gateway.trap, Trap::None | Trap::Repeats) {
        return Vec::new();
    }
    let named: Vec<String> = log.models().iter().map(|model| format!("always:{model}")).collect();
    let found = evaluate(log, &named, Propensities::Logged, Together::Prompt).expect("propensities are logged");
    let mut all = Vec::new();
    for evaluation in &found.all {
        let model = evaluation.policy.trim_start_matches("always:");
        let truth =
            worth(gateway, model).expect("the gateway has it")[usize::from(evaluation.outcome == Outcome::Dollars)];
        for estimator in Estimator::ALL {
            let (what, outcome) = (format!("ope {}", estimator.name()), evaluation.outcome.name());
            all.push(Met { what, outcome, found: evaluation.believed(estimator), truth });
        }
    }
    all
}

/// The numbers of `decide`, of models that are there at the end.
fn decided(log: &Log, gateway: &Gateway) -> Vec<Met> {
    let question = Question {
        goal: Goal::Saving,
        incumbent: None,
        margin: 0.02,
        propensities: Propensities::Logged,
        together: Together::Prompt,
    };
    let decision = decide(log, &[], &question, &Progress::default()).expect("propensities are logged");
    let logging = gateway.worth(&gateway.logging());
    let mut all = Vec::new();
    for candidate in &decision.candidates {
        let model = candidate.name.trim_start_matches("always:");
        let there = MODELS.iter().position(|known| *known == model).is_some_and(|at| at < 3 && gateway.is_there(at));
        let Some(truth) = worth(gateway, model).filter(|_| there) else { continue };
        let mut push = |what: &str, outcome, found: Interval, truth| {
            let found = candidate.refused.is_none().then_some(found);
            all.push(Met { what: format!("decide {what}"), outcome, found, truth });
        };
        for (at, (outcome, measured)) in
            [("quality", candidate.quality), ("cost_usd", candidate.dollars)].into_iter().enumerate()
        {
            push("value", known(outcome), measured.own, truth[at]);
            push("difference", known(outcome), measured.difference, truth[at] - logging[at]);
        }
        if let Some(saving) = candidate.saving {
            push("saving at equal quality", "share", saving, 1.0 - truth[1] / logging[1]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short form of `make coverage`.
    #[test]
    fn off_policy_intervals_hold_what_they_say_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        for trap in [Trap::None, Trap::Repeats, Trap::Retired] {
            let lines = measure(trap, 1_000, 60, folder.path());
            let with: Vec<&Fared> = lines.iter().filter(|line| line.intervals > 60).collect();
            assert!(with.len() >= 4, "{lines:?}");
            let (held, all) = with.iter().fold((0.0, 0.0), |(held, all), line| {
                (held + line.coverage * line.intervals as f64, all + line.intervals as f64)
            });
            assert!((0.925..=0.98).contains(&(held / all)), "{trap:?}: {}, {with:#?}", held / all);
            for line in with {
                assert!((0.87..=1.0).contains(&line.coverage) && line.bias.abs() < 0.05 + line.error, "{line:?}");
            }
        }
    }
}
