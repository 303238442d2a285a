//! What the registry knows of a policy: its card, its parameters, and how to build it.

use routing::{Policy, Router, Seed, Task, TrainingSet};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    /// Checks a whole table of parameters.
    pub configure: fn(Value) -> Result<Configured, ParameterError>,
}

/// A policy with its parameters checked.
pub struct Configured {
    /// All parameters, defaults included.
    pub parameters: Value,
    /// How to build it.
    pub recipe: Recipe,
}

type BuildPolicy = dyn Fn(&Task, &Seed) -> Box<dyn Policy> + Send + Sync;
type BuildRouter = dyn Fn(&Task, &Seed) -> Box<dyn Router> + Send + Sync;
type FitRouter = dyn Fn(&Task, &TrainingSet, &Seed) -> Box<dyn Router> + Send + Sync;

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

/// A parameter that is not allowed.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterError {
    /// A value of another kind than the default's, or a parameter that does not exist.
    Kind(String),
    /// A value that breaks a rule.
    Rule {
        /// Name of the parameter.
        field: String,
        /// What it must be.
        rule: String,
        /// What it is.
        value: String,
    },
}

impl ParameterError {
    /// The error that `field` must be `rule`, unless `holds`.
    pub(crate) fn unless(
        holds: bool,
        field: &str,
        rule: &str,
        value: impl std::fmt::Debug,
    ) -> Result<(), ParameterError> {
        if holds {
            return Ok(());
        }
        Err(ParameterError::Rule { field: field.into(), rule: rule.into(), value: format!("{value:?}") })
    }
}

impl std::fmt::Display for ParameterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParameterError::Kind(message) => f.write_str(message),
            ParameterError::Rule { field, rule, value } => write!(f, "`{field}` must be {rule}, got {value}"),
        }
    }
}

impl std::error::Error for ParameterError {}

/// Parameters of a policy: strict, with defaults, checked once.
pub(crate) trait Parameters: Default + Serialize + DeserializeOwned {
    /// Refuses values that no run could use.
    fn check(&self) -> Result<(), ParameterError>;
}

/// The default parameters of a policy.
pub(crate) fn defaults<P: Parameters>() -> Value {
    as_value(&P::default())
}

/// Checks a whole table of parameters and attaches the recipe made from them.
pub(crate) fn configure<P: Parameters>(all: Value, recipe: impl Fn(P) -> Recipe) -> Result<Configured, ParameterError> {
    let parameters: P = serde_json::from_value(all).map_err(|error| ParameterError::Kind(error.to_string()))?;
    parameters.check()?;
    Ok(Configured { parameters: as_value(&parameters), recipe: recipe(parameters) })
}

fn as_value<P: Serialize>(parameters: &P) -> Value {
    serde_json::to_value(parameters).expect("parameters are plain tables of numbers and names")
}

/// For policies that have no parameters.
#[derive(Clone, Debug, Default, Serialize, serde::Deserialize)]
pub(crate) struct NoParameters {}

impl Parameters for NoParameters {
    fn check(&self) -> Result<(), ParameterError> {
        Ok(())
    }
}
