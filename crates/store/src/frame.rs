//! Typed columns, read from parquet, CSV and JSONL and written to parquet.

use std::path::{Path, PathBuf};

/// A column of n values; None is a missing cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Integer(Vec<Option<u64>>),
    /// Numbers.
    Real(Vec<Option<f64>>),
    /// A vector of `width` numbers in each row, row-major, none missing.
    Vectors {
        /// Numbers in each row.
        width: usize,
        /// n x width numbers.
        values: Vec<f32>,
    },
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Columns in file order.
    pub columns: Vec<(String, Column)>,
    /// Key-value metadata of the file, in file order.
    pub metadata: Vec<(String, String)>,
}

/// Why a file could not be read or written.
#[derive(Debug)]
pub struct FrameError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, with row, column, rule and value where they are known.
    pub message: String,
}

/// Reads a parquet, CSV or JSONL file, told apart by its ending.
///
/// # Errors
/// When the file cannot be read or its ending is none of the three.
pub fn read(path: &Path) -> Result<Frame, FrameError> {
    let _ = path;
    todo!()
}

/// Writes a parquet file whose bytes depend on its content alone: beside, then renamed.
///
/// # Errors
/// When the file cannot be written.
pub fn write_parquet(path: &Path, frame: &Frame) -> Result<(), FrameError> {
    let _ = (path, frame);
    todo!()
}
