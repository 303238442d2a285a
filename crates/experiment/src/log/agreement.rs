//! Do simulation and off-policy evaluation agree?
//!
//! The log is cut in two by time, or by line where not every row has a time. The generator, the policies and the outcome model
//! are made from the first half; the second half alone says, by its propensities, what each policy would have earned. So the two numbers come from different
//! rows and lean on different assumptions: the simulation on choices that depended on nothing but the task, the evaluation on
//! propensities that are right; and both on a world that did not move in between. Where they differ, one of these is wrong.

use super::error::EvaluationError;
use super::evaluate::{Chances, Evaluation, HEADLINE, Propensities, Study};
use super::fold::{Fold, Outcome};
use super::identity::Together;
use super::policies::TaskPolicy;
use super::table::LogTable;
use environments::sources::calibrated::{Calibrated, LoggedCells, fit_log};
use environments::sources::logged::{Cell, Log};
use environments::{Environment, Table};
use routing::{Dollars, Seed};
use statistics::Interval;
use statistics::off_policy::{Agreement, Flaw, agreement};

/// Requests that are generated.
const GENERATED: usize = 20_000;

/// Normal quantile of a two-sided interval at 95 %.
const NORMAL: f64 = 1.959_963_984_540_054;

/// Name of the simulated values' intervals.
const SIMULATED: &str = "normal 95% over generated requests and logged rows fitted to";

/// Largest differences that do not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// In score.
    pub quality: f64,
    /// In dollars, as a share of the simulated value.
    pub dollars: f64,
}

impl Default for Margins {
    fn default() -> Margins {
        Margins { quality: 0.03, dollars: 0.1 }
    }
}

/// What is said of one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The difference is known to lie within the margin.
    Agree,
    /// The difference is known not to be zero, and not known to lie within the margin; or the log's weights contradict its
    /// propensities.
    Disagree,
    /// The data are too few to say.
    Open,
}

impl Verdict {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Agree => "agree",
            Verdict::Disagree => "disagree",
            Verdict::Open => "open",
        }
    }
}

/// One policy and one outcome by both ways.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// By the second half of the log.
    pub evaluation: Evaluation,
    /// By a generator fitted to the first half. Simulated.
    pub simulated: Interval,
    /// What is said of them.
    pub verdict: Verdict,
}

impl Comparison {
    /// The estimate that stands beside the simulated value.
    pub fn estimate(&self) -> Interval {
        self.evaluation.gathered.estimate(HEADLINE)
    }
}

/// All comparisons of a log.
#[derive(Clone, Debug)]
pub struct Comparisons {
    /// By policy, quality before dollars.
    pub all: Vec<Comparison>,
    /// Rows the generator was fitted to, and rows that said what policies earn.
    pub rows: [u64; 2],
}

impl Comparisons {
    /// Number of comparisons with `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.all.iter().filter(|comparison| comparison.verdict == verdict).count()
    }

    /// The verdict on the log as a whole: one disagreement is enough, then one open question.
    pub fn verdict(&self) -> Verdict {
        let worst = [Verdict::Disagree, Verdict::Open].into_iter().find(|&verdict| self.count(verdict) > 0);
        worst.unwrap_or(Verdict::Agree)
    }
}

/// Compares both ways on the `named` policies.
///
/// # Errors
/// When the first half cannot be fitted, a policy is unknown, or a row has no propensity and needs one.
pub fn compare(
    log: &Log,
    named: &[String],
    from: Propensities,
    margins: Margins,
) -> Result<Comparisons, EvaluationError> {
    let table = LogTable::read(log, Together::Prompt)?.in_halves();
    let first = table.rows.iter().filter(|row| row.fold == 0).count() as u64;
    if first == 0 || first == log.len() {
        return Err(EvaluationError::TooShort);
    }
    let study = Study::new(&table, from)?.scoring(table.rows.iter().map(|row| row.fold == 1).collect());
    let fold = &study.complements[1];
    let (mut evaluations, mut policies) = (Vec::new(), Vec::new());
    for (name, chances) in study.policies(named)? {
        for outcome in [Outcome::Quality, Outcome::Dollars] {
            evaluations.push(study.evaluate(&name, &chances, outcome)?);
        }
        let Chances::ByTask(folds) = chances else { unreachable!("they choose by the task alone") };
        policies.extend(folds.into_iter().nth(1));
    }
    let cells = LoggedCells { models: log.models(), tasks: log.tasks(), cells: &fold.cells };
    let fitted = fit_log(cells, "first half").map_err(EvaluationError::FirstHalf)?;
    let dimension = fitted.calibration.dimension;
    let world = Calibrated::new(fitted.calibration, GENERATED, dimension).map_err(EvaluationError::Generator)?;
    let generated = world.pool(&Seed::root(1).child("command", "calibrate to a log"));
    let comparisons = evaluations.len();
    let judged = evaluations.into_iter().enumerate().map(|(at, evaluation)| {
        let (simulated, error) = simulate(&generated, &policies[at / 2], fold, evaluation.outcome);
        judge(evaluation, simulated, error, margins, comparisons)
    });
    Ok(Comparisons { all: judged.collect(), rows: [first, log.len() - first] })
}

/// The mean outcome of a policy over generated requests, and its standard error: that of the requests, of their tasks'
/// shares, and of the cells the generator was fitted to.
fn simulate(table: &Table, policy: &TaskPolicy, fold: &Fold, outcome: Outcome) -> (Interval, f64) {
    let n = table.len() as f64;
    let value = |row: usize| -> f64 {
        let values: Vec<f64> = match outcome {
            Outcome::Quality => table.quality(row).iter().map(|&quality| f64::from(quality)).collect(),
            _ => dollars(table.cost(row)),
        };
        policy.probabilities[table.task(row)].iter().zip(values).map(|(chance, value)| chance * value).sum()
    };
    let mean = (0..table.len()).map(value).sum::<f64>() / n;
    let spread = (0..table.len()).map(|row| (value(row) - mean) * (value(row) - mean)).sum::<f64>() / (n - 1.0);
    let error = libm::sqrt(spread / n + fit_variance(policy, fold, outcome));
    let interval =
        Interval { mean, low: Some(mean - NORMAL * error), high: Some(mean + NORMAL * error), method: SIMULATED };
    (interval, error)
}

/// Variance of a policy's mean outcome that comes from fitting to finitely many rows: of each cell's mean, and of the shares.
fn fit_variance(policy: &TaskPolicy, fold: &Fold, outcome: Outcome) -> f64 {
    let rows_of = |task: &[Cell]| task.iter().map(|cell| cell.rows).sum::<u64>() as f64;
    let rows: f64 = fold.cells.iter().map(|task| rows_of(task)).sum();
    let [quality, dollars] = fold.means();
    let means = if outcome == Outcome::Quality { quality } else { dollars };
    let (mut cells, mut first, mut second) = (0.0, 0.0, 0.0);
    for ((task, chances), means) in fold.cells.iter().zip(&policy.probabilities).zip(&means) {
        let share = rows_of(task) / rows;
        let of_task: f64 = chances.iter().zip(means).map(|(chance, mean)| chance * mean.unwrap_or(0.0)).sum();
        first += share * of_task;
        second += share * of_task * of_task;
        for (cell, chance) in task.iter().zip(chances) {
            cells += share * share * chance * chance * mean_variance(cell, outcome);
        }
    }
    cells + (second - first * first).max(0.0) / rows
}

/// Variance of the mean of a cell, taken as that of one value where there are fewer than two.
fn mean_variance(cell: &Cell, outcome: Outcome) -> f64 {
    let (n, sum, squares) = match outcome {
        Outcome::Quality => (cell.scored as f64, cell.quality, cell.quality_squared),
        _ => (cell.rows as f64, cell.dollars, cell.dollars_squared),
    };
    let variance = (squares - sum * sum / n).max(0.0) / (n - 1.0) / n;
    match (n >= 2.0, outcome) {
        // A few equal scores do not make a certain mean.
        (true, Outcome::Quality) => variance.max(0.25 / (n * n)),
        (true, _) => variance,
        (false, Outcome::Quality) => 0.25,
        (false, _) => sum * sum,
    }
}

fn judge(evaluation: Evaluation, simulated: Interval, error: f64, margins: Margins, comparisons: usize) -> Comparison {
    let estimate = evaluation.gathered.estimate(HEADLINE).mean;
    let own = evaluation.gathered.standard_error(HEADLINE);
    let margin = match evaluation.outcome {
        Outcome::Quality => margins.quality,
        _ => margins.dollars * simulated.mean,
    };
    let verdict = match evaluation.flaw() {
        Some(Flaw::MeanWeight { .. } | Flaw::Propensities { .. }) => Verdict::Disagree,
        Some(Flaw::NoSupport | Flaw::FewEffective { .. } | Flaw::Hole { .. }) => Verdict::Open,
        None => {
            match agreement(estimate - simulated.mean, libm::sqrt(own * own + error * error), margin, comparisons) {
                Agreement::Agree => Verdict::Agree,
                Agreement::Disagree => Verdict::Disagree,
                Agreement::Open => Verdict::Open,
            }
        }
    };
    Comparison { evaluation, simulated, verdict }
}

/// Dollars by their number.
fn dollars(amounts: &[Dollars]) -> Vec<f64> {
    amounts.iter().map(|amount| amount.0).collect()
}
