//! Off-policy estimates of what policies would have earned on a log.

use super::error::{EvaluationError, RowProblem};
use super::fold::{Fold, Mean, Means, Outcome};
use super::holes::{Hole, Part};
use super::identity::Together;
use super::policies::{TaskPolicy, policies};
use super::propensity::PropensityVerdict;
use super::table::{LogTable, Row};
use environments::sources::logged::Log;
use statistics::Interval;
use statistics::off_policy::{Estimator, Flaw, LoggedRow, OffPolicy, weight};

/// Where the propensities come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propensities {
    /// As logged; where some rows have none, theirs are estimated as [`Propensities::Shares`] among those rows. A log without
    /// any is an error.
    Logged,
    /// The share of the chosen model among the log's rows of the task: right only if nothing else decided. Where several
    /// routers logged, these are the propensities of their mixture.
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
    /// Share of the policy's choices that go to a model of which nothing is known there.
    pub unknown: f64,
    /// What is wrong with the log's propensities, which every policy shares.
    pub propensities: Option<Flaw>,
}

impl Evaluation {
    /// Why the estimates should not be believed.
    pub fn flaw(&self) -> Option<Flaw> {
        let hole = (self.unknown > MOST_UNKNOWN).then_some(Flaw::Hole { share: self.unknown });
        hole.or(self.propensities).or_else(|| self.gathered.flaw())
    }

    /// The estimate where it may be believed: nothing where a flaw forbids it.
    pub fn believed(&self, estimator: Estimator) -> Option<Interval> {
        let interval = self.gathered.estimate(estimator);
        let stands = match self.flaw() {
            None => true,
            // The direct method needs no weights, but it needs to know of every model that is taken.
            Some(Flaw::Hole { .. } | Flaw::NoSupport) => false,
            Some(_) => estimator == Estimator::DirectMethod,
        };
        (stands && interval.mean.is_finite()).then_some(interval)
    }
}

/// Most of a policy's choices, as a share, that may go to models of which nothing is known: an estimate may be wrong by as
/// much.
const MOST_UNKNOWN: f64 = 0.01;

/// Propensities of one model on one task are equal up to this share of them: they are stored in single precision.
const EQUAL: f64 = 1e-5;

/// What a policy does on each row of a table.
pub(super) enum Chances {
    /// By the task alone: one policy for each fold, made from the others.
    ByTask(Vec<TaskPolicy>),
    /// Of each row by itself, n x K.
    ByRow(Vec<f32>),
    /// What was chosen: the logging policy as it was.
    AsLogged,
}

impl Chances {
    /// Whether both choose alike on every task, by the task alone.
    pub(super) fn is_as(&self, other: &Chances) -> bool {
        let (Chances::ByTask(one), Chances::ByTask(two)) = (self, other) else { return false };
        one.iter().zip(two).all(|(one, two)| one.probabilities == two.probabilities)
    }

    /// Probability of each model on a row, K.
    fn of(&self, at: usize, row: &Row, models: usize) -> Vec<f64> {
        match self {
            Chances::ByTask(folds) => folds[usize::from(row.fold)].probabilities[usize::from(row.task)].clone(),
            Chances::ByRow(all) => all[at * models..][..models].iter().map(|&chance| f64::from(chance)).collect(),
            Chances::AsLogged => (0..models).map(|arm| f64::from(u8::from(arm == usize::from(row.arm)))).collect(),
        }
    }
}

/// Rows with their propensities, ready for any policy.
pub(super) struct Study<'a> {
    pub(super) table: &'a LogTable,
    propensities: Vec<f64>,
    /// What is to be said of them.
    pub(super) verdict: PropensityVerdict,
    /// The rows that are not in each fold.
    pub(super) complements: Vec<Fold>,
    /// Whether nothing but the task decided, as the propensities have it.
    by_task: bool,
    /// Which rows count, n; all where none.
    scored: Option<Vec<bool>>,
}

impl<'a> Study<'a> {
    pub(super) fn new(table: &'a LogTable, from: Propensities) -> Result<Study<'a>, EvaluationError> {
        let (propensities, estimated) = match from {
            Propensities::Logged => table.propensities()?,
            Propensities::Shares => (table.share_of_each(), table.rows.len() as u64),
        };
        let verdict = PropensityVerdict::new(table, &propensities, estimated);
        let by_task = verdict.flaw.is_none() && equal_in_cells(table, &propensities);
        Ok(Study { table, propensities, verdict, complements: Fold::complements(table), by_task, scored: None })
    }

    /// The same where some rows alone count; the outcome model and policies are still made from all.
    pub(super) fn scoring(self, rows: Vec<bool>) -> Study<'a> {
        Study { scored: Some(rows), ..self }
    }

    fn counts(&self, at: usize) -> bool {
        self.scored.as_ref().is_none_or(|rows| rows[at])
    }

    /// The `named` policies that choose by the task alone, made for each fold from the others.
    pub(super) fn policies(&self, named: &[String]) -> Result<Vec<(String, Chances)>, EvaluationError> {
        let folds = self.complements.iter().map(|fold| policies(named, &self.table.models, fold));
        let folds = folds.collect::<Result<Vec<_>, _>>()?;
        let one = |at: usize| Chances::ByTask(folds.iter().map(|fold| fold[at].clone()).collect());
        Ok(named.iter().cloned().enumerate().map(|(at, name)| (name, one(at))).collect())
    }

    /// As [`Study::evaluate`], where the `wanted` rows alone count.
    pub(super) fn evaluate_on(
        &self,
        wanted: &[bool],
        policy: &str,
        chances: &Chances,
        outcome: Outcome,
    ) -> Result<Evaluation, EvaluationError> {
        self.evaluate_where(&|at| wanted[at], policy, chances, outcome)
    }

    /// Estimates of one outcome of a policy. A row without the outcome has weight 0, and the others of its task and model stand
    /// for it: right if whether it is there depends on nothing but task and model.
    pub(super) fn evaluate(
        &self,
        policy: &str,
        chances: &Chances,
        outcome: Outcome,
    ) -> Result<Evaluation, EvaluationError> {
        self.evaluate_where(&|at| self.counts(at), policy, chances, outcome)
    }

    fn evaluate_where(
        &self,
        counts: &dyn Fn(usize) -> bool,
        policy: &str,
        chances: &Chances,
        outcome: Outcome,
    ) -> Result<Evaluation, EvaluationError> {
        let (table, means) = (self.table, Means::new(self.table, outcome));
        let (mut rows, mut places, mut unknown, mut sure) = (Vec::new(), Vec::new(), 0.0, true);
        for (at, row) in table.rows.iter().enumerate().filter(|(at, _)| counts(*at)) {
            let of_row = chances.of(at, row, table.models.len());
            let known =
                |arm: usize| means.of(row.fold.into(), row.task.into())[arm].filter(|_| !table.is_hole(row, arm));
            let seen = Expected::new(&of_row, known);
            unknown += (1.0 - seen.mass).max(0.0);
            sure &= seen.sure;
            let there = outcome.of(row).map_or(0.0, |_| 1.0 / means.there(row.task.into(), row.arm.into()));
            let chance = of_row[usize::from(row.arm)].min(1.0);
            let propensity = if matches!(chances, Chances::AsLogged) { 1.0 } else { self.propensities[at] };
            let weight = weight(chance, propensity);
            let place = |error| EvaluationError::Row { line: row.place, problem: RowProblem::Probability(error) };
            let predicted = known(row.arm.into()).map_or(seen.value, |mean| mean.value);
            rows.push(LoggedRow {
                cluster: row.cluster,
                chance: chance * f64::from(u8::from(there > 0.0)),
                weight: weight.map_err(place)? * there,
                outcome: outcome.of(row).unwrap_or(predicted),
                predicted,
                expected: seen.value,
                leverage: None,
            });
            places.push(at);
        }
        let by_task = self.by_task && sure && self.scored.is_none() && matches!(chances, Chances::ByTask(_));
        if by_task {
            self.leverages(&means, chances, &places, outcome, &mut rows);
        }
        let unknown = unknown / (rows.len() as f64).max(1.0);
        let (policy, own) = (policy.to_owned(), !matches!(chances, Chances::AsLogged));
        let propensities = self.verdict.flaw.filter(|_| own);
        Ok(Evaluation { policy, outcome, gathered: OffPolicy::of(&rows), unknown, propensities })
    }

    /// How much each row moves the mean of the outcome model over the rows of the other folds: by (r - m) / n of its cell times
    /// how often the policy takes that cell in a fold whose model the row is in.
    fn leverages(&self, means: &Means, chances: &Chances, places: &[usize], outcome: Outcome, rows: &mut [LoggedRow]) {
        let table = self.table;
        let mut taken = vec![vec![vec![0.0; table.models.len()]; table.tasks.len()]; table.folds];
        for &at in places {
            let row = &table.rows[at];
            let own = &mut taken[usize::from(row.fold)][usize::from(row.task)];
            own.iter_mut().zip(chances.of(at, row, table.models.len())).for_each(|(sum, chance)| *sum += chance);
        }
        let count = rows.len() as f64;
        for (&at, logged) in places.iter().zip(rows) {
            let row = &table.rows[at];
            let (task, arm) = (usize::from(row.task), usize::from(row.arm));
            let in_fold = |fold: usize| {
                let mean = means.of(fold, task)[arm].filter(|mean| mean.rows > 0.0)?;
                Some((logged.outcome - mean.value) / mean.rows * taken[fold][task][arm] / count)
            };
            let others = (0..table.folds).filter(|fold| *fold != usize::from(row.fold));
            let there = outcome.of(row).is_some();
            logged.leverage = Some(if there { others.filter_map(in_fold).sum() } else { 0.0 });
        }
    }
}

/// What the outcome model says of a policy on a row.
struct Expected {
    value: f64,
    /// Probability of the models that something is known of.
    mass: f64,
    /// Whether every model that may be taken is known from rows of this very task.
    sure: bool,
}

impl Expected {
    fn new(chances: &[f64], known: impl Fn(usize) -> Option<Mean>) -> Expected {
        let (mut sum, mut mass, mut sure) = (0.0, 0.0, true);
        for (arm, chance) in chances.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
            match known(arm) {
                Some(mean) => {
                    sum += chance * mean.value;
                    mass += chance;
                    sure &= mean.rows > 0.0;
                }
                None => sure = false,
            }
        }
        // What is left of the policy stands for the little that is unknown; if it is not little, nothing is believed.
        let value = if sure || mass <= 0.0 { sum } else { sum / mass };
        Expected { value, mass, sure }
    }
}

/// Whether every model has one propensity on each task.
fn equal_in_cells(table: &LogTable, propensities: &[f64]) -> bool {
    let mut ranges = vec![vec![(f64::INFINITY, 0.0_f64); table.models.len()]; table.tasks.len()];
    for (row, &propensity) in table.rows.iter().zip(propensities) {
        let range: &mut (f64, f64) = &mut ranges[usize::from(row.task)][usize::from(row.arm)];
        *range = (range.0.min(propensity), range.1.max(propensity));
    }
    ranges.iter().flatten().all(|(low, high)| *high <= low * (1.0 + EQUAL))
}

/// Estimates of all that was asked for, with what is to be said of the log as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluations {
    /// Quality, then dollars, of each policy.
    pub all: Vec<Evaluation>,
    /// What is to be said of the propensities.
    pub propensities: PropensityVerdict,
    /// Parts of the traffic in which a model never answers.
    pub holes: Vec<Hole>,
}

/// Evaluates the `named` policies on every row of `log`. The log is cut in five by prompt: what a policy and the outcome model
/// know of a row comes from the other parts. The order of lines does not matter.
///
/// # Errors
/// When a policy's name is unknown, or no row has a propensity and one is needed.
pub fn evaluate(
    log: &Log,
    named: &[String],
    from: Propensities,
    together: Together,
) -> Result<Evaluations, EvaluationError> {
    let table = LogTable::read(log, together)?;
    let study = Study::new(&table, from)?;
    let mut all = Vec::new();
    for (name, chances) in study.policies(named)? {
        for outcome in [Outcome::Quality, Outcome::Dollars] {
            all.push(study.evaluate(&name, &chances, outcome)?);
        }
    }
    Ok(Evaluations { all, holes: holes(&table), propensities: study.verdict })
}

/// All holes of a table, those of whole tasks among them.
pub(super) fn holes(table: &LogTable) -> Vec<Hole> {
    let (tasks, models) = (table.tasks.len(), table.models.len());
    let mut counts = vec![vec![0_u64; models]; tasks];
    table.rows.iter().for_each(|row| counts[usize::from(row.task)][usize::from(row.arm)] += 1);
    let mut found = Vec::new();
    for (task, counts) in counts.iter().enumerate() {
        let share = counts.iter().sum::<u64>() as f64 / table.rows.len() as f64;
        let missing = (0..models).filter(|&arm| counts[arm] == 0 && share > 0.0);
        found.extend(missing.map(|arm| Hole { arm, part: Part::Task(table.tasks[task].clone()), share }));
    }
    found.extend(table.holes.iter().cloned());
    found
}

/// The estimate that a table leads with: doubly robust.
pub const HEADLINE: Estimator = Estimator::DoublyRobust;
