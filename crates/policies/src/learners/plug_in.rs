//! Plug-in routing: estimate each model's quality and cost, then take the best for the preference at hand.

use super::best;
use routing::{Choice, Contexts, Router, Saved};

/// Estimates of every model's outcome from full labels.
pub(crate) trait Estimate: Send {
    /// Writes estimated quality and cost term min(c / tau, 1), both rows x K.
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]);

    /// The estimates as data.
    fn save(&self) -> Saved;
}

/// The router argmax_a w_q q(x, a) - w_c min(c(x, a) / tau, 1) over estimates.
pub(crate) struct PlugIn<E>(pub(crate) E);

impl<E: Estimate> Router for PlugIn<E> {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let arms = contexts.arms();
        let mut quality = vec![0.0; contexts.len() * arms];
        let mut penalty = vec![0.0; contexts.len() * arms];
        self.0.estimate(contexts, &mut quality, &mut penalty);
        choices.clear();
        let estimates = quality.chunks_exact(arms).zip(penalty.chunks_exact(arms));
        for (row, (quality, penalty)) in estimates.enumerate() {
            let preference = contexts.preferences()[row];
            let reward = |arm: usize| preference.quality() * quality[arm] - preference.cost() * penalty[arm];
            let arm = best((0..arms).map(reward), contexts.available(row));
            choices.push(Choice::certain(arm).expecting(reward(arm.index())));
        }
    }

    fn save(&self) -> Option<Saved> {
        Some(self.0.save())
    }
}
