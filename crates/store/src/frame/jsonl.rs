//! JSON in: one object for each row; an array of numbers is a vector; an absent key and null are missing cells.

use super::input::open_text;
use super::lines::BYTE_ORDER_MARK;
use super::values::{Next, Objects};
use super::vectors::VectorsBuilder;
use super::{Column, Frame};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// One value, without the tree that JSON wraps it in.
enum Cell {
    Missing,
    Integer(u64),
    Real(f64),
    Text(String),
    Numbers(Vec<f32>),
}

/// The pairs of one line in the order of the file.
struct Line(Pairs);

/// The cells of a row by name.
pub(super) type Pairs = Vec<(String, Value)>;

/// The line on which a row begins, and its cells, or why it has none.
type Numbered = (u64, Result<Pairs, String>);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        struct Cells;
        impl<'de> Visitor<'de> for Cells {
            type Value = Line;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Line(pairs))
            }
        }
        deserializer.deserialize_map(Cells)
    }
}

/// Size of the read buffers, in bytes.
const BUFFER: usize = 1 << 18;

/// A JSON file that is read row by row.
pub(super) struct JsonRows {
    source: Source,
    text: Vec<u8>,
}

enum Source {
    Lines { reader: Reader, number: u64 },
    Objects(Objects<Reader>),
}

type Reader = BufReader<Box<dyn Read + Send>>;

impl JsonRows {
    /// Opens the file at `path`, whose objects stand one on each line or, where not `by_line` or where the text begins with a list,
    /// anywhere.
    pub(super) fn open(path: &Path, by_line: bool) -> Result<JsonRows, String> {
        let mut reader = BufReader::with_capacity(BUFFER, open_text(path)?);
        let start = reader.fill_buf().map_err(|error| error.to_string())?;
        let mark = if start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let list = start[mark..].trim_ascii_start().starts_with(b"[");
        reader.consume(mark);
        let source =
            if by_line && !list { Source::Lines { reader, number: 0 } } else { Source::Objects(Objects::new(reader)) };
        Ok(JsonRows { source, text: Vec::new() })
    }

    /// The next row with the line on which it begins, or why it is none; blank lines are no rows.
    pub(super) fn next(&mut self) -> Result<Option<Numbered>, String> {
        let fail = |error: std::io::Error| error.to_string();
        let line = match &mut self.source {
            Source::Objects(objects) => match objects.next(&mut self.text).map_err(fail)? {
                Next::Object(line) => line,
                Next::End => return Ok(None),
                Next::Flaw(line, flaw) => return Ok(Some((line, Err(flaw)))),
            },
            Source::Lines { reader, number } => loop {
                self.text.clear();
                if reader.read_until(b'\n', &mut self.text).map_err(fail)? == 0 {
                    return Ok(None);
                }
                *number += 1;
                if !self.text.trim_ascii().is_empty() {
                    break *number;
                }
            },
        };
        Ok(Some((line, pairs(&self.text))))
    }
}

/// The cells of one object.
fn pairs(text: &[u8]) -> Result<Pairs, String> {
    let Line(fields) = serde_json::from_slice::<Line>(text.trim_ascii_end()).map_err(|error| malformed(&error))?;
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    match super::repeated(&names) {
        Some(name) => Err(format!("key `{name}` stands twice")),
        None => Ok(fields),
    }
}

/// Reads the file at `path`, whose objects stand one on each line or, where not `by_line`, anywhere; the message of a failure leaves the
/// path out.
pub(super) fn read(path: &Path, by_line: bool) -> Result<Frame, String> {
    let mut objects = JsonRows::open(path, by_line)?;
    let (mut places, mut columns, mut rows) = (BTreeMap::new(), Vec::<(String, Vec<Cell>)>::new(), 0);
    while let Some((number, row)) = objects.next()? {
        let pairs = row.map_err(|flaw| format!("line {number}: {flaw}"))?;
        for (name, value) in pairs {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), Vec::new()));
                columns.len() - 1
            });
            let (_, cells) = &mut columns[place];
            cells.resize_with(rows, || Cell::Missing);
            cells.push(Cell::from(value));
        }
        rows += 1;
    }
    let typed = columns.into_iter().map(|(name, mut cells)| {
        cells.resize_with(rows, || Cell::Missing);
        (name, typed(cells))
    });
    Ok(Frame { columns: typed.collect(), metadata: Vec::new() })
}

/// What is wrong with a line; serde's own "line 1" would mislead.
fn malformed(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("character {}: {what}", error.column())
}

impl From<Value> for Cell {
    fn from(value: Value) -> Cell {
        match value {
            Value::Null => Cell::Missing,
            Value::String(text) => Cell::Text(text),
            Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => Cell::Integer(whole),
                (None, Some(real)) => Cell::Real(real),
                (None, None) => Cell::Text(number.to_string()),
            },
            Value::Array(items) => {
                numbers(&items).map_or_else(|| Cell::Text(Value::Array(items).to_string()), Cell::Numbers)
            }
            Value::Bool(_) | Value::Object(_) => Cell::Text(value.to_string()),
        }
    }
}

/// The items as numbers, null as NaN; None when one is neither.
fn numbers(items: &[Value]) -> Option<Vec<f32>> {
    let number = |item: &Value| if item.is_null() { Some(f64::NAN) } else { item.as_f64() };
    items.iter().map(|item| number(item).map(|number| number as f32)).collect()
}

/// The narrowest column that holds every cell.
fn typed(cells: Vec<Cell>) -> Column {
    let only = |kind: fn(&Cell) -> bool| cells.iter().all(|cell| matches!(cell, Cell::Missing) || kind(cell));
    if cells.iter().all(|cell| matches!(cell, Cell::Missing)) {
        return Column::Text(vec![None; cells.len()]);
    }
    if only(|cell| matches!(cell, Cell::Numbers(_))) {
        let mut vectors = VectorsBuilder::default();
        for cell in &cells {
            if let Err(flaw) = vectors.push(if let Cell::Numbers(numbers) = cell { Some(numbers) } else { None }) {
                return Column::Unreadable { rows: cells.len(), flaw };
            }
        }
        return vectors.finish();
    }
    if only(|cell| matches!(cell, Cell::Integer(_))) {
        Column::Integer(
            cells.iter().map(|cell| if let Cell::Integer(value) = cell { Some(*value) } else { None }).collect(),
        )
    } else if only(|cell| matches!(cell, Cell::Integer(_) | Cell::Real(_))) {
        Column::Real(cells.iter().map(real).collect())
    } else {
        Column::Text(cells.into_iter().map(text).collect())
    }
}

fn real(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(value) => Some(*value as f64),
        Cell::Real(value) => Some(*value),
        Cell::Missing | Cell::Text(_) | Cell::Numbers(_) => None,
    }
}

fn text(cell: Cell) -> Option<String> {
    match cell {
        Cell::Missing => None,
        Cell::Integer(value) => Some(value.to_string()),
        Cell::Real(value) => Some(value.to_string()),
        Cell::Text(text) => Some(text),
        Cell::Numbers(numbers) => Some(format!("{numbers:?}")),
    }
}
