//! Taking the tables of a configuration apart, key by key; whatever is left over is somebody else's.

use crate::settings::{Place, SpecError};
use serde_json::{Map, Value, json};

pub(crate) fn unique<'a>(place: &Place, what: &str, labels: impl Iterator<Item = &'a String>) -> Result<(), SpecError> {
    let mut labels: Vec<&String> = labels.collect();
    labels.sort();
    match labels.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let rule = format!("two `[[{what}]]` are called `{}`; give one another `name`", pair[0]);
            Err(place.error(rule))
        }
    }
}

pub(crate) fn take_name(place: &Place, table: &mut Map<String, Value>, key: &str) -> Result<Option<String>, SpecError> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(name)) if !name.is_empty() => Ok(Some(name)),
        Some(other) => Err(place.error(format!("`{key}` must be a name, got {other}"))),
    }
}

pub(crate) fn take_names(place: &Place, table: &mut Map<String, Value>, key: &str) -> Result<Vec<String>, SpecError> {
    let given = table.remove(key).unwrap_or_else(|| json!([]));
    serde_json::from_value(given.clone())
        .map_err(|_| place.error(format!("`{key}` must be a list of names, got {given}")))
}

pub(crate) fn take_tables(
    place: &Place,
    table: &mut Map<String, Value>,
    key: &str,
) -> Result<Vec<Map<String, Value>>, SpecError> {
    let given = table.remove(key).unwrap_or_else(|| json!([]));
    serde_json::from_value(given.clone())
        .map_err(|_| place.error(format!("`{key}` must be a list of tables, got {given}")))
}

/// The `tune` table of a policy: parameter -> values to try on the validation split.
pub(crate) fn take_grid(place: &Place, table: &mut Map<String, Value>) -> Result<Map<String, Value>, SpecError> {
    table.remove("tune").map_or_else(|| Ok(Map::new()), |given| grid_of(place, "tune", given))
}

/// The table called `key`, `given`, as parameter -> values.
pub(crate) fn grid_of(place: &Place, key: &str, given: Value) -> Result<Map<String, Value>, SpecError> {
    let rule = |got: &Value| place.error(format!("`{key}` must be a table of non-empty lists, got {got}"));
    match given {
        Value::Object(grid) => match grid.values().find(|values| values.as_array().is_none_or(Vec::is_empty)) {
            None => Ok(grid),
            Some(bad) => Err(rule(bad)),
        },
        other => Err(rule(&other)),
    }
}
