//! `barp log import`: a log with our own names of columns, streamed row by row.

use super::reading::LogSource;
use crate::commands::leaks;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use environments::Tokens;
use environments::sources::logged::{Log, LogColumns, LogError, LogRow};
use std::path::{Path, PathBuf};
use store::{Column, Frame, ParquetParts};

/// Rows of a log that are written at a time.
const PART_ROWS: usize = 1 << 16;

#[derive(Args)]
pub(crate) struct ImportLog {
    #[command(flatten)]
    source: LogSource,
    /// Folder for log.parquet
    #[arg(long)]
    out: PathBuf,
}

impl ImportLog {
    pub(super) fn run(self) -> Result<(), Failure> {
        let log = self.source.open()?;
        import(&log, &self.out)
    }
}

/// Writes the log with our own names of columns, in parts, so that its length does not matter; then says which of its
/// prompts are nearly the same.
fn import(log: &Log, out: &Path) -> Result<(), Failure> {
    let path = out.join("log.parquet");
    let (mut rows, mut parts) = (log.rows().map_err(Failure::input)?, None::<ParquetParts>);
    loop {
        let batch: Vec<LogRow> =
            rows.by_ref().take(PART_ROWS).collect::<Result<_, LogError>>().map_err(Failure::input)?;
        if batch.is_empty() {
            break;
        }
        let frame = frame(log, &batch);
        match &mut parts {
            Some(parts) => parts.write(&frame).map_err(Failure::failed)?,
            None => parts = Some(ParquetParts::create(&path, &frame).map_err(Failure::failed)?),
        }
    }
    if let Some(parts) = parts {
        parts.finish().map_err(Failure::failed)?;
    }
    say!("{} rows, {} models, {} tasks: {}", log.len(), log.models().len(), log.tasks().len(), path.display());
    leaks::of_log(log)
}

fn frame(log: &Log, rows: &[LogRow]) -> Frame {
    let text = |cell: &dyn Fn(&LogRow) -> Option<String>| Column::Text(rows.iter().map(cell).collect());
    let real = |cell: &dyn Fn(&LogRow) -> Option<f64>| Column::Real(rows.iter().map(cell).collect());
    let columns = [
        ("request_id", text(&|row| row.id.clone())),
        ("prompt", text(&|row| row.prompt.clone())),
        ("task", text(&|row| Some(log.tasks()[row.task].clone()))),
        ("model", text(&|row| Some(log.models()[row.arm.index()].clone()))),
        ("quality", real(&|row| row.quality.map(f64::from))),
        ("cost_usd", real(&|row| Some(row.cost.0))),
        ("propensity", real(&|row| row.propensity.map(f64::from))),
        ("w_cost", real(&|row| row.w_cost)),
        ("timestamp", text(&|row| row.time.map(|time| time.to_string()))),
        ("tenant", text(&|row| row.tenant.clone())),
    ];
    let mut columns: Vec<(String, Column)> = columns.map(|(name, column)| (name.to_owned(), column)).into();
    // What no row of the log has gets no column.
    let names = LogColumns::default();
    if log.survey().with_tokens > 0 {
        let tokens = |cell: fn(&Tokens) -> u32| real(&|row| row.tokens.as_ref().map(|tokens| cell(tokens).into()));
        columns.push((names.input_tokens, tokens(|tokens| tokens.input)));
        columns.push((names.cached_tokens, tokens(|tokens| tokens.cached)));
        columns.push((names.output_tokens, tokens(|tokens| tokens.output)));
    }
    if log.survey().with_latency > 0 {
        columns.push((names.latency, real(&|row| row.latency.map(|latency| latency.0.into()))));
    }
    Frame { columns, metadata: Vec::new() }
}
