//! The keys of a table as a reader looks them up.

use crate::rules::{choices, described, meaning, names, ordered, without_null};
use crate::search::Search;
use serde_json::Value;

/// A key of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What its value must be: "number in [0, 1]".
    pub rule: String,
    /// Its value where none is given; none: see [`Key::required`].
    pub default: Option<Value>,
    /// Whether it has to be there.
    pub required: bool,
    /// What it is for.
    pub meaning: String,
    /// The names it may be, each with its meaning; empty for anything but a choice.
    pub choices: Vec<(String, String)>,
    /// Where a tuner looks for its value; none: it is not tuned unless somebody says what to try.
    pub search: Option<Search>,
    /// The schema of the table that it holds, or of each table that it holds.
    pub table: Option<Value>,
}

/// The keys of a table with this JSON schema, in the order of its declaration.
pub fn keys(schema: &Value) -> Vec<Key> {
    let key = |name: &str| {
        let own = &schema["properties"][name];
        Key {
            name: name.to_owned(),
            rule: described(own).trim_start_matches("a ").to_owned(),
            default: own.get("default").filter(|default| !default.is_null()).cloned(),
            required: names(&schema["required"]).any(|required| required == name),
            meaning: meaning(own),
            choices: choices(without_null(own)),
            search: Search::of(own),
            table: table(without_null(own)),
        }
    };
    ordered(schema).into_iter().map(key).collect()
}

/// The schema of the tables that a value holds, where their keys are known.
fn table(schema: &Value) -> Option<Value> {
    let has_keys = |schema: &&Value| schema["properties"].as_object().is_some_and(|keys| !keys.is_empty());
    [schema, &schema["additionalProperties"], &schema["items"]].into_iter().find(has_keys).cloned()
}
