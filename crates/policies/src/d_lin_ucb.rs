//! D-LinUCB: LinUCB on discounted statistics, for worlds that drift.
//!
//! An observation of age a counts gamma^a (Russac, Vernade and Cappe 2019, arXiv 1909.09146, algorithm 1), for disjoint
//! models and with weights that fall in steps (see `learners::forgetting`); its effective memory is 1 / (1 - gamma) rounds.
//! The width uses the discounted matrix alone, not the sandwich with gamma^2 of the paper's analysis. Ties go to the
//! first arm, so the propensity of a choice is 1.

use crate::learners::forgetting::Discounted;
use crate::learners::linear::{LinearArms, LinearBandit};
use crate::lin_ucb::LinUcb;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "d-lin-ucb",
    about: "LinUCB that weighs observations by age",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "Russac et al. 2019, arXiv 1909.09146",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<DLinUcbParameters>,
    schema: schema::<DLinUcbParameters>,
    configure: configure_d_lin_ucb,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct DLinUcbParameters {
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
    /// Weight of an observation one round older.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "choices": [0.999, 0.9995, 0.9998, 0.9999, 1.0] }))]
    gamma: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for DLinUcbParameters {
    fn default() -> Self {
        DLinUcbParameters { epochs: 1, batch: 1, alpha: 0.1, gamma: 0.9998, lambda: 1.0 }
    }
}

impl Parameters for DLinUcbParameters {}

fn configure_d_lin_ucb(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: DLinUcbParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            let memory = Discounted::new(&arms, parameters.gamma, parameters.lambda);
            Box::new(LinearBandit::remembering(arms, LinUcb { alpha: parameters.alpha }, memory))
        }),
    })
}
