//! Rows one at a time, for files that need not fit into memory: parquet, CSV and JSONL.
//!
//! A line that is no row (malformed JSON, a cell too few) is handed out with its flaw instead of ending the reading, so that
//! the caller can count it: nothing is skipped in silence.

use super::jsonl::{Line, malformed};
use super::{Column, Frame, FrameError, parquet};
use ::csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Size of the read buffers, in bytes.
const BUFFER: usize = 1 << 18;

/// One row of a file. Empty CSV cells and missing parquet cells are null.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Where it stands: the line of a CSV (the header is line 1) or JSONL file, the row of a parquet file, from 1.
    pub place: u64,
    /// Why it cannot be read; `fields` is then empty.
    pub flaw: Option<String>,
    /// Cells by name, in file order.
    pub fields: Vec<(String, Value)>,
}

impl Record {
    /// The cell called `name`, or, where none is, the one that `name` leads to as a dotted path through JSON objects
    /// (`usage.prompt_tokens`). None where it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let top = |name: &str| self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let found = top(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.').try_fold(top(first)?, |value, key| value.get(key))
        });
        found.filter(|value| !value.is_null())
    }
}

/// A file that is read row by row.
pub struct Records {
    path: PathBuf,
    source: Source,
}

enum Source {
    Csv { reader: Box<::csv::Reader<File>>, names: Vec<String>, cells: ByteRecord },
    Jsonl { reader: BufReader<File>, line: Vec<u8>, number: u64 },
    Parquet { batches: Box<parquet::Batches>, frame: Frame, row: usize, before: u64 },
}

impl Records {
    /// Opens a parquet, CSV or JSONL file, told apart by its ending.
    ///
    /// # Errors
    /// When the file cannot be opened, its ending is none of the three, or a CSV header names a column twice.
    pub fn open(path: &Path) -> Result<Records, FrameError> {
        let fail = |message: &dyn std::fmt::Display| FrameError::new(path, message);
        let source = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => {
                let file = File::open(path).map_err(|error| fail(&error))?;
                let mut builder = ReaderBuilder::new();
                let mut reader = builder.flexible(true).buffer_capacity(BUFFER).from_reader(file);
                let header = reader.headers().map_err(|error| fail(&error))?;
                let names: Vec<String> = header.iter().map(str::to_owned).collect();
                if let Some(name) = super::repeated(&names.iter().map(String::as_str).collect::<Vec<_>>()) {
                    return Err(fail(&format_args!("two columns are called `{name}`")));
                }
                Source::Csv { reader: Box::new(reader), names, cells: ByteRecord::new() }
            }
            Some("jsonl") => {
                let file = File::open(path).map_err(|error| fail(&error))?;
                Source::Jsonl { reader: BufReader::with_capacity(BUFFER, file), line: Vec::new(), number: 0 }
            }
            Some("parquet") => {
                let batches = parquet::Batches::open(path).map_err(|error| fail(&error))?;
                Source::Parquet { batches: Box::new(batches), frame: Frame::default(), row: 0, before: 0 }
            }
            _ => return Err(fail(&"the ending must be .parquet, .csv or .jsonl")),
        };
        Ok(Records { path: path.to_owned(), source })
    }

    /// Replaces `record` by the next row; false at the end of the file. Blank JSONL lines are no rows.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, FrameError> {
        record.flaw = None;
        let result = match &mut self.source {
            Source::Csv { reader, names, cells } => read_csv(reader, names, cells, record),
            Source::Jsonl { reader, line, number } => read_jsonl(reader, line, number, record),
            Source::Parquet { batches, frame, row, before } => read_parquet(batches, frame, row, before, record),
        };
        result.map_err(|message| FrameError { path: self.path.clone(), message })
    }
}

fn read_csv(
    reader: &mut ::csv::Reader<File>,
    names: &[String],
    cells: &mut ByteRecord,
    record: &mut Record,
) -> Result<bool, String> {
    if !reader.read_byte_record(cells).map_err(|error| error.to_string())? {
        return Ok(false);
    }
    record.place = cells.position().map_or(0, ::csv::Position::line);
    if cells.len() != names.len() {
        record.fields.clear();
        record.flaw = Some(format!("{} cells where the header has {}", cells.len(), names.len()));
        return Ok(true);
    }
    if record.fields.len() != names.len() {
        record.fields = names.iter().map(|name| (name.clone(), Value::Null)).collect();
    }
    for (at, (cell, (_, value))) in cells.iter().zip(&mut record.fields).enumerate() {
        *value = match std::str::from_utf8(cell) {
            Ok("") => Value::Null,
            Ok(text) => Value::String(text.to_owned()),
            Err(_) => {
                record.flaw = Some(format!("column `{}`: not UTF-8", names[at]));
                Value::Null
            }
        };
    }
    if record.flaw.is_some() {
        record.fields.clear();
    }
    Ok(true)
}

fn read_jsonl(
    reader: &mut BufReader<File>,
    line: &mut Vec<u8>,
    number: &mut u64,
    record: &mut Record,
) -> Result<bool, String> {
    loop {
        line.clear();
        if reader.read_until(b'\n', line).map_err(|error| error.to_string())? == 0 {
            return Ok(false);
        }
        *number += 1;
        if !line.trim_ascii().is_empty() {
            break;
        }
    }
    record.place = *number;
    record.fields.clear();
    match serde_json::from_slice::<Line>(line.trim_ascii_end()) {
        Err(error) => record.flaw = Some(malformed(&error)),
        Ok(Line(fields)) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            match super::repeated(&names) {
                Some(name) => record.flaw = Some(format!("key `{name}` stands twice")),
                None => record.fields = fields,
            }
        }
    }
    Ok(true)
}

fn read_parquet(
    batches: &mut parquet::Batches,
    frame: &mut Frame,
    row: &mut usize,
    before: &mut u64,
    record: &mut Record,
) -> Result<bool, String> {
    while *row >= frame.rows() {
        *before += frame.rows() as u64;
        *row = 0;
        match batches.next() {
            None => {
                *frame = Frame::default();
                return Ok(false);
            }
            Some(next) => *frame = next?,
        }
    }
    record.place = *before + *row as u64 + 1;
    record.fields.clear();
    record.fields.extend(frame.columns.iter().map(|(name, column)| (name.clone(), cell(column, *row))));
    *row += 1;
    Ok(true)
}

/// The cell of `row` as JSON; a number that JSON cannot hold (NaN) is its name as text.
fn cell(column: &Column, row: usize) -> Value {
    let real = |value: f64| {
        serde_json::Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
    };
    match column {
        Column::Text(cells) => cells[row].clone().map_or(Value::Null, Value::String),
        Column::Integer(cells) => cells[row].map_or(Value::Null, Value::from),
        Column::Real(cells) => cells[row].map_or(Value::Null, real),
        Column::Vectors { width, values } => {
            values[row * width..][..*width].iter().map(|&value| real(f64::from(value))).collect()
        }
    }
}
