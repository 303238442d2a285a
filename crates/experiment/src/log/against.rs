//! A router that learnt from a log against the best single model, on the rows left out: what both would have earned there.
//!
//! Doubly robust (Dudik, Langford and Li 2011, arXiv 1103.4601) with the router's own forecast as the model of outcomes, which
//! was fitted on other prompts. Both sides stand on the same rows, so their difference has an interval of its own, by prompts.
//! `barp log decide` says more; this is what a card can hold.

use super::rows::Rows;
use deployment::Versus;
use policies::Forecast;
use routing::{Arm, ContextsBuffer, Dollars, Outcome, Preference, Problem, Round, Router};
use statistics::{Clustered, clustered_mean};
use std::collections::BTreeMap;

/// Rows that are decided at a time.
const ROWS: usize = 512;

/// Rows of a log with what is expected of each model on each of them.
struct Expected<'a> {
    rows: &'a Rows,
    problem: &'a Problem,
    /// Quality and dollars, rows x K.
    outcomes: Vec<Outcome>,
}

impl<'a> Expected<'a> {
    fn new(rows: &'a Rows, problem: &'a Problem, forecast: &Forecast) -> Expected<'a> {
        // Nobody learns from a log that leaves a model without an outcome.
        let known = |expected: Option<policies::Expected>| {
            let expected = expected.expect("each model has a scored row");
            Outcome::untimed(expected.quality as f32, expected.cost)
        };
        let outcomes = (0..rows.len()).flat_map(|row| forecast.expect(rows.row(row)).map(known).collect::<Vec<_>>());
        Expected { rows, problem, outcomes: outcomes.collect() }
    }

    /// What taking `arm` on a row would have earned: expected, and corrected where that was what happened.
    fn reward(&self, row: usize, arm: Arm, preference: Preference) -> f64 {
        let objective = &self.problem.objective;
        let expected = objective.reward(preference, &self.outcomes[row * self.problem.arms() + arm.index()]);
        let logged = &self.rows.feedback[row];
        if logged.arm != arm {
            return expected;
        }
        let error = objective.reward(preference, &logged.outcome) - expected;
        expected + error / f64::from(self.rows.propensities[row])
    }

    fn mean(&self, arm: Arm, preference: Preference) -> f64 {
        (0..self.rows.len()).map(|row| self.reward(row, arm, preference)).sum::<f64>() / self.rows.len() as f64
    }

    /// The model that is up and earns most, the first of equals.
    fn best_single(&self, preference: Preference, up: &[bool]) -> Arm {
        let arms = (0..self.problem.arms()).filter(|&arm| up[arm]).map(Arm::at).rev();
        let means = arms.map(|arm| (arm, self.mean(arm, preference)));
        means.max_by(|one, two| one.1.total_cmp(&two.1)).expect("one model is up").0
    }
}

/// `router` at each preference of `grid` against the model that earned most on the rows trained on, on the rows left out.
pub(super) fn against(
    router: &dyn Router,
    (problem, prices, up): (&Problem, &[Dollars], &[bool]),
    forecast: &Forecast,
    (train, test): (&Rows, &Rows),
    grid: &[Preference],
) -> Vec<Versus> {
    let (train, test) = (Expected::new(train, problem, forecast), Expected::new(test, problem, forecast));
    let clusters = clusters(test.rows);
    let at = |&preference: &Preference| {
        let model = train.best_single(preference, up);
        let decided = decided(router, (prices, up), test.rows, preference);
        let n = test.rows.len() as f64;
        let pairs: Vec<(f64, f64)> = (decided.iter().enumerate())
            .map(|(row, &arm)| (test.reward(row, arm, preference), test.reward(row, model, preference)))
            .collect();
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (earned, fixed) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let mut influence = BTreeMap::<u32, f64>::new();
        for (&cluster, (router, other)) in clusters.iter().zip(&pairs) {
            *influence.entry(cluster).or_default() += (router - other - (earned - fixed)) / n;
        }
        let number = Clustered { values: vec![earned - fixed], influences: vec![influence.into_iter().collect()] };
        let interval = clustered_mean(&number, (f64::NEG_INFINITY, f64::INFINITY));
        Versus {
            w_cost: preference.cost(),
            model: problem.models[model.index()].clone(),
            router: earned,
            fixed,
            low: interval.low,
            high: interval.high,
            method: format!("off-policy doubly robust, {}", interval.method),
            n: test.rows.len() as u64,
        }
    };
    grid.iter().map(at).collect()
}

/// The number of each row's prompt, in the order in which prompts come.
fn clusters(rows: &Rows) -> Vec<u32> {
    let mut known = BTreeMap::new();
    let number = |&prompt: &u64| {
        let next = known.len() as u32;
        *known.entry(prompt).or_insert(next)
    };
    rows.prompts.iter().map(number).collect()
}

fn decided(router: &dyn Router, (prices, up): (&[Dollars], &[bool]), rows: &Rows, preference: Preference) -> Vec<Arm> {
    let mut buffer = ContextsBuffer::new(rows.dimension, prices.len());
    let (mut choices, mut decided) = (Vec::new(), Vec::with_capacity(rows.len()));
    for start in (0..rows.len()).step_by(ROWS) {
        buffer.clear();
        let part = start..rows.len().min(start + ROWS);
        part.for_each(|row| buffer.push(Round(row as u64), rows.row(row), preference, prices, up));
        router.decide(&buffer.view(), &mut choices);
        decided.extend(choices.iter().map(|choice| choice.arm));
    }
    decided
}
