//! Parquet in, a few thousand rows at a time.

use super::Frame;
use super::cells::Cells;
use super::growing::Growing;
use crate::seal;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{FileMetaData, ParquetMetaDataReader};
use parquet::file::reader::ChunkReader;
use std::fs::File;
use std::path::Path;

/// Key under which arrow keeps its own schema: an implementation detail, no metadata of ours.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// Most rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Most cells that are decoded at a time, for files of very many columns.
const BATCH_CELLS: usize = 1 << 22;

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path) -> Result<Frame, String> {
    let builder = open(path)?;
    let file = builder.metadata().file_metadata();
    let rows = usize::try_from(file.num_rows()).map_err(|error| error.to_string())?;
    let metadata = pairs(file);
    let schema = builder.schema().clone();
    let mut columns: Vec<Growing> = schema.fields().iter().map(|field| Growing::of(field.data_type(), rows)).collect();
    for batch in builder.build().map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.extend(array);
        }
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

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    seal::check(&file)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    let rows = BATCH_CELLS / builder.schema().fields().len().max(1);
    Ok(builder.with_batch_size(rows.clamp(1, BATCH_ROWS)))
}

/// A file that is read a few thousand rows at a time.
pub(super) struct Batches(ParquetRecordBatchReader);

/// Some rows of a file, as columns with their names.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: usize,
    pub columns: Vec<(String, Cells)>,
}

impl Batches {
    /// Opens the file at `path`; the message of a failure leaves the path out.
    pub(super) fn open(path: &Path) -> Result<Batches, String> {
        open(path)?.build().map(Batches).map_err(|error| error.to_string())
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, String>;

    fn next(&mut self) -> Option<Result<Batch, String>> {
        let batch = |batch: RecordBatch| {
            let (schema, arrays) = (batch.schema(), batch.columns());
            let cells = |(name, array): (&String, _)| (name.clone(), Cells::of(array));
            let names = schema.fields().iter().map(|field| field.name());
            Batch { rows: batch.num_rows(), columns: names.zip(arrays).map(cells).collect() }
        };
        Some(self.0.next()?.map(batch).map_err(|error| error.to_string()))
    }
}
