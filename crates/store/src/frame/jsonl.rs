//! JSONL in: one object for each line; an array of numbers is a vector; an absent key and null are missing cells.

use super::vectors::VectorsBuilder;
use super::{Column, Frame};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
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
pub(super) struct Line(pub(super) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
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
        deserializer.deserialize_map(Pairs)
    }
}

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path) -> Result<Frame, String> {
    let file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let (mut places, mut columns, mut rows) = (BTreeMap::new(), Vec::<(String, Vec<Cell>)>::new(), 0);
    for (number, line) in file.lines().enumerate() {
        let line = line.map_err(|error| format!("line {}: {error}", number + 1))?;
        let line = without_mark(&line, number == 0);
        if line.trim().is_empty() {
            continue;
        }
        let Line(pairs) =
            serde_json::from_str(line).map_err(|error| format!("line {}, {}", number + 1, malformed(&error)))?;
        for (name, value) in pairs {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push((name.clone(), Vec::new()));
                columns.len() - 1
            });
            let (name, cells) = &mut columns[place];
            if cells.len() > rows {
                return Err(format!("line {}: key `{name}` stands twice", number + 1));
            }
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

/// A line without the byte order mark that the first may begin with.
fn without_mark(line: &str, first: bool) -> &str {
    if first { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line }
}

/// What is wrong with a line; serde's own "line 1" would mislead.
pub(super) fn malformed(error: &serde_json::Error) -> String {
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
