//! `[[environment.shift]]` tables as a world that moves, every mistake with its place.

use super::canonical;
use crate::settings::{Place, SpecError};
use crate::spec::{FeedbackRule, Protocol};
use crate::take::take_name;
use environments::Environment;
use environments::shifts::{Facts, SHIFTS, ShiftError, Shifted};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A world under its shifts, with what they are.
pub(crate) struct Moving {
    /// The world that policies meet.
    pub(crate) world: Arc<dyn Environment>,
    /// Each shift in order: kind, and its parameters with defaults.
    pub(crate) shifts: Vec<Value>,
    /// Each shift in order: kind, revision and parameters; what addresses are made of.
    pub(crate) contents: Vec<Value>,
}

/// Puts the shifts described by `tables` over `source`, for an experiment under `protocol`.
pub(crate) fn moving(
    place: &Place,
    tables: Vec<Map<String, Value>>,
    source: Arc<dyn Environment>,
    protocol: &Protocol,
) -> Result<Moving, SpecError> {
    if tables.is_empty() {
        return Ok(Moving { world: source, shifts: Vec::new(), contents: Vec::new() });
    }
    let Protocol::Online { rounds, .. } = *protocol else {
        return Err(place.error("`shift` needs a stream of rounds; protocol `train-then-test` has none"));
    };
    let facts = Facts {
        models: source.models().to_vec(),
        tasks: source.tasks().to_vec(),
        task_shares: source.task_shares(),
        mean_tokens: source.mean_tokens(),
        rounds,
    };
    let (mut built, mut shifts, mut contents, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (position, mut table) in tables.into_iter().enumerate() {
        let bare = place.table(format!("{}.shift {}", place.table, position + 1));
        let Some(kind) = take_name(&bare, &mut table, "kind")? else {
            return Err(bare.error("`kind` is missing: it must be the name of a shift (see `barp list shifts`)"));
        };
        let place = bare.table(format!("{} ({kind})", bare.table));
        let entry = place.find("shift", &kind, SHIFTS.iter().map(|entry| (entry.name, entry)))?;
        environments::shifts::resolve(&mut table, &*source).map_err(|rule| place.error(rule))?;
        let parameters = place.merge((entry.defaults)(), table, entry.check)?;
        let shift = (entry.build)(&parameters, &facts).map_err(|error| refusal(&place, error))?;
        let mut content = json!({ "kind": kind, "revision": entry.revision, "parameters": parameters });
        let read = shift.read();
        if !read.is_empty() {
            content["read"] = read.into();
        }
        built.push((entry.name, canonical(&content), shift));
        shifts.push(with_kind(&kind, parameters));
        contents.push(content);
        places.push(place);
    }
    let world = Shifted::new(source, built, rounds).map_err(|clash| places[clash.shift].error(clash.problem))?;
    Ok(Moving { world: Arc::new(world), shifts, contents })
}

/// The table `feedback` of the environment called `label`.
pub(crate) fn feedback_rule(
    place: &Place,
    label: &str,
    given: Option<Value>,
    protocol: &Protocol,
) -> Result<Option<FeedbackRule>, SpecError> {
    let place = place.table(format!("[[environment]] {label}.feedback"));
    let given = match given {
        None => return Ok(None),
        Some(Value::Object(given)) => given,
        Some(other) => return Err(place.error(format!("`feedback` must be a table, got {other}"))),
    };
    let Protocol::Online { rounds, .. } = protocol else {
        return Err(place.error("`feedback` needs a stream of rounds; protocol `train-then-test` has none"));
    };
    FeedbackRule::parse(&place, given, *rounds)
}

fn refusal(place: &Place, error: ShiftError) -> SpecError {
    match error {
        ShiftError::Rule(rule) => place.error(rule),
        ShiftError::Unknown { what, name, known } => {
            let known = known.iter().map(|known| (known.as_str(), ()));
            place.find(what, &name, known).err().unwrap_or_else(|| place.error(format!("unknown {what} `{name}`")))
        }
    }
}

fn with_kind(kind: &str, parameters: Value) -> Value {
    let mut table = parameters;
    table["kind"] = kind.into();
    table
}
