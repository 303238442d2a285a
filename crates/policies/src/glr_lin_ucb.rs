//! GLR-LinUCB: LinUCB that starts a model again when its prediction errors say that it changed.
//!
//! Each model has a generalised likelihood ratio test on its errors (Besson and Kaufmann 2019, arXiv 1902.01575, local
//! restarts); with probability `explore` a model is drawn uniformly, since a change of a model that is never called cannot
//! be heard. The propensity follows in closed form.

use crate::learners::forgetting::Restart;
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
    name: "glr-lin-ucb",
    about: "LinUCB that restarts a model whose errors change",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "after Besson and Kaufmann 2019, arXiv 1902.01575",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<GlrParameters>,
    schema: schema::<GlrParameters>,
    configure: configure_glr_lin_ucb,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct GlrParameters {
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
    /// Probability of a uniform choice.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.1] }))]
    explore: f64,
    /// Standard deviation of a prediction error.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.1, 1.0] }))]
    deviation: f64,
    /// Probability of a false alarm of a model.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    #[schemars(extend("x-search" = { "log": [1e-4, 0.1] }))]
    delta: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for GlrParameters {
    fn default() -> Self {
        GlrParameters { epochs: 1, batch: 1, alpha: 0.1, explore: 0.01, deviation: 0.3, delta: 0.001, lambda: 1.0 }
    }
}

impl Parameters for GlrParameters {}

fn configure_glr_lin_ucb(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: GlrParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            let memory = Restart::new(&arms, parameters.deviation, parameters.delta, parameters.lambda);
            Box::new(LinearBandit::remembering(
                arms,
                Listening { alpha: parameters.alpha, explore: parameters.explore },
                memory,
            ))
        }),
    })
}

/// Optimism, and now and then any model.
struct Listening {
    alpha: f64,
    explore: f64,
}

impl Explore for Listening {
    fn explore(&self, arms: &LinearArms, features: &[f64], available: &[bool], generator: &mut Generator) -> Choice {
        let greedy = best(arms.predictions(features).map(|p| p.mean + self.alpha * p.width), available);
        let exploring = random::uniform(generator) < self.explore;
        let (drawn, up) = any(available, generator);
        let arm = if exploring { drawn } else { greedy };
        let share = self.explore / up as f64;
        let propensity = if arm == greedy { 1.0 - self.explore + share } else { share };
        Choice::drawn(arm, Propensity::Exact(propensity as f32))
    }

    fn probabilities(&self, arms: &LinearArms, features: &[f64], available: &[bool], out: &mut [f64]) {
        let bounds = arms.predictions(features).map(|p| p.mean + self.alpha * p.width);
        mostly(best(bounds, available), self.explore, available, out);
    }
}
