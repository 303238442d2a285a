//! Facts of recorded rows beside facts of the generator, each with its sampling error and a verdict.
//!
//! The facts: mean quality and dollars, shares of partial grades, correlation of models, oracle choices (outcomes.rs), and
//! what simple learners achieve (learning.rs). Sampling error of recorded outcomes is from a bootstrap of the rows within
//! tasks; that of learning facts is the spread over generated tables of the same size and tasks (a parametric bootstrap: a
//! row drawn twice would stand on both sides of a split), and so is that of a correlation where it is the larger: resamples of
//! a handful of rows hide how little they say. The generator's value is the mean over such tables.

mod learning;
mod outcomes;
mod published;

use super::parameters::CalibrationError;
use super::{Calibrated, tabulate};
use crate::Table;
use learning::{Payoff, learning_facts};
use outcomes::outcome_facts;
use routing::{Round, Seed, random};

/// Generated tables that each generated value is a mean over.
const DRAWS: u64 = 20;

/// Resamples behind a sampling error of recorded outcomes.
const RESAMPLES: u64 = 200;

/// A fact agrees when the values differ by at most this many standard errors of the difference.
const STANDARD_ERRORS: f64 = 2.0;

/// The gaps between references must agree within this, whatever the sampling error; mean reward.
const GAP_TOLERANCE: f64 = 0.01;

/// One fact, recorded and generated.
#[derive(Clone, Debug, PartialEq)]
pub struct Fidelity {
    /// What was measured.
    pub what: String,
    /// The task it is about; none for the mix.
    pub task: Option<String>,
    /// The model it is about, where it is about one.
    pub model: Option<String>,
    /// Unit: `score`, `share`, `dollars`, `correlation`, `reward` or `AUC`.
    pub unit: &'static str,
    /// Value on the recorded rows.
    pub recorded: f64,
    /// Standard error of `recorded`.
    pub recorded_error: f64,
    /// Mean over generated tables of the same size.
    pub generated: f64,
    /// Largest difference at which the two count as equal: two standard errors of the difference, .01 for reward gaps.
    pub tolerance: f64,
    /// Whether they differ by no more than that.
    pub within: bool,
    /// What is published for all 36,497 RouterBench 0-shot rows (PAPER.md), of which recorded rows are a subset. A
    /// published learner or definition may differ from ours.
    pub published: Option<f64>,
}

/// A fact of one table.
#[derive(Clone, Debug)]
struct Fact {
    what: String,
    task: Option<usize>,
    model: Option<usize>,
    unit: &'static str,
    /// NaN where the rows do not define it.
    value: f64,
}

/// Sets the facts of `recorded` beside those of `generated`, whose models and tasks must be the same; all randomness comes
/// from `seed`. Facts that the recorded rows do not define (a correlation with a constant) are left out.
///
/// # Errors
/// When models or tasks differ.
pub fn fidelity(recorded: &Table, generated: &Calibrated, seed: &Seed) -> Result<Vec<Fidelity>, CalibrationError> {
    let comparison = Comparison::new(recorded, generated, seed)?;
    let mut result = comparison.outcomes();
    result.extend(comparison.learning());
    Ok(result)
}

struct Comparison<'a> {
    recorded: &'a Table,
    generated: &'a Calibrated,
    seed: &'a Seed,
    draws: Vec<Table>,
    grades: Vec<Vec<f64>>,
}

impl<'a> Comparison<'a> {
    fn new(recorded: &'a Table, generated: &'a Calibrated, seed: &'a Seed) -> Result<Self, CalibrationError> {
        super::fit::complete(recorded)?;
        let calibration = generated.calibration();
        for (field, same) in
            [("models", recorded.models() == calibration.models), ("tasks", recorded.tasks() == generated.tasks)]
        {
            if !same {
                return Err(CalibrationError::new(field, "of the rows and of the calibration must be the same"));
            }
        }
        let draw = |number: u64| {
            let requests = seed.child("draw", &number.to_string()).stream("request");
            tabulate(calibration, generated.dimension, recorded.len(), |row, out| {
                generated.generator.request_of(recorded.task(row), &requests, Round(row as u64), out);
            })
        };
        let grades = calibration.tasks.iter().map(|task| task.grades.clone()).collect();
        Ok(Comparison { recorded, generated, seed, draws: (0..DRAWS).map(draw).collect(), grades })
    }

    fn outcomes(&self) -> Vec<Fidelity> {
        let of = |table: &Table, rows: &[usize]| outcome_facts(table, rows, &self.grades);
        let all: Vec<usize> = (0..self.recorded.len()).collect();
        let resampled: Vec<Vec<Fact>> =
            (0..RESAMPLES).map(|number| of(self.recorded, &self.resample(number))).collect();
        let drawn: Vec<Vec<Fact>> = self.draws.iter().map(|table| of(table, &all)).collect();
        let facts = of(self.recorded, &all);
        let spread = |tables: &[Vec<Fact>], at: usize| mean_and_deviation(tables.iter().map(|facts| facts[at].value)).1;
        let error = |at: usize, fact: &Fact| {
            let least = if fact.unit == "correlation" { spread(&drawn, at) } else { self.least_error(fact) };
            spread(&resampled, at).max(least)
        };
        self.compare(&facts, &drawn, error)
    }

    /// Rows of each task drawn anew from its rows, with replacement.
    fn resample(&self, number: u64) -> Vec<usize> {
        let mut generator = self.seed.stream("bootstrap").at(Round(number));
        let by_task = super::marginals::rows_by_task(self.recorded);
        let mut draw = |rows: &Vec<usize>| -> Vec<usize> {
            rows.iter().map(|_| rows[random::below(&mut generator, rows.len())]).collect()
        };
        by_task.iter().flat_map(&mut draw).collect()
    }

    /// A share of 0 in n rows does not rule out 3 / n (the rule of three), though no resample shows it.
    fn least_error(&self, fact: &Fact) -> f64 {
        let rows = (0..self.recorded.len()).filter(|&row| fact.task.is_none_or(|task| self.recorded.task(row) == task));
        if matches!(fact.unit, "score" | "share") { 3.0 / STANDARD_ERRORS / rows.count() as f64 } else { 0.0 }
    }

    fn learning(&self) -> Vec<Fidelity> {
        let payoff = Payoff::of(self.recorded);
        let of = |table: &Table| learning_facts(table, &payoff, &self.seed.child("learning", "splits"));
        let drawn: Vec<Vec<Fact>> = self.draws.iter().map(of).collect();
        let error = |at: usize, _: &Fact| mean_and_deviation(drawn.iter().map(|facts| facts[at].value)).1;
        self.compare(&of(self.recorded), &drawn, error)
    }

    /// Pairs each fact with its mean over `drawn`; `error` gives the standard error of the recorded value.
    fn compare(&self, facts: &[Fact], drawn: &[Vec<Fact>], error: impl Fn(usize, &Fact) -> f64) -> Vec<Fidelity> {
        let row = |(at, fact): (usize, &Fact)| {
            let (generated, spread) = mean_and_deviation(drawn.iter().map(|facts| facts[at].value));
            if fact.value.is_nan() || generated.is_nan() {
                return None;
            }
            let recorded_error = error(at, fact);
            let both = (recorded_error * recorded_error + spread * spread / DRAWS as f64).sqrt();
            let tolerance = if fact.what.starts_with("gap") { GAP_TOLERANCE } else { STANDARD_ERRORS * both };
            let task = fact.task.map(|task| self.recorded.tasks()[task].clone());
            let model = fact.model.map(|model| self.recorded.models()[model].clone());
            let published = if published::describes(&self.generated.calibration().models) {
                published::value(&fact.what, task.as_deref(), model.as_deref())
            } else {
                None
            };
            Some(Fidelity {
                what: fact.what.clone(),
                task,
                model,
                unit: fact.unit,
                recorded: fact.value,
                recorded_error,
                generated,
                tolerance,
                within: (generated - fact.value).abs() <= tolerance,
                published,
            })
        };
        facts.iter().enumerate().filter_map(row).collect()
    }
}

/// Mean and standard deviation of the values that are numbers.
fn mean_and_deviation(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (square / (n - 1.0).max(1.0)).sqrt())
}
