//! Metrics of a set of decisions, for all tasks together and for each.

use environments::Batch;
use metrics::{Better, Judged, METRICS, Metric};
use routing::{Arm, Ledger, Objective};
use store::{Direction, Score};

/// Task name under which the mix of all tasks is reported.
pub(super) const ALL: &str = "all";

/// Accumulates every metric over all decisions and over those of each task.
pub(super) struct Tally {
    groups: Vec<Group>,
}

struct Group {
    metrics: Vec<Box<dyn Metric>>,
    n: u64,
}

impl Tally {
    /// For K models and the given number of tasks; zero for the mix alone.
    pub(super) fn new(arms: usize, tasks: usize) -> Tally {
        let group = || Group { metrics: METRICS.iter().map(|entry| (entry.start)(arms)).collect(), n: 0 };
        Tally { groups: (0..=tasks).map(|_| group()).collect() }
    }

    /// Takes in the decision for request `row` of `batch`; returns its reward.
    pub(super) fn observe(&mut self, batch: &Batch, row: usize, arm: Arm, objective: &Objective) -> f64 {
        let judged = judge(batch, row, arm, objective);
        self.groups[0].observe(&judged);
        if let Some(group) = self.groups.get_mut(1 + batch.task(row)) {
            group.observe(&judged);
        }
        judged.reward
    }

    /// Appends a score for each metric and group that saw a decision.
    pub(super) fn report(&self, at: &Moment<'_>, tasks: &[String], models: &[String], scores: &mut Vec<Score>) {
        let names = std::iter::once(ALL).chain(tasks.iter().map(String::as_str));
        for (group, task) in self.groups.iter().zip(names).filter(|(group, _)| group.n > 0) {
            for (entry, metric) in METRICS.iter().zip(&group.metrics) {
                metric.report(&mut |arm, value| {
                    let mut score = at.score(entry.about.name, entry.about.unit, entry.about.better, value, group.n);
                    score.task = task.into();
                    score.arm = arm.map(|arm| models[arm.index()].clone());
                    scores.push(score);
                });
            }
        }
    }
}

impl Group {
    fn observe(&mut self, judged: &Judged) {
        self.n += 1;
        for metric in &mut self.metrics {
            metric.observe(judged);
        }
    }
}

/// What can be said of a decision with all outcomes at hand.
fn judge(batch: &Batch, row: usize, arm: Arm, objective: &Objective) -> Judged {
    let (quality, cost) = (batch.quality(row), batch.cost(row));
    let contexts = batch.contexts();
    let preference = contexts.preferences()[row];
    let mut best_reward = f64::NEG_INFINITY;
    for (other, &up) in contexts.available(row).iter().enumerate() {
        if up {
            best_reward = best_reward.max(objective.reward(preference, quality[other], cost[other]));
        }
    }
    let (quality, cost) = (quality[arm.index()], cost[arm.index()]);
    Judged { arm, quality, cost, reward: objective.reward(preference, quality, cost), best_reward }
}

/// When and at which preference something was measured, and what had been bought by then.
pub(super) struct Moment<'a> {
    pub(super) phase: &'a str,
    pub(super) round: u64,
    pub(super) w_cost: Option<f64>,
    pub(super) ledger: &'a Ledger,
}

impl Moment<'_> {
    /// A score over the mix of tasks at this moment.
    pub(super) fn score(&self, metric: &str, unit: &str, better: Better, value: f64, n: u64) -> Score {
        Score {
            phase: self.phase.into(),
            round: self.round,
            w_cost: self.w_cost,
            task: ALL.into(),
            arm: None,
            metric: metric.into(),
            unit: unit.into(),
            direction: match better {
                Better::Higher => Direction::Up,
                Better::Lower => Direction::Down,
                Better::Neither => Direction::None,
            },
            value,
            n,
            outcomes: self.ledger.outcomes,
            dollars: self.ledger.dollars.0,
            tuning_trials: self.ledger.tuning_trials,
        }
    }
}
