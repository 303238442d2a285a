//! Parquet out. Written files are byte-stable for one version of the parquet and zstd crates; what must stay
//! comparable for longer hashes the content, not the file.

use super::{Column, Frame, FrameError};
use crate::files::{beside, write_synced};
use crate::seal;
use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float32Array, Float64Array, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the numbers inside a vector, as the parquet format asks for.
pub(super) const ELEMENT: &str = "element";

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
        let mut beside = self.writer.into_inner().map_err(|error| fail(&error))?;
        seal::seal(beside.as_file_mut()).map_err(|error| fail(&error))?;
        beside.as_file().sync_data().map_err(|error| fail(&error))?;
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

/// Writes a parquet file whose bytes depend on its content alone: beside, then renamed.
///
/// # Errors
/// When the file cannot be written, or the columns differ in length or share a name.
pub fn write_parquet(path: &Path, frame: &Frame) -> Result<(), FrameError> {
    let (schema, arrays) = arrays(path, frame)?;
    let bytes = encode(frame, schema, arrays).map_err(|error| FrameError::new(path, error))?;
    write_synced(path, &seal::sealed(bytes)).map_err(|error| FrameError::new(path, error))
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
        Column::Unreadable { flaw, .. } => return Err(ArrowError::InvalidArgumentError(flaw.clone())),
    })
}

/// Encodings by type: the smallest and fastest of those measured on cells of results.
fn properties(frame: &Frame) -> Result<WriterProperties, parquet::errors::ParquetError> {
    let pairs = frame.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let mut builder = WriterProperties::builder()
        .set_created_by(seal::MARK.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_key_value_metadata(Some(pairs));
    for (name, column) in &frame.columns {
        let (path, encoding) = match column {
            Column::Text(_) | Column::Unreadable { .. } => continue,
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
