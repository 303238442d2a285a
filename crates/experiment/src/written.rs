//! The keys that tables of one list share, whatever their kind: declared once, checked and listed in the reference from here.

use crate::spec::{DEFAULT_SOURCE, Spec};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};
use settings::Place;

/// Kind of a policy that is known by a file of its decisions alone.
pub(crate) const DECISIONS_FILE: &str = "decisions-file";

/// Keys of every `[[policy]]`, beside the parameters of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct PolicyTable {
    /// Which policy or reference it is.
    #[schemars(length(min = 1), extend("x-rule" = "the name of a policy (see `barp list policies`)"))]
    pub(crate) kind: String,
    /// Label in tables and charts; the kind unless given.
    #[serde(default)]
    #[schemars(length(min = 1), extend("x-rule" = "a name"))]
    pub(crate) name: Option<String>,
    /// Environments that it meets, by name; all of them unless given.
    #[serde(default)]
    #[schemars(extend("x-rule" = "a list of names"))]
    pub(crate) only: Vec<String>,
    /// What is tuned: of the settings tried, the one with the highest mean reward on the validation split is tested, and the
    /// outcomes of all are charged. A table tries all combinations of the values of each parameter named. A list names
    /// parameters that `[tune]` searches in the ranges that they declare, even where the table sets them; `false`: none.
    /// Unless given, `[tune]` searches those that the table does not set. Not for references, nor under protocol `online`.
    #[serde(default)]
    #[schemars(schema_with = "grid_or_names")]
    pub(crate) tune: Value,
    /// For each parameter named, values: one policy for each combination of them, as if it had been written out, labelled
    /// `barp entropy=0.01`. Not for references.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = { "type": "array", "minItems": 1, "x-rule": "a non-empty list" }))]
    #[schemars(extend("x-rule" = "a table of non-empty lists"))]
    pub(crate) sweep: Map<String, Value>,
}

/// A policy as written, with the place to make errors at.
#[derive(Clone)]
pub(crate) struct WrittenPolicy {
    pub(crate) place: Place,
    pub(crate) table: Map<String, Value>,
}

/// Keys of every `[[environment]]`, beside the parameters of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct EnvironmentTable {
    /// Where its requests come from.
    #[serde(default = "calibrated")]
    #[schemars(length(min = 1), extend("x-rule" = "the name of a kind (see `barp list environments`)"))]
    pub(crate) kind: String,
    /// Label in tables and charts; the kind unless given.
    #[serde(default)]
    #[schemars(length(min = 1), extend("x-rule" = "a name"))]
    pub(crate) name: Option<String>,
    /// Tasks that are tested on and not trained on; `each`: one environment for each task, which is held out alone.
    #[serde(default)]
    #[schemars(schema_with = "tasks_or_each")]
    pub(crate) held_out: Value,
    /// Prompts of each held-out task that are trained on nevertheless; a list: one environment for each number.
    #[serde(default)]
    #[schemars(schema_with = "counts")]
    pub(crate) shots: Value,
    /// A file that says to which part each prompt belongs (parquet, CSV or JSONL: `sample_id`, `replicate` from 1, `part`, where it
    /// is about several environments also `environment`), as `barp plan --splits` writes it; instead of the shares of the
    /// protocol. Under protocol `train-then-test` only.
    #[serde(default)]
    #[schemars(length(min = 1), extend("x-rule" = "a path"))]
    pub(crate) splits: Option<String>,
    /// Names of shifts that are on in some environments and off in others: one environment for each subset of them.
    #[serde(default)]
    #[schemars(extend("x-rule" = "a list of names"))]
    pub(crate) factorial: Vec<String>,
    /// How policies learn and are tested here; the table `[protocol]` unless given.
    #[serde(default)]
    pub(crate) protocol: Option<Map<String, Value>>,
    /// What of an outcome reaches a policy, and when. Under protocol `online` only.
    #[serde(default)]
    pub(crate) feedback: Option<Map<String, Value>>,
    /// How the world moves, in this order. Under protocol `online` only.
    #[serde(default)]
    #[schemars(extend("x-rule" = "a list of `[[environment.shift]]` tables"))]
    pub(crate) shift: Vec<Map<String, Value>>,
}

/// Keys of every `[[environment.shift]]`, beside the parameters of its kind.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ShiftTable {
    /// What moves.
    #[schemars(length(min = 1), extend("x-rule" = "the name of a shift (see `barp list shifts`)"))]
    pub(crate) kind: String,
    /// What `factorial` calls it.
    #[serde(default)]
    #[schemars(length(min = 1), extend("x-rule" = "a name"))]
    #[expect(dead_code, reason = "read by WrittenShift::name, before the table is taken apart")]
    name: Option<String>,
}

/// A shift as written, with the place to make errors at.
#[derive(Clone)]
pub(crate) struct WrittenShift {
    pub(crate) place: Place,
    pub(crate) table: Map<String, Value>,
}

impl WrittenShift {
    /// What `factorial` calls it.
    pub(crate) fn name(&self) -> Option<&str> {
        self.table.get("name").and_then(Value::as_str)
    }
}

impl PolicyTable {
    pub(crate) fn keys() -> Vec<String> {
        settings::field_order::<PolicyTable>()
    }
}

impl EnvironmentTable {
    pub(crate) fn keys() -> Vec<String> {
        settings::field_order::<EnvironmentTable>()
    }

    /// Its shifts in order; the environment stands at `place`.
    pub(crate) fn shifts(&self, place: &Place) -> Vec<WrittenShift> {
        let all = self.shift.iter().enumerate();
        let shift = |(position, table): (usize, &Map<String, Value>)| {
            let name = format!("{}.shift {}", place.table, position + 1);
            WrittenShift { place: place.at("shift").item(position).table(name), table: table.clone() }
        };
        all.map(shift).collect()
    }
}

impl ShiftTable {
    pub(crate) fn keys() -> Vec<String> {
        settings::field_order::<ShiftTable>()
    }
}

impl Spec {
    /// The place of table number `written` of the list `list`, called by its name, else by its kind.
    pub(crate) fn place_of(&self, list: &str, written: usize, table: &Map<String, Value>) -> Place {
        let default = (list == "environment").then_some(DEFAULT_SOURCE);
        let label = table.get("name").or_else(|| table.get("kind")).and_then(Value::as_str).or(default);
        let table = format!("[[{list}]] {}", label.unwrap_or_default());
        self.place.at(list).item(written).table(table.trim_end())
    }
}

fn calibrated() -> String {
    DEFAULT_SOURCE.to_owned()
}

fn tasks_or_each(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "const": "each" }, { "type": "null" }],
        "x-rule": "a list of names of tasks, or `each`",
    })
}

fn grid_or_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "const": false },
            { "type": "array", "minItems": 1, "items": { "type": "string" } },
            {
                "type": "object",
                "additionalProperties": { "type": "array", "minItems": 1, "x-rule": "a non-empty list" },
            },
        ],
        "x-rule": "`false`, a list of names of parameters, or a table of non-empty lists",
    })
}

fn counts(_: &mut SchemaGenerator) -> Schema {
    let count = || json_schema!({ "type": "integer", "minimum": 0 });
    json_schema!({
        "anyOf": [count(), { "type": "array", "items": count() }, { "type": "null" }],
        "x-rule": "a whole number of at least 0, or a list of them",
    })
}
