//! Arrow arrays as cells of a few kinds: what many programs write in many types, and where it is nested.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeStringArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use serde_json::Value;
use std::sync::Arc;

/// The cells of one array.
pub(super) enum Cells {
    /// None of them has a value.
    Null,
    Bool(BooleanArray),
    Unsigned(UInt64Array),
    Signed(Int64Array),
    Real(Float64Array),
    /// Text; moments, days, durations and decimals as their text.
    Text(LargeStringArray),
    /// Lists: `items` from the offset of the row to the next; of a map, its entries.
    List {
        nulls: Option<NullBuffer>,
        offsets: Vec<usize>,
        items: Box<Cells>,
        map: bool,
    },
    /// Objects, field by field.
    Object {
        nulls: Option<NullBuffer>,
        fields: Vec<(String, Cells)>,
    },
    /// Cells that are none of these.
    Unreadable {
        nulls: Option<NullBuffer>,
        flaw: String,
    },
}

impl Cells {
    /// The cells of `array`.
    pub(super) fn of(array: &ArrayRef) -> Cells {
        Cells::read(array).unwrap_or_else(|flaw| Cells::Unreadable { nulls: array.logical_nulls(), flaw })
    }

    fn read(array: &ArrayRef) -> Result<Cells, String> {
        Ok(match array.data_type() {
            DataType::Null => Cells::Null,
            DataType::Dictionary(_, value) => return Cells::read(&cast(array, value)?),
            DataType::RunEndEncoded(_, value) => return Cells::read(&cast(array, value.data_type())?),
            DataType::Boolean => Cells::Bool(array.as_boolean().clone()),
            kind if kind.is_unsigned_integer() => {
                Cells::Unsigned(cast(array, &DataType::UInt64)?.as_primitive::<UInt64Type>().clone())
            }
            kind if kind.is_signed_integer() => {
                Cells::Signed(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            kind if kind.is_floating() => {
                Cells::Real(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Timestamp(unit, Some(_)) => Cells::Text(text(&in_utc(array, *unit))?),
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item) => list(array, item)?,
            DataType::Map(..) => {
                let map = array.as_map();
                let entries: ArrayRef = Arc::new(map.entries().clone());
                let offsets = map.offsets().iter().map(|&offset| offset as usize).collect();
                Cells::List { nulls: map.nulls().cloned(), offsets, items: Box::new(Cells::of(&entries)), map: true }
            }
            DataType::Struct(names) => {
                let object = array.as_struct();
                let fields = names.iter().zip(object.columns());
                let fields = fields.map(|(field, array)| (field.name().clone(), Cells::of(array))).collect();
                Cells::Object { nulls: object.nulls().cloned(), fields }
            }
            _ => Cells::Text(text(array)?),
        })
    }

    /// The cell of `row` as JSON, null where it is missing. A number that JSON cannot hold (NaN) is its name as text; a cell
    /// that cannot be read is an object with the key `unreadable`, which is neither text nor number.
    pub(super) fn value(&self, row: usize) -> Value {
        let missing = |nulls: &Option<NullBuffer>| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match self {
            Cells::Null => Value::Null,
            Cells::Bool(cells) if cells.is_valid(row) => Value::Bool(cells.value(row)),
            Cells::Unsigned(cells) if cells.is_valid(row) => cells.value(row).into(),
            Cells::Signed(cells) if cells.is_valid(row) => cells.value(row).into(),
            Cells::Real(cells) if cells.is_valid(row) => {
                let value = cells.value(row);
                serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
            }
            Cells::Text(cells) if cells.is_valid(row) => cells.value(row).into(),
            Cells::List { nulls, offsets, items, map } if !missing(nulls) => {
                let range = offsets[row]..offsets[row + 1];
                match &**items {
                    Cells::Object { fields, .. } if *map => entries(fields, range),
                    items => range.map(|row| items.value(row)).collect(),
                }
            }
            Cells::Object { nulls, fields } if !missing(nulls) => {
                Value::Object(fields.iter().map(|(name, cells)| (name.clone(), cells.value(row))).collect())
            }
            Cells::Unreadable { nulls, flaw } if !missing(nulls) => unreadable(flaw),
            _ => Value::Null,
        }
    }

    /// What keeps the cells, or those within them, from being read; None if all can be.
    pub(super) fn flaw(&self) -> Option<&str> {
        match self {
            Cells::Unreadable { flaw, .. } => Some(flaw),
            Cells::List { items, .. } => items.flaw(),
            Cells::Object { fields, .. } => fields.iter().find_map(|(_, cells)| cells.flaw()),
            _ => None,
        }
    }
}

/// What stands for a cell that cannot be read, neither text nor number.
pub(super) fn unreadable(flaw: &str) -> Value {
    serde_json::json!({ "unreadable": flaw })
}

/// The entries of a map as an object; as pairs where a key is no text.
fn entries(fields: &[(String, Cells)], rows: std::ops::Range<usize>) -> Value {
    let [(_, keys), (_, values)] = fields else { return Value::Null };
    let pairs: Vec<(Value, Value)> = rows.map(|row| (keys.value(row), values.value(row))).collect();
    let named: Option<serde_json::Map<String, Value>> =
        pairs.iter().map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone()))).collect();
    named.map_or_else(|| pairs.into_iter().map(|(key, value)| Value::from(vec![key, value])).collect(), Value::Object)
}

fn list(array: &ArrayRef, item: &Arc<Field>) -> Result<Cells, String> {
    let lists = cast(array, &DataType::LargeList(Arc::clone(item)))?;
    let lists = lists.as_list::<i64>();
    let offsets = lists.offsets().iter().map(|&offset| offset as usize).collect();
    Ok(Cells::List { nulls: lists.nulls().cloned(), offsets, items: Box::new(Cells::of(lists.values())), map: false })
}

fn text(array: &ArrayRef) -> Result<LargeStringArray, String> {
    Ok(cast(array, &DataType::LargeUtf8)?.as_string::<i64>().clone())
}

/// Moments of a time zone, said to be in UTC: they are stored as such, and the names of zones need not be known.
fn in_utc(array: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    let utc = "+00:00";
    match unit {
        TimeUnit::Second => Arc::new(array.as_primitive::<TimestampSecondType>().clone().with_timezone(utc)),
        TimeUnit::Millisecond => Arc::new(array.as_primitive::<TimestampMillisecondType>().clone().with_timezone(utc)),
        TimeUnit::Microsecond => Arc::new(array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone(utc)),
        TimeUnit::Nanosecond => Arc::new(array.as_primitive::<TimestampNanosecondType>().clone().with_timezone(utc)),
    }
}

/// Whether arrays of type `kind` are vectors of numbers.
pub(super) fn is_vectors(kind: &DataType) -> bool {
    match kind {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => item.data_type().is_integer() || item.data_type().is_floating(),
        _ => false,
    }
}

/// The array as type `to`; a value that does not fit is an error, never a missing cell.
pub(super) fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options)
        .map_err(|error| format!("type {} cannot be read: {error}", array.data_type()))
}
