//! `sweep` of a `[[policy]]` table: one policy for each combination of its values, each the table that one would have
//! written out. `tune` is the other thing: it makes one policy, which tries its values on the validation split.

use crate::settings::{Place, SpecError};
use crate::take::{grid_of, take_name};
use serde_json::{Map, Value};

/// Most policies that one table may stand for.
const MOST_VARIANTS: usize = 200;

/// Keys of a `[[policy]]` table that say nothing of how the policy computes.
const NOT_PARAMETERS: [&str; 5] = ["kind", "name", "only", "sweep", "tune"];

/// The `[[policy]]` tables of a configuration, each that sweeps replaced by its variants in order: the last parameter by
/// name varies fastest.
pub(super) fn written_out(
    place: &Place,
    policies: Vec<Map<String, Value>>,
) -> Result<Vec<Map<String, Value>>, SpecError> {
    let mut all = Vec::new();
    for mut table in policies {
        match table.remove("sweep") {
            None => all.push(table),
            Some(sweep) => all.extend(variants(place, table, sweep)?),
        }
    }
    Ok(all)
}

fn variants(place: &Place, table: Map<String, Value>, sweep: Value) -> Result<Vec<Map<String, Value>>, SpecError> {
    let here = place.table("[[policy]]");
    let name = take_name(&here, &mut table.clone(), "name")?;
    let label = match name.map_or_else(|| take_name(&here, &mut table.clone(), "kind"), |name| Ok(Some(name)))? {
        Some(label) => label,
        // A table without a kind is refused where policies are made.
        None => return Ok(vec![table]),
    };
    let place = place.table(format!("[[policy]] {label}"));
    let grid = grid_of(&place, "sweep", sweep)?;
    check(&place, &table, &grid)?;
    let mut all = vec![(label, table)];
    for (key, values) in &grid {
        let values = values.as_array().expect("`grid_of` checked the lists");
        let with = |(label, table): &(String, Map<String, Value>), value: &Value| {
            let mut table = table.clone();
            table.insert(key.clone(), value.clone());
            (format!("{label} {key}={}", in_a_label(value)), table)
        };
        all = all.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect();
    }
    let named = |(label, mut table): (String, Map<String, Value>)| {
        table.insert("name".into(), label.into());
        table
    };
    Ok(all.into_iter().map(named).collect())
}

/// Refuses parameters that another key of `table` sets, values that stand twice, and too many variants.
fn check(place: &Place, table: &Map<String, Value>, grid: &Map<String, Value>) -> Result<(), SpecError> {
    let tuned = table.get("tune").and_then(Value::as_object);
    for (key, values) in grid {
        let parameter = !NOT_PARAMETERS.contains(&key.as_str());
        place.unless(parameter, "sweep", "a table of the policy's own parameters", format!("`{key}`"))?;
        let rule = "parameters that the table does not set";
        place.unless(!table.contains_key(key), "sweep", rule, format!("`{key}`, which stands beside it"))?;
        let tuned = tuned.is_some_and(|tuned| tuned.contains_key(key));
        place.unless(!tuned, "sweep", "parameters that `tune` does not choose", format!("`{key}` in both"))?;
        let values = values.as_array().map_or(&[][..], Vec::as_slice);
        if let Some(twice) = twice(values) {
            return Err(place.error(format!("`sweep.{key}` must be distinct values, got {twice} twice")));
        }
    }
    let lengths = grid.values().filter_map(Value::as_array).map(Vec::len);
    let count = lengths.fold(1, usize::saturating_mul);
    place.unless(count <= MOST_VARIANTS, "sweep", &format!("at most {MOST_VARIANTS} variants"), count)
}

/// The first value that an earlier one equals; 1 and 1.0 do.
fn twice(values: &[Value]) -> Option<&Value> {
    let equal = |one: &Value, other: &Value| match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    };
    values
        .iter()
        .enumerate()
        .find(|(at, value)| values[..*at].iter().any(|before| equal(before, value)))
        .map(|two| two.1)
}

/// A value as charts, options and claims name it: TOML without quotes and spaces, `[256,128]`, `reward`, `0.01`.
fn in_a_label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(in_a_label).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
