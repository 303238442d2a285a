//! Metrics of a set of decisions, for all tasks together and for each.

use environments::Batch;
use metrics::{About, Better, Judged, LATENCY, Latencies, METRICS, Metric, UNSCORED};
use routing::words;
use routing::{Arm, Ledger, Objective, Outcome, Seconds};
use store::{Direction, Score};

/// Task name under which the mix of all tasks is reported.
pub(super) const ALL: &str = words::ALL_TASKS;

/// Accumulates every metric over all decisions and over those of each task.
pub(super) struct Tally {
    groups: Vec<Group>,
}

struct Group {
    metrics: Vec<Box<dyn Metric>>,
    latencies: Latencies,
    scored: u64,
    unscored: u64,
}

impl Tally {
    /// For K models and the given number of tasks; zero for the mix alone.
    pub(super) fn new(arms: usize, tasks: usize) -> Tally {
        let group = || Group {
            metrics: METRICS.iter().map(|entry| (entry.start)(arms)).collect(),
            latencies: Latencies::default(),
            scored: 0,
            unscored: 0,
        };
        Tally { groups: (0..=tasks).map(|_| group()).collect() }
    }

    /// Takes in the decision for request `row` of `batch`; returns its reward, if its outcome was recorded.
    pub(super) fn observe(&mut self, batch: &Batch, row: usize, arm: Arm, objective: &Objective) -> Option<f64> {
        let outcome = batch.outcome(row, arm.index());
        let judged = outcome.map(|outcome| (judge(batch, row, (arm, outcome), objective), outcome.latency));
        self.groups[0].observe(arm, judged.as_ref());
        if let Some(group) = self.groups.get_mut(1 + batch.task(row)) {
            group.observe(arm, judged.as_ref());
        }
        judged.map(|(judged, _)| judged.reward)
    }

    /// Decisions of all tasks whose outcome was recorded.
    pub(super) fn scored(&self) -> u64 {
        self.groups[0].scored
    }

    /// Appends a score for each metric and group that saw a decision.
    pub(super) fn report(&self, at: &Moment<'_>, tasks: &[String], models: &[String], scores: &mut Vec<Score>) {
        let names = || std::iter::once(ALL).chain(tasks.iter().map(String::as_str));
        // The only task of a log without tasks is the mix itself, which stands there already.
        let fresh =
            self.groups.iter().zip(names()).enumerate().filter(|(place, (_, task))| *place == 0 || *task != ALL);
        for (group, task) in fresh.map(|(_, one)| one).filter(|(group, _)| group.scored + group.unscored > 0) {
            // What stands on no decision, as a mean reward where no outcome was recorded, is no number.
            for (entry, metric) in METRICS.iter().zip(&group.metrics).filter(|(_, metric)| metric.n() > 0) {
                metric.report(&mut |arm, value| {
                    let mut score = at.of(&entry.about, value, metric.n());
                    score.task = task.into();
                    score.arm = arm.map(|arm| models[arm.index()].clone());
                    scores.push(score);
                });
            }
            let beside = group.beside();
            scores
                .extend(beside.iter().map(|&(about, value, n)| Score { task: task.into(), ..at.of(about, value, n) }));
        }
    }
}

impl Group {
    fn observe(&mut self, arm: Arm, judged: Option<&(Judged, Option<Seconds>)>) {
        let Some((judged, latency)) = judged else {
            self.unscored += 1;
            self.metrics.iter_mut().for_each(|metric| metric.observe_unscored(arm));
            return;
        };
        self.scored += 1;
        self.metrics.iter_mut().for_each(|metric| metric.observe(judged));
        if let Some(latency) = latency {
            self.latencies.observe(*latency);
        }
    }

    /// What exists only where latencies were measured or outcomes are missing.
    fn beside(&self) -> Vec<(&'static About, f64, u64)> {
        let mut beside = Vec::new();
        if let Some((values, n)) = self.latencies.readings() {
            beside.extend(LATENCY.iter().zip(values).map(|(about, value)| (about, value, n)));
        }
        if self.unscored > 0 {
            let n = self.scored + self.unscored;
            beside.push((&UNSCORED, self.unscored as f64 / n as f64, n));
        }
        beside
    }
}

/// What can be said of a decision with all recorded outcomes at hand.
pub(super) fn judge(batch: &Batch, row: usize, (arm, outcome): (Arm, Outcome), objective: &Objective) -> Judged {
    let contexts = batch.contexts();
    let preference = contexts.preferences()[row];
    let mut best_reward = f64::NEG_INFINITY;
    for (other, &up) in batch.outcomes(row).zip(contexts.available(row)) {
        if let Some(other) = other.filter(|_| up) {
            best_reward = best_reward.max(objective.reward(preference, &other));
        }
    }
    let Outcome { quality, cost, .. } = outcome;
    Judged { arm, quality, cost, reward: objective.reward(preference, &outcome), best_reward }
}

/// When and at which preference something was measured, and what had been bought by then.
pub(super) struct Moment<'a> {
    pub(super) phase: &'a str,
    pub(super) round: u64,
    pub(super) w_cost: Option<f64>,
    pub(super) ledger: &'a Ledger,
}

impl Moment<'_> {
    /// A score of what `about` describes.
    pub(super) fn of(&self, about: &About, value: f64, n: u64) -> Score {
        self.score(about.name, about.unit, about.better, value, n)
    }

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
