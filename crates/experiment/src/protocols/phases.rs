//! Scores of each phase of a world that moves.

use super::tally::Moment;
use environments::Batch;
use metrics::{Adaptation, Visit};
use routing::{Arm, Ledger, Objective};
use store::Score;

/// Accumulates decisions phase by phase.
pub(super) struct Phases {
    adaptation: Adaptation,
    rewards: Vec<f64>,
}

impl Phases {
    /// Of K models over `rounds` rounds between `changes`.
    pub(super) fn new(arms: usize, changes: &[u64], rounds: u64) -> Phases {
        Phases { adaptation: Adaptation::new(arms, changes, rounds), rewards: vec![0.0; arms] }
    }

    /// Takes in the decision for request `row` of `batch`.
    pub(super) fn observe(&mut self, batch: &Batch, row: usize, arm: Arm, objective: &Objective) {
        let (contexts, quality, cost) = (batch.contexts(), batch.quality(row), batch.cost(row));
        let preference = contexts.preferences()[row];
        for (reward, (&quality, &cost)) in self.rewards.iter_mut().zip(quality.iter().zip(cost)) {
            *reward = objective.reward(preference, quality, cost);
        }
        self.adaptation.observe(&Visit {
            round: contexts.rounds()[row].0,
            preference,
            reward: self.rewards[arm.index()],
            dollars: cost[arm.index()].0,
            rewards: &self.rewards,
            available: contexts.available(row),
        });
    }

    /// Appends the scores of all phases, called `phase 1`, `phase 2` and so on.
    pub(super) fn report(&self, ledger: &Ledger, scores: &mut Vec<Score>) {
        for reading in self.adaptation.readings() {
            let phase = format!("phase {}", reading.phase + 1);
            let at = Moment { phase: &phase, round: reading.end, w_cost: None, ledger };
            let about = reading.about;
            scores.push(at.score(about.name, about.unit, about.better, reading.value, reading.n));
        }
    }
}
