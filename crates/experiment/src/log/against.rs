//! A router that learnt from a log against the best single model, on the rows left out: what both would have earned there.
//!
//! Doubly robust (Dudik, Langford and Li 2011, arXiv 1103.4601) with the router's own forecast as the model of outcomes, which
//! was fitted on other prompts. Both sides stand on the same rows, so their difference has an interval of its own, by prompts.
//! `barp log decide` says more; this is what a card can hold.

use super::rows::Rows;
use super::scores::choices;
use deployment::Versus;
use policies::Forecast;
use routing::{Dollars, Outcome, Preference, Problem, Router};
use statistics::clustered_mean;
use statistics::off_policy::{Estimator, LoggedRow, OffPolicy, weight};

/// Rows of a log with what is expected of each model on each of them.
struct Expected<'a> {
    rows: &'a Rows,
    clusters: Vec<u32>,
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
        Expected { rows, clusters: rows.clusters(), problem, outcomes: outcomes.collect() }
    }

    /// What whoever takes the model `chosen` on each row would have earned.
    fn earned(&self, preference: Preference, chosen: impl Fn(usize) -> usize) -> OffPolicy {
        let reward = |outcome: &Outcome| self.problem.objective.reward(preference, outcome);
        let expected = |row: usize, arm: usize| reward(&self.outcomes[row * self.problem.arms() + arm]);
        let logged = |row: usize| {
            let (feedback, propensity) = (&self.rows.feedback[row], f64::from(self.rows.propensities[row]));
            let (arm, choice) = (feedback.arm.index(), chosen(row));
            let chance = f64::from(u8::from(arm == choice));
            LoggedRow {
                cluster: self.clusters[row],
                chance,
                weight: weight(chance, propensity).expect("a log's propensities lie in (0, 1]"),
                outcome: reward(&feedback.outcome),
                predicted: expected(row, arm),
                expected: expected(row, choice),
                leverage: None,
            }
        };
        OffPolicy::of(&(0..self.rows.len()).map(logged).collect::<Vec<_>>())
    }

    /// The model that is up and earns most, the first of equals.
    fn best_single(&self, preference: Preference, up: &[bool]) -> usize {
        let arms = (0..self.problem.arms()).filter(|&arm| up[arm]).rev();
        let mean = |arm: usize| self.earned(preference, |_| arm).estimate(Estimator::DoublyRobust).mean;
        let means = arms.map(|arm| (arm, mean(arm)));
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
    let at = |&preference: &Preference| {
        let model = train.best_single(preference, up);
        let choices = choices(router, (prices, up), test.rows, preference);
        let [own, fixed] = [test.earned(preference, |row| choices[row]), test.earned(preference, |_| model)];
        let interval = clustered_mean(&own.robust().minus(fixed.robust()), (f64::NEG_INFINITY, f64::INFINITY));
        // What the log cannot carry has no interval, and so is not shown to be better.
        let flaw = own.flaw().or(fixed.flaw());
        let believed = |end: Option<f64>| end.filter(|_| flaw.is_none());
        Versus {
            w_cost: preference.cost(),
            model: problem.models[model].clone(),
            router: own.estimate(Estimator::DoublyRobust).mean,
            fixed: fixed.estimate(Estimator::DoublyRobust).mean,
            low: believed(interval.low),
            high: believed(interval.high),
            method: flaw.map_or_else(
                || format!("off-policy doubly robust, {}", interval.method),
                |flaw| format!("none ({flaw})"),
            ),
            n: test.rows.len() as u64,
        }
    };
    grid.iter().map(at).collect()
}
