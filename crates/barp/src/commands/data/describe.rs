//! `barp data describe`: what a table or a log holds, and what is odd about it, before anything is run.

use super::{Format, Source, leaks, log};
use crate::failure::Failure;
use crate::output::say;
use crate::table::aligned;
use clap::Args;
use environments::Table;
use std::path::PathBuf;
use store::SummaryRow;

#[derive(Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    source: Source,
    /// Folder for the summary (parquet and CSV) and, of tables, charts
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

impl Describe {
    pub(super) fn run(self) -> Result<(), Failure> {
        let name = self.source.name();
        if self.source.format == Format::Log {
            let log = self.source.log()?;
            let rows = experiment::describe_log(log.survey(), &name);
            if self.json {
                say!("{}", as_json(&rows));
            } else {
                say!("{}", log::describe(&log).trim_end());
                leaks::of_log(&log)?;
            }
            return self.summary(&rows);
        }
        let table = self.source.import()?.table;
        let rows = experiment::describe(&table, &name);
        if self.json {
            say!("{}", as_json(&rows));
        } else {
            say!("{}", described(&table, &rows).trim_end());
            self.source.leaks()?;
        }
        self.write(&rows, name)
    }

    /// Writes the summary, where a folder is named.
    fn summary(&self, rows: &[SummaryRow]) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        store::write_summary(out, rows).map_err(Failure::failed)
    }

    /// Writes the summary and its charts, where a folder is named.
    fn write(&self, rows: &[SummaryRow], name: String) -> Result<(), Failure> {
        self.summary(rows)?;
        let Some(out) = &self.out else { return Ok(()) };
        let context = report::Context {
            command: format!("barp data describe {} --out {}", self.source.file.display(), out.display()),
            simulated: false,
            experiment: name,
        };
        let written = report::write(out, rows, &context).map_err(Failure::failed)?;
        // Whoever reads JSON reads nothing else.
        for chart in written.charts.iter().filter(|_| !self.json) {
            say!("{}", chart.display());
        }
        Ok(())
    }
}

fn as_json(rows: &[SummaryRow]) -> String {
    serde_json::to_string_pretty(rows).expect("a summary is plain text and numbers")
}

/// Three plain tables: means by model, quality by model and task, and who is dominated.
fn described(table: &Table, rows: &[SummaryRow]) -> String {
    let value = |model: &str, task: &str, metric: &str| {
        let found = rows.iter().find(|row| row.policy == model && row.task == task && row.metric == metric);
        found.map_or(f64::NAN, |row| row.value)
    };
    let mut means = vec![["model", "quality", "USD/request", "oracle share"].map(str::to_owned)];
    means.extend(table.models().iter().map(|model| {
        let [quality, cost, share] = ["quality", "cost_usd", "oracle_share"].map(|metric| value(model, "all", metric));
        [model.clone(), format!("{quality:.4}"), format!("{cost:.7}"), format!("{share:.3}")]
    }));
    let nobody = value("nobody", "all", "oracle_share");
    means.push(["nobody".into(), String::new(), String::new(), format!("{nobody:.3}")]);

    let mut by_task = vec![["model", "task", "prompts", "quality", "USD/request"].map(str::to_owned)];
    for (position, task) in table.tasks().iter().enumerate() {
        let prompts = (0..table.len()).filter(|&row| table.task(row) == position).count();
        by_task.extend(table.models().iter().map(|model| {
            let [quality, cost] = ["quality", "cost_usd"].map(|metric| value(model, task, metric));
            [model.clone(), task.clone(), prompts.to_string(), format!("{quality:.4}"), format!("{cost:.7}")]
        }));
    }
    let mut text = format!("{} prompts, {} models\n\n", table.len(), table.arms());
    text += &format!("{}\n{}\n", aligned(&means, 1), aligned(&by_task, 2));
    for (model, by) in experiment::dominance(table).into_iter().filter(|(_, by)| !by.is_empty()) {
        text += &format!("{model} is dominated (no better and dearer on average) by {}\n", by.join(", "));
    }
    text
}
