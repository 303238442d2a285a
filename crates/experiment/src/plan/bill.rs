//! What a plan would buy, without running it.

use super::{Plan, PlannedEnvironment, Subject};
use crate::spec::Protocol;
use environments::Sees;
use policies::Recipe;
use routing::Seed;
use serde::Serialize;

/// The bill of one policy on one environment, for each replicate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// Label of the environment.
    pub environment: String,
    /// Label of the policy.
    pub policy: String,
    /// Settings tried; 1 without tuning.
    pub tuning_trials: u64,
    /// Outcomes revealed while training, repeat visits included (validation not counted).
    pub outcomes: u64,
    /// Dollars for them at the mean price over models and prompts: the policy's own choices are not known before.
    pub dollars: f64,
}

impl Plan {
    /// The bill of every policy, in the order of the plan.
    pub fn bills(&self) -> Vec<Bill> {
        let mut bills = Vec::new();
        for environment in &self.environments {
            let pool = environment.world.pool(&Seed::root(self.spec.seed));
            let rows: Vec<usize> = (0..pool.len()).collect();
            let prices = pool.mean_cost(&rows);
            let mean_price = prices.iter().map(|price| price.0).sum::<f64>() / prices.len() as f64;
            let training = training_prompts(environment, pool.len(), |row| pool.task(row));
            // The share of cells that were recorded: which prompts are trained on differs from replicate to replicate.
            let recorded = 1.0 - pool.gaps() as f64 / (pool.len() * pool.arms()) as f64;
            let full = ((training * pool.arms() as u64) as f64 * recorded).round() as u64;
            for policy in &environment.policies {
                let (trials, outcomes) = match &policy.subject {
                    Subject::Always(_) => (1, 0),
                    Subject::Reference(entry) if entry.sees == Sees::Training => (1, full),
                    Subject::Reference(_) => (1, 0),
                    Subject::Policy(candidates) => {
                        let needs = |recipe: &Recipe| outcomes(recipe, &environment.protocol, training, full);
                        let shared = matches!(candidates[0].recipe, Recipe::Full(_));
                        let bought = candidates.iter().take(if shared { 1 } else { candidates.len() });
                        (candidates.len() as u64, bought.map(|candidate| needs(&candidate.recipe)).sum())
                    }
                };
                bills.push(Bill {
                    environment: environment.label.clone(),
                    policy: policy.label.clone(),
                    tuning_trials: trials,
                    outcomes,
                    dollars: outcomes as f64 * mean_price,
                });
            }
        }
        bills
    }
}

/// Prompts that policies are trained on in a pool of `rows`.
fn training_prompts(environment: &PlannedEnvironment, rows: usize, task: impl Fn(usize) -> usize) -> u64 {
    match &environment.protocol {
        Protocol::TrainThenTest { split, .. } => {
            let seen = (0..rows).filter(|&row| !environment.held_out.contains(&task(row))).count();
            let shots = environment.shots.unwrap_or(0) * environment.held_out.len() as u64;
            (seen as f64 * split[0]).round() as u64 + shots
        }
        Protocol::Online { .. } => rows as u64,
    }
}

fn outcomes(recipe: &Recipe, protocol: &Protocol, training: u64, full: u64) -> u64 {
    match (recipe, protocol) {
        (Recipe::Fixed(_), _) => 0,
        (Recipe::Full(_), _) => full,
        (Recipe::Bandit { epochs, .. }, Protocol::TrainThenTest { .. }) => training * u64::from(*epochs),
        (Recipe::Bandit { .. }, Protocol::Online { rounds, .. }) => *rounds,
    }
}
