//! A uniformly random available model: the floor that every router must beat.

use crate::learners::any;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{Choice, Contexts, NotRestored, Problem, Propensity, Router, Saved, Seed};
use serde_json::{Value, json};
use settings::{Mistake, NoParameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "random",
    about: "any available model with equal probability",
    prompts: crate::Prompts::Ignored,
    export: crate::Export::File,
    paper: "reference",
    information: Information::None,
    revision: 1,
    defaults: defaults::<NoParameters>,
    schema: schema::<NoParameters>,
    configure: configure_random,
};

fn configure_random(given: Value) -> Result<Configured, Mistake> {
    configure(given, |_: NoParameters| Recipe::Fixed(Box::new(|_, seed| Box::new(Uniform { seed: *seed }))))
}

struct Uniform {
    seed: Seed,
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, _: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let digits = saved.settings["seed"].as_str().unwrap_or_default();
    let seed = Seed::from_hexadecimal(digits);
    let seed =
        seed.ok_or_else(|| NotRestored::new("setting `seed`", "64 hexadecimal digits", format!("`{digits}`")))?;
    Ok(Box::new(Uniform { seed }))
}

impl Router for Uniform {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let stream = self.seed.stream("uniform");
        choices.clear();
        for (row, &round) in contexts.rounds().iter().enumerate() {
            let (arm, up) = any(contexts.available(row), &mut stream.at(round));
            choices.push(Choice::drawn(arm, Propensity::Exact(1.0 / up as f32)));
        }
    }

    fn probabilities(&self, contexts: &Contexts<'_>, out: &mut Vec<f32>) {
        out.clear();
        for row in 0..contexts.len() {
            let available = contexts.available(row);
            let up = available.iter().filter(|&&up| up).count() as f32;
            out.extend(available.iter().map(|&is_up| if is_up { 1.0 / up } else { 0.0 }));
        }
    }

    fn save(&self) -> Option<Saved> {
        Some(Saved { settings: json!({ "seed": self.seed.to_hexadecimal() }), ..Saved::bare(ENTRY.name) })
    }
}
