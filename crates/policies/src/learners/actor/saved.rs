//! The network as data: its sizes, and its parameters as one vector (the head's layers, then phi's; weights inputs x outputs,
//! outputs padded with zeros to a multiple of 16, then biases).

use super::{Actor, ActorShape, Head};
use routing::{NotRestored, Problem, Router, Saved, Seed, Values};
use serde::Deserialize;
use serde_json::json;

/// Form of a frozen [`Actor`].
pub(crate) const ACTOR: &str = "actor";

/// Most units of one layer that a file may ask for.
const MOST_UNITS: usize = 1 << 16;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Sizes {
    preference_width: usize,
    head: Head,
    hidden: usize,
}

pub(super) fn save(actor: &Actor) -> Saved {
    let ActorShape { preference_width, head, hidden, .. } = actor.shape;
    let settings = json!({ "preference-width": preference_width, "head": head, "hidden": hidden });
    let parameters = Values::F32(actor.parameters.clone());
    Saved { settings, ..Saved::bare(ACTOR) }.with("parameters", &[actor.parameters()], parameters)
}

/// Builds the network again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let sizes: Sizes = serde_json::from_value(saved.settings.clone())
        .map_err(|error| NotRestored::new("settings", "the sizes of a network", error))?;
    let Sizes { preference_width, head, hidden } = sizes;
    for (name, size) in [("preference-width", preference_width), ("hidden", hidden)] {
        if size == 0 || size > MOST_UNITS {
            let rule = format!("from 1 to {MOST_UNITS}");
            return Err(NotRestored::new(format!("setting `{name}`"), rule, size));
        }
    }
    let shape = ActorShape { dimension: problem.dimension, arms: problem.arms(), preference_width, head, hidden };
    let mut actor = Actor::new(shape, &Seed::root(0));
    let wanted = [actor.parameters()];
    actor.parameters.copy_from_slice(saved.f32("parameters", &wanted)?);
    Ok(Box::new(actor))
}
