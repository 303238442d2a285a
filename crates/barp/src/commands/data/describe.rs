//! `barp data describe`: what a table holds, and what is odd about it, before anything is run.

use super::Source;
use crate::failure::Failure;
use crate::output::{complain, say};
use crate::table::aligned;
use clap::Args;
use environments::Table;
use experiment::free_calls;
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::words::{self, metric};
use store::{Finding, SummaryRow};

/// Most lines of a table on the terminal: a page or two.
const LINES: usize = 200;

#[derive(Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    source: Source,
    /// Folder for the summary (parquet and CSV), one page (describe.html) and charts
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print JSON: one object with the rows of the summary as `summary`, what is odd as `findings`
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(serde::Serialize)]
struct Described<'a> {
    summary: &'a [SummaryRow],
    findings: &'a [Finding],
}

impl Describe {
    pub(super) fn run(self) -> Result<(), Failure> {
        let name = self.source.name();
        let table = self.source.import()?.table;
        let texts = self.source.rows()?.texts(&table)?;
        let rows = experiment::describe(&table, &name);
        let findings = experiment::findings(&table, texts.as_ref());
        if self.json {
            say!("{}", as_json(&Described { summary: &rows, findings: &findings }));
        } else {
            say!("{} prompts, {} models\n", table.len(), table.arms());
            say!("{}", in_words(&findings).trim_end());
            if texts.is_none() {
                say!("near-duplicate prompts: not looked for, there are no prompts");
            }
            say!("\n{}", tables(&table, &rows).trim_end());
        }
        self.write(&findings, &rows, name)
    }

    /// Writes the summary, its page and its charts, where a folder is named.
    fn write(&self, findings: &[Finding], rows: &[SummaryRow], name: String) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        store::write_summary(out, rows).map_err(Failure::failed)?;
        let context = report::Context {
            command: format!("barp data describe {} --out {}", self.source.file.display(), out.display()),
            simulated: false,
            experiment: name,
        };
        let page = report::write_description(out, findings, rows, &context).map_err(Failure::failed)?;
        let written = report::write(out, rows, &context).map_err(Failure::failed)?;
        // Whoever reads JSON reads nothing else.
        for path in [page].iter().chain(&written.charts).filter(|_| !self.json) {
            say!("{}", path.display());
        }
        Ok(())
    }
}

/// Warns on stderr of prices that may be missing.
pub(super) fn warn_of_free_calls(table: &Table) {
    let free = free_calls(table);
    for (model, calls) in free.iter().take(LINES) {
        complain!("warning: a price of 0 was read for {calls} calls of {model}");
    }
    if free.len() > LINES {
        complain!("warning: and of {} models more", free.len() - LINES);
    }
}

fn as_json(described: &Described<'_>) -> String {
    serde_json::to_string_pretty(described).expect("a summary is plain text and numbers")
}

/// One paragraph for each finding.
fn in_words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        text += &format!("{} ({}): {}\n", finding.severity.word(), finding.name, finding.what);
        finding.examples.iter().for_each(|example| text += &format!("  {example}\n"));
    }
    if text.is_empty() { "nothing odd was found\n".to_owned() } else { text }
}

/// Means by model, and by model and task.
fn tables(table: &Table, rows: &[SummaryRow]) -> String {
    let mut values: BTreeMap<(&str, &str, &str), &SummaryRow> = BTreeMap::new();
    for row in rows {
        // The whole table comes first: a task may be called `all` as well.
        values.entry((&row.task, &row.policy, &row.metric)).or_insert(row);
    }
    let value = |model: &str, task: &str, metric: &str, digits: usize| {
        values.get(&(task, model, metric)).map_or_else(|| "-".to_owned(), |row| format!("{:.digits$}", row.value))
    };
    let mut means = vec![["model", "quality", "USD/request", "oracle share"].map(str::to_owned)];
    means.extend(table.models().iter().take(LINES).map(|model| {
        let [quality, cost] = [(metric::QUALITY, 4), (metric::COST, 7)]
            .map(|(metric, digits)| value(model, words::ALL_TASKS, metric, digits));
        [model.clone(), quality, cost, value(model, words::ALL_TASKS, metric::ORACLE_SHARE, 3)]
    }));
    means.push([
        "nobody".into(),
        String::new(),
        String::new(),
        value("nobody", words::ALL_TASKS, metric::ORACLE_SHARE, 3),
    ]);

    let mut prompts = vec![0_usize; table.tasks().len()];
    (0..table.len()).for_each(|row| prompts[table.task(row)] += 1);
    let mut by_task = vec![["model", "task", "prompts", "quality", "USD/request"].map(str::to_owned)];
    let cells =
        table.tasks().iter().zip(prompts).flat_map(|cell| table.models().iter().map(move |model| (cell, model)));
    by_task.extend(cells.take(LINES).map(|((task, prompts), model)| {
        let [quality, cost] =
            [(metric::QUALITY, 4), (metric::COST, 7)].map(|(metric, digits)| value(model, task, metric, digits));
        [model.clone(), task.clone(), prompts.to_string(), quality, cost]
    }));
    let (models, lines) = (table.arms(), table.arms() * table.tasks().len());
    format!("{}{}\n{}{}", aligned(&means, 1), left_out(models), aligned(&by_task, 2), left_out(lines))
}

/// Says how many lines a table would have had beyond the most.
fn left_out(lines: usize) -> String {
    if lines <= LINES { String::new() } else { format!("and {} lines more: `--out DIR` writes all\n", lines - LINES) }
}
