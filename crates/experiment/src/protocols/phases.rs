//! How an online run fares phase by phase and as a whole: regret and recovery, the exploration bill, alarms, the budget.

use super::tally::Moment;
use environments::Batch;
use metrics::{Adaptation, Detection, Exploration, Explored, Reading, Visit, budget_use, greedy_regret};
use routing::words::phase;
use routing::{Choice, Dollars, Ledger, Objective};
use store::Score;

/// Accumulates decisions phase by phase.
pub(super) struct Phases {
    adaptation: Adaptation,
    exploration: Exploration,
    detection: Detection,
    /// Whether any greedy decision, and any count of alarms, was heard of.
    explores: bool,
    listens: bool,
    /// Whether the outcomes of every explored request, taken and forgone, were recorded: else there is no bill.
    billable: bool,
    rewards: Vec<f64>,
}

impl Phases {
    /// Of K models over `rounds` rounds between `changes`.
    pub(super) fn new(arms: usize, changes: &[u64], rounds: u64) -> Phases {
        Phases {
            adaptation: Adaptation::new(arms, changes, rounds),
            exploration: Exploration::new(changes, rounds),
            detection: Detection::new(changes, rounds),
            explores: false,
            listens: false,
            billable: true,
            rewards: vec![0.0; arms],
        }
    }

    /// Takes in the decision for request `row` of `batch`, and the `greedy` one of a policy that learns.
    pub(super) fn observe(
        &mut self,
        batch: &Batch,
        row: usize,
        choice: &Choice,
        greedy: Option<&Choice>,
        objective: &Objective,
    ) {
        let contexts = batch.contexts();
        let (preference, round, arm) = (contexts.preferences()[row], contexts.rounds()[row].0, choice.arm.index());
        for (reward, outcome) in self.rewards.iter_mut().zip(batch.outcomes(row)) {
            *reward = outcome.map_or(f64::NAN, |outcome| objective.reward(preference, &outcome));
        }
        let chosen = batch.outcome(row, arm);
        self.adaptation.observe(&Visit {
            round,
            preference,
            reward: chosen.map(|_| self.rewards[arm]),
            dollars: chosen.map_or(0.0, |outcome| outcome.cost.0),
            rewards: &self.rewards,
            available: contexts.available(row),
        });
        let Some(greedy) = greedy else { return };
        self.explores = true;
        let greedy = greedy.arm.index();
        if greedy == arm {
            return;
        }
        let (Some(obtained), Some(forgone)) = (chosen, batch.outcome(row, greedy)) else {
            self.billable = false;
            return;
        };
        let dollars = obtained.cost.0 - forgone.cost.0;
        let quality = f64::from(forgone.quality) - f64::from(obtained.quality);
        let reward = self.rewards[greedy] - self.rewards[arm];
        self.exploration.observe(round, &Explored { dollars, quality, reward });
    }

    /// Hears how many alarms the policy had raised after `round`.
    pub(super) fn hear(&mut self, round: u64, alarms: Option<u64>) {
        if let Some(alarms) = alarms {
            self.listens = true;
            self.detection.hear(round, alarms);
        }
    }

    /// Appends the scores of all phases, called `phase 1`, `phase 2` and so on, and of the `whole` run.
    pub(super) fn report(&self, budget: Option<Dollars>, ledger: &Ledger, scores: &mut Vec<Score>) {
        let mut readings: Vec<Reading> = self.adaptation.readings().to_vec();
        if self.explores && self.billable {
            let bill = self.exploration.readings();
            readings.extend(greedy_regret(self.adaptation.readings(), &bill));
            readings.extend(bill);
        }
        if self.listens {
            readings.extend(self.detection.readings());
        }
        if let Some(budget) = budget {
            readings.extend(budget_use(self.adaptation.readings(), budget.0));
        }
        // What does not exist, such as a recovery in the first phase, is not stored.
        for reading in readings.into_iter().filter(|reading| reading.value.is_finite()) {
            let phase = reading.phase.map_or(phase::WHOLE.to_owned(), |visit| phase::visit(visit + 1));
            let at = Moment { phase: &phase, round: reading.end, w_cost: None, ledger };
            scores.push(at.of(reading.about, reading.value, reading.n));
        }
    }
}
