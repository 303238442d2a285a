//! Epsilon-greedy on a linear reward: mostly the best estimate, now and then any model.
//!
//! With probability epsilon a uniformly drawn available arm, else argmax_a theta_a'z with z = [h(x); w_q; w_c]; frozen,
//! always the latter. The simplest explorer of the paper's comparison of learners (section 4.6).

use crate::learners::linear::{Explore, LinearArms, LinearBandit, mostly};
use crate::learners::{any, best};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::random::{self, Generator};
use routing::{Choice, Propensity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "epsilon-greedy",
    about: "linear reward for each model, uniform exploration with probability epsilon",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "BaRP, arXiv 2510.07429, section 4.6",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<EpsilonGreedyParameters>,
    schema: schema::<EpsilonGreedyParameters>,
    configure: configure_epsilon_greedy,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct EpsilonGreedyParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Probability of exploring.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 0.3] }))]
    epsilon: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for EpsilonGreedyParameters {
    fn default() -> Self {
        EpsilonGreedyParameters { epochs: 1, batch: 1, epsilon: 0.1, lambda: 1.0 }
    }
}

impl Parameters for EpsilonGreedyParameters {}

fn configure_epsilon_greedy(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: EpsilonGreedyParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let explore = EpsilonGreedy { epsilon: parameters.epsilon };
            Box::new(LinearBandit::new(LinearArms::new(problem, parameters.lambda), explore))
        }),
    })
}

struct EpsilonGreedy {
    epsilon: f64,
}

impl Explore for EpsilonGreedy {
    fn explore(&self, arms: &LinearArms, features: &[f64], available: &[bool], generator: &mut Generator) -> Choice {
        let greedy = best(arms.means(features), available);
        let exploring = random::uniform(generator) < self.epsilon;
        let (drawn, up) = any(available, generator);
        let arm = if exploring { drawn } else { greedy };
        let share = self.epsilon / up as f64;
        let propensity = if arm == greedy { 1.0 - self.epsilon + share } else { share };
        Choice::drawn(arm, Propensity::Exact(propensity as f32))
    }

    fn probabilities(&self, arms: &LinearArms, features: &[f64], available: &[bool], out: &mut [f64]) {
        mostly(best(arms.means(features), available), self.epsilon, available, out);
    }
}
