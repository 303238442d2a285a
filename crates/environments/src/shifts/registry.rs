//! What the registry knows of a kind of shift: its parameters, and how to make it for a world.

use super::{Course, Shift, roles};
use crate::MeanTokens;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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

/// Why a shift cannot be made for a world.
#[derive(Clone, Debug, PartialEq)]
pub enum ShiftError {
    /// A parameter breaks a rule; the text names field, rule and value.
    Rule(String),
    /// A name that the world does not have.
    Unknown {
        /// "model" or "task".
        what: &'static str,
        /// The name.
        name: String,
        /// All names there are.
        known: Vec<String>,
    },
}

impl From<String> for ShiftError {
    fn from(rule: String) -> ShiftError {
        ShiftError::Rule(rule)
    }
}

type Build = fn(&Value, &Facts) -> Result<Box<dyn Shift>, ShiftError>;

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
    /// Checks each parameter by itself; the message names field, rule and value.
    pub check: fn(&Value) -> Result<(), String>,
    /// Makes it for a world; refuses parameters that contradict one another or the world.
    pub build: Build,
}

/// Parameters of a kind of shift: strict, with defaults.
pub(super) trait Parameters: Default + Serialize + DeserializeOwned {
    /// Whether the keys of [`Course`] belong to its table.
    const HAS_COURSE: bool;

    /// Refuses values that no world could use.
    fn check(&self) -> Result<(), String>;

    /// Makes the shift; `course` is the default one where [`Parameters::HAS_COURSE`] does not hold.
    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, ShiftError>;
}

/// The registry's line for the parameters `P`.
pub(super) const fn entry<P: Parameters>(name: &'static str, about: &'static str) -> ShiftEntry {
    ShiftEntry { name, about, revision: 1, defaults: defaults::<P>, check: check::<P>, build: build::<P> }
}

fn defaults<P: Parameters>() -> Value {
    let mut all = as_table(&P::default());
    if P::HAS_COURSE {
        all.extend(as_table(&Course::default()));
    }
    Value::Object(all)
}

fn check<P: Parameters>(all: &Value) -> Result<(), String> {
    parse::<P>(all)?.0.check()
}

fn build<P: Parameters>(all: &Value, facts: &Facts) -> Result<Box<dyn Shift>, ShiftError> {
    let (parameters, course) = parse::<P>(all)?;
    parameters.check()?;
    course.check()?;
    course.begins_within(facts.rounds)?;
    parameters.build(course, facts)
}

/// A whole table as the kind's own parameters and its course.
fn parse<P: Parameters>(all: &Value) -> Result<(P, Course), String> {
    let mut own = all.as_object().cloned().ok_or_else(|| format!("must be a table, got {all}"))?;
    let mut of_course = Map::new();
    if P::HAS_COURSE {
        for key in as_table(&Course::default()).keys() {
            of_course.insert(key.clone(), own.remove(key).unwrap_or_default());
        }
    } else {
        of_course = as_table(&Course::default());
    }
    let course = serde_json::from_value(Value::Object(of_course)).map_err(|error| error.to_string())?;
    let parameters = serde_json::from_value(Value::Object(own)).map_err(|error| error.to_string())?;
    Ok((parameters, course))
}

fn as_table<P: Serialize>(parameters: &P) -> Map<String, Value> {
    match serde_json::to_value(parameters) {
        Ok(Value::Object(table)) => table,
        other => unreachable!("parameters are tables of numbers and names, got {other:?}"),
    }
}

impl Facts {
    /// Positions of the models called `names`, at least one, none twice.
    pub(super) fn models(&self, field: &str, names: &[String]) -> Result<Vec<usize>, ShiftError> {
        positions("model", field, names, &self.models).map_err(|error| match error {
            ShiftError::Unknown { what, name, mut known } => {
                known.extend(roles().map(str::to_owned));
                ShiftError::Unknown { what, name, known }
            }
            rule => rule,
        })
    }

    /// Positions of the tasks called `names`, at least one, none twice, each with a share above 0.
    pub(super) fn tasks(&self, field: &str, names: &[String]) -> Result<Vec<usize>, ShiftError> {
        let found = positions("task", field, names, &self.tasks)?;
        match found.iter().find(|&&task| self.task_shares[task] <= 0.0) {
            None => Ok(found),
            Some(&empty) => {
                let name = &self.tasks[empty];
                Err(ShiftError::Rule(format!("`{field}` must be tasks that have prompts, got `{name}`")))
            }
        }
    }
}

fn positions(what: &'static str, field: &str, names: &[String], known: &[String]) -> Result<Vec<usize>, ShiftError> {
    if names.is_empty() {
        return Err(ShiftError::Rule(format!("`{field}` must be at least one {what}, got none")));
    }
    let mut found = Vec::new();
    for name in names {
        let unknown = || ShiftError::Unknown { what, name: name.clone(), known: known.to_vec() };
        let position = known.iter().position(|known| known == name).ok_or_else(unknown)?;
        if found.contains(&position) {
            return Err(ShiftError::Rule(format!("`{field}` must be distinct, got `{name}` twice")));
        }
        found.push(position);
    }
    Ok(found)
}

/// The rule that `value` of `field` lies in `low..=high`.
pub(super) fn within(field: &str, value: f64, low: f64, high: f64) -> Result<(), String> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let rule = if high.is_finite() { format!("in [{low}, {high}]") } else { format!("finite and at least {low}") };
    Err(format!("`{field}` must be {rule}, got {value}"))
}
