//! What of an outcome reaches a policy, and when: delay, loss, a judge that errs, limits, and more models than the chosen
//! one.
//!
//! The world itself does not change: requests, choices and scores are what they are. Only what is learnt from them does.
//! Each outcome has its own draws, positioned by its round, so neither batching nor another rule's draws change it.

use crate::spec::{DelayLaw, FeedbackRule, LabelsAt};
use environments::Batch;
use routing::random::{self, below, uniform};
use routing::{Arm, Choice, ContextsBuffer, Feedback, Ledger, Outcome, Policy, Round, Seed, Stream};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

impl FeedbackRule {
    /// Rounds until an outcome arrives.
    fn rounds(&self, generator: &mut random::Generator) -> u64 {
        match self.law {
            DelayLaw::Fixed => self.delay.round() as u64,
            DelayLaw::Geometric if self.delay == 0.0 => 0,
            DelayLaw::Geometric => {
                let stay = self.delay / (1.0 + self.delay);
                (libm::log(1.0 - uniform(generator)) / libm::log(stay)) as u64
            }
        }
    }

    /// The score that the judge gives, if it arrives at all.
    fn judged(&self, quality: f32, generator: &mut random::Generator) -> Option<f32> {
        let (missing, wrong) = if quality >= 0.5 {
            (self.missing, self.false_fail)
        } else {
            (self.missing_bad.unwrap_or(self.missing), self.false_pass)
        };
        let (arrives, errs) = (uniform(generator) >= missing, uniform(generator) < wrong);
        let judged = if errs { 1.0 - quality } else { quality };
        let told = arrives && f64::from(judged) >= self.truncated_below;
        told.then_some(judged.min(self.censored_above as f32))
    }

    /// Whether every model is shown in `round` of a run of `rounds`.
    fn labels(&self, round: u64, rounds: u64, stream: &Stream) -> bool {
        if self.labels == 0 || self.labels_at == LabelsAt::Start {
            return round < self.labels;
        }
        // Part j holds the rounds t with floor(t m / T) = j.
        let (m, total) = (u128::from(self.labels), u128::from(rounds));
        let part = u128::from(round) * m / total;
        let (start, end) = ((part * total).div_ceil(m), ((part + 1) * total).div_ceil(m));
        let drawn = below(&mut stream.at(Round(part as u64)), (end - start) as usize);
        u128::from(round) == start + drawn as u128
    }
}

/// An outcome under way: due at a round, ordered by when it was sent among those due together.
type Due = Reverse<(u64, u64, usize)>;

/// Holds outcomes back until they are due. Memory grows with the outcomes under way, not with the rounds played.
pub(super) struct FeedbackQueue {
    rule: FeedbackRule,
    /// Rounds of the run.
    rounds: u64,
    stream: Stream,
    /// Outcomes that may be shown in a round.
    places: u64,
    /// For the rounds in which all models are shown.
    labelled: Stream,
    under_way: BinaryHeap<Due>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    sent: u64,
    contexts: ContextsBuffer,
    feedback: Vec<Feedback>,
}

/// One request, kept with the outcome that will be told of it.
struct Slot {
    contexts: ContextsBuffer,
    feedback: Feedback,
}

impl FeedbackQueue {
    /// Nothing of a run of `rounds` is under way yet; all draws come from `seed`.
    pub(super) fn new(rule: FeedbackRule, rounds: u64, dimension: usize, arms: usize, seed: &Seed) -> FeedbackQueue {
        // Each outcome that may be shown in a round has a place of its own.
        let places = if rule.labels > 0 { rule.arms.max(arms) } else { rule.arms } as u64;
        FeedbackQueue {
            rule,
            rounds,
            places,
            labelled: seed.stream("labels"),
            stream: seed.stream("feedback"),
            under_way: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            sent: 0,
            contexts: ContextsBuffer::new(dimension, arms),
            feedback: Vec::new(),
        }
    }

    /// Takes in the outcomes of `choices`, and lets `policy` learn from all that are due by the last round of `batch`. The
    /// ledger is charged for all of them now: what is late or lost was paid for.
    pub(super) fn teach(&mut self, batch: &Batch, choices: &[Choice], ledger: &mut Ledger, policy: &mut dyn Policy) {
        for (row, choice) in choices.iter().enumerate() {
            let round = batch.contexts().rounds()[row];
            let labelled = self.rule.labels(round.0, self.rounds, &self.labelled);
            let shown = if labelled { usize::MAX } else { self.rule.arms };
            let up = batch.contexts().available(row);
            let others = || (0..up.len()).filter(|&arm| up[arm] && arm != choice.arm.index());
            let count = others().count();
            if let Some(outcome) = batch.reveal_one(row, choice.arm, ledger) {
                self.send(batch, row, outcome, 0);
            }
            if shown == 1 || count == 0 {
                continue;
            }
            // A random rotation shows every other model equally often, without a permutation to store.
            let first = below(&mut self.stream.at(self.place_of(round, self.places)), count);
            for position in 1..shown.min(count + 1) {
                let arm = others().nth((first + position) % count).expect("the position lies below the count");
                if let Some(outcome) = batch.reveal_one(row, Arm::at(arm), ledger) {
                    self.send(batch, row, outcome, position as u64);
                }
            }
        }
        if let Some(last) = batch.contexts().rounds().last() {
            self.deliver(last.0, policy);
        }
    }

    /// Where the draws for the `position`-th outcome of a round stand; the last place is that of their order.
    fn place_of(&self, round: Round, position: u64) -> Round {
        Round(round.0.wrapping_mul(1 + self.places).wrapping_add(position))
    }

    fn send(&mut self, batch: &Batch, row: usize, shown: Feedback, position: u64) {
        let contexts = batch.contexts();
        let round = contexts.rounds()[row];
        let mut generator = self.stream.at(self.place_of(round, position));
        let (score, wait) = (self.rule.judged(shown.outcome.quality, &mut generator), self.rule.rounds(&mut generator));
        let Some(quality) = score else { return };
        let feedback = Feedback { outcome: Outcome { quality, ..shown.outcome }, ..shown };
        let slot = self.free.pop().unwrap_or_else(|| {
            let contexts = ContextsBuffer::new(contexts.dimension(), contexts.arms());
            self.slots.push(Slot { contexts, feedback });
            self.slots.len() - 1
        });
        let kept = &mut self.slots[slot];
        kept.feedback = feedback;
        kept.contexts.clear();
        kept.contexts.push_from(&contexts, row);
        self.under_way.push(Reverse((round.0.saturating_add(wait), self.sent, slot)));
        self.sent += 1;
    }

    /// Hands over what is due by `round`, in the order in which it fell due.
    fn deliver(&mut self, round: u64, policy: &mut dyn Policy) {
        self.contexts.clear();
        self.feedback.clear();
        while let Some(&Reverse((due, _, slot))) = self.under_way.peek() {
            if due > round {
                break;
            }
            self.under_way.pop();
            self.free.push(slot);
            let Slot { contexts, feedback } = &self.slots[slot];
            self.contexts.push_from(&contexts.view(), 0);
            self.feedback.push(*feedback);
        }
        if !self.feedback.is_empty() {
            policy.learn(&self.contexts.view(), &self.feedback);
        }
    }
}
