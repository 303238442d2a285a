//! What the registry knows of a policy: its card, its parameters, and how to build it.

use routing::{Policy, Problem, Router, Seed, TrainingSet};
use serde::Serialize;
use serde_json::Value;
use settings::{Mistake, Parameters};

/// What a policy learns from; the ledger charges accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Information {
    /// Nothing: public list prices at most.
    None,
    /// The outcome of the model it chose.
    Bandit,
    /// Every model's outcome on every training prompt.
    Full,
}

/// Whether the features of a prompt can change a policy's decision. The conformance suite asks accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompts {
    /// They can.
    Read,
    /// They cannot: it decides by models, prices and preferences.
    Ignored,
}

/// Whether a frozen router leaves the program. The conformance suite asks accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// As a file, from which [`crate::restore()`] builds it again.
    File,
    /// As a file, from which [`crate::resume()`] goes on learning, too.
    Learner,
    /// It does not: `save` returns none.
    Unsupported,
}

/// A registered policy.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name in configurations and summaries.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Whether it reads prompts.
    pub prompts: Prompts,
    /// Whether it can be saved.
    pub export: Export,
    /// Where it comes from.
    pub paper: &'static str,
    /// What it learns from.
    pub information: Information,
    /// Raised when a change of the code changes its numbers; part of every cell's address.
    pub revision: u32,
    /// Every parameter with its default.
    pub defaults: fn() -> Value,
    /// The JSON schema of its parameters, made from their declaration.
    pub schema: fn() -> Value,
    /// Checks a whole table of parameters.
    pub configure: fn(Value) -> Result<Configured, Mistake>,
}

/// A policy with its parameters checked.
pub struct Configured {
    /// All parameters, defaults included.
    pub parameters: Value,
    /// How to build it.
    pub recipe: Recipe,
}

type BuildPolicy = dyn Fn(&Problem, &Seed) -> Box<dyn Policy> + Send + Sync;
type BuildRouter = dyn Fn(&Problem, &Seed) -> Box<dyn Router> + Send + Sync;
type FitRouter = dyn Fn(&Problem, &TrainingSet, &Seed) -> Box<dyn Router> + Send + Sync;

/// How a policy comes to be, by what it learns from.
pub enum Recipe {
    /// Learns nothing.
    Fixed(Box<BuildRouter>),
    /// Learns from the outcomes of its own choices.
    Bandit {
        /// Passes over the training prompts in train-then-test.
        epochs: u32,
        /// Requests between two updates.
        batch: usize,
        /// Builds it untrained.
        build: Box<BuildPolicy>,
    },
    /// Is fitted on full labels.
    Full(Box<FitRouter>),
}

/// Checks a whole table of parameters and attaches the recipe made from them.
pub(crate) fn configure<P: Parameters>(all: Value, recipe: impl Fn(P) -> Recipe) -> Result<Configured, Mistake> {
    let parameters: P = settings::parse(&all)?;
    let all = serde_json::to_value(&parameters).expect("parameters are plain tables of numbers and names");
    Ok(Configured { parameters: all, recipe: recipe(parameters) })
}
