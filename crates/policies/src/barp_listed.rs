//! BaRP whose training reward uses the list price in force instead of the dollars of the call.
//!
//! Cost is public where prices are listed: r = w_q q - w_c min(p_a / tau, 1), with p_a the price of a typical request. What
//! that alone is worth is the difference from `barp`. It is told nothing sooner: the policy still has to learn the change.

use crate::barp::{Barp, NetworkParameters, Price};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use serde_json::Value;
use settings::{Mistake, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "barp-listed",
    about: "BaRP whose reward uses the list price in force",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "ours, after BaRP (arXiv 2510.07429)",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<NetworkParameters>,
    schema: schema::<NetworkParameters>,
    configure: configure_listed,
};

fn configure_listed(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: NetworkParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, seed| Box::new(Barp::new(&parameters, problem, seed, Price::Listed))),
    })
}
