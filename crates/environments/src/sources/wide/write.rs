//! A table as a file that is read back unchanged.

use super::{CACHED_TOKENS, ColumnMap, GROUP, INPUT_TOKENS, LATENCY, OUTPUT_TOKENS, TASK_COLUMNS};
use crate::Table;
use std::ops::Range;
use std::path::Path;
use store::{Column, Frame, FrameError, ParquetParts};

/// Rows `rows` of the table as columns that [`super::import`] reads back with the default [`ColumnMap`] and [`super::Features::Column`]:
/// `sample_id`, `task`, `prompt` where the table has texts, `group` where its prompts belong to something, for each model its
/// quality and dollars, its tokens and latency where any model has them, and `embedding`. A gap is an empty cell.
fn to_frame(table: &Table, rows: Range<usize>) -> Frame {
    let rows = || rows.clone();
    let map = ColumnMap::default();
    let real = |cell: &dyn Fn(usize) -> Option<f64>| Column::Real(rows().map(cell).collect());
    let text = |cell: &dyn Fn(usize) -> String| Column::Text(rows().map(|row| Some(cell(row))).collect());
    let mut columns = vec![
        (map.id, text(&|row| table.id(row).to_owned())),
        (TASK_COLUMNS[0].to_owned(), text(&|row| table.tasks()[table.task(row)].clone())),
    ];
    if let Some(prompts) = table.prompts() {
        columns.push((map.prompt, text(&|row| prompts[row].clone())));
    }
    if let Some(groups) = table.groups() {
        columns.push((GROUP.to_owned(), text(&|row| groups[row].clone())));
    } else if table.prompts().is_none() && table.repeated() > 0 {
        // What equal texts were goes with them, unless it is written down.
        columns.push((GROUP.to_owned(), text(&|row| table.id(table.first_of(row)).to_owned())));
    }
    let timed = table.timed() > 0;
    for (arm, model) in table.models().iter().enumerate() {
        let mut push = |suffix: &str, cell: &dyn Fn(usize) -> Option<f64>| {
            columns.push((format!("{model}{suffix}"), real(cell)));
        };
        let outcome = |row: usize| table.outcome(row, arm);
        let tokens = |row: usize| table.tokens(row, arm);
        push("", &|row| outcome(row).map(|outcome| outcome.quality.into()));
        push(&map.cost_suffix, &|row| outcome(row).map(|outcome| outcome.cost.0));
        if table.has_tokens() {
            push(INPUT_TOKENS, &|row| tokens(row).map(|tokens| tokens.input.into()));
            push(CACHED_TOKENS, &|row| tokens(row).map(|tokens| tokens.cached.into()));
            push(OUTPUT_TOKENS, &|row| tokens(row).map(|tokens| tokens.output.into()));
        }
        if timed {
            push(LATENCY, &|row| outcome(row).and_then(|outcome| outcome.latency).map(|latency| latency.0.into()));
        }
    }
    let values = rows().flat_map(|row| table.features(row)).copied().collect();
    columns.push((map.embedding, Column::Vectors { width: table.dimension(), values }));
    Frame { columns, metadata: Vec::new() }
}

/// Writes the table so that [`super::import`] reads it back with the default [`ColumnMap`], some thousand rows at a time. Texts
/// of prompts, tokens and latencies are written where the table has any; a gap is an empty cell.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table(path: &Path, table: &Table) -> Result<(), FrameError> {
    const PART: usize = 8192;
    let mut file = ParquetParts::create(path, &to_frame(table, 0..PART.min(table.len())))?;
    for start in (PART..table.len()).step_by(PART) {
        file.write(&to_frame(table, start..table.len().min(start + PART)))?;
    }
    file.finish()
}
