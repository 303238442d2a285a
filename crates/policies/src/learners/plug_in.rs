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
        let mut rewards = Vec::new();
        self.rewards(contexts, &mut rewards);
        choices.clear();
        for (row, rewards) in rewards.chunks_exact(contexts.arms()).enumerate() {
            let arm = best(rewards.iter().copied(), contexts.available(row));
            choices.push(Choice::certain(arm).expecting(rewards[arm.index()]));
        }
    }

    fn rewards(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) -> bool {
        let arms = contexts.arms();
        let mut quality = vec![0.0; contexts.len() * arms];
        let mut penalty = vec![0.0; contexts.len() * arms];
        self.0.estimate(contexts, &mut quality, &mut penalty);
        out.clear();
        let estimates = quality.chunks_exact(arms).zip(penalty.chunks_exact(arms));
        for ((quality, penalty), preference) in estimates.zip(contexts.preferences()) {
            let reward =
                |(quality, penalty): (&f64, &f64)| preference.quality() * quality - preference.cost() * penalty;
            out.extend(quality.iter().zip(penalty).map(reward));
        }
        true
    }

    fn save(&self) -> Option<Saved> {
        Some(self.0.save())
    }
}
