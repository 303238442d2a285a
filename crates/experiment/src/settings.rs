//! Strict tables: every key known, every value of the default's kind, every error with its place and the nearest name.

use serde_json::{Map, Value};

/// A mistake in a configuration: where, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecError {
    /// The file, as the user named it.
    pub file: String,
    /// The table, for example `[[policy]] barp`; empty at the top.
    pub table: String,
    /// What is wrong, naming field, rule and value.
    pub problem: String,
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.table.is_empty() {
            write!(f, "{}: {}", self.file, self.problem)
        } else {
            write!(f, "{}: {}: {}", self.file, self.table, self.problem)
        }
    }
}

impl std::error::Error for SpecError {}

/// A place in a configuration, to make errors at.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) table: String,
}

impl Place {
    pub(crate) fn top(file: &str) -> Place {
        Place { file: file.into(), table: String::new() }
    }

    pub(crate) fn table(&self, table: impl Into<String>) -> Place {
        Place { file: self.file.clone(), table: table.into() }
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> SpecError {
        SpecError { file: self.file.clone(), table: self.table.clone(), problem: problem.into() }
    }

    /// The error that `field` must be `rule`, unless `holds`.
    pub(crate) fn unless(
        &self,
        holds: bool,
        field: &str,
        rule: &str,
        value: impl std::fmt::Display,
    ) -> Result<(), SpecError> {
        if holds { Ok(()) } else { Err(self.error(format!("`{field}` must be {rule}, got {value}"))) }
    }

    /// The entry called `name` among `known`, or an error with the nearest name and all of them.
    pub(crate) fn find<'a, T>(
        &self,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Result<T, SpecError> {
        let mut names = Vec::new();
        for (candidate, value) in known {
            if candidate == name {
                return Ok(value);
            }
            names.push(candidate);
        }
        Err(self.error(unknown(what, name, &names)))
    }

    /// `defaults` with the `given` keys replaced. `accepts` judges the table after each replacement, so that an error
    /// belongs to one field.
    pub(crate) fn merge(
        &self,
        defaults: Value,
        given: Map<String, Value>,
        accepts: impl Fn(&Value) -> Result<(), String>,
    ) -> Result<Value, SpecError> {
        let Value::Object(mut all) = defaults else { unreachable!("defaults are tables") };
        for (field, value) in given {
            if !all.contains_key(&field) {
                let known: Vec<&str> = all.keys().map(String::as_str).collect();
                return Err(self.error(unknown("key", &field, &known)));
            }
            all.insert(field.clone(), value.clone());
            accepts(&Value::Object(all.clone())).map_err(|rule| {
                // A rule that names its field and value already says it all.
                let named = rule.starts_with('`');
                self.error(if named { rule } else { format!("`{field}`: {rule}, got {value}") })
            })?;
        }
        Ok(Value::Object(all))
    }
}

/// What is said of a `name` that is not among `known`.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let nearest = match nearest(name, known) {
        Some(nearest) => format!("nearest is `{nearest}`; "),
        None => String::new(),
    };
    format!("unknown {what} `{name}` ({nearest}known: {})", known.join(", "))
}

/// The name among `known` that `name` was most probably meant to be, if any is near.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let similarity = |candidate: &str| strsim::normalized_damerau_levenshtein(name, candidate);
    let scored = known.iter().map(|candidate| (similarity(candidate), *candidate));
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (best.0 > 0.4).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_near() {
        assert_eq!(nearest("lin-ucd", &["lin-ts", "lin-ucb", "knn"]), Some("lin-ucb"));
        assert_eq!(nearest("zzz", &["lin-ts", "lin-ucb", "knn"]), None);
    }
}
