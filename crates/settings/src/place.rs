//! Where a mistake was made, and tables that are checked key by key there.

use crate::mistake::Mistake;
use crate::parameters::{Parameters, field_order, parse};
use crate::rules::violation;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A mistake in a configuration: where, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecError {
    /// The file, as the user named it.
    pub file: String,
    /// Line of the key or table, from 1; none where it was not read from a text.
    pub line: Option<usize>,
    /// The table, for example `[[policy]] barp`; empty at the top.
    pub table: String,
    /// What is wrong, naming field, rule and value.
    pub problem: Box<Mistake>,
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if !self.table.is_empty() {
            write!(f, " {}:", self.table)?;
        }
        write!(f, " {}", self.problem)
    }
}

impl std::error::Error for SpecError {}

/// The lines of a table's keys, of their own keys, and of the items of lists.
#[derive(Debug, Default)]
pub struct Lines {
    pub(crate) line: Option<usize>,
    pub(crate) keys: BTreeMap<String, Arc<Lines>>,
    pub(crate) items: Vec<Arc<Lines>>,
}

impl Lines {
    /// The line of `field`, a key or a path of keys with dots between (`tenants.a.share`): of as much of it as was written, else
    /// of the table itself.
    fn of(&self, field: &str) -> Option<usize> {
        let rest = |key: &str| match field.strip_prefix(key) {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('.'),
            None => None,
        };
        // Keys may hold dots themselves.
        let written = self.keys.iter().filter_map(|(key, lines)| Some((key.len(), lines, rest(key)?)));
        let longest = written.max_by_key(|(length, ..)| *length);
        longest.and_then(|(_, lines, rest)| lines.of(rest)).or(self.line)
    }
}

/// A place in a configuration, to make errors at.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// The table in words; empty at the top.
    pub table: String,
    lines: Arc<Lines>,
}

/// What a table may hold beside what its own code says.
#[derive(Clone, Debug, Default)]
pub struct Strict {
    /// Every key with its default.
    pub defaults: Value,
    /// The JSON schema of the table; null where nobody wrote one.
    pub schema: Value,
    /// Keys that belong to the table but were taken from it before.
    pub taken: Vec<String>,
}

impl Place {
    /// The top of `file`, of which no lines are known.
    pub fn top(file: &str) -> Place {
        Place::with_lines(file, Arc::default())
    }

    /// The top of `file`.
    pub fn with_lines(file: &str, lines: Arc<Lines>) -> Place {
        Place { file: file.into(), table: String::new(), lines }
    }

    /// The same place under another name.
    pub fn table(&self, table: impl Into<String>) -> Place {
        Place { table: table.into(), ..self.clone() }
    }

    /// The place of the value of `key`, under the same name.
    pub fn at(&self, key: &str) -> Place {
        Place { lines: self.lines.keys.get(key).unwrap_or(&self.lines).clone(), ..self.clone() }
    }

    /// The place of item number `position`, from 0, of a list.
    pub fn item(&self, position: usize) -> Place {
        Place { lines: self.lines.items.get(position).unwrap_or(&self.lines).clone(), ..self.clone() }
    }

    /// The error that `problem` is here.
    pub fn error(&self, problem: impl Into<Mistake>) -> SpecError {
        let problem = problem.into();
        let line = self.lines.of(problem.field().unwrap_or_default());
        SpecError { file: self.file.clone(), line, table: self.table.clone(), problem: Box::new(problem) }
    }

    /// The error that `field` must be `rule`, unless `holds`.
    ///
    /// # Errors
    /// [`Mistake::Rule`] here, unless `holds`.
    pub fn unless(&self, holds: bool, field: &str, rule: &str, value: impl std::fmt::Display) -> Result<(), SpecError> {
        Mistake::unless(holds, field, rule, value).map_err(|mistake| self.error(mistake))
    }

    /// The entry called `name` among `known`.
    ///
    /// # Errors
    /// [`Mistake::Unknown`] here, with the nearest name and all of them.
    pub fn find<'a, T>(
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
        Err(self.error(Mistake::unknown(what, name, names)))
    }

    /// The defaults of `strict` with the `given` keys replaced; `accepts` judges the whole.
    ///
    /// # Errors
    /// For an unknown key, a value that breaks the schema, and what `accepts` refuses.
    pub fn merge(
        &self,
        strict: &Strict,
        given: Map<String, Value>,
        accepts: impl Fn(&Value) -> Result<(), Mistake>,
    ) -> Result<Value, SpecError> {
        let Value::Object(defaults) = &strict.defaults else { unreachable!("defaults are tables") };
        for (key, value) in &given {
            if !defaults.contains_key(key) {
                let order = ordered(&strict.schema, defaults);
                return Err(self.error(Mistake::unknown("key", key, strict.taken.iter().chain(&order))));
            }
            if let Some(mistake) = strict.schema["properties"].get(key).and_then(|schema| violation(schema, key, value))
            {
                return Err(self.error(mistake));
            }
        }
        let with = |keys: &Map<String, Value>| {
            let mut all = defaults.clone();
            all.extend(keys.clone());
            Value::Object(all)
        };
        let all = with(&given);
        let Err(mistake) = accepts(&all) else { return Ok(all) };
        if mistake.field().is_some() {
            return Err(self.error(mistake));
        }
        // A refusal that names no key belongs to the one that is refused by itself.
        for (key, value) in &given {
            if let Err(mistake) = accepts(&with(&Map::from_iter([(key.clone(), value.clone())]))) {
                return Err(self.error(format!("`{key}`: {mistake}, got {value}")));
            }
        }
        Err(self.error(mistake))
    }

    /// The section `P`, with the `given` keys in place of its defaults.
    ///
    /// # Errors
    /// As [`Place::merge`], and for what [`Parameters::check`] refuses.
    pub fn section<P: Parameters>(&self, given: Map<String, Value>) -> Result<P, SpecError> {
        let strict = Strict { defaults: crate::defaults::<P>(), schema: crate::schema::<P>(), taken: Vec::new() };
        let all = self.merge(&strict, given, |all| parse::<P>(all).map(|_| ()))?;
        parse(&all).map_err(|mistake| self.error(mistake))
    }

    /// Takes the keys of `T` out of `table`; what is left is somebody else's.
    ///
    /// # Errors
    /// For a key of `T` that is missing or breaks its rule.
    pub fn take<T: DeserializeOwned + JsonSchema>(&self, table: &mut Map<String, Value>) -> Result<T, SpecError> {
        let keys = field_order::<T>().into_iter();
        let own = keys.filter_map(|key| table.remove_entry(&key)).collect();
        self.read(own)
    }

    /// A whole table as `T`.
    ///
    /// # Errors
    /// For a key that is unknown, missing, or breaks its rule.
    pub fn read<T: DeserializeOwned + JsonSchema>(&self, table: Map<String, Value>) -> Result<T, SpecError> {
        let table = Value::Object(table);
        if let Some(mistake) = violation(&crate::schema_of::<T>(), "", &table) {
            return Err(self.error(mistake));
        }
        serde_json::from_value(table).map_err(|error| self.error(error.to_string()))
    }
}

/// The keys of a table as its schema orders them, else by name.
fn ordered(schema: &Value, defaults: &Map<String, Value>) -> Vec<String> {
    let order = schema["x-order"].as_array().map(|order| order.iter().filter_map(Value::as_str));
    order.map_or_else(|| defaults.keys().cloned().collect(), |order| order.map(str::to_owned).collect())
}
