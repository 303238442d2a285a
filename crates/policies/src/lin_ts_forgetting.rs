//! Linear Thompson sampling on discounted statistics: what is old is uncertain again.
//!
//! The posterior of `lin-ts` with an observation of age a counting gamma^a (after D-LinTS; Kim and Tewari 2020, arXiv
//! 1912.05695), so that models not tried for long are sampled more widely. The propensity is estimated as in `lin-ts`.

use crate::learners::forgetting::Discounted;
use crate::learners::linear::{LinearArms, LinearBandit};
use crate::lin_ts::LinTs;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "lin-ts-forgetting",
    about: "posterior sampling that weighs observations by age",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "after Kim and Tewari 2020, arXiv 1912.05695",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<ForgettingParameters>,
    schema: schema::<ForgettingParameters>,
    configure: configure_lin_ts_forgetting,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct ForgettingParameters {
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
    /// Weight of an observation one round older.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "choices": [0.999, 0.9995, 0.9998, 0.9999, 1.0] }))]
    gamma: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for ForgettingParameters {
    fn default() -> Self {
        ForgettingParameters { epochs: 1, batch: 1, scale: 0.1, gamma: 0.9998, lambda: 1.0 }
    }
}

impl Parameters for ForgettingParameters {}

fn configure_lin_ts_forgetting(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: ForgettingParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            let memory = Discounted::new(&arms, parameters.gamma, parameters.lambda);
            Box::new(LinearBandit::remembering(arms, LinTs { scale: parameters.scale }, memory))
        }),
    })
}
