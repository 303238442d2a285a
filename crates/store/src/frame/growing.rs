//! A column that grows by one arrow array after another, so that a file is never held twice.

use super::Column;
use super::cells::{Cells, cast, is_vectors};
use super::parquet::ELEMENT;
use super::vectors::VectorsBuilder;
use arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use arrow::datatypes::{DataType, Field, Float32Type};
use std::sync::Arc;

/// A column and the rows that it has so far.
pub(super) struct Growing {
    rows: usize,
    values: Values,
}

enum Values {
    Integer(Vec<Option<u64>>),
    /// Becomes whole numbers, numbers or text when all are known.
    Signed(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
    Vectors(VectorsBuilder),
    Unreadable(String),
}

impl Growing {
    /// The column of no rows, for arrays of type `kind` with `rows` rows in all.
    pub(super) fn of(kind: &DataType, rows: usize) -> Growing {
        let values = if is_vectors(kind) {
            Values::Vectors(VectorsBuilder::for_rows(rows))
        } else {
            match Cells::of(&new_empty_array(kind)) {
                Cells::Unsigned(_) => Values::Integer(Vec::new()),
                Cells::Signed(_) => Values::Signed(Vec::new()),
                Cells::Real(_) => Values::Real(Vec::new()),
                Cells::Unreadable { flaw, .. } => Values::Unreadable(flaw),
                Cells::Null | Cells::Bool(_) | Cells::Text(_) | Cells::List { .. } | Cells::Object { .. } => {
                    Values::Text(Vec::new())
                }
            }
        };
        Growing { rows: 0, values }
    }

    /// Appends the rows of `array`; the column becomes unreadable with the first that cannot be read.
    pub(super) fn extend(&mut self, array: &ArrayRef) {
        if let Err(flaw) = self.values.extend(array) {
            self.values = Values::Unreadable(flaw);
        }
        self.rows += array.len();
    }

    /// The column.
    pub(super) fn finish(self) -> Column {
        match self.values {
            Values::Integer(cells) => Column::Integer(cells),
            Values::Signed(cells) => signed(cells),
            Values::Real(cells) => Column::Real(cells),
            Values::Text(cells) => Column::Text(cells),
            Values::Vectors(vectors) => vectors.finish(),
            Values::Unreadable(flaw) => Column::Unreadable { rows: self.rows, flaw },
        }
    }
}

impl Values {
    fn extend(&mut self, array: &ArrayRef) -> Result<(), String> {
        match self {
            Values::Unreadable(_) => return Ok(()),
            Values::Vectors(vectors) => return extend_vectors(vectors, array),
            _ => {}
        }
        match (self, Cells::of(array)) {
            (Values::Integer(cells), Cells::Unsigned(more)) => cells.extend(&more),
            (Values::Signed(cells), Cells::Signed(more)) => cells.extend(&more),
            (Values::Real(cells), Cells::Real(more)) => cells.extend(&more),
            (Values::Text(cells), Cells::Text(more)) => cells.extend(more.iter().map(|cell| cell.map(str::to_owned))),
            (Values::Text(_), Cells::Unreadable { flaw, .. }) => return Err(flaw),
            (Values::Text(cells), more) => {
                if let Some(flaw) = more.flaw() {
                    return Err(flaw.to_owned());
                }
                let text = |value: serde_json::Value| if value.is_null() { None } else { Some(value.to_string()) };
                cells.extend((0..array.len()).map(|row| text(more.value(row))));
            }
            (_, Cells::Unreadable { flaw, .. }) => return Err(flaw),
            _ => return Err(format!("type {} differs between parts of the file", array.data_type())),
        }
        Ok(())
    }
}

/// Whole numbers if none is negative, else reals, or text where a real would lose digits.
fn signed(cells: Vec<Option<i64>>) -> Column {
    let exact = |value: &i64| value.unsigned_abs() <= 1 << 53;
    if cells.iter().flatten().all(|value| *value >= 0) {
        Column::Integer(cells.into_iter().map(|cell| cell.map(i64::unsigned_abs)).collect())
    } else if cells.iter().flatten().all(exact) {
        Column::Real(cells.into_iter().map(|cell| cell.map(|value| value as f64)).collect())
    } else {
        Column::Text(cells.into_iter().map(|cell| cell.map(|value| value.to_string())).collect())
    }
}

fn extend_vectors(vectors: &mut VectorsBuilder, array: &ArrayRef) -> Result<(), String> {
    let element = Arc::new(Field::new(ELEMENT, DataType::Float32, true));
    let lists = cast(array, &DataType::LargeList(element))?;
    let lists = lists.as_list::<i64>();
    for row in 0..lists.len() {
        let list = if lists.is_null(row) { None } else { Some(lists.value(row)) };
        let numbers = list.as_ref().map(|list| list.as_primitive::<Float32Type>());
        match numbers {
            Some(numbers) if numbers.null_count() > 0 => {
                let filled: Vec<f32> = numbers.iter().map(|number| number.unwrap_or(f32::NAN)).collect();
                vectors.push(Some(&filled))?;
            }
            numbers => vectors.push(numbers.map(|numbers| numbers.values().as_ref()))?,
        }
    }
    Ok(())
}
