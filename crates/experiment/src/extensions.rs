//! Policies and worlds that join an experiment from outside of the registries, as the Python module's do. They meet the
//! same protocols, the same feedback and the same addressing of cells as registered ones.

use crate::features::Progress;
use crate::written::DECISIONS_FILE;
use environments::sources::{Opening, SOURCES, TextEncoder};
use environments::{Environment, REFERENCES, SINGLE_MODELS};
use policies::{Configured, Information, POLICIES, Recipe};
use routing::{Policy, Problem, Seed};
use serde_json::{Value, json};
use settings::{Mistake, Place, SpecError};
use std::sync::Arc;

type Configure = dyn Fn(Value) -> Result<Configured, Mistake> + Send + Sync;
type Open = dyn Fn(&Value) -> Result<Arc<dyn Environment>, String> + Send + Sync;

/// What a plan may name beside what is registered.
///
/// ```
/// use experiment::{Extensions, PolicyExtension, Spec};
/// use routing::{Choice, Contexts, Feedback, Policy, Router, Stream};
///
/// #[derive(Clone)]
/// struct First;
///
/// impl Router for First {
///     fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
///         choices.clear();
///         choices.resize(contexts.len(), Choice::certain(routing::Arm(0)));
///     }
/// }
///
/// impl Policy for First {
///     fn choose(&mut self, contexts: &Contexts<'_>, _: &Stream, choices: &mut Vec<Choice>) {
///         self.decide(contexts, choices);
///     }
///     fn learn(&mut self, _: &Contexts<'_>, _: &[Feedback]) {}
///     fn freeze(&self) -> Box<dyn Router> {
///         Box::new(First)
///     }
/// }
///
/// let config = "name = 'mine'\n[[environment]]\nkind = 'calibrated'\n[[policy]]\nkind = 'first'";
/// let spec = Spec::parse(config, "mine.toml").unwrap();
/// assert!(spec.clone().plan().is_err(), "no registry knows `first`");
/// let policies = vec![PolicyExtension::bandit("first", 1, |_, _| Box::new(First))];
/// let plan = spec.plan_with(&Extensions { policies, ..Extensions::default() }).unwrap();
/// assert_eq!(plan.environments[0].policies[0].label, "first");
/// ```
#[derive(Default)]
pub struct Extensions {
    /// Policies, by the kind in their tables.
    pub policies: Vec<PolicyExtension>,
    /// Worlds, by the kind in their tables.
    pub environments: Vec<EnvironmentExtension>,
    /// Is told how the encoding of prompts goes on.
    pub progress: Progress,
}

/// A policy of which no registry knows.
pub struct PolicyExtension {
    /// Kind in configurations.
    pub name: String,
    /// Stands for the code in every cell's address: it must change when the code does.
    pub revision: Value,
    /// What it learns from.
    pub information: Information,
    /// Every parameter with its default.
    pub defaults: Value,
    /// Checks a whole table of parameters.
    pub configure: Box<Configure>,
}

/// A kind of environment of which no registry knows.
pub struct EnvironmentExtension {
    /// Kind in configurations.
    pub name: String,
    /// Every parameter with its default.
    pub defaults: Value,
    /// Opens it; the error says what is wrong. Its fingerprint must change when its content does.
    pub open: Box<Open>,
}

impl PolicyExtension {
    /// A policy without parameters that learns from the outcomes of its own choices, in one pass and after every request;
    /// `build` makes it untrained. Raise `revision` when its code changes.
    ///
    /// What has parameters, learns in batches or is fitted on full labels is written out as a [`PolicyExtension`].
    pub fn bandit(
        name: &str,
        revision: u32,
        build: impl Fn(&Problem, &Seed) -> Box<dyn Policy> + Clone + Send + Sync + 'static,
    ) -> PolicyExtension {
        PolicyExtension {
            name: name.into(),
            revision: revision.into(),
            information: Information::Bandit,
            defaults: json!({}),
            configure: Box::new(move |parameters| {
                let recipe = Recipe::Bandit { epochs: 1, batch: 1, build: Box::new(build.clone()) };
                Ok(Configured { parameters, recipe })
            }),
        }
    }
}

/// A kind of policy, wherever it is known from.
pub(crate) struct PolicyKind<'a> {
    pub(crate) revision: Value,
    pub(crate) information: Information,
    pub(crate) defaults: Value,
    /// Null where nobody wrote one.
    pub(crate) schema: Value,
    pub(crate) configure: &'a dyn Fn(Value) -> Result<Configured, Mistake>,
}

/// A kind of environment, wherever it is known from.
pub(crate) enum SourceKind<'a> {
    Registered(&'static environments::sources::SourceEntry),
    Extension(&'a EnvironmentExtension),
}

impl Extensions {
    /// Refuses names that are taken.
    pub(crate) fn check(&self, place: &Place) -> Result<(), SpecError> {
        let references = REFERENCES.iter().map(|entry| entry.name).chain([SINGLE_MODELS, DECISIONS_FILE]);
        let policies: Vec<&str> = POLICIES.iter().map(|entry| entry.name).chain(references).collect();
        let sources: Vec<&str> = SOURCES.iter().map(|entry| entry.name).collect();
        fresh(place, "policy", &policies, self.policies.iter().map(|policy| &policy.name))?;
        fresh(place, "environment", &sources, self.environments.iter().map(|environment| &environment.name))
    }

    /// The policy called `kind`; references have been found before.
    pub(crate) fn policy(&self, place: &Place, kind: &str) -> Result<PolicyKind<'_>, SpecError> {
        let registered = POLICIES.iter().map(|entry| {
            let kind = PolicyKind {
                revision: json!(entry.revision),
                information: entry.information,
                defaults: (entry.defaults)(),
                schema: (entry.schema)(),
                configure: &entry.configure,
            };
            (entry.name, Some(kind))
        });
        let own = self.policies.iter().map(|policy| {
            let kind = PolicyKind {
                revision: policy.revision.clone(),
                information: policy.information,
                defaults: policy.defaults.clone(),
                schema: Value::Null,
                configure: &*policy.configure,
            };
            (policy.name.as_str(), Some(kind))
        });
        let references = REFERENCES.iter().map(|entry| entry.name).chain([SINGLE_MODELS, DECISIONS_FILE]);
        let known = registered.chain(own).chain(references.map(|name| (name, None)));
        Ok(place.find("policy", kind, known)?.expect("references were found before"))
    }

    /// The environment called `kind`.
    pub(crate) fn source(&self, place: &Place, kind: &str) -> Result<SourceKind<'_>, SpecError> {
        let registered = SOURCES.iter().map(|source| (source.name, SourceKind::Registered(source)));
        let own = self.environments.iter().map(|source| (source.name.as_str(), SourceKind::Extension(source)));
        place.find("environment", kind, registered.chain(own))
    }
}

impl SourceKind<'_> {
    pub(crate) fn defaults(&self) -> Value {
        match self {
            SourceKind::Registered(source) => (source.defaults)(),
            SourceKind::Extension(source) => source.defaults.clone(),
        }
    }

    pub(crate) fn schema(&self) -> Value {
        match self {
            SourceKind::Registered(source) => (source.schema)(),
            SourceKind::Extension(_) => Value::Null,
        }
    }

    pub(crate) fn check(&self, parameters: &Value) -> Result<(), Mistake> {
        match self {
            SourceKind::Registered(source) => (source.check)(parameters),
            SourceKind::Extension(_) => Ok(()),
        }
    }

    pub(crate) fn open(
        &self,
        parameters: &Value,
        encoder: &dyn Fn(&str) -> Result<TextEncoder, Mistake>,
    ) -> Result<Arc<dyn Environment>, Mistake> {
        match self {
            SourceKind::Registered(source) => (source.open)(parameters, &Opening { encoder }),
            SourceKind::Extension(source) => (source.open)(parameters).map_err(Mistake::Text),
        }
    }
}

fn fresh<'a>(
    place: &Place,
    what: &str,
    taken: &[&str],
    names: impl Iterator<Item = &'a String>,
) -> Result<(), SpecError> {
    for name in names {
        if taken.contains(&name.as_str()) {
            return Err(place.error(format!("the {what} `{name}` must have another name: that one is registered")));
        }
    }
    Ok(())
}
