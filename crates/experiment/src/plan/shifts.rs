//! `[[environment.shift]]` tables as a world that moves, every mistake with its place.

use super::canonical;
use crate::spec::{FeedbackRule, Protocol};
use crate::written::{ShiftTable, WrittenShift};
use environments::Environment;
use environments::shifts::{Facts, SHIFTS, Shifted};
use serde_json::{Map, Value, json};
use settings::{Place, SpecError, Strict};
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
    tables: Vec<WrittenShift>,
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
    for WrittenShift { place: bare, mut table } in tables {
        let ShiftTable { kind, .. } = bare.take(&mut table)?;
        let place = bare.table(format!("{} ({kind})", bare.table));
        let entry = place.at("kind").find("shift", &kind, SHIFTS.iter().map(|entry| (entry.name, entry)))?;
        environments::shifts::resolve(&mut table, &*source).map_err(|mistake| place.error(mistake))?;
        let strict = Strict { defaults: (entry.defaults)(), schema: (entry.schema)(), taken: ShiftTable::keys() };
        let parameters = place.merge(&strict, table, entry.check)?;
        let shift = (entry.build)(&parameters, &facts).map_err(|mistake| place.error(mistake))?;
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

/// The table `feedback` of the environment at `place`.
pub(crate) fn feedback_rule(
    place: &Place,
    given: Option<Map<String, Value>>,
    protocol: &Protocol,
) -> Result<Option<FeedbackRule>, SpecError> {
    let Some(given) = given else { return Ok(None) };
    let place = place.at("feedback").table(format!("{}.feedback", place.table));
    let Protocol::Online { rounds, .. } = protocol else {
        return Err(place.error("`feedback` needs a stream of rounds; protocol `train-then-test` has none"));
    };
    FeedbackRule::parse(&place, given, *rounds)
}

fn with_kind(kind: &str, parameters: Value) -> Value {
    let mut table = parameters;
    table["kind"] = kind.into();
    table
}
