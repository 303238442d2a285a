//! Policies that choose by the task alone on a log: off-policy estimates of what each would have earned.

use super::error::{EvaluationError, RowProblem};
use super::fold::{Fold, Outcome, share};
use super::policies::{TaskPolicy, policies};
use deployment::prompt_hash;
use environments::sources::logged::{Cell, Log, LogRow};
use statistics::off_policy::{Estimator, Flaw, LoggedRow, OffPolicy, weight};

/// Where the propensities come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propensities {
    /// As logged; a row without one is an error.
    Logged,
    /// The share of the chosen model among the log's rows of the task: right only if nothing else decided.
    Shares,
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
pub(super) struct Prepared {
    pub(super) policies: Vec<TaskPolicy>,
    quality: Vec<Vec<Option<f64>>>,
    dollars: Vec<Vec<Option<f64>>>,
}

impl Prepared {
    /// What the log as a whole never saw is a hole, whatever the model did on other tasks.
    pub(super) fn new(fold: &Fold, log: &Log, named: &[String]) -> Result<Prepared, EvaluationError> {
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
    pub(super) fn enter(
        &self,
        row: &LogRow,
        propensity: f64,
        evaluations: &mut [Evaluation],
    ) -> Result<(), EvaluationError> {
        for (policy, pair) in self.policies.iter().zip(evaluations.chunks_exact_mut(2)) {
            self.enter_one(row, &policy.probabilities[row.task], propensity, pair)?;
        }
        Ok(())
    }

    /// Enters a row into the two evaluations of a policy that takes each model with its chance.
    pub(super) fn enter_one(
        &self,
        row: &LogRow,
        chances: &[f64],
        propensity: f64,
        pair: &mut [Evaluation],
    ) -> Result<(), EvaluationError> {
        let weight = weight(chances[row.arm.index()], propensity);
        let weight = weight.map_err(|error| EvaluationError::at(row, RowProblem::Probability(error)))?;
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
pub(super) fn half(row: &LogRow) -> usize {
    let prompt = row.prompt.as_deref().filter(|prompt| !prompt.is_empty());
    let key = prompt.or(row.id.as_deref()).map_or_else(|| row.place.to_string(), str::to_owned);
    usize::from(prompt_hash(&key) & 1 == 1)
}

pub(super) fn blank(named: &[String]) -> Vec<Evaluation> {
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
pub(super) fn propensity(row: &LogRow, log: &Log, from: Propensities) -> Result<f64, EvaluationError> {
    match from {
        Propensities::Logged => {
            row.propensity.map(f64::from).ok_or_else(|| EvaluationError::at(row, RowProblem::NoPropensity))
        }
        Propensities::Shares => Ok(share(log, row)),
    }
}

/// Evaluates the `named` policies on every row of `log`. The log is cut in two by prompt: what a policy and the outcome model
/// know of a row comes from the other half. The order of lines does not matter where rows have prompts or identifiers.
///
/// # Errors
/// When a policy's name is unknown, or a row has no propensity and needs one.
pub fn evaluate(log: &Log, named: &[String], from: Propensities) -> Result<Vec<Evaluation>, EvaluationError> {
    let mut folds = [Fold::empty(log), Fold::empty(log)];
    for row in log.rows()? {
        let row = row?;
        folds[half(&row)].add(&row);
    }
    let [even, odd] = &folds;
    let prepared = [Prepared::new(odd, log, named)?, Prepared::new(even, log, named)?];
    let mut evaluations = blank(named);
    for row in log.rows()? {
        let row = row?;
        prepared[half(&row)].enter(&row, propensity(&row, log, from)?, &mut evaluations)?;
    }
    Ok(evaluations)
}

/// The estimate that a table leads with: doubly robust.
pub const HEADLINE: Estimator = Estimator::DoublyRobust;
