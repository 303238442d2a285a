//! The cheapest model, whatever the prompt: the lower end of every cost-quality plane.

use crate::learners::best;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{Choice, Contexts, NotRestored, Problem, Router, Saved};
use serde_json::Value;
use settings::{Mistake, NoParameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "cheapest",
    about: "always the available model with the lowest list price",
    prompts: crate::Prompts::Ignored,
    export: crate::Export::File,
    paper: "reference",
    information: Information::None,
    revision: 1,
    defaults: defaults::<NoParameters>,
    schema: schema::<NoParameters>,
    configure: configure_cheapest,
};

fn configure_cheapest(given: Value) -> Result<Configured, Mistake> {
    configure(given, |_: NoParameters| Recipe::Fixed(Box::new(|_, _| Box::new(Cheapest))))
}

struct Cheapest;

/// Builds it again: it has no numbers.
pub(crate) fn restore(_: &Saved, _: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    Ok(Box::new(Cheapest))
}

impl Router for Cheapest {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        choices.clear();
        for row in 0..contexts.len() {
            let prices = contexts.list_prices(row).iter().map(|price| -price.0);
            choices.push(Choice::certain(best(prices, contexts.available(row))));
        }
    }

    fn reads_prices(&self) -> bool {
        true
    }

    fn save(&self) -> Option<Saved> {
        Some(Saved::bare(ENTRY.name))
    }
}
