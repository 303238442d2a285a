//! What the registry knows of a kind of shift: its parameters, and how to make it for a world.

use super::{Course, Shift, roles};
use crate::MeanTokens;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use settings::{Mistake, Parameters};

/// What a shift may know of the world it moves when it is made.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Names of the K models.
    pub models: Vec<String>,
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// Share of each task, as in [`crate::Environment::task_shares`].
    pub task_shares: Vec<f64>,
    /// Mean tokens of each model's calls, as in [`crate::Environment::mean_tokens`].
    pub mean_tokens: Vec<Option<MeanTokens>>,
    /// Rounds of the experiment, at least 1; whatever a shift prepares covers these.
    pub rounds: u64,
}

type Build = fn(&Value, &Facts) -> Result<Box<dyn Shift>, Mistake>;

/// A registered kind of shift.
#[derive(Clone, Copy, Debug)]
pub struct ShiftEntry {
    /// Name in configurations.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Raised when a change of the code changes its numbers; part of every cell's address.
    pub revision: u32,
    /// Every parameter with its default.
    pub defaults: fn() -> Value,
    /// The JSON schema of its parameters, made from their declaration.
    pub schema: fn() -> Value,
    /// Checks a whole table of parameters, without a world.
    pub check: fn(&Value) -> Result<(), Mistake>,
    /// Makes it for a world; refuses parameters that contradict the world.
    pub build: Build,
}

/// Parameters of a kind of shift.
pub(super) trait Effect: Parameters {
    /// Whether the keys of [`Course`] belong to its table.
    const HAS_COURSE: bool;

    /// Makes the shift; `course` is the default one where [`Effect::HAS_COURSE`] does not hold.
    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake>;
}

/// The registry's line for the parameters `P`.
pub(super) const fn entry<P: Effect>(name: &'static str, about: &'static str) -> ShiftEntry {
    let (defaults, schema, check, build) = (defaults::<P>, schema::<P>, check::<P>, build::<P>);
    ShiftEntry { name, about, revision: 1, defaults, schema, check, build }
}

fn defaults<P: Effect>() -> Value {
    let mut all = settings::defaults::<P>();
    if P::HAS_COURSE {
        all.as_object_mut().expect("parameters are tables").extend(of_course());
    }
    all
}

fn schema<P: Effect>() -> Value {
    let own = settings::schema::<P>();
    if P::HAS_COURSE { settings::joined_schema(own, &settings::schema::<Course>()) } else { own }
}

fn check<P: Effect>(all: &Value) -> Result<(), Mistake> {
    parse::<P>(all).map(|_| ())
}

fn build<P: Effect>(all: &Value, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
    let (parameters, course) = parse::<P>(all)?;
    course.begins_within(facts.rounds)?;
    parameters.build(course, facts)
}

/// A whole table as the kind's own parameters and its course.
fn parse<P: Effect>(all: &Value) -> Result<(P, Course), Mistake> {
    let mut own = all.as_object().cloned().ok_or_else(|| format!("it must be a table, got {all}"))?;
    let mut course = of_course();
    if P::HAS_COURSE {
        for (key, value) in &mut course {
            *value = own.remove(key).unwrap_or_default();
        }
    }
    Ok((settings::parse(&Value::Object(own))?, settings::parse(&Value::Object(course))?))
}

fn of_course() -> Map<String, Value> {
    match settings::defaults::<Course>() {
        Value::Object(table) => table,
        other => unreachable!("a course is a table of numbers, got {other}"),
    }
}

/// The schema of the names of models that a shift moves.
pub(super) fn models_or_each(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "const": "each" }],
        "x-rule": "a list of names of models, or `each`",
    })
}

impl Facts {
    /// Positions of the models called `names`, at least one, none twice.
    pub(super) fn models(&self, field: &str, names: &[String]) -> Result<Vec<usize>, Mistake> {
        positions("model", field, names, &self.models).map_err(|mistake| match mistake {
            Mistake::Unknown { what, name, mut known } => {
                known.extend(roles().map(str::to_owned));
                Mistake::Unknown { what, name, known }
            }
            rule => rule,
        })
    }

    /// Positions of the tasks called `names`, at least one, none twice, each with a share above 0.
    pub(super) fn tasks(&self, field: &str, names: &[String]) -> Result<Vec<usize>, Mistake> {
        let found = positions("task", field, names, &self.tasks)?;
        match found.iter().find(|&&task| self.task_shares[task] <= 0.0) {
            None => Ok(found),
            Some(&empty) => {
                let name = &self.tasks[empty];
                Err(Mistake::from(format!("`{field}` must be tasks that have prompts, got `{name}`")))
            }
        }
    }
}

fn positions(what: &'static str, field: &str, names: &[String], known: &[String]) -> Result<Vec<usize>, Mistake> {
    if names.is_empty() {
        return Err(Mistake::from(format!("`{field}` must be at least one {what}, got none")));
    }
    let mut found = Vec::new();
    for name in names {
        let unknown = || Mistake::unknown(what, name, known);
        let position = known.iter().position(|known| known == name).ok_or_else(unknown)?;
        if found.contains(&position) {
            return Err(Mistake::from(format!("`{field}` must be distinct, got `{name}` twice")));
        }
        found.push(position);
    }
    Ok(found)
}
