//! Parquet in and out. Written files are byte-stable for one version of the parquet and zstd crates; what must stay
//! comparable for longer hashes the content, not the file.

use super::{Column, Frame, FrameError, VectorsBuilder};
use crate::files::beside;
use crate::write_whole;
use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Float64Array, StringArray, UInt64Array,
};
use arrow::compute::{CastOptions, cast_with_options, is_null, nullif};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Int64Type, Schema, UInt64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Key under which arrow keeps its own schema: an implementation detail, no metadata of ours.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// Name of the numbers inside a vector, as the parquet format asks for.
const ELEMENT: &str = "element";

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path) -> Result<Frame, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let pairs = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let metadata = pairs
        .into_iter()
        .filter(|pair| pair.key != ARROW_SCHEMA)
        .map(|pair| (pair.key, pair.value.unwrap_or_default()))
        .collect();
    let schema = builder.schema().clone();
    let mut chunks: Vec<Vec<ArrayRef>> = vec![Vec::new(); schema.fields().len()];
    for batch in builder.build().map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        for (chunks, column) in chunks.iter_mut().zip(batch.columns()) {
            chunks.push(column.clone());
        }
    }
    let mut columns = Vec::with_capacity(chunks.len());
    for (field, chunks) in schema.fields().iter().zip(chunks) {
        flatten(field.name(), field.data_type(), &chunks, &mut columns)?;
    }
    Ok(Frame { columns, metadata })
}

/// Rows of a [`Batches`] at a time.
const BATCH_ROWS: usize = 8192;

/// A file that is read a few thousand rows at a time.
pub(super) struct Batches(ParquetRecordBatchReader);

impl Batches {
    /// Opens the file at `path`; the message of a failure leaves the path out.
    pub(super) fn open(path: &Path) -> Result<Batches, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
        builder.with_batch_size(BATCH_ROWS).build().map(Batches).map_err(|error| error.to_string())
    }
}

impl Iterator for Batches {
    type Item = Result<Frame, String>;

    fn next(&mut self) -> Option<Result<Frame, String>> {
        let batch = match self.0.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.to_string())),
        };
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for (field, chunk) in schema.fields().iter().zip(batch.columns()) {
            if let Err(message) = flatten(field.name(), field.data_type(), std::slice::from_ref(chunk), &mut columns) {
                return Some(Err(message));
            }
        }
        Some(Ok(Frame { columns, metadata: Vec::new() }))
    }
}

/// A parquet file that is written in parts, in the memory of one part: beside its place, then renamed by
/// [`ParquetParts::finish`]. Dropped before that, it leaves nothing.
pub struct ParquetParts {
    path: PathBuf,
    writer: ArrowWriter<tempfile::NamedTempFile>,
    schema: Arc<Schema>,
}

impl ParquetParts {
    /// Starts a file with the columns and the metadata of `first`, and writes its rows.
    ///
    /// # Errors
    /// As [`write_parquet`].
    pub fn create(path: &Path, first: &Frame) -> Result<ParquetParts, FrameError> {
        let fail = |error: &dyn std::fmt::Display| FrameError::new(path, error);
        let (schema, arrays) = arrays(path, first)?;
        let beside = beside(path).map_err(|error| fail(&error))?;
        let properties = properties(first).map_err(|error| fail(&error))?;
        let writer = ArrowWriter::try_new(beside, schema.clone(), Some(properties)).map_err(|error| fail(&error))?;
        let mut parts = ParquetParts { path: path.to_owned(), writer, schema };
        parts.append(arrays)?;
        Ok(parts)
    }

    /// Writes the rows of `frame`, whose columns are those of the first part, as a row group of their own.
    ///
    /// # Errors
    /// As [`write_parquet`], and when the columns differ from those of the first part.
    pub fn write(&mut self, frame: &Frame) -> Result<(), FrameError> {
        let (schema, arrays) = arrays(&self.path, frame)?;
        if schema != self.schema {
            return Err(FrameError::new(&self.path, "a later part has other columns than the first"));
        }
        self.append(arrays)
    }

    fn append(&mut self, arrays: Vec<ArrayRef>) -> Result<(), FrameError> {
        let fail = |error: &dyn std::fmt::Display| FrameError::new(&self.path, error);
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|error| fail(&error))?;
        self.writer.write(&batch).map_err(|error| fail(&error))?;
        self.writer.flush().map_err(|error| fail(&error))
    }

    /// Completes the file and puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written or renamed.
    pub fn finish(self) -> Result<(), FrameError> {
        let fail = |error: &dyn std::fmt::Display| FrameError::new(&self.path, error);
        let beside = self.writer.into_inner().map_err(|error| fail(&error))?;
        beside.persist(&self.path).map_err(|error| fail(&error.error))?;
        Ok(())
    }
}

/// The columns of a frame that goes to `path` as arrow holds them, with their schema.
fn arrays(path: &Path, frame: &Frame) -> Result<(Arc<Schema>, Vec<ArrayRef>), FrameError> {
    typed(frame).map_err(|message| FrameError::new(path, message))
}

fn typed(frame: &Frame) -> Result<(Arc<Schema>, Vec<ArrayRef>), String> {
    if let Some(flaw) = frame.flaw() {
        return Err(flaw);
    }
    let mut fields = Vec::with_capacity(frame.columns.len());
    let mut arrays = Vec::with_capacity(frame.columns.len());
    for (name, column) in &frame.columns {
        let array = array(column).map_err(|error| error.to_string())?;
        fields.push(Field::new(name, array.data_type().clone(), !matches!(column, Column::Vectors { .. })));
        arrays.push(array);
    }
    Ok((Arc::new(Schema::new(fields)), arrays))
}

/// A frame as one record batch.
///
/// # Errors
/// When the columns differ in length or share a name.
#[cfg(feature = "ffi")]
pub(crate) fn record_batch(frame: &Frame) -> Result<RecordBatch, String> {
    let (schema, arrays) = typed(frame)?;
    let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(frame.rows()));
    RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|error| error.to_string())
}

/// Appends the column whose pieces are `chunks`; of a struct, one column for each of its fields, called by a dotted path as in
/// [`super::Record::get`]. The fields of a missing struct are missing.
fn flatten(
    name: &str,
    kind: &DataType,
    chunks: &[ArrayRef],
    columns: &mut Vec<(String, Column)>,
) -> Result<(), String> {
    let DataType::Struct(fields) = kind else {
        columns.push((name.to_owned(), column(name, kind, chunks)?));
        return Ok(());
    };
    // The fields of each piece; a missing struct is missing in each of them.
    let mut pieces: Vec<Vec<ArrayRef>> = vec![Vec::with_capacity(chunks.len()); fields.len()];
    for chunk in chunks {
        let absent = is_null(chunk).map_err(|error| error.to_string())?;
        for (pieces, field) in pieces.iter_mut().zip(chunk.as_struct().columns()) {
            pieces.push(nullif(field, &absent).map_err(|error| error.to_string())?);
        }
    }
    for (field, pieces) in fields.iter().zip(pieces) {
        flatten(&format!("{name}.{}", field.name()), field.data_type(), &pieces, columns)?;
    }
    Ok(())
}

/// The column whose pieces are `chunks`; what is neither number nor vector becomes text.
fn column(name: &str, kind: &DataType, chunks: &[ArrayRef]) -> Result<Column, String> {
    match kind {
        DataType::Dictionary(_, value) => column(name, value, &cast_all(name, chunks, value)?),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
            if item.data_type().is_numeric() =>
        {
            vectors(name, chunks)
        }
        kind if kind.is_unsigned_integer() => {
            let chunks = cast_all(name, chunks, &DataType::UInt64)?;
            Ok(Column::Integer(chunks.iter().flat_map(|chunk| chunk.as_primitive::<UInt64Type>()).collect()))
        }
        kind if kind.is_signed_integer() => signed(name, chunks),
        kind if kind.is_numeric() => {
            let chunks = cast_all(name, chunks, &DataType::Float64)?;
            Ok(Column::Real(chunks.iter().flat_map(|chunk| chunk.as_primitive::<Float64Type>()).collect()))
        }
        _ => {
            let chunks = cast_all(name, chunks, &DataType::Utf8)?;
            let cells = chunks.iter().flat_map(|chunk| chunk.as_string::<i32>());
            Ok(Column::Text(cells.map(|cell| cell.map(str::to_owned)).collect()))
        }
    }
}

/// Whole numbers if none is negative, else reals, or text where a real would lose digits.
fn signed(name: &str, chunks: &[ArrayRef]) -> Result<Column, String> {
    let chunks = cast_all(name, chunks, &DataType::Int64)?;
    let cells: Vec<Option<i64>> = chunks.iter().flat_map(|chunk| chunk.as_primitive::<Int64Type>()).collect();
    let exact = |value: &i64| value.unsigned_abs() <= 1 << 53;
    Ok(if cells.iter().flatten().all(|value| *value >= 0) {
        Column::Integer(cells.into_iter().map(|cell| cell.map(i64::unsigned_abs)).collect())
    } else if cells.iter().flatten().all(exact) {
        Column::Real(cells.into_iter().map(|cell| cell.map(|value| value as f64)).collect())
    } else {
        Column::Text(cells.into_iter().map(|cell| cell.map(|value| value.to_string())).collect())
    })
}

fn vectors(name: &str, chunks: &[ArrayRef]) -> Result<Column, String> {
    let element = Arc::new(Field::new(ELEMENT, DataType::Float32, true));
    let mut vectors = VectorsBuilder::default();
    for chunk in cast_all(name, chunks, &DataType::LargeList(element))? {
        let lists = chunk.as_list::<i64>();
        for row in 0..lists.len() {
            let list = if lists.is_null(row) { None } else { Some(lists.value(row)) };
            let numbers = list.as_ref().map(|list| list.as_primitive::<Float32Type>());
            match numbers {
                Some(numbers) if numbers.null_count() > 0 => {
                    let filled: Vec<f32> = numbers.iter().map(|number| number.unwrap_or(f32::NAN)).collect();
                    vectors.push(name, Some(&filled))?;
                }
                numbers => vectors.push(name, numbers.map(|numbers| numbers.values().as_ref()))?,
            }
        }
    }
    Ok(vectors.finish())
}

/// The pieces as type `to`; a value that does not fit is an error, never a missing cell.
fn cast_all(name: &str, chunks: &[ArrayRef], to: &DataType) -> Result<Vec<ArrayRef>, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |chunk: &ArrayRef| {
        let error = |error| format!("column `{name}`: type {} cannot be read: {error}", chunk.data_type());
        cast_with_options(chunk, to, &options).map_err(error)
    };
    chunks.iter().map(cast).collect()
}

/// Writes a parquet file whose bytes depend on its content alone: beside, then renamed.
///
/// # Errors
/// When the file cannot be written, or the columns differ in length or share a name.
pub fn write_parquet(path: &Path, frame: &Frame) -> Result<(), FrameError> {
    let (schema, arrays) = arrays(path, frame)?;
    let bytes = encode(frame, schema, arrays).map_err(|error| FrameError::new(path, error))?;
    write_whole(path, &bytes).map_err(|error| FrameError::new(path, error))
}

fn encode(frame: &Frame, schema: Arc<Schema>, arrays: Vec<ArrayRef>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), Some(properties(frame)?))?;
    if !arrays.is_empty() {
        writer.write(&RecordBatch::try_new(schema, arrays)?)?;
    }
    writer.close()?;
    Ok(bytes)
}

fn array(column: &Column) -> Result<ArrayRef, ArrowError> {
    Ok(match column {
        Column::Text(cells) => Arc::new(StringArray::from_iter(cells)),
        Column::Integer(cells) => Arc::new(UInt64Array::from(cells.clone())),
        Column::Real(cells) => Arc::new(Float64Array::from(cells.clone())),
        Column::Vectors { width, values } => {
            let element = Arc::new(Field::new(ELEMENT, DataType::Float32, false));
            let width = i32::try_from(*width).map_err(|error| ArrowError::InvalidArgumentError(error.to_string()))?;
            Arc::new(FixedSizeListArray::try_new(element, width, Arc::new(Float32Array::from(values.clone())), None)?)
        }
    })
}

/// Encodings by type: the smallest and fastest of those measured on cells of results.
fn properties(frame: &Frame) -> Result<WriterProperties, parquet::errors::ParquetError> {
    let pairs = frame.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let mut builder = WriterProperties::builder()
        .set_created_by("barp".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_key_value_metadata(Some(pairs));
    for (name, column) in &frame.columns {
        let (path, encoding) = match column {
            Column::Text(_) => continue,
            Column::Integer(_) => (vec![name.clone()], Encoding::DELTA_BINARY_PACKED),
            Column::Real(_) => (vec![name.clone()], Encoding::BYTE_STREAM_SPLIT),
            Column::Vectors { .. } => {
                (vec![name.clone(), "list".to_owned(), ELEMENT.to_owned()], Encoding::BYTE_STREAM_SPLIT)
            }
        };
        let path = ColumnPath::new(path);
        builder = builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    Ok(builder.build())
}
