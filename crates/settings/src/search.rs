//! Where a tuner looks for the value of a key: the keyword `x-search`, declared at the field beside its rule.
//!
//! The rule says which values are valid, which is mostly far more than is worth trying. The keyword is one of `{"log": [low,
//! high]}`, `{"linear": [low, high]}` and `{"choices": [..]}`; an interval of whole numbers is told by the kind of the field.
//! What draws from it stands elsewhere.

use crate::rules::{kind, ordered};
use serde_json::Value;

/// The keyword.
pub const SEARCH: &str = "x-search";

/// Where a tuner looks for the value of one key.
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// Numbers from `low` to `high`, both included.
    Interval {
        /// On which scale they are equally likely.
        scale: Scale,
        /// The smallest.
        low: f64,
        /// The largest.
        high: f64,
        /// Whether only whole numbers are meant.
        whole: bool,
    },
    /// These values, equally likely.
    Choices(Vec<Value>),
}

/// On which scale the numbers of an interval are equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As they are.
    Linear,
    /// Their logarithms.
    Log,
}

impl Search {
    /// What the schema of a key declares; none where it declares nothing, or what is no search.
    pub fn of(schema: &Value) -> Option<Search> {
        let declared = schema.get(SEARCH)?;
        if let Some(choices) = declared["choices"].as_array() {
            return (!choices.is_empty()).then(|| Search::Choices(choices.clone()));
        }
        let ends = |scale: &str| match declared[scale].as_array()?.as_slice() {
            [low, high] => low.as_f64().zip(high.as_f64()),
            _ => None,
        };
        let linear = ends("linear").map(|ends| (Scale::Linear, ends));
        let log = || ends("log").filter(|(low, _)| *low > 0.0).map(|ends| (Scale::Log, ends));
        let (scale, (low, high)) = linear.or_else(log).filter(|(_, (low, high))| low < high)?;
        Some(Search::Interval { scale, low, high, whole: kind(schema) == Some("integer") })
    }

    /// The values at its ends; of choices, all of them.
    pub fn extremes(&self) -> Vec<Value> {
        match self {
            Search::Choices(choices) => choices.clone(),
            Search::Interval { low, high, whole: true, .. } => vec![(*low as u64).into(), (*high as u64).into()],
            Search::Interval { low, high, .. } => vec![(*low).into(), (*high).into()],
        }
    }
}

/// In words: `log-uniform in [0.00001, 0.01]`, `one of 16, 32, 64`.
impl std::fmt::Display for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Search::Choices(choices) => {
                let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
                write!(f, "one of {}", choices.join(", "))
            }
            Search::Interval { scale, low, high, whole } => {
                let law = if *scale == Scale::Log { "log-uniform" } else { "uniform" };
                let numbers = if *whole { "whole numbers, " } else { "" };
                write!(f, "{numbers}{law} in [{low}, {high}]")
            }
        }
    }
}

/// The keys of a table with this JSON schema that declare a search, in the order of their declaration.
pub fn searches(schema: &Value) -> Vec<(String, Search)> {
    let declared = |key: &str| Some((key.to_owned(), Search::of(&schema["properties"][key])?));
    ordered(schema).into_iter().filter_map(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_search_is_read_beside_the_rule_of_its_field_and_said_in_words() {
        for (schema, words) in [
            (json!({ "type": "number", "x-search": { "log": [1e-3, 1.0] } }), "log-uniform in [0.001, 1]"),
            (
                json!({ "type": ["integer", "null"], "x-search": { "log": [1, 9] } }),
                "whole numbers, log-uniform in [1, 9]",
            ),
            (json!({ "type": "number", "x-search": { "linear": [-1, 2] } }), "uniform in [-1, 2]"),
            (json!({ "type": "string", "x-search": { "choices": ["a", [1]] } }), "one of \"a\", [1]"),
        ] {
            assert_eq!(Search::of(&schema).unwrap().to_string(), words);
        }
    }

    #[test]
    fn what_is_no_search_declares_nothing() {
        for declared in [
            json!({ "log": [0.0, 1.0] }),
            json!({ "log": [2.0, 1.0] }),
            json!({ "linear": [1.0] }),
            json!({ "choices": [] }),
            json!({ "normal": [0, 1] }),
        ] {
            assert_eq!(Search::of(&json!({ "type": "number", "x-search": declared })), None, "{declared}");
        }
    }
}
