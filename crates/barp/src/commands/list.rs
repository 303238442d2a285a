//! `barp list WHAT`: everything that a configuration can name.

use crate::commands::columns;
use crate::failure::Failure;
use crate::output::{say, shape};
use crate::reference::{in_text, named};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use settings::{Mistake, SEARCH, Search, searches};

#[derive(Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// Only this one; of a policy, environment or shift with every key, its rule and its meaning
    name: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Policies,
    Environments,
    Shifts,
    Metrics,
    /// Every column of the files that results consist of
    Columns,
    Charts,
    Encoders,
    /// Published data sets, for `barp data import --source NAME`
    Sources,
    /// Logs of gateways and tracers, for `barp log import --from NAME`
    LogFormats,
}

/// One listed thing: name, what it is, and further facts in order.
struct Item {
    name: String,
    about: String,
    facts: Vec<(&'static str, Value)>,
}

impl List {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let items = match self.what {
            What::Policies => policies(),
            What::Environments => environments(),
            What::Shifts => shifts(),
            What::Metrics => metrics(),
            What::Columns if !self.json && self.name.is_none() => {
                say!("{}", columns::page().trim_end());
                return Ok(());
            }
            What::Columns => columns(),
            What::Charts => charts(),
            What::Encoders => encoders(),
            What::Sources => sources(),
            What::LogFormats => log_formats(),
        };
        let items = match &self.name {
            None => items,
            Some(name) => vec![self.only(items, name)?],
        };
        if self.json {
            let all: Vec<Value> = items.iter().map(Item::as_json).collect();
            say!("{}", serde_json::to_string_pretty(&all).expect("items are plain"));
            return Ok(());
        }
        if let Some(name) = &self.name
            && let Some(list) = self.what.list()
        {
            let (width, colour) = shape();
            let tables = named(&format!("{list}.{name}")).map_err(Failure::input)?;
            say!("{}", in_text(&tables, width, colour));
            return Ok(());
        }
        for item in items {
            say!("{}\n    {}", item.name, item.about);
            for (key, value) in &item.facts {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                say!("    {key}: {value}");
            }
        }
        Ok(())
    }
}

impl List {
    /// The one called `name`.
    fn only(&self, items: Vec<Item>, name: &str) -> Result<Item, Failure> {
        let known: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
        let found = items.into_iter().find(|item| item.name == name);
        found.ok_or_else(|| Failure::input(Mistake::unknown("name", name, known)))
    }
}

impl What {
    /// The list of tables in a configuration whose kinds these are.
    fn list(self) -> Option<&'static str> {
        match self {
            What::Policies => Some("policy"),
            What::Environments => Some("environment"),
            What::Shifts => Some("shift"),
            What::Metrics | What::Columns | What::Charts | What::Encoders | What::Sources | What::LogFormats => None,
        }
    }
}

impl Item {
    fn as_json(&self) -> Value {
        let mut all = json!({ "name": self.name, "about": self.about });
        for (key, value) in &self.facts {
            all[*key] = value.clone();
        }
        all
    }
}

fn policies() -> Vec<Item> {
    let policies = policies::POLICIES.iter().map(|entry| Item {
        name: entry.name.into(),
        about: entry.about.into(),
        facts: vec![
            ("learns from", json!(entry.information)),
            ("prompts", json!(entry.prompts)),
            ("export", json!(entry.export)),
            ("paper", json!(entry.paper)),
            ("parameters", (entry.defaults)()),
            ("tuned", tuned(&(entry.schema)())),
        ],
    });
    let references = environments::REFERENCES.iter().map(|entry| {
        let sees = match entry.sees {
            environments::Sees::Training => "every outcome of the training prompts (reference)",
            environments::Sees::Everything => "every outcome of the request itself (reference, not deployable)",
        };
        Item { name: entry.name.into(), about: entry.about.into(), facts: vec![("learns from", json!(sees))] }
    });
    let singles = Item {
        name: "single-models".into(),
        about: "one reference for each model: that model for every request".into(),
        facts: vec![("learns from", json!("none (reference)"))],
    };
    let made = Item {
        name: "decisions-file".into(),
        about: "a router made elsewhere: a file says which model it takes for each test prompt and preference".into(),
        facts: vec![("learns from", json!("not told (made elsewhere)"))],
    };
    policies.chain(references).chain([singles, made]).collect()
}

/// Where `[tune]` looks for the value of each parameter that it searches, as declared.
fn tuned(schema: &Value) -> Value {
    let declared = |(key, _): (String, Search)| {
        let search = schema["properties"][&key][SEARCH].clone();
        (key, search)
    };
    searches(schema).into_iter().map(declared).collect()
}

fn environments() -> Vec<Item> {
    let item = |entry: &environments::sources::SourceEntry| Item {
        name: entry.name.into(),
        about: entry.about.into(),
        facts: vec![("parameters", (entry.defaults)())],
    };
    environments::sources::SOURCES.iter().map(item).collect()
}

fn shifts() -> Vec<Item> {
    let item = |entry: &environments::shifts::ShiftEntry| Item {
        name: entry.name.into(),
        about: entry.about.into(),
        facts: vec![("parameters", (entry.defaults)())],
    };
    environments::shifts::SHIFTS.iter().map(item).collect()
}

fn log_formats() -> Vec<Item> {
    let item = |format: &environments::sources::logged::LogFormat| Item {
        name: format.name.into(),
        about: format.about.into(),
        facts: vec![("columns-read-in", json!(format.source.unwrap_or("memory")))],
    };
    environments::sources::logged::LOG_FORMATS.iter().map(item).collect()
}

fn metrics() -> Vec<Item> {
    let item = |about: &metrics::About| Item {
        name: about.name.into(),
        about: about.what.into(),
        facts: vec![
            ("unit", json!(about.unit)),
            ("better", json!(columns::better(about))),
            ("version", json!(about.version)),
        ],
    };
    metrics::all().map(item).collect()
}

fn columns() -> Vec<Item> {
    let item = |(file, column): (&str, store::Described)| Item {
        name: column.name.into(),
        about: column.meaning.into(),
        facts: vec![("file", json!(file)), ("holds", json!(column.holds)), ("unit", json!(column.unit))],
    };
    columns::files()
        .into_iter()
        .flat_map(|(file, _, all)| all.into_iter().map(move |one| (file, one)))
        .map(item)
        .collect()
}

fn charts() -> Vec<Item> {
    let item = |chart: &&dyn report::Chart| {
        let about = chart.about();
        Item { name: about.name.into(), about: about.what.into(), facts: Vec::new() }
    };
    report::CHARTS.iter().map(item).collect()
}

fn encoders() -> Vec<Item> {
    let item = |entry: &encoder::Entry| Item { name: entry.name.into(), about: entry.about.into(), facts: Vec::new() };
    encoder::ENCODERS.iter().map(item).collect()
}

fn sources() -> Vec<Item> {
    let item = |source: &environments::sources::named::DataSource| {
        let mut releases: Vec<String> = source
            .releases
            .iter()
            .map(|release| format!("{} prompts, {} models ({})", release.prompts, release.models, release.what))
            .collect();
        if releases.is_empty() {
            releases.push("none".to_owned());
        }
        Item {
            name: source.name.into(),
            about: source.about.into(),
            facts: vec![
                ("licence", json!(source.licence)),
                ("citation", json!(source.citation)),
                ("columns", json!(source.columns.join(", "))),
                ("dollars", json!(source.recorded.to_string())),
                ("layout checked against", json!(source.checked)),
                ("known releases", json!(releases.join("; "))),
            ],
        }
    };
    environments::sources::named::DATA_SOURCES.iter().map(item).collect()
}
