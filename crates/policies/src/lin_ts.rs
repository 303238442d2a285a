//! Linear Thompson sampling: draws each model's reward from its posterior and takes the best draw.
//!
//! theta_a ~ N(theta_a, scale^2 A_a^-1) (Agrawal and Goyal 2013, arXiv 1209.3352). One request needs theta_a'z alone, which
//! is N(theta_a'z, scale^2 z' A_a^-1 z) and independent between arms, so that scalar is drawn. The propensity is the
//! probability that the chosen arm's draw is the largest, by quadrature over its posterior, and marked as estimated.

use crate::learners::linear::{Explore, LinearArms, LinearBandit};
use crate::learners::{best, linear::Prediction};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::random::{self, Generator};
use routing::{Choice, Propensity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "lin-ts",
    about: "linear reward for each model, posterior sampling",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "Agrawal and Goyal 2013, arXiv 1209.3352",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<LinTsParameters>,
    schema: schema::<LinTsParameters>,
    configure: configure_lin_ts,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct LinTsParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Standard deviation of the reward noise, which scales the posterior.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 1.0] }))]
    scale: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for LinTsParameters {
    fn default() -> Self {
        LinTsParameters { epochs: 1, batch: 1, scale: 0.1, lambda: 1.0 }
    }
}

impl Parameters for LinTsParameters {}

fn configure_lin_ts(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: LinTsParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let explore = LinTs { scale: parameters.scale };
            Box::new(LinearBandit::new(LinearArms::new(problem, parameters.lambda), explore))
        }),
    })
}

/// Posterior sampling.
pub(crate) struct LinTs {
    /// Standard deviation of the reward noise, above 0.
    pub(crate) scale: f64,
}

impl LinTs {
    fn posterior(&self, arms: &LinearArms, features: &[f64]) -> Vec<Prediction> {
        let posterior = arms.predictions(features);
        posterior.map(|p| Prediction { mean: p.mean, width: self.scale * p.width.max(1e-12) }).collect()
    }
}

impl Explore for LinTs {
    fn explore(&self, arms: &LinearArms, features: &[f64], available: &[bool], generator: &mut Generator) -> Choice {
        let posterior = self.posterior(arms, features);
        let draws = posterior.iter().map(|p| p.mean + p.width * random::normal(generator));
        let arm = best(draws, available);
        let propensity = probability_of_largest(&posterior, available, arm.index());
        Choice::drawn(arm, Propensity::Estimated(propensity as f32))
    }

    /// By quadrature, made to sum to 1.
    fn probabilities(&self, arms: &LinearArms, features: &[f64], available: &[bool], out: &mut [f64]) {
        let posterior = self.posterior(arms, features);
        for (arm, out) in out.iter_mut().enumerate().filter(|(arm, _)| available[*arm]) {
            *out = probability_of_largest(&posterior, available, arm);
        }
        let whole: f64 = out.iter().sum();
        out.iter_mut().for_each(|out| *out /= whole);
    }
}

/// P(draw of `arm` exceeds the draws of all other available arms), by Simpson's rule with 33 nodes on +-4 deviations.
fn probability_of_largest(posterior: &[Prediction], available: &[bool], arm: usize) -> f64 {
    const PANELS: usize = 32;
    const REACH: f64 = 4.0;
    let own = posterior[arm];
    let (mut weighted, mut total) = (0.0, 0.0);
    for node in 0..=PANELS {
        let z = -REACH + 2.0 * REACH * node as f64 / PANELS as f64;
        let simpson = if node == 0 || node == PANELS { 1.0 } else { 2.0 + 2.0 * (node % 2) as f64 };
        let weight = simpson * libm::exp(-0.5 * z * z);
        let value = own.mean + own.width * z;
        let mut others = 1.0;
        for (other, p) in posterior.iter().enumerate() {
            if other != arm && available[other] {
                others *= 0.5 * libm::erfc((p.mean - value) / (p.width * std::f64::consts::SQRT_2));
            }
        }
        weighted += weight * others;
        total += weight;
    }
    // A chosen arm has a probability above zero, however small the quadrature finds it.
    (weighted / total).clamp(1e-6, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed};

    #[test]
    fn the_quadrature_agrees_with_counted_draws() {
        let posterior = [(0.5, 0.2), (0.6, 0.1), (0.4, 0.3)].map(|(mean, width)| Prediction { mean, width });
        let mut generator = Seed::root(3).stream("draws").at(Round(0));
        let mut wins = [0; 3];
        for _ in 0..100_000 {
            let draws = posterior.map(|p| p.mean + p.width * random::normal(&mut generator));
            wins[best(draws, &[true; 3]).index()] += 1;
        }
        for (arm, wins) in wins.into_iter().enumerate() {
            let estimated = probability_of_largest(&posterior, &[true; 3], arm);
            assert!((estimated - f64::from(wins) / 1e5).abs() < 0.006, "arm {arm}: {estimated} against {wins}");
        }
        assert_eq!(probability_of_largest(&posterior, &[false, true, false], 1), 1.0);
    }
}
