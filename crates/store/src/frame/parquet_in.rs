//! Parquet in, a few thousand rows at a time.

use super::Frame;
use super::cells::Cells;
use super::growing::Growing;
use crate::seal;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::{FileMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Key under which arrow keeps its own schema: an implementation detail, no metadata of ours.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// Most rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Most cells that are decoded at a time, for files of very many columns or of very long vectors.
const BATCH_CELLS: usize = 1 << 22;

/// Most numbers in a vector: a hundred times what any encoder gives. A file declares it, and a missing vector takes as much
/// memory as any other.
const MOST_IN_VECTOR: usize = 1 << 20;

/// Most bytes of text in a column of one batch, and in a whole frame beyond [`MOST_GROWTH`] times the file: a few bytes on disk
/// can stand for gigabytes of repeated text.
const MOST_TEXT: usize = 1 << 28;

/// How much more text than bytes a file may hold before [`MOST_TEXT`] counts.
const MOST_GROWTH: usize = 256;

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path) -> Result<Frame, String> {
    let Opened { builder, schema, bytes } = open(path)?;
    let file = builder.metadata().file_metadata();
    let rows = usize::try_from(file.num_rows()).map_err(|error| error.to_string())?;
    let metadata = pairs(file);
    let (most, mut texts, mut before) = (MOST_TEXT.saturating_add(MOST_GROWTH.saturating_mul(bytes)), 0usize, 0usize);
    let mut columns: Vec<Growing> = schema.fields().iter().map(|field| Growing::of(field.data_type(), rows)).collect();
    for batch in builder.build().map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        for (name, size) in text_sizes(&batch) {
            texts = texts.saturating_add(check_text(&name, before, size)?);
            if texts > most {
                return Err(bomb(&name, before, texts, bytes));
            }
        }
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.extend(array);
        }
        before += batch.num_rows();
    }
    let names = schema.fields().iter().map(|field| field.name().clone());
    Ok(Frame { columns: names.zip(columns.into_iter().map(Growing::finish)).collect(), metadata })
}

/// The metadata of the file at `path`, from its footer alone; the message of a failure leaves the path out.
pub(crate) fn read_metadata(path: &Path) -> Result<Vec<(String, String)>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    footer_pairs(&file)
}

/// The metadata of `file`, from its footer alone.
pub(crate) fn footer_pairs<R: ChunkReader>(file: &R) -> Result<Vec<(String, String)>, String> {
    let footer = ParquetMetaDataReader::new().parse_and_finish(file).map_err(|error| error.to_string())?;
    Ok(pairs(footer.file_metadata()))
}

fn pairs(file: &FileMetaData) -> Vec<(String, String)> {
    let pairs = file.key_value_metadata().into_iter().flatten().filter(|pair| pair.key != ARROW_SCHEMA);
    pairs.map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default())).collect()
}

/// A file whose content is what was written, if barp wrote it, and whose declared sizes are bearable.
struct Opened {
    builder: ParquetRecordBatchReaderBuilder<File>,
    /// Of its columns; texts are decoded as dictionaries, which are as small as the file has them.
    schema: SchemaRef,
    /// Its length.
    bytes: usize,
}

fn open(path: &Path) -> Result<Opened, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    seal::check(&file)?;
    let bytes = file.metadata().map_or(0, |about| usize::try_from(about.len()).unwrap_or(usize::MAX));
    let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
    let schema = plain.schema().clone();
    let mut cells = 1;
    for field in schema.fields() {
        let width = widest(field.data_type());
        if width > MOST_IN_VECTOR {
            let name = field.name();
            return Err(format!("column `{name}`: vectors must have at most {MOST_IN_VECTOR} numbers, got {width}"));
        }
        cells += width.max(1);
    }
    let options = ArrowReaderOptions::new().with_schema(Arc::new(with_dictionaries(&plain)));
    let coded = ArrowReaderMetadata::try_new(plain.metadata().clone(), options).map_err(|error| error.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, coded);
    Ok(Opened { builder: builder.with_batch_size((BATCH_CELLS / cells).clamp(1, BATCH_ROWS)), schema, bytes })
}

/// Numbers that a cell of this type has at least, as it declares them.
fn widest(kind: &DataType) -> usize {
    match kind {
        DataType::FixedSizeList(item, width) => {
            usize::try_from(*width).unwrap_or(usize::MAX).saturating_mul(widest(item.data_type()).max(1))
        }
        DataType::Struct(fields) => {
            fields.iter().fold(0, |sum: usize, field| sum.saturating_add(widest(field.data_type())))
        }
        DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap_or(usize::MAX),
        _ => 0,
    }
}

/// The schema of a file with dictionaries in the place of texts that are dictionaries on disk.
fn with_dictionaries(file: &ArrowReaderMetadata) -> Schema {
    let coded = |name: &str| {
        let groups = file.metadata().row_groups().iter();
        let mut chunks = groups.flat_map(|group| group.columns()).filter(|chunk| chunk.column_path().string() == name);
        chunks.any(|chunk| chunk.dictionary_page_offset().is_some())
    };
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 if coded(field.name()) => {
            let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(kind))
        }
        _ => field.clone(),
    };
    let fields: Vec<_> = file.schema().fields().iter().map(field).collect();
    Schema::new_with_metadata(fields, file.schema().metadata().clone())
}

/// The columns of dictionaries of text, with the bytes that their cells take as texts of their own.
fn text_sizes(batch: &RecordBatch) -> Vec<(String, usize)> {
    let size = |array: &ArrayRef| -> Option<usize> {
        let cells = array.as_any_dictionary_opt()?;
        let texts = cells.values().as_string_opt::<i32>()?;
        let keys = cells.normalized_keys();
        let length =
            |key: &usize| if *key < texts.len() { usize::try_from(texts.value_length(*key)).unwrap_or(0) } else { 0 };
        Some(if texts.is_empty() { 0 } else { keys.iter().map(length).fold(0, usize::saturating_add) })
    };
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    columns.filter_map(|(field, array)| Some((field.name().clone(), size(array)?))).collect()
}

fn check_text(name: &str, before: usize, size: usize) -> Result<usize, String> {
    if size <= MOST_TEXT {
        return Ok(size);
    }
    let (first, most) = (before + 1, MOST_TEXT >> 20);
    Err(format!(
        "column `{name}`, rows from {first}: the texts of a few thousand rows must be at most {most} MiB, got {} MiB",
        size >> 20
    ))
}

fn bomb(name: &str, before: usize, texts: usize, bytes: usize) -> String {
    let (first, texts) = (before + 1, texts >> 20);
    format!(
        "column `{name}`, rows from {first}: {texts} MiB of text in a file of {bytes} bytes is more than is read at once"
    )
}

/// A file that is read a few thousand rows at a time.
pub(super) struct Batches {
    reader: ParquetRecordBatchReader,
    before: usize,
}

/// Some rows of a file, as columns with their names.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: usize,
    pub columns: Vec<(String, Cells)>,
}

impl Batches {
    /// Opens the file at `path`; the message of a failure leaves the path out.
    pub(super) fn open(path: &Path) -> Result<Batches, String> {
        let reader = open(path)?.builder.build().map_err(|error| error.to_string())?;
        Ok(Batches { reader, before: 0 })
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, String>;

    fn next(&mut self) -> Option<Result<Batch, String>> {
        let batch = |batch: RecordBatch| {
            text_sizes(&batch)
                .into_iter()
                .try_for_each(|(name, size)| check_text(&name, self.before, size).map(drop))?;
            self.before += batch.num_rows();
            let (schema, arrays) = (batch.schema(), batch.columns());
            let cells = |(name, array): (&String, _)| (name.clone(), Cells::of(array));
            let names = schema.fields().iter().map(|field| field.name());
            Ok(Batch { rows: batch.num_rows(), columns: names.zip(arrays).map(cells).collect() })
        };
        Some(self.reader.next()?.map_err(|error| error.to_string()).and_then(batch))
    }
}
