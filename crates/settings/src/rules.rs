//! What a JSON schema demands of a value, checked and in words. The part of JSON Schema that tables of settings need: kinds,
//! bounds, names, lists and tables; schemas have no references.
//!
//! A whole number that declares no highest value is at most [`MOST`]: sums and products of a few of them must not overflow. The
//! keyword `x-because` says why a highest value is there, and stands behind it where a value is above.
//!
//! The keyword `x-rule` says in words what the other keywords say, or more than they can: it then stands in messages and in
//! the reference.

use crate::mistake::Mistake;
use serde_json::Value;

/// The highest whole number where none is declared: more than any experiment has rounds, rows or trials.
const MOST: f64 = 1e12;

/// What is wrong with `value`, called `name`; a table without a name speaks of its keys.
pub fn violation(schema: &Value, name: &str, value: &Value) -> Option<Mistake> {
    let schema = without_null(schema);
    if value.is_object()
        && let Some(table) = table_among(schema)
    {
        return in_table(table, name, value);
    }
    if conforms(schema, value) {
        return None;
    }
    let kind = own_kind(schema, value).then(|| bounds(schema)).flatten();
    let rule = match (schema["x-rule"].as_str(), kind) {
        (Some(rule), _) => rule.to_owned(),
        (None, Some(bounds)) if !too_large(schema, value) => bounds,
        (None, _) if too_large(schema, value) => format!("at most {}", number(MOST)),
        (None, _) => rule(schema),
    };
    let above = value.as_f64() > schema["maximum"].as_f64();
    let rule = match schema["x-because"].as_str().filter(|_| above) {
        Some(because) => format!("{rule} ({because})"),
        None => rule,
    };
    let field = if name.is_empty() { "it" } else { name };
    Some(Mistake::Rule { field: field.into(), rule, value: value.to_string() })
}

fn in_table(schema: &Value, name: &str, value: &Value) -> Option<Mistake> {
    let path = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    let table = value.as_object()?;
    for (key, value) in table {
        let own = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
        match own {
            Some(Value::Bool(false)) => return Some(Mistake::unknown("key", &path(key), ordered(schema))),
            Some(own) => match violation(own, &path(key), value) {
                None => {}
                found => return found,
            },
            None => {}
        }
    }
    let missing = names(&schema["required"]).find(|key| !table.contains_key(*key))?;
    Some(Mistake::Missing { field: path(missing), rule: rule(&schema["properties"][missing]) })
}

/// The names of the keys of a table, in the order of its declaration.
pub(crate) fn ordered(schema: &Value) -> Vec<&str> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let mut order: Vec<&str> = names(&schema["x-order"]).filter(|key| properties.contains_key(*key)).collect();
    // A table of one kind among several declares no order; its kind is what a reader looks for.
    if order.is_empty() && properties.contains_key("kind") {
        order.push("kind");
    }
    let rest: Vec<&str> = properties.keys().map(String::as_str).filter(|key| !order.contains(key)).collect();
    order.extend(rest);
    order
}

/// Whether `value` is all that `schema` demands.
pub fn conforms(schema: &Value, value: &Value) -> bool {
    let fits = |keyword: &str, test: &dyn Fn(&Value) -> bool| schema.get(keyword).is_none_or(test);
    let kinds = |kinds: &Value| match kinds {
        Value::String(kind) => is_kind(kind, value),
        several => names(several).any(|kind| is_kind(kind, value)),
    };
    let any = |schemas: &Value| items(schemas).any(|schema| conforms(schema, value));
    schema != &Value::Bool(false)
        && fits("type", &kinds)
        && fits("const", &|constant| constant == value)
        && fits("enum", &|choices| items(choices).any(|choice| choice == value))
        && fits("anyOf", &any)
        && fits("oneOf", &|schemas| items(schemas).filter(|schema| conforms(schema, value)).count() == 1)
        && within(schema, value)
        && list_conforms(schema, value)
        && value.as_object().is_none_or(|_| in_table(schema, "", value).is_none())
}

/// Whether a number, or the length of a text, keeps its bounds.
fn within(schema: &Value, value: &Value) -> bool {
    let bound = |keyword: &str| schema[keyword].as_f64();
    let number = value.as_f64().is_none_or(|number| {
        bound("minimum").is_none_or(|low| number >= low)
            && bound("exclusiveMinimum").is_none_or(|low| number > low)
            && bound("maximum").is_none_or(|high| number <= high)
            && bound("exclusiveMaximum").is_none_or(|high| number < high)
            && !too_large(schema, value)
    });
    let text =
        value.as_str().is_none_or(|text| bound("minLength").is_none_or(|low| text.chars().count() as f64 >= low));
    number && text
}

/// Whether `value` is a whole number beyond [`MOST`] where no highest one is declared.
fn too_large(schema: &Value, value: &Value) -> bool {
    let undeclared = schema.get("maximum").is_none() && schema.get("exclusiveMaximum").is_none();
    undeclared && kind(schema) == Some("integer") && value.as_f64().is_some_and(|number| number > MOST)
}

fn list_conforms(schema: &Value, value: &Value) -> bool {
    let Some(list) = value.as_array() else { return true };
    let long = |keyword: &str, default| schema[keyword].as_u64().unwrap_or(default);
    (long("minItems", 0)..=long("maxItems", u64::MAX)).contains(&(list.len() as u64))
        && schema.get("items").is_none_or(|item| list.iter().all(|value| conforms(item, value)))
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// Whether `value` is of the right kind, so that only its bounds can be wrong.
fn own_kind(schema: &Value, value: &Value) -> bool {
    kind(schema).is_some_and(|kind| is_kind(kind, value))
}

/// The one kind that is not null.
pub(crate) fn kind(schema: &Value) -> Option<&str> {
    schema["type"].as_str().or_else(|| names(&schema["type"]).find(|kind| *kind != "null"))
}

fn is_table(schema: &Value) -> bool {
    schema.get("properties").is_some() || schema["additionalProperties"].is_object()
}

/// The one table that a value may be; none where it may be none or one of several.
fn table_among(schema: &Value) -> Option<&Value> {
    let mut tables = items(&schema["anyOf"]).filter(|schema| is_table(schema));
    match (tables.next(), tables.next()) {
        _ if is_table(schema) => Some(schema),
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The schema of what is there, where it may be left out.
pub(crate) fn without_null(schema: &Value) -> &Value {
    let mut there = items(&schema["anyOf"]).filter(|schema| schema["type"] != "null");
    match (there.next(), there.next()) {
        (Some(only), None) if schema.get("x-rule").is_none() => only,
        _ => schema,
    }
}

pub(crate) fn names(list: &Value) -> impl Iterator<Item = &str> {
    items(list).filter_map(Value::as_str)
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// What a value must be, with its article: "a number in [0, 1]", "`start` or `random`".
fn rule(schema: &Value) -> String {
    let schema = without_null(schema);
    let words = described(schema);
    let spoken = schema.get("x-rule").is_some() || words.starts_with('`');
    if spoken { words } else { format!("a {words}") }
}

/// What a value must be: "number in [0, 1]", "`start` or `random`".
pub fn described(schema: &Value) -> String {
    let schema = without_null(schema);
    if let Some(rule) = schema["x-rule"].as_str() {
        return rule.to_owned();
    }
    let choices: Vec<String> = choices(schema).into_iter().map(|(choice, _)| format!("`{choice}`")).collect();
    if let Some((last, first)) = choices.split_last() {
        return if first.is_empty() { last.clone() } else { format!("{} or {last}", first.join(", ")) };
    }
    with_bounds(kind_in_words(schema), schema)
}

/// The names that a value may be, each with its meaning.
pub(crate) fn choices(schema: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let plain = items(&schema["enum"]).filter_map(text).map(|choice| (choice, String::new()));
    let told = items(&schema["oneOf"]).flat_map(|one| match one.get("const").and_then(text) {
        Some(choice) => vec![(choice, meaning(one))],
        None => choices(one),
    });
    let constant = schema.get("const").and_then(text).map(|choice| (choice, String::new()));
    plain.chain(told).chain(constant).collect()
}

/// The doc lines of a schema, as one line.
pub fn meaning(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn kind_in_words(schema: &Value) -> String {
    match kind(schema) {
        Some("boolean") => "`true` or `false`".into(),
        Some("integer") => "whole number".into(),
        Some("number") => "number".into(),
        Some("string") => "text".into(),
        Some("array") => list_in_words(schema),
        Some("object") if schema["additionalProperties"].is_object() && schema.get("properties").is_none() => {
            format!("table of {}", plural(&schema["additionalProperties"]))
        }
        Some("object") => "table".into(),
        _ => items(&schema["anyOf"]).map(described).collect::<Vec<_>>().join(" or "),
    }
}

fn list_in_words(schema: &Value) -> String {
    let what = schema.get("items").map_or_else(|| "values".to_owned(), plural);
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(low), Some(high)) if low == high => format!("list of {low} {what}"),
        (Some(low), Some(high)) => format!("list of {low} to {high} {what}"),
        (Some(1), None) => format!("list of one or more {what}"),
        _ => format!("list of {what}"),
    }
}

fn plural(schema: &Value) -> String {
    match kind(schema) {
        Some("integer" | "number" | "string") if choices(schema).is_empty() => {
            with_bounds(format!("{}s", kind_in_words(schema)), schema)
        }
        Some("object") => "tables".into(),
        Some("array") => "lists".into(),
        _ => "values".into(),
    }
}

fn with_bounds(kind: String, schema: &Value) -> String {
    match bounds(schema) {
        Some(bounds) if bounds.starts_with("at ") => format!("{kind} of {bounds}"),
        Some(bounds) => format!("{kind} {bounds}"),
        None => kind,
    }
}

/// The bounds of a number in words.
fn bounds(schema: &Value) -> Option<String> {
    let bound = |inclusive: &str, exclusive: &str| {
        let of = |keyword: &str| schema[keyword].as_f64();
        of(exclusive).map(|bound| (bound, true)).or_else(|| of(inclusive).map(|bound| (bound, false)))
    };
    let (low, high) = (bound("minimum", "exclusiveMinimum"), bound("maximum", "exclusiveMaximum"));
    Some(match (low, high) {
        (None, None) => return None,
        (Some((low, false)), None) => format!("at least {}", number(low)),
        (Some((low, true)), None) => format!("above {}", number(low)),
        (None, Some((high, false))) => format!("at most {}", number(high)),
        (None, Some((high, true))) => format!("below {}", number(high)),
        (Some((low, false)), Some((high, false))) if kind(schema) == Some("integer") => {
            format!("from {} to {}", number(low), number(high))
        }
        (Some((low, open)), Some((high, closed))) => {
            let (open, close) = (if open { '(' } else { '[' }, if closed { ')' } else { ']' });
            format!("in {open}{}, {}{close}", number(low), number(high))
        }
    })
}

fn number(bound: f64) -> String {
    if bound.abs() >= 1e6 { format!("{bound:e}") } else { bound.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, parse, schema};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    #[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Law {
        /// Always the same.
        #[default]
        Fixed,
        /// Without memory.
        Geometric,
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Table {
        #[schemars(range(min = 1))]
        rounds: u32,
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        rate: Option<f64>,
        #[schemars(range(max = 1.0), extend("minimum" = 0.0))]
        share: f64,
        law: Law,
        names: Vec<String>,
        inner: std::collections::BTreeMap<String, Inner>,
    }

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    struct Inner {
        #[schemars(range(min = 0.0, max = 1.0))]
        w_cost: f64,
    }

    impl Parameters for Table {
        fn check(&self) -> Result<(), Mistake> {
            Mistake::unless(self.share < 1.0 || self.rounds > 1, "share", "below 1 in one round", self.share)
        }
    }

    #[test]
    fn a_value_that_breaks_its_declared_rule_is_refused_in_words() {
        let good = json!({ "rounds": 1, "rate": null, "share": 0.5, "law": "fixed", "names": [], "inner": {} });
        assert!(parse::<Table>(&good).is_ok());
        for (field, value, message) in [
            ("rounds", json!(0), "`rounds` must be at least 1, got 0"),
            ("rounds", json!(1.5), "`rounds` must be a whole number of at least 1, got 1.5"),
            ("rate", json!(0.0), "`rate` must be above 0, got 0.0"),
            ("rate", json!("x"), "`rate` must be a number above 0, got \"x\""),
            ("share", json!(1.5), "`share` must be in [0, 1], got 1.5"),
            ("share", json!(1.0), "`share` must be below 1 in one round, got 1"),
            ("law", json!("fix"), "`law` must be `fixed` or `geometric`, got \"fix\""),
            ("names", json!([1]), "`names` must be a list of texts, got [1]"),
            ("inner", json!({ "a": { "w-cost": 2 } }), "`inner.a.w-cost` must be in [0, 1], got 2"),
            ("inner", json!({ "a": {} }), "`inner.a.w-cost` is missing: it must be a number in [0, 1]"),
            (
                "rods",
                json!(1),
                "unknown key `rods` (nearest is `rounds`; known: rounds, rate, share, law, names, inner)",
            ),
        ] {
            let mut table = good.clone();
            table[field] = value;
            let refusal = parse::<Table>(&table).err().expect(message).to_string();
            assert_eq!(refusal, message);
        }
    }

    #[test]
    fn a_schema_has_every_default_and_no_other_keys() {
        let schema = schema::<Table>();
        assert_eq!(schema["properties"]["law"]["default"], "fixed");
        assert_eq!(schema["additionalProperties"], false);
        assert!(conforms(&schema, &json!({ "rounds": 2 })) && !conforms(&schema, &json!({ "round": 2 })));
    }
}
