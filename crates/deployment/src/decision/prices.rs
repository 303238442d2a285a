//! Decisions at the list prices in force, of routers that look at them and of those that only tell their rewards.
//!
//! A router that does not look at list prices learnt rewards at the dollars of its training. Where it tells them, the cost term
//! that its forecast expects is taken out and put back at the price in force: dollars move in proportion to the list price.

use super::Deployment;
use crate::refused_use::DeploymentError;
use routing::{Arm, Choice, Contexts, ContextsBuffer, Dollars, Preference};

impl Deployment {
    /// Whether a list price can change decisions: the router looks at it, or tells the rewards that it estimates, in which the
    /// forecast then puts the price in force for the one of training.
    pub(super) fn heeds_prices(&self) -> bool {
        let tells = || {
            let empty = ContextsBuffer::new(self.card().dimension, self.card().models.len());
            self.artifact.forecast.is_some() && self.artifact.router.rewards(&empty.view(), &mut Vec::new())
        };
        self.artifact.router.reads_prices() || tells()
    }

    /// Whether rewards are to be changed by the prices in force.
    pub(super) fn is_repriced(&self) -> bool {
        let trained = self.card().list_prices_usd.iter();
        let moved = self.list_prices.iter().zip(trained).any(|(now, trained)| now.0 != *trained);
        moved && !self.router().reads_prices()
    }

    /// A policy's own exploration weighs models by the rewards that it learnt.
    pub(super) fn check_draws(&self) -> Result<(), DeploymentError> {
        match self.exploring.is_some() && self.policy.is_some() && self.is_repriced() {
            true => Err(DeploymentError::PricesWhileExploring { policy: self.card().policy.label.clone() }),
            false => Ok(()),
        }
    }

    /// The greedy decision at the prices in force.
    pub(super) fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut rewards = Vec::new();
        if !(self.is_repriced() && self.router().rewards(contexts, &mut rewards)) {
            return self.router().decide(contexts, choices);
        }
        choices.clear();
        for (row, rewards) in rewards.chunks_exact_mut(contexts.arms()).enumerate() {
            let saved = self.saved_by_prices(contexts.feature_row(row), contexts.preferences()[row]);
            rewards.iter_mut().zip(saved).for_each(|(reward, saved)| *reward += saved);
            let up = rewards.iter().zip(contexts.available(row)).enumerate().filter(|(_, (_, up))| **up);
            let best = up.rev().max_by(|one, two| one.1.0.total_cmp(two.1.0)).expect("one model can be called");
            choices.push(Choice::certain(Arm::at(best.0)).expecting(*best.1.0));
        }
    }

    /// What each model's reward gains by the price in force, K: the cost term as training had it less the one of today.
    fn saved_by_prices(&self, features: &[f32], preference: Preference) -> Vec<f64> {
        let objective = self.card().problem().objective;
        let weight = preference.cost() * (1.0 - objective.latency.map_or(0.0, |latency| latency.weight));
        let trained = self.card().list_prices_usd.iter().map(|&price| Dollars(price));
        let Some(forecast) = &self.artifact.forecast else { return vec![0.0; self.list_prices.len()] };
        let expected = forecast.expect(features).zip(trained.zip(&self.list_prices));
        let saved = expected.map(|(expected, (trained, &now))| {
            let before = expected.map_or(trained, |expected| expected.cost);
            let after = if trained.0 > 0.0 { Dollars(before.0 * now.0 / trained.0) } else { now };
            if now == trained { 0.0 } else { weight * (objective.penalty(before) - objective.penalty(after)) }
        });
        saved.collect()
    }
}
