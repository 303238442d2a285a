//! Anything that decides without learning: a frozen router, or a reference with full information.

use environments::{Batch, Reference};
use routing::{Choice, Router};

/// Decides greedily on batches.
pub(super) enum Decider {
    Router(Box<dyn Router>),
    Reference(Box<dyn Reference>),
}

impl Decider {
    /// Replaces `choices` by one decision for each request.
    pub(super) fn decide(&self, batch: &Batch, choices: &mut Vec<Choice>) {
        match self {
            Decider::Router(router) => router.decide(&batch.contexts(), choices),
            Decider::Reference(reference) => {
                choices.clear();
                choices.extend((0..batch.len()).map(|row| Choice::certain(reference.choose(batch, row))));
            }
        }
    }
}
