//! Policies on a production log: what each would have earned by off-policy evaluation, and what a generator fitted to the
//! log says of it.
//!
//! The policies are those that log and generator can both score: they choose by the task alone. Means of models by task stand
//! for the outcome model. Both come from rows other than the ones they are applied to ([`Fold`]), so no policy is praised for
//! luck that it was picked for.

mod agreement;
mod policies;
mod routers;
#[cfg(test)]
mod tests;

pub use agreement::{Comparison, Comparisons, Margins, Verdict, compare};
pub use policies::{TaskPolicy, names, policies};
pub use routers::{Decides, LoggedRouter, RouterScores, ScoredRows, evaluate_routers};

use crate::prompt_sketch;
use environments::sources::logged::{Cell, Log, LogRow};
use routing::Dollars;
use routing::words::metric;
use statistics::off_policy::{Estimator, Flaw, LoggedRow, OffPolicy, weight};

/// Where the propensities come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propensities {
    /// As logged; a row without one is an error.
    Logged,
    /// The share of the chosen model among the log's rows of the task: right only if nothing else decided.
    Shares,
}

/// What an evaluation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Score in [0, 1], over the rows that have one.
    Quality,
    /// Dollars of a request, over all rows.
    Dollars,
}

impl Outcome {
    /// Name, as metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Quality => metric::QUALITY,
            Outcome::Dollars => metric::COST,
        }
    }

    fn of(self, row: &LogRow) -> Option<f64> {
        match self {
            Outcome::Quality => row.quality.map(f64::from),
            Outcome::Dollars => Some(row.cost.0),
        }
    }

    fn mean(self, cell: &Cell) -> f64 {
        match self {
            Outcome::Quality => cell.mean_quality(),
            Outcome::Dollars => cell.mean_dollars(),
        }
    }
}

/// Outcomes of some rows of a log, by task and then by model: what policies and outcome models are made from.
#[derive(Clone, Debug)]
pub struct Fold {
    /// T x K.
    pub cells: Vec<Vec<Cell>>,
}

impl Fold {
    /// No rows yet, for the tasks and models of `log`.
    pub fn empty(log: &Log) -> Fold {
        Fold { cells: vec![vec![Cell::default(); log.models().len()]; log.tasks().len()] }
    }

    /// Enters a row.
    pub fn add(&mut self, row: &LogRow) {
        self.cells[row.task][row.arm.index()].add_row(row);
    }

    /// Mean outcome of each model on each task, T x K; where a cell has none, that of the model on all tasks; none for a model
    /// without any.
    fn means(&self, outcome: Outcome) -> Vec<Vec<Option<f64>>> {
        let overall: Vec<Option<f64>> = (0..self.cells.first().map_or(0, Vec::len))
            .map(|model| {
                let mut all = Cell::default();
                self.cells.iter().for_each(|task| all.merge(&task[model]));
                Some(outcome.mean(&all)).filter(|mean| mean.is_finite())
            })
            .collect();
        let mean = |(cell, &overall): (&Cell, &Option<f64>)| {
            Some(outcome.mean(cell)).filter(|mean| mean.is_finite()).or(overall)
        };
        self.cells.iter().map(|task| task.iter().zip(&overall).map(mean).collect()).collect()
    }
}

/// One policy's estimates of one outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Name of the policy.
    pub policy: String,
    /// What is estimated.
    pub outcome: Outcome,
    /// The gathered rows.
    pub gathered: OffPolicy,
    /// Sum over these rows of the probability that the policy takes a model of which nothing is known there.
    pub unknown: f64,
}

impl Evaluation {
    /// Why the estimates should not be believed.
    pub fn flaw(&self) -> Option<Flaw> {
        let share = self.unknown / (self.gathered.rows() as f64).max(1.0);
        self.gathered.flaw().or_else(|| (share > MOST_UNKNOWN).then_some(Flaw::Hole { share }))
    }
}

/// Most of a policy's choices, as a share, that may go to models of which nothing is known: an estimate may be wrong by as
/// much.
const MOST_UNKNOWN: f64 = 0.01;

/// Policies and outcome models made from one fold, ready to meet rows of another.
struct Prepared {
    policies: Vec<TaskPolicy>,
    quality: Vec<Vec<Option<f64>>>,
    dollars: Vec<Vec<Option<f64>>>,
}

impl Prepared {
    /// What the log as a whole never saw is a hole, whatever the model did on other tasks.
    fn new(fold: &Fold, log: &Log, named: &[String]) -> Result<Prepared, String> {
        let means = |outcome: Outcome| -> Vec<Vec<Option<f64>>> {
            let seen = |cell: &Cell| if outcome == Outcome::Quality { cell.scored > 0 } else { cell.rows > 0 };
            let all = fold.means(outcome).into_iter().zip(&log.survey().cells);
            let known = |(mean, cell): (Option<f64>, &Cell)| mean.filter(|_| seen(cell));
            all.map(|(means, cells)| means.into_iter().zip(cells).map(known).collect()).collect()
        };
        let (quality, dollars) = (means(Outcome::Quality), means(Outcome::Dollars));
        Ok(Prepared { policies: policies(named, log.models(), fold)?, quality, dollars })
    }

    /// Enters a row whose choice had probability `propensity` into each policy's two evaluations.
    fn enter(&self, row: &LogRow, propensity: f64, evaluations: &mut [Evaluation]) -> Result<(), String> {
        for (policy, pair) in self.policies.iter().zip(evaluations.chunks_exact_mut(2)) {
            self.enter_one(row, &policy.probabilities[row.task], propensity, pair)?;
        }
        Ok(())
    }

    /// Enters a row into the two evaluations of a policy that takes each model with its chance.
    fn enter_one(&self, row: &LogRow, chances: &[f64], propensity: f64, pair: &mut [Evaluation]) -> Result<(), String> {
        let weight = weight(chances[row.arm.index()], propensity).map_err(|error| at(row, &error))?;
        for evaluation in pair {
            let model = match evaluation.outcome {
                Outcome::Quality => &self.quality[row.task],
                Outcome::Dollars => &self.dollars[row.task],
            };
            let Some(outcome) = evaluation.outcome.of(row) else { continue };
            let known = || chances.iter().zip(model).filter_map(|(chance, mean)| mean.map(|mean| (chance, mean)));
            let mass: f64 = known().map(|(chance, _)| chance).sum();
            let mut expected: f64 = known().map(|(chance, mean)| chance * mean).sum();
            if known().count() < model.len() {
                // What is left of the policy stands for the little that is unknown; if it is not little, nothing is believed.
                evaluation.unknown += (1.0 - mass).max(0.0);
                expected = if mass > 0.0 { expected / mass } else { 0.0 };
            }
            let predicted = model[row.arm.index()].unwrap_or(expected);
            evaluation.gathered.add(&LoggedRow { weight, outcome, predicted, expected });
        }
        Ok(())
    }
}

/// Which half of the log a row belongs to: what a policy and the outcome model know of it comes from the other. Drawn by
/// prompt, so that equal prompts stay together and no pattern in the order of lines (one model after the other) decides; by
/// identifier where there is no prompt, and by line where there is neither.
fn half(row: &LogRow) -> usize {
    let prompt = row.prompt.as_deref().filter(|prompt| !prompt.is_empty());
    let key = prompt.or(row.id.as_deref()).map_or_else(|| row.place.to_string(), str::to_owned);
    usize::from(prompt_sketch::hash(&key) & 1 == 1)
}

fn at(row: &LogRow, message: &str) -> String {
    format!("line {}: {message}", row.place)
}

fn blank(named: &[String]) -> Vec<Evaluation> {
    let both = |name: &String| {
        [Outcome::Quality, Outcome::Dollars].map(|outcome| Evaluation {
            policy: name.clone(),
            outcome,
            gathered: OffPolicy::default(),
            unknown: 0.0,
        })
    };
    named.iter().flat_map(both).collect()
}

/// The propensity of a row.
fn propensity(row: &LogRow, log: &Log, from: Propensities) -> Result<f64, String> {
    match from {
        Propensities::Logged => row.propensity.map(f64::from).ok_or_else(|| {
            at(row, "no propensity: off-policy evaluation needs one, or `--propensities shares` (see its help)")
        }),
        Propensities::Shares => Ok(share(log, row)),
    }
}

/// Share of the row's model among the log's rows of its task: the propensity, if nothing but the task decided.
pub(crate) fn share(log: &Log, row: &LogRow) -> f64 {
    let cells = &log.survey().cells[row.task];
    let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
    cells[row.arm.index()].rows as f64 / rows as f64
}

/// Evaluates the `named` policies on every row of `log`. The log is cut in two by prompt: what a policy and the outcome model
/// know of a row comes from the other half. The order of lines does not matter where rows have prompts or identifiers.
///
/// # Errors
/// When a policy's name is unknown, or a row has no propensity and needs one.
pub fn evaluate(log: &Log, named: &[String], from: Propensities) -> Result<Vec<Evaluation>, String> {
    let mut folds = [Fold::empty(log), Fold::empty(log)];
    for row in log.rows().map_err(|error| error.to_string())? {
        let row = row.map_err(|error| error.to_string())?;
        folds[half(&row)].add(&row);
    }
    let [even, odd] = &folds;
    let prepared = [Prepared::new(odd, log, named)?, Prepared::new(even, log, named)?];
    let mut evaluations = blank(named);
    for row in log.rows().map_err(|error| error.to_string())? {
        let row = row.map_err(|error| error.to_string())?;
        prepared[half(&row)].enter(&row, propensity(&row, log, from)?, &mut evaluations)?;
    }
    Ok(evaluations)
}

/// The estimate that a table leads with: doubly robust.
pub const HEADLINE: Estimator = Estimator::DoublyRobust;

/// Dollars by their number.
fn dollars(amounts: &[Dollars]) -> Vec<f64> {
    amounts.iter().map(|amount| amount.0).collect()
}
