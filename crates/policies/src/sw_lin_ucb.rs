//! SW-LinUCB: LinUCB on the last observations alone, for worlds that change.
//!
//! Statistics over a sliding window of `window` rounds (Cheung, Simchi-Levi and Zhu 2019, arXiv 1810.03024), for disjoint
//! models, exact: what leaves the window is subtracted. Ties go to the first arm, so the propensity of a choice is 1.

use crate::learners::forgetting::Window;
use crate::learners::linear::{LinearArms, LinearBandit};
use crate::lin_ucb::LinUcb;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "sw-lin-ucb",
    about: "LinUCB on a sliding window",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "Cheung et al. 2019, arXiv 1810.03024",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<SwLinUcbParameters>,
    schema: schema::<SwLinUcbParameters>,
    configure: configure_sw_lin_ucb,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct SwLinUcbParameters {
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
    /// Observations that count; each takes d + 4 numbers of memory.
    #[schemars(range(min = 1, max = 10_000_000))]
    #[schemars(extend("x-search" = { "log": [1000, 50000] }))]
    window: usize,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for SwLinUcbParameters {
    fn default() -> Self {
        SwLinUcbParameters { epochs: 1, batch: 1, alpha: 0.1, window: 10_000, lambda: 1.0 }
    }
}

impl Parameters for SwLinUcbParameters {}

fn configure_sw_lin_ucb(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: SwLinUcbParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            let memory = Window::new(&arms, parameters.window, parameters.lambda);
            Box::new(LinearBandit::remembering(arms, LinUcb { alpha: parameters.alpha }, memory))
        }),
    })
}
