//! Rows one at a time, for files that need not fit into memory: parquet, CSV, JSONL and JSON.
//!
//! A line that is no row (malformed JSON, a cell too few) is handed out with its flaw instead of ending the reading, so that
//! the caller can count it: nothing is skipped in silence.

use super::cells::unreadable;
use super::dialect::{Decimal, Dialect, Format};
use super::jsonl::JsonRows;
use super::number::{point_among_commas, with_point};
use super::parquet_in::{Batch, Batches};
use super::{FrameError, csv};
use serde_json::Value;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What stands between names of which the first that leads to something counts.
const OR: &str = " or ";

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

    /// The cell called `name`, or, where none is, the one that `name` leads to as a dotted path through JSON objects, lists (by
    /// position from 0) and text that holds either: `usage.prompt_tokens`, `scores.0.value`. A key that holds dots may be written as it
    /// is, or with a backslash before each: `attributes.gen_ai\\.system`. Of several names (`response_model or model`) the first that
    /// leads to something. None where it is absent or null.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        let there = |name: &str| self.lookup(name).filter(|value| !value.is_null());
        there(name).or_else(|| name.contains(OR).then(|| name.split(OR).find_map(there))?)
    }

    /// Whether [`Record::get`] finds a cell, be it null.
    pub fn has(&self, name: &str) -> bool {
        let there = |name: &str| self.lookup(name).is_some();
        there(name) || name.split(OR).any(there)
    }

    fn lookup(&self, name: &str) -> Option<Cow<'_, Value>> {
        match self.cell(name) {
            Some(cell) => Some(Cow::Borrowed(cell)),
            None => splits(name).find_map(|(first, rest)| follow(self.cell(&first)?, rest)),
        }
    }

    fn cell(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// A path as its first key and the rest, at each dot without a backslash before it.
fn splits(path: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let dots = path.match_indices('.').map(|(at, _)| at);
    let open = dots.filter(|&at| !path[..at].ends_with('\\'));
    open.map(|at| (unescaped(&path[..at]), &path[at + 1..]))
}

fn unescaped(key: &str) -> Cow<'_, str> {
    if key.contains("\\.") { Cow::Owned(key.replace("\\.", ".")) } else { Cow::Borrowed(key) }
}

/// What `path` leads to from `value`; the shortest first key that leads anywhere.
fn follow<'a>(value: &'a Value, path: &str) -> Option<Cow<'a, Value>> {
    if let Value::String(text) = value {
        let inner: Value = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())??;
        return follow(&inner, path).map(|found| Cow::Owned(found.into_owned()));
    }
    let step = |key: &str| match value {
        Value::Object(object) => object.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    };
    if let Some(found) = step(&unescaped(path)) {
        return Some(Cow::Borrowed(found));
    }
    splits(path).find_map(|(key, rest)| follow(step(&key)?, rest))
}

/// A file that is read row by row.
pub struct Records {
    path: PathBuf,
    source: Source,
}

enum Source {
    Csv { rows: Box<csv::Rows>, decimal: Decimal },
    Json(Box<JsonRows>),
    Parquet { batches: Box<Batches>, batch: Batch, row: usize, before: u64 },
}

impl Records {
    /// Opens a parquet, CSV, JSONL or JSON file, told apart by its ending as [`super::read`] does.
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
            Source::Json(rows) => read_json(rows, record),
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
        Format::Jsonl => Source::Json(Box::new(JsonRows::open(path, true)?)),
        Format::Json => Source::Json(Box::new(JsonRows::open(path, false)?)),
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

fn read_json(rows: &mut JsonRows, record: &mut Record) -> Result<bool, String> {
    let Some((line, row)) = rows.next()? else { return Ok(false) };
    record.place = line;
    record.fields.clear();
    match row {
        Ok(fields) => record.fields = fields,
        Err(flaw) => record.flaw = Some(flaw),
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
