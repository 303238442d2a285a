//! Every key that a configuration may have, and the JSON schema of the whole file: both from the declarations that check it.

use crate::plan::{DECISIONS_FILE_ABOUT, DecisionsFile};
use crate::spec::{DEFAULT_SOURCE, FeedbackRule, LatencyRule, PROTOCOLS, Preferences, TauRule, Top, TuneRule};
use crate::written::{DECISIONS_FILE, EnvironmentTable, PolicyTable, ShiftTable};
use environments::shifts::SHIFTS;
use environments::sources::SOURCES;
use environments::{REFERENCES, SINGLE_MODELS, Sees};
use policies::{Information, POLICIES};
use serde_json::{Map, Value, json};
use settings::{Key, SEARCH, Search, joined_schema, schema, schema_of, searches};

/// A table of a configuration, for its reader.
#[derive(Clone, Debug)]
pub struct TableReference {
    /// What it is called where it is asked for: `objective`, `policy.barp`.
    pub path: String,
    /// How it is opened in the file: `[objective]`; for a kind, the line that chooses it: `kind = "barp"`.
    pub written: String,
    /// What it is for.
    pub about: String,
    /// Its JSON schema.
    pub schema: Value,
}

impl TableReference {
    /// A table with its parts; `about` is a sentence or several.
    pub fn new(path: impl Into<String>, written: &str, about: impl Into<String>, schema: Value) -> TableReference {
        TableReference { path: path.into(), written: written.into(), about: about.into(), schema }
    }

    /// Its keys in the order of their declaration.
    pub fn keys(&self) -> Vec<Key> {
        settings::keys(&self.schema)
    }

    /// The tables that its values are, as long as they have keys of their own.
    fn nested(&self) -> Vec<TableReference> {
        let inner = self.keys().into_iter().filter_map(|key| {
            let (path, written) = (format!("{}.{}", self.path, key.name), format!("{} = {{ .. }}", key.name));
            Some(TableReference::new(path, &written, key.meaning, key.table?))
        });
        inner.collect()
    }
}

/// Every table of a configuration, outer ones first.
pub fn reference() -> Vec<TableReference> {
    let mut all = vec![TableReference::new(
        "top",
        "the top of the file",
        "An experiment: what is run where, and how often.",
        schema_of::<Top>(),
    )];
    for (kind, protocol) in PROTOCOLS {
        let schema = protocol.schema();
        let about = settings::meaning(&schema);
        let written = if kind == PROTOCOLS[0].0 { "[protocol]" } else { "[protocol] kind = \"online\"" };
        all.push(TableReference::new(format!("protocol.{kind}"), written, about, schema));
    }
    let section = |path: &str, schema: Value| {
        let about = settings::meaning(&schema);
        TableReference::new(path, &format!("[{path}]"), about, schema)
    };
    all.push(section("objective", schema::<TauRule>()));
    all.push(section("latency", schema::<LatencyRule>()));
    all.push(section("preferences", schema::<Preferences>()));
    all.push(section("tune", schema::<TuneRule>()));
    all.push(TableReference::new(
        "environment",
        "[[environment]]",
        about::<EnvironmentTable>(),
        schema_of::<EnvironmentTable>(),
    ));
    for source in SOURCES {
        let kind = of_kind("environment", source.name, source.about, (source.schema)());
        let nested = kind.nested();
        all.push(kind);
        all.extend(nested);
    }
    let rule = schema::<FeedbackRule>();
    all.push(TableReference::new("feedback", "[environment.feedback]", settings::meaning(&rule), rule));
    all.push(TableReference::new("shift", "[[environment.shift]]", about::<ShiftTable>(), schema_of::<ShiftTable>()));
    for shift in SHIFTS {
        let kind = of_kind("shift", shift.name, shift.about, (shift.schema)());
        let nested = kind.nested();
        all.push(kind);
        all.extend(nested);
    }
    all.push(TableReference::new("policy", "[[policy]]", about::<PolicyTable>(), schema_of::<PolicyTable>()));
    all.extend(policies());
    all
}

fn policies() -> impl Iterator<Item = TableReference> {
    let registered = POLICIES.iter().map(|entry| {
        let learns = match entry.information {
            Information::None => "learns nothing",
            Information::Bandit => "learns from the outcomes of its own choices",
            Information::Full => "learns from every model's outcome; not under protocol `online`",
        };
        let about = format!("{}; {learns} ({})", entry.about, entry.paper);
        of_kind("policy", entry.name, &about, (entry.schema)())
    });
    let references = REFERENCES.iter().map(|entry| {
        let sees = match entry.sees {
            Sees::Training => "it sees every outcome of the training prompts",
            Sees::Everything => "it sees every outcome of the request itself",
        };
        of_kind("policy", entry.name, &format!("{}; a reference: {sees}", entry.about), json!({}))
    });
    let singles =
        of_kind("policy", SINGLE_MODELS, "one reference for each model: that model for every request", json!({}));
    let made = of_kind("policy", DECISIONS_FILE, DECISIONS_FILE_ABOUT, schema::<DecisionsFile>());
    registered.chain(references).chain([singles, made])
}

fn of_kind(list: &str, kind: &str, about: &str, schema: Value) -> TableReference {
    let table = if list == "shift" { "environment.shift" } else { list };
    let written = format!("[[{table}]] kind = \"{kind}\"");
    TableReference::new(format!("{list}.{kind}"), &written, about, schema)
}

fn about<T: serde::de::DeserializeOwned + schemars::JsonSchema>() -> String {
    settings::meaning(&schema_of::<T>())
}

/// The JSON schema (draft 2020-12) of a configuration, for editors: strict, with every kind by its own keys.
pub fn config_schema() -> Value {
    let mut top = schema_of::<Top>();
    let protocols = || any_of(PROTOCOLS.into_iter().map(|(_, protocol)| protocol.schema()));
    let shifts = SHIFTS.iter().map(|entry| with_kind(schema_of::<ShiftTable>(), entry.name, &(entry.schema)()));
    let shift = any_of(shifts);
    let environments = SOURCES.iter().map(|source| {
        let mut table = with_kind(schema_of::<EnvironmentTable>(), source.name, &(source.schema)());
        if source.name == DEFAULT_SOURCE {
            drop_required(&mut table, "kind");
        }
        put(&mut table, "protocol", protocols());
        put(&mut table, "feedback", schema::<FeedbackRule>());
        table["properties"]["shift"]["items"] = shift.clone();
        table
    });
    let environment = any_of(environments);
    put(&mut top, "protocol", protocols());
    put(&mut top, "objective", schema::<TauRule>());
    put(&mut top, "latency", schema::<LatencyRule>());
    put(&mut top, "preferences", schema::<Preferences>());
    put(&mut top, "tune", schema::<TuneRule>());
    top["properties"]["environment"]["items"] = environment;
    top["properties"]["policy"]["items"] = any_of(policy_schemas());
    let mut top = for_editors(top);
    top["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    top["title"] = "Configuration of barp".into();
    top
}

/// The tables of each policy and reference; `tune` takes lists of what its parameters take.
fn policy_schemas() -> impl Iterator<Item = Value> {
    let registered = POLICIES.iter().map(|entry| {
        let own = (entry.schema)();
        let mut table = with_kind(schema_of::<PolicyTable>(), entry.name, &own);
        let searched: Vec<String> = searches(&own).into_iter().map(|(key, _)| key).collect();
        let lists: Map<String, Value> = own["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, schema)| (key.clone(), json!({ "type": "array", "minItems": 1, "items": bare(schema) })))
            .collect();
        let forms = table["properties"]["tune"]["anyOf"].as_array_mut().into_iter().flatten();
        for form in forms {
            if form["type"] == "object" {
                form["properties"] = Value::Object(lists.clone());
                form["additionalProperties"] = false.into();
            } else if form["type"] == "array" && !searched.is_empty() {
                form["items"] = json!({ "enum": searched });
            }
        }
        table
    });
    let references = REFERENCES.iter().map(|entry| entry.name).chain([SINGLE_MODELS]).map(|name| {
        let mut table = with_kind(schema_of::<PolicyTable>(), name, &json!({}));
        if let Some(properties) = table["properties"].as_object_mut() {
            properties.remove("tune");
        }
        table
    });
    let mut made = with_kind(schema_of::<PolicyTable>(), DECISIONS_FILE, &schema::<DecisionsFile>());
    made["properties"].as_object_mut().map(|properties| properties.remove("tune"));
    registered.chain(references).chain([made])
}

/// The rule of a key without its default and its meaning, which stand beside the key itself.
fn bare(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(table) = schema.as_object_mut() {
        table.remove("default");
        table.remove("description");
        table.remove(SEARCH);
    }
    schema
}

/// The common keys and those of `kind` as one table.
fn with_kind(common: Value, kind: &str, own: &Value) -> Value {
    let mut table = joined_schema(common, own);
    table["properties"]["kind"] = json!({ "const": kind, "description": table["properties"]["kind"]["description"] });
    table["description"] = own["description"].clone();
    table
}

fn any_of(schemas: impl Iterator<Item = Value>) -> Value {
    json!({ "oneOf": schemas.collect::<Vec<_>>() })
}

/// Replaces the schema of `key`, not what is said of it.
fn put(table: &mut Value, key: &str, schema: Value) {
    let own = &mut table["properties"][key];
    let said = own["description"].take();
    *own = schema;
    own["description"] = said;
}

fn drop_required(table: &mut Value, key: &str) {
    if let Some(required) = table["required"].as_array_mut() {
        required.retain(|required| required != key);
    }
}

/// The schema without the keywords that are ours alone: their words go into descriptions, which editors show.
fn for_editors(schema: Value) -> Value {
    match schema {
        Value::Object(mut table) => {
            let search = Search::of(&Value::Object(table.clone()));
            let rule = table.remove("x-rule");
            if search.is_some() {
                table.remove(SEARCH);
            }
            // A key may be called like a keyword of ours; tables of keys hold tables only.
            for ours in ["x-order", "format"] {
                if table.get(ours).is_some_and(|value| !value.is_object()) {
                    table.remove(ours);
                }
            }
            if table.get("description").is_some_and(Value::is_null) {
                table.remove("description");
            }
            if let Some(Value::String(about)) = table.get_mut("description") {
                *about = about.split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some(rule) = rule.as_ref().and_then(Value::as_str) {
                    *about += &format!(" Must be {rule}.");
                }
                if let Some(search) = &search {
                    *about += &format!(" Tuned: {search}.");
                }
            }
            table.into_iter().map(|(key, value)| (key, for_editors(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(for_editors).collect(),
        other => other,
    }
}
