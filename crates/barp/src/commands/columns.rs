//! The data dictionary: every column of the files that results consist of, from the lists that those files are written from.
//! `results/COLUMNS.md` is this page.

use store::words::phase;
use store::{Described, MANIFEST_FIELDS, ROLES, SUMMARY_KEY};

/// Path in a result folder, what the file is, and its columns.
type Dictionary = Vec<(&'static str, String, Vec<Described>)>;

/// Every file of a result folder that has columns or fields.
pub(crate) fn files() -> Dictionary {
    let key = SUMMARY_KEY.map(|name| format!("`{name}`")).join(", ");
    let summary = format!(
        "One row for each number, over the replicates; `summary.csv` has the same columns. No two rows have the same {key}."
    );
    let cell = "One row for each number of one policy in one environment and one replicate. Metadata: `barp.inputs`, the JSON \
                that the address is the hash of; `barp.ledger`, what the policy was shown; `barp.policy`, its kind, role and model; \
                `barp.tuning`, the settings that were tried, where there were several.";
    let tuning = "One row for each setting that was tried in a cell; not there where nothing was tuned. `tuning.csv` has the same columns.";
    let tested = "One row for each test prompt of a cell and each weight on cost, under protocol `train-then-test`: every score of phase \
                  `test` can be made from it. A test of more than 262,144 rows is thinned to whole clusters of prompts, the same for \
                  every policy. Metadata: `barp.schema`, version of these columns; `barp.prompts`, how many prompts were tested \
                  and of how many there are rows; `barp.labels`, the first three columns.";
    let decisions = "One row for each decision of a cell, where decisions were logged. Metadata: `barp.schema`, version of these \
                     columns; `barp.labels`, the first three columns.";
    let manifest = "What the experiment consisted of; `[]` stands for each item of a list.";
    vec![
        ("summary.parquet", summary, store::summary_columns()),
        ("tuning.parquet", tuning.to_owned(), store::tuning_columns()),
        ("cells/<id>.parquet", cell.to_owned(), store::cell_columns()),
        ("tested/<id>.parquet", tested.to_owned(), store::tested_columns()),
        ("decisions/<id>.parquet", decisions.to_owned(), experiment::decision_columns()),
        ("manifest.json", manifest.to_owned(), MANIFEST_FIELDS.to_vec()),
    ]
}

/// The dictionary as Markdown.
pub(crate) fn page() -> String {
    let mut text =
        "# The columns of a result folder\n\nThis page is what `barp list columns` prints; a test holds it to that.\n\
                    `barp list metrics` says what the metrics are.\n"
            .to_owned();
    for (file, about, columns) in files() {
        text += &format!("\n## {file}\n\n{about}\n\n| name | holds | unit | meaning |\n|---|---|---|---|\n");
        for Described { name, holds, unit, meaning } in columns {
            text += &format!("| `{name}` | {holds} | {unit} | {meaning} |\n");
        }
    }
    text += &field_metrics();
    text += "\n## Phases\n\n| phase | meaning |\n|---|---|\n";
    phase::all().iter().for_each(|(word, meaning)| text += &format!("| `{word}` | {meaning} |\n"));
    text += "\n## Roles\n\n| role | meaning |\n|---|---|\n";
    ROLES.iter().for_each(|(role, meaning)| text += &format!("| `{}` | {meaning} |\n", role.name()));
    text
}

/// What papers compute of a dial, with whether summaries have it.
fn field_metrics() -> String {
    let mut text = "\n## Metrics of the field\n\n`barp report` makes them from the rewards, scores, dollars and shares of phase `test`, one \
                    value a replicate. A row is left out where no replicate has the value: some need single models in the run, some \
                    exactly two models, some a quality that is reached. Those that are `measured` need the outcome of every model or the \
                    expectation of every request, so cells of train-then-test hold them at each weight; their \
                    intervals are over replicates. On recorded rows, and where there is one replicate, their intervals are by 20 groups of \
                    prompts (jackknife); a metric that does not exist without some group keeps Student's t over \
                    replicates, and `ci_method` says that this covers no new prompts.\n\n| metric | unit | better | in summaries | meaning |\n|---|---|---|---|---|\n"
        .to_owned();
    for about in metrics::field::FIELD {
        let is = |other: &metrics::About| other.name == about.name;
        let there = match about {
            _ if report::is_derived(about.name) => "yes",
            _ if metrics::field::TESTED.iter().any(is) => "measured",
            _ if is(&metrics::field::BRIER) => "router cards",
            _ if is(&metrics::field::ROUTER_EVAL_MU) => "as `quality`",
            _ => "no",
        };
        text += &format!("| `{}` | {} | {} | {there} | {} |\n", about.name, about.unit, better(about), about.what);
    }
    text
}

/// The word for which way is better.
pub(crate) fn better(about: &metrics::About) -> &'static str {
    match about.better {
        metrics::Better::Higher => "higher",
        metrics::Better::Lower => "lower",
        metrics::Better::Neither => "neither",
    }
}
