//! BaRP that stops learning: trained on the first outcomes of a stream, then frozen and greedy, as it would be deployed.
//!
//! The network is that of `barp` with its default sizes. What goes wrong with it once the world moves is what continued
//! learning is worth.

use crate::barp::{Barp, NetworkParameters, Price};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{Choice, Contexts, Diagnostics, Feedback, Policy, Router, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "barp-frozen",
    about: "BaRP that stops learning after a number of outcomes",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "BaRP, arXiv 2510.07429",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<FrozenParameters>,
    schema: schema::<FrozenParameters>,
    configure: configure_frozen,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct FrozenParameters {
    /// Outcomes it learns from.
    #[schemars(range(min = 1))]
    learn_for: u64,
    /// Passes over the training prompts, as in `barp`.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests in a gradient step, as in `barp`.
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("x-search" = { "choices": [16, 32, 64, 128] }))]
    batch: usize,
    /// Adam's learning rate, as in `barp`.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [3e-5, 1e-2] }))]
    learning_rate: f64,
    /// beta, the weight of the entropy bonus, as in `barp`.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.2] }))]
    entropy: f64,
}

impl Default for FrozenParameters {
    fn default() -> Self {
        let NetworkParameters { epochs, batch, learning_rate, entropy, .. } = NetworkParameters::default();
        FrozenParameters { learn_for: 50_000, epochs, batch, learning_rate, entropy }
    }
}

impl FrozenParameters {
    fn network(&self) -> NetworkParameters {
        NetworkParameters {
            epochs: self.epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            entropy: self.entropy,
            ..NetworkParameters::default()
        }
    }
}

impl Parameters for FrozenParameters {}

fn configure_frozen(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: FrozenParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, seed| {
            let policy = Barp::new(&parameters.network(), problem, seed, Price::Paid);
            Box::new(Frozen { policy, left: parameters.learn_for })
        }),
    })
}

struct Frozen {
    policy: Barp,
    /// Outcomes that it still learns from.
    left: u64,
}

impl Router for Frozen {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        self.policy.decide(contexts, choices);
    }
}

impl Policy for Frozen {
    fn choose(&mut self, contexts: &Contexts<'_>, random: &Stream, choices: &mut Vec<Choice>) {
        if self.left > 0 {
            self.policy.choose(contexts, random, choices);
        } else {
            self.policy.decide(contexts, choices);
        }
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        let taken = self.left.min(feedback.len() as u64) as usize;
        self.left -= taken as u64;
        if taken > 0 {
            self.policy.learn(&contexts.slice(0..taken), &feedback[..taken]);
        }
    }

    fn learn_logged(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback], propensities: &[f32]) {
        let taken = self.left.min(feedback.len() as u64) as usize;
        self.left -= taken as u64;
        if taken > 0 {
            self.policy.learn_logged(&contexts.slice(0..taken), &feedback[..taken], &propensities[..taken]);
        }
    }

    fn freeze(&self) -> Box<dyn Router> {
        self.policy.freeze()
    }

    fn diagnostics(&self) -> Diagnostics {
        self.policy.diagnostics()
    }
}
