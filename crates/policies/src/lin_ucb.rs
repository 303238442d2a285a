//! LinUCB with disjoint models: optimism in the face of uncertainty on a linear reward.
//!
//! Chooses argmax_a theta_a'z + alpha sqrt(z' A_a^-1 z) (Li et al. 2010, arXiv 1003.0146, algorithm 1) with
//! z = [h(x); w_q; w_c]; frozen, argmax_a theta_a'z. Ties go to the first arm, so the propensity of a choice is 1.

use crate::learners::best;
use crate::learners::linear::{Explore, LinearArms, LinearBandit};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::random::Generator;
use routing::{Arm, Choice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "lin-ucb",
    about: "linear reward for each model, upper confidence bound",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "Li et al. 2010, arXiv 1003.0146",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<LinUcbParameters>,
    schema: schema::<LinUcbParameters>,
    configure: configure_lin_ucb,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct LinUcbParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Width of the confidence bound.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 2.0] }))]
    alpha: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for LinUcbParameters {
    fn default() -> Self {
        LinUcbParameters { epochs: 1, batch: 1, alpha: 0.1, lambda: 1.0 }
    }
}

impl Parameters for LinUcbParameters {}

fn configure_lin_ucb(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: LinUcbParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let explore = LinUcb { alpha: parameters.alpha };
            Box::new(LinearBandit::new(LinearArms::new(problem, parameters.lambda), explore))
        }),
    })
}

/// Optimism of width alpha.
pub(crate) struct LinUcb {
    /// Width of the confidence bound, at least 0.
    pub(crate) alpha: f64,
}

impl LinUcb {
    fn highest(&self, arms: &LinearArms, features: &[f64], available: &[bool]) -> Arm {
        best(arms.predictions(features).map(|p| p.mean + self.alpha * p.width), available)
    }
}

impl Explore for LinUcb {
    fn explore(&self, arms: &LinearArms, features: &[f64], available: &[bool], _: &mut Generator) -> Choice {
        Choice::certain(self.highest(arms, features, available))
    }

    fn probabilities(&self, arms: &LinearArms, features: &[f64], available: &[bool], out: &mut [f64]) {
        out[self.highest(arms, features, available).index()] = 1.0;
    }
}
