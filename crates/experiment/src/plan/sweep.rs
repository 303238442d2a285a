//! `sweep` of a `[[policy]]` table: one policy for each combination of its values, each the table that one would have
//! written out. `tune` is the other thing: it makes one policy, which tries its values on the validation split.

use crate::spec::Spec;
use crate::written::{PolicyTable, WrittenPolicy};
use serde_json::{Map, Value};
use settings::{Place, SpecError};

/// Most policies that one table may stand for.
const MOST_VARIANTS: usize = 200;

impl Spec {
    /// Its `[[policy]]` tables, each that sweeps replaced by its variants in order: the last parameter by name varies fastest.
    pub(super) fn written_policies(&self) -> Result<Vec<WrittenPolicy>, SpecError> {
        let mut all = Vec::new();
        for (written, table) in self.policies.iter().enumerate() {
            let place = self.place_of("policy", written, table);
            let common: PolicyTable = place.take(&mut table.clone())?;
            if common.sweep.is_empty() {
                all.push(WrittenPolicy { place, table: table.clone() });
            } else {
                all.extend(variants(&place, table, common)?);
            }
        }
        Ok(all)
    }
}

fn variants(place: &Place, table: &Map<String, Value>, common: PolicyTable) -> Result<Vec<WrittenPolicy>, SpecError> {
    check(place, table, &common)?;
    let mut bare = table.clone();
    bare.remove("sweep");
    let mut all = vec![(common.name.unwrap_or(common.kind), bare)];
    for (key, values) in &common.sweep {
        let values = values.as_array().expect("the schema checked the lists");
        let with = |(label, table): &(String, Map<String, Value>), value: &Value| {
            let mut table = table.clone();
            table.insert(key.clone(), value.clone());
            (format!("{label} {key}={}", in_a_label(value)), table)
        };
        all = all.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect();
    }
    let written = |(label, mut table): (String, Map<String, Value>)| {
        let place = place.table(format!("[[policy]] {label}"));
        table.insert("name".into(), label.into());
        WrittenPolicy { place, table }
    };
    Ok(all.into_iter().map(written).collect())
}

/// Refuses parameters that another key of `table` sets, values that stand twice, and too many variants.
fn check(place: &Place, table: &Map<String, Value>, common: &PolicyTable) -> Result<(), SpecError> {
    let (not_parameters, asked) = (PolicyTable::keys(), common.asked());
    for (key, values) in &common.sweep {
        let parameter = !not_parameters.contains(key);
        place.unless(parameter, "sweep", "a table of the policy's own parameters", format!("`{key}`"))?;
        let rule = "parameters that the table does not set";
        place.unless(!table.contains_key(key), "sweep", rule, format!("`{key}`, which stands beside it"))?;
        let tuned = asked.names().contains(&key.as_str());
        place.unless(!tuned, "sweep", "parameters that `tune` does not choose", format!("`{key}` in both"))?;
        let values = values.as_array().map_or(&[][..], Vec::as_slice);
        if let Some(twice) = twice(values) {
            return Err(place.error(format!("`sweep.{key}` must be distinct values, got {twice} twice")));
        }
    }
    let lengths = common.sweep.values().filter_map(Value::as_array).map(Vec::len);
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
