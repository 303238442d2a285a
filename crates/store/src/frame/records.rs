//! Rows one at a time, for files that need not fit into memory: parquet, CSV and JSONL.
//!
//! A line that is no row (malformed JSON, a cell too few) is handed out with its flaw instead of ending the reading, so that
//! the caller can count it: nothing is skipped in silence.

use super::cells::unreadable;
use super::dialect::{Decimal, Dialect, Format};
use super::jsonl::{Line, malformed};
use super::lines::BYTE_ORDER_MARK;
use super::number::{point_among_commas, with_point};
use super::parquet_in::{Batch, Batches};
use super::{FrameError, csv};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Size of the read buffers, in bytes.
const BUFFER: usize = 1 << 18;

/// One row of a file. Empty CSV cells and missing parquet cells are null; parquet structs are objects, lists are arrays, moments
/// are RFC 3339 text, and a cell that cannot be read is an object with the key `unreadable`, which is neither text nor number.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Where it stands: the line of a CSV or JSONL file on which it begins, the row of a parquet file, from 1.
    pub place: u64,
    /// Why it cannot be read; `fields` is then empty.
    pub flaw: Option<String>,
    /// Cells by name, in file order.
    pub fields: Vec<(String, Value)>,
    /// Whether the format writes an empty text as it writes a missing cell, as CSV does: both are null.
    pub blank_is_null: bool,
}

impl Record {
    /// Whether the cell called `name` is there and may be an empty text.
    pub fn may_be_empty(&self, name: &str) -> bool {
        let blank = |value: &Value| value == "" || (self.blank_is_null && value.is_null());
        self.fields.iter().any(|(known, value)| known == name && blank(value))
    }

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
    Csv { rows: Box<csv::Rows>, decimal: Decimal },
    Jsonl { reader: BufReader<File>, line: Vec<u8>, number: u64 },
    Parquet { batches: Box<Batches>, batch: Batch, row: usize, before: u64 },
}

impl Records {
    /// Opens a parquet, CSV or JSONL file, told apart by its ending as [`super::read`] does.
    ///
    /// # Errors
    /// When the file cannot be opened, its ending is none of these, or a CSV header names a column twice.
    pub fn open(path: &Path) -> Result<Records, FrameError> {
        Records::open_with(path, &Dialect::default())
    }

    /// As [`Records::open`], of a CSV file written in `dialect`. With decimal commas, every cell that is a number gets a
    /// point.
    ///
    /// # Errors
    /// As [`Records::open`]; also when a dialect is given for a file that is no CSV, and when the header of a CSV is one
    /// column whose name holds another delimiter.
    pub fn open_with(path: &Path, dialect: &Dialect) -> Result<Records, FrameError> {
        let source = open(path, dialect).map_err(|message| FrameError { path: path.to_owned(), message })?;
        Ok(Records { path: path.to_owned(), source })
    }

    /// Replaces `record` by the next row; false at the end of the file. Blank JSONL lines are no rows.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, FrameError> {
        record.flaw = None;
        let result = match &mut self.source {
            Source::Csv { rows, decimal } => read_csv(rows, *decimal, record),
            Source::Jsonl { reader, line, number } => read_jsonl(reader, line, number, record),
            Source::Parquet { batches, batch, row, before } => read_parquet(batches, batch, row, before, record),
        };
        result.map_err(|message| FrameError { path: self.path.clone(), message })
    }
}

fn open(path: &Path, dialect: &Dialect) -> Result<Source, String> {
    Ok(match Format::of(path, dialect)? {
        Format::Csv(delimiter) => {
            let rows = csv::Rows::open(path, delimiter, dialect)?;
            if let Some(name) = super::repeated(&rows.names.iter().map(String::as_str).collect::<Vec<_>>()) {
                return Err(format!("two columns are called `{name}`"));
            }
            Source::Csv { rows: Box::new(rows), decimal: dialect.decimal }
        }
        Format::Jsonl => {
            let file = File::open(path).map_err(|error| error.to_string())?;
            Source::Jsonl { reader: BufReader::with_capacity(BUFFER, file), line: Vec::new(), number: 0 }
        }
        Format::Parquet => {
            let batches = Box::new(Batches::open(path)?);
            Source::Parquet { batches, batch: Batch::default(), row: 0, before: 0 }
        }
    })
}

fn read_csv(rows: &mut csv::Rows, decimal: Decimal, record: &mut Record) -> Result<bool, String> {
    if !rows.next()? {
        return Ok(false);
    }
    record.blank_is_null = true;
    record.place = rows.line();
    record.flaw = rows.flaw();
    if record.flaw.is_some() {
        record.fields.clear();
        return Ok(true);
    }
    if record.fields.len() != rows.names.len() {
        record.fields = rows.names.iter().map(|name| (name.clone(), Value::Null)).collect();
    }
    for (cell, (_, value)) in rows.cells.iter().zip(&mut record.fields) {
        let text = std::str::from_utf8(cell).expect("a row without a flaw is UTF-8");
        *value = match text {
            "" => Value::Null,
            text if decimal == Decimal::Comma => match (with_point(text), point_among_commas(text)) {
                (Some(number), _) => Value::String(number),
                (None, Some(flaw)) => unreadable(&flaw),
                (None, None) => Value::String(text.to_owned()),
            },
            text => Value::String(text.to_owned()),
        };
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
        if *number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
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
    batches: &mut Batches,
    batch: &mut Batch,
    row: &mut usize,
    before: &mut u64,
    record: &mut Record,
) -> Result<bool, String> {
    while *row >= batch.rows {
        *before += batch.rows as u64;
        *row = 0;
        match batches.next() {
            None => {
                *batch = Batch::default();
                return Ok(false);
            }
            Some(next) => *batch = next?,
        }
    }
    record.place = *before + *row as u64 + 1;
    record.fields.clear();
    record.fields.extend(batch.columns.iter().map(|(name, cells)| (name.clone(), cells.value(*row))));
    *row += 1;
    Ok(true)
}
