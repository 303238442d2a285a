//! Anything that decides without learning: a frozen router, or a reference with full information.

use environments::{Batch, Reference};
use routing::{Choice, Preference, Router};

/// Decides greedily on batches.
pub(super) enum Decider {
    Router(Box<dyn Router>),
    Reference(Box<dyn Reference>),
    /// Choices that were made elsewhere, for each weight of the grid by the place of the test prompt, which is the round of its
    /// request. Of a batch it sees what a router does.
    Decided {
        grid: Vec<Preference>,
        choices: Vec<Vec<Choice>>,
    },
}

impl Decider {
    /// Replaces `choices` by one decision for each request.
    pub(super) fn decide(&self, batch: &Batch, choices: &mut Vec<Choice>) {
        match self {
            Decider::Router(router) => router.decide(&batch.contexts(), choices),
            Decider::Decided { grid, choices: made } => {
                let contexts = batch.contexts();
                choices.clear();
                choices.extend(contexts.preferences().iter().zip(contexts.rounds()).map(|(preference, round)| {
                    let weight = grid.iter().position(|weight| weight == preference);
                    made[weight.expect("tests ask at weights of the grid")][round.0 as usize]
                }));
            }
            Decider::Reference(reference) => {
                choices.clear();
                choices.extend((0..batch.len()).map(|row| Choice::certain(reference.choose(batch, row))));
            }
        }
    }
}
