//! A uniformly random available model: the floor that every router must beat.

use crate::learners::any;
use crate::registry::{Configured, Entry, Information, NoParameters, ParameterError, Recipe, configure, defaults};
use routing::{Choice, Contexts, Propensity, Router, Stream};
use serde_json::Value;

pub(crate) const ENTRY: Entry = Entry {
    name: "random",
    about: "any available model with equal probability",
    paper: "reference",
    information: Information::None,
    revision: 1,
    defaults: defaults::<NoParameters>,
    configure: configure_random,
};

fn configure_random(given: Value) -> Result<Configured, ParameterError> {
    configure(given, |_: NoParameters| {
        Recipe::Fixed(Box::new(|_, seed| Box::new(Uniform { stream: seed.stream("uniform") })))
    })
}

struct Uniform {
    stream: Stream,
}

impl Router for Uniform {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        choices.clear();
        for (row, &round) in contexts.rounds().iter().enumerate() {
            let (arm, up) = any(contexts.available(row), &mut self.stream.at(round));
            choices.push(Choice { arm, propensity: Propensity::Exact(1.0 / up as f32) });
        }
    }
}
