//! Cells as files of scores, read column by column into a [`Pool`]: texts come as the file's own dictionaries, so that no
//! text is copied for each row.

use crate::scores::{NO_WEIGHT, NOTHING, Pool, Scores, ScoresBuilder, Standing, Symbol};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Schema, UInt64Type};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use std::sync::Arc;

/// Rows decoded at a time.
const BATCH: usize = 8_192;

/// The columns that say what was measured, all of text but the last.
const QUANTITY: [&str; 7] = ["phase", "task", "arm", "metric", "unit", "direction", "w_cost"];
/// The columns of whole numbers, none of which may be missing in a row.
const WHOLE: [&str; 4] = ["round", "n", "outcomes", "tuning_trials"];
/// Which of the columns of text may be missing in a row.
const ARM: usize = 2;

/// The scores in `file`, a cell whose content has been checked, and its key-value metadata.
///
/// Cells mostly measure the same in the same order, and equal columns are equal bytes: columns whose bytes are known are
/// not decoded again.
///
/// # Errors
/// When it is no cell: the column, its row (from 1) and the rule; the path is left to the caller.
pub(crate) fn read(file: Bytes, pool: &Pool) -> Result<(Scores, Vec<(String, String)>), String> {
    let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
    let metadata = pairs(&plain);
    let bytes = column_bytes(&file, &plain, &QUANTITY);
    let known = bytes.as_ref().and_then(|bytes| pool.known(bytes));
    let decode_all = known.is_none();
    let mut whole: [Whole; 4] = Default::default();
    for (name, column) in WHOLE.iter().zip(&mut whole) {
        column.bytes = column_bytes(&file, &plain, &[name]);
        column.known = column.bytes.as_ref().and_then(|bytes| pool.known_integers(bytes));
    }
    let known_numbers: Vec<&str> =
        WHOLE.iter().zip(&whole).filter(|(_, column)| column.known.is_some()).map(|(name, _)| *name).collect();
    let skipped = |name: &str| known_numbers.contains(&name) || (!decode_all && QUANTITY.contains(&name));
    let batches = batches(file, &plain, skipped)?;
    let (mut builder, mut reals) = (ScoresBuilder::default(), Reals::default());
    let mut before = 0;
    for batch in batches {
        let batch = batch?;
        if decode_all {
            append_quantities(&batch, before, pool, &mut builder)?;
        }
        append_numbers(&batch, before, &mut whole, &mut reals)?;
        before += batch.num_rows();
    }
    let columns = whole.map(|column| column.finish(pool));
    push(&columns, &reals, &mut builder);
    let scores = builder.finish(pool, known)?;
    if let (true, Some(bytes)) = (decode_all, bytes) {
        pool.remember(bytes, &scores);
    }
    Ok((scores, metadata))
}

fn pairs(file: &ArrowReaderMetadata) -> Vec<(String, String)> {
    let pairs = file.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    pairs.into_iter().map(|pair| (pair.key, pair.value.unwrap_or_default())).collect()
}

/// A column of [`WHOLE`], known before or read batch by batch.
#[derive(Default)]
struct Whole {
    bytes: Option<Vec<u8>>,
    known: Option<Arc<[u64]>>,
    read: Vec<u64>,
}

impl Whole {
    fn finish(self, pool: &Pool) -> Arc<[u64]> {
        if let Some(known) = self.known {
            return known;
        }
        let numbers: Arc<[u64]> = self.read.into();
        if let Some(bytes) = self.bytes {
            pool.remember_integers(bytes, &numbers);
        }
        numbers
    }
}

/// Values and dollars of all rows.
#[derive(Default)]
struct Reals {
    values: Vec<f64>,
    dollars: Vec<f64>,
}

fn push(whole: &[Arc<[u64]>; 4], reals: &Reals, builder: &mut ScoresBuilder) {
    let [round, n, outcomes, trials] = whole;
    for (row, (value, dollars)) in reals.values.iter().zip(&reals.dollars).enumerate() {
        let standing =
            Standing { round: round[row], outcomes: outcomes[row], dollars: *dollars, tuning_trials: trials[row] };
        builder.push(*value, n[row], standing);
    }
}

/// The columns of these names as they lie in the file, and their number of rows; none where they are not all there or lie
/// in several pieces.
fn column_bytes(file: &Bytes, metadata: &ArrowReaderMetadata, names: &[&str]) -> Option<Vec<u8>> {
    let [group] = metadata.metadata().row_groups() else { return None };
    let mut bytes = group.num_rows().to_le_bytes().to_vec();
    for name in names {
        let column = group.columns().iter().find(|column| column.column_path().string() == *name)?;
        let (start, length) = column.byte_range();
        let start = usize::try_from(start).ok()?;
        let own = file.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(own);
    }
    Some(bytes)
}

/// The rows of a file, texts as dictionaries; without the columns that are `skipped`. A file without rows has one empty
/// batch, so that its columns are looked at.
pub(crate) fn batches<R: ChunkReader + 'static>(
    file: R,
    plain: &ArrowReaderMetadata,
    skipped: impl Fn(&str) -> bool,
) -> Result<impl Iterator<Item = Result<RecordBatch, String>>, String> {
    let schema = with_dictionaries(plain.schema());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let coded = ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(|error| error.to_string())?;
    let empty = plain.metadata().file_metadata().num_rows() == 0;
    let nothing = empty.then(|| Ok(RecordBatch::new_empty(plain.schema().clone())));
    let columns = plain.schema().fields().iter().enumerate();
    let wanted = columns.filter(|(_, field)| !skipped(field.name()));
    let mask = ProjectionMask::roots(coded.parquet_schema(), wanted.map(|(place, _)| place));
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, coded);
    let batches = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|error| error.to_string())?;
    Ok(batches.map(|batch| batch.map_err(|error| error.to_string())).chain(nothing))
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn with_dictionaries(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(dictionary())),
        _ => field.clone(),
    };
    Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata().clone())
}

fn missing(row: usize, name: &str) -> String {
    format!("column `{name}`, row {}: a value is missing", row + 1)
}

/// Appends what the rows of `batch`, which follow `before` others of the file, are about.
fn append_quantities(
    batch: &RecordBatch,
    before: usize,
    pool: &Pool,
    builder: &mut ScoresBuilder,
) -> Result<(), String> {
    let [texts @ .., weight] = QUANTITY;
    let texts = texts.map(|name| symbols(batch, name, pool));
    let [phase, task, arm, metric, unit, direction] = texts;
    let texts = [phase?, task?, arm?, metric?, unit?, direction?];
    let weights = reals(batch, weight)?;
    let symbols = |row: usize| -> [Symbol; 6] { std::array::from_fn(|column| texts[column][row]) };
    (0..batch.num_rows()).try_for_each(|row| {
        let symbols = symbols(row);
        if let Some(column) = (0..symbols.len()).find(|&column| column != ARM && symbols[column] == NOTHING) {
            return Err(missing(before + row, QUANTITY[column]));
        }
        builder.about((symbols, real(&weights, row).map_or(NO_WEIGHT, f64::to_bits)));
        Ok(())
    })
}

/// Appends the numbers of the rows of `batch`, which follow `before` others of the file, but for those that are known.
fn append_numbers(
    batch: &RecordBatch,
    before: usize,
    whole: &mut [Whole; 4],
    reals_read: &mut Reals,
) -> Result<(), String> {
    for (name, to) in [("value", &mut reals_read.values), ("dollars", &mut reals_read.dollars)] {
        let cells = reals(batch, name)?;
        let cells = cells.as_primitive::<Float64Type>();
        match cells.nulls().and_then(|nulls| nulls.iter().position(|there| !there)) {
            Some(row) => return Err(missing(before + row, name)),
            None => to.extend_from_slice(cells.values()),
        }
    }
    for (name, to) in WHOLE.iter().zip(whole).filter(|(_, to)| to.known.is_none()) {
        let cells = integers(batch, name)?;
        let cells = cells.as_primitive::<UInt64Type>();
        match cells.nulls().and_then(|nulls| nulls.iter().position(|there| !there)) {
            Some(row) => return Err(missing(before + row, name)),
            None => to.read.extend_from_slice(cells.values()),
        }
    }
    Ok(())
}

fn real(cells: &ArrayRef, row: usize) -> Option<f64> {
    let cells = cells.as_primitive::<Float64Type>();
    (!cells.is_null(row)).then(|| cells.value(row))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, String> {
    batch.column_by_name(name).ok_or_else(|| format!("column `{name}` is missing"))
}

/// The symbols of a column of text, [`NOTHING`] where a cell is missing.
pub(crate) fn symbols(batch: &RecordBatch, name: &str, pool: &Pool) -> Result<Vec<Symbol>, String> {
    let cells = column(batch, name)?;
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let text = match cells.data_type() {
        DataType::Dictionary(_, value) => is_text(value),
        kind => is_text(kind),
    };
    if !text {
        return Err(format!("column `{name}` must hold text"));
    }
    let cells = cast(cells, name, &dictionary())?;
    let cells = cells.as_dictionary::<Int32Type>();
    let known: Vec<Symbol> =
        cells.values().as_string::<i32>().iter().map(|text| text.map_or(NOTHING, |text| pool.symbol(text))).collect();
    Ok(cells.keys().iter().map(|key| key.map_or(NOTHING, |key| known[key as usize])).collect())
}

pub(crate) fn reals(batch: &RecordBatch, name: &str) -> Result<ArrayRef, String> {
    let cells = column(batch, name)?;
    if !cells.data_type().is_floating() {
        return Err(format!("column `{name}` must hold numbers"));
    }
    cast(cells, name, &DataType::Float64)
}

pub(crate) fn integers(batch: &RecordBatch, name: &str) -> Result<ArrayRef, String> {
    let cells = column(batch, name)?;
    if !cells.data_type().is_integer() {
        return Err(format!("column `{name}` must hold whole numbers"));
    }
    cast(cells, name, &DataType::UInt64)
}

/// The cells as type `to`; a value that does not fit is an error, never a missing cell.
fn cast(cells: &ArrayRef, name: &str, to: &DataType) -> Result<ArrayRef, String> {
    if cells.data_type() == to {
        return Ok(cells.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let error = |error| format!("column `{name}`: type {} cannot be read: {error}", cells.data_type());
    cast_with_options(cells, to, &options).map_err(error)
}
