//! `barp log describe`: what a log holds, before anything is learnt from it.

use super::reading::LogSource;
use crate::commands::leaks;
use crate::failure::Failure;
use crate::output::say;
use crate::table::{aligned, dollars, score};
use clap::Args;
use environments::sources::logged::{Log, Survey};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct DescribeLog {
    #[command(flatten)]
    source: LogSource,
    /// Folder for the summary (parquet and CSV)
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the rows of the summary as JSON
    #[arg(long)]
    json: bool,
}

impl DescribeLog {
    pub(super) fn run(self) -> Result<(), Failure> {
        let log = self.source.open()?;
        let rows = experiment::log::describe_log(log.survey(), &self.source.name());
        if self.json {
            let text = serde_json::to_string_pretty(&json!({ "summary": rows }));
            say!("{}", text.expect("a summary is plain text and numbers"));
        } else {
            say!("{}", in_words(&log).trim_end());
            leaks::of_log(&log)?;
        }
        self.out.map_or(Ok(()), |out| store::write_summary(&out, &rows).map_err(Failure::failed))
    }
}

/// Says what is in a log.
fn in_words(log: &Log) -> String {
    let survey = log.survey();
    let mut text = format!("{} rows, {} models, {} tasks\n", survey.rows, log.models().len(), log.tasks().len());
    if let Some(time) = survey.time {
        text += &format!("from {} to {}\n", time.low, time.high);
    }
    let share = |count: u64| 100.0 * count as f64 / survey.rows as f64;
    text += &format!(
        "with a prompt {:.1} %, a score {:.1} %, a propensity {:.1} %",
        share(survey.with_prompt),
        share(survey.with_quality),
        share(survey.with_propensity)
    );
    if let Some(range) = survey.propensity {
        text += &format!(" ({} to {})", range.low, range.high);
    }
    text += "\n\n";
    text += &aligned(&by_model(survey), 1);
    text.push('\n');
    text += &aligned(&by_task(survey), 2);
    let others =
        if survey.other_tenants > 0 { format!(", {} rows of others", survey.other_tenants) } else { String::new() };
    if !survey.tenants.is_empty() {
        text += &format!("\n{} tenants{others}\n", survey.tenants.len());
    }
    text + "\na log shows chosen models only: means are over the requests each was chosen for\n"
}

fn by_model(survey: &Survey) -> Vec<[String; 5]> {
    let mut lines = vec![["model", "rows", "share", "quality", "USD/request"].map(str::to_owned)];
    lines.extend(survey.models.iter().enumerate().map(|(at, model)| {
        let cell = survey.of_model(at);
        let share = format!("{:.3}", cell.rows as f64 / survey.rows as f64);
        [model.clone(), cell.rows.to_string(), share, score(cell.mean_quality()), dollars(cell.mean_dollars())]
    }));
    lines
}

fn by_task(survey: &Survey) -> Vec<[String; 6]> {
    let mut lines = vec![["task", "model", "rows", "scored", "quality", "USD/request"].map(str::to_owned)];
    for (task, cells) in survey.tasks.iter().zip(&survey.cells) {
        lines.extend(survey.models.iter().zip(cells).map(|(model, cell)| {
            let (rows, scored) = (cell.rows.to_string(), cell.scored.to_string());
            [task.clone(), model.clone(), rows, scored, score(cell.mean_quality()), dollars(cell.mean_dollars())]
        }));
    }
    lines
}
