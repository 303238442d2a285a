//! What a plan would buy, without running it.

use super::{Checkpoints, Plan, PlannedCell, PlannedEnvironment, Split, Subject};
use crate::spec::{Protocol, Select};
use environments::{Sees, Table};
use policies::Recipe;
use serde::Serialize;

/// The bill of one policy on one environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// Label of the environment.
    pub environment: String,
    /// Label of the policy.
    pub policy: String,
    /// Settings tried on the validation split; 0 where nothing is tuned, and for references.
    pub tuning_trials: u64,
    /// Whether it is known what is bought: of a router made elsewhere only where its author says so.
    pub told: bool,
    /// Outcomes revealed in a replicate (their mean, rounded): repeat visits, and validation where a setting or a checkpoint is
    /// chosen by it. Exact where no outcome is missing, every model can be called throughout, and there are at most
    /// [`Bill::EXACT`] replicates: of more, that many stand for all.
    pub outcomes: u64,
    /// The same in all replicates together.
    pub all_outcomes: u64,
    /// Dollars of a replicate at the mean price over models and prompts: the policy's own choices are not known before.
    pub dollars: f64,
}

impl Bill {
    /// Replicates whose prompts are drawn to count what is bought of them.
    pub const EXACT: u32 = 200;
}

impl Plan {
    /// The bill of every policy, in the order of the plan.
    pub fn bills(&self) -> Vec<Bill> {
        let mut bills: Vec<Bill> = Vec::new();
        for (position, environment) in self.environments.iter().enumerate() {
            let blank = environment.policies.iter().map(|policy| Bill {
                environment: environment.label.clone(),
                policy: policy.label.clone(),
                tuning_trials: match &policy.subject {
                    Subject::Policy(candidates) if candidates.len() > 1 => candidates.len() as u64,
                    Subject::Policy(_) | Subject::Reference(_) | Subject::Always(_) | Subject::Decided(_) => 0,
                },
                told: !matches!(&policy.subject, Subject::Decided(decisions) if !decisions.is_told()),
                outcomes: 0,
                all_outcomes: 0,
                dollars: 0.0,
            });
            let first = bills.len();
            bills.extend(blank);
            let own =
                |cell: &&PlannedCell| cell.environment == position && cell.policy == 0 && cell.replicate < Bill::EXACT;
            for cell in self.cells().iter().filter(own) {
                self.charge(environment, cell, &mut bills[first..]);
            }
        }
        let replicates = u64::from(self.spec.replicates);
        let counted = replicates.min(Bill::EXACT.into());
        for bill in &mut bills {
            bill.outcomes = (bill.all_outcomes + counted / 2) / counted;
            bill.dollars /= counted as f64;
            // Of the replicates that were not drawn, as many as of those that were.
            let all = u128::from(bill.all_outcomes) * u128::from(replicates) / u128::from(counted);
            bill.all_outcomes = u64::try_from(all).unwrap_or(u64::MAX);
        }
        bills
    }

    /// Adds what the policies of an environment buy in the replicate of `cell`.
    fn charge(&self, environment: &PlannedEnvironment, cell: &PlannedCell, bills: &mut [Bill]) {
        let world = self.world_seed(cell);
        let pool = environment.world.pool(&world);
        let everything: Vec<usize> = (0..pool.len()).collect();
        let prices = pool.mean_cost(&everything);
        let mean_price = prices.iter().map(|price| price.0).sum::<f64>() / prices.len() as f64;
        let parts = match &environment.protocol {
            Protocol::TrainThenTest { split: shares, .. } => {
                Some(environment.split(&pool, *shares, cell.replicate, &world))
            }
            Protocol::Online { .. } => None,
        };
        for (policy, bill) in environment.policies.iter().zip(bills) {
            let outcomes = match (&policy.subject, &parts) {
                (Subject::Reference(entry), Some(parts)) if entry.sees == Sees::Training => labels(&pool, parts),
                (Subject::Reference(_) | Subject::Always(_), _) => 0,
                (Subject::Decided(decisions), _) => {
                    // What it cost is said, not computed.
                    bill.dollars += decisions.ledger().dollars.0;
                    bill.all_outcomes += decisions.ledger().outcomes;
                    continue;
                }
                (Subject::Policy(candidates), Some(parts)) => {
                    let recipes: Vec<&Recipe> = candidates.iter().map(|candidate| &candidate.recipe).collect();
                    self.trained(environment, &recipes, &pool, parts)
                }
                (Subject::Policy(candidates), None) => shown(environment, &candidates[0].recipe, pool.arms()),
            };
            bill.all_outcomes += outcomes;
            bill.dollars += outcomes as f64 * mean_price;
        }
    }

    /// Outcomes that training and tuning buy.
    fn trained(&self, environment: &PlannedEnvironment, recipes: &[&Recipe], pool: &Table, parts: &Split) -> u64 {
        let validated = (parts.validation.len() * self.spec.preferences.test.len()) as u64;
        let visits = |epochs: u32| parts.train.len() as u64 * u64::from(epochs);
        let explored = |recipe: &Recipe| match recipe {
            Recipe::Bandit { epochs, batch, .. } => {
                visits(*epochs) + validated * checkpoints(environment, parts.train.len(), *epochs, *batch)
            }
            Recipe::Fixed(_) | Recipe::Full(_) => 0,
        };
        // Full labels are bought once, for all settings of an offline router.
        let full = if matches!(recipes[0], Recipe::Full(_)) { labels(pool, parts) } else { 0 };
        let tuning = if recipes.len() > 1 { validated * recipes.len() as u64 } else { 0 };
        full + tuning + recipes.iter().map(|recipe| explored(recipe)).sum::<u64>()
    }
}

/// Every recorded outcome of the training prompts.
fn labels(pool: &Table, parts: &Split) -> u64 {
    pool.recorded(&parts.train).count() as u64
}

/// Checkpoints at which the validation split is bought: none where the last state is tested.
fn checkpoints(environment: &PlannedEnvironment, prompts: usize, epochs: u32, batch: usize) -> u64 {
    let Protocol::TrainThenTest { checkpoints, select: Select::BestValidation, .. } = environment.protocol else {
        return 0;
    };
    let mut due = Checkpoints::new(checkpoints, prompts as u64 * u64::from(epochs));
    let (mut round, mut bought) = (0, 0);
    for _ in 0..epochs {
        for start in (0..prompts).step_by(batch) {
            round += batch.min(prompts - start) as u64;
            bought += u64::from(due.passed(round));
        }
    }
    bought
}

/// Outcomes that an online policy is shown: one for each round, more where the feedback says so.
fn shown(environment: &PlannedEnvironment, recipe: &Recipe, models: usize) -> u64 {
    let Protocol::Online { rounds, .. } = environment.protocol else { return 0 };
    let (Recipe::Bandit { .. }, models) = (recipe, models as u64) else { return 0 };
    let Some(feedback) = &environment.feedback else { return rounds };
    let arms = models.min(feedback.arms as u64);
    rounds * arms + feedback.labels * (models - arms)
}
