//! CSV in and out: a header, commas, double quotes; an empty cell is missing.

use super::{Column, Frame, FrameError, real, whole};
use crate::write_whole;
use csv::{ErrorKind, ReaderBuilder, StringRecord, Writer};
use std::path::Path;

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path) -> Result<Frame, String> {
    let mut reader = ReaderBuilder::new().from_path(path).map_err(describe)?;
    let names: Vec<String> = reader.headers().map_err(describe)?.iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(describe)? {
        for (column, cell) in columns.iter_mut().zip(&record) {
            column.push(if cell.is_empty() { None } else { Some(cell.to_owned()) });
        }
    }
    Ok(Frame { columns: names.into_iter().zip(columns.into_iter().map(typed)).collect(), metadata: Vec::new() })
}

/// The narrowest column that holds every cell.
fn typed(cells: Vec<Option<String>>) -> Column {
    if cells.iter().all(Option::is_none) {
        return Column::Text(cells);
    }
    if let Some(numbers) = parsed(&cells, whole) {
        return Column::Integer(numbers);
    }
    match parsed(&cells, real) {
        Some(numbers) => Column::Real(numbers),
        None => Column::Text(cells),
    }
}

/// Every cell that is there, read by `parse`; None when one cannot be.
fn parsed<T>(cells: &[Option<String>], parse: fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
    let number = |text: &String| parse(text).map(Some);
    cells.iter().map(|cell| cell.as_ref().map_or(Some(None), number)).collect()
}

/// What went wrong, by line.
fn describe(error: csv::Error) -> String {
    match error.kind() {
        ErrorKind::Io(error) => error.to_string(),
        ErrorKind::UnequalLengths { pos: Some(at), expected_len, len } => {
            format!("line {}: {len} cells where the header has {expected_len}", at.line())
        }
        ErrorKind::Utf8 { pos: Some(at), .. } => format!("line {}: not UTF-8", at.line()),
        _ => error.to_string(),
    }
}

/// Writes a CSV file whose bytes depend on its content alone: beside, then renamed. Numbers are written in the fewest
/// digits that read back the same, missing cells empty; metadata is left out.
///
/// # Errors
/// When the file cannot be written, a column holds vectors, or the columns differ in length or share a name.
pub fn write_csv(path: &Path, frame: &Frame) -> Result<(), FrameError> {
    if let Some(flaw) = frame.flaw() {
        return Err(FrameError::new(path, flaw));
    }
    if let Some((name, _)) = frame.columns.iter().find(|(_, column)| matches!(column, Column::Vectors { .. })) {
        return Err(FrameError::new(path, format_args!("column `{name}`: CSV has no place for vectors")));
    }
    let bytes = encode(frame).map_err(|error| FrameError::new(path, error))?;
    write_whole(path, &bytes).map_err(|error| FrameError::new(path, error))
}

fn encode(frame: &Frame) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(frame.columns.iter().map(|(name, _)| name))?;
    for row in 0..frame.rows() {
        writer.write_record(frame.columns.iter().map(|(_, column)| column.text(row).unwrap_or_default()))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
