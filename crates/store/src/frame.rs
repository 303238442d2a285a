//! Typed columns, read from parquet, CSV and JSONL and written to parquet and CSV. What the columns mean is for others.

mod cells;
mod csv;
mod csv_out;
#[cfg(test)]
mod csv_tests;
mod dialect;
mod growing;
mod input;
mod jsonl;
mod lines;
mod number;
mod parquet;
mod parquet_in;
#[cfg(test)]
mod parquet_tests;
mod records;
#[cfg(test)]
mod tests;
mod values;
mod vectors;

pub(crate) use parquet_in::{footer_pairs, read_metadata};

use self::dialect::Format;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use self::csv_out::CsvParts;
pub use self::csv_out::{no_formula, write_csv};
pub use self::dialect::{Decimal, Delimiter, Dialect};
#[cfg(feature = "ffi")]
pub(crate) use self::parquet::record_batch;
pub use self::parquet::{ParquetParts, write_parquet};
pub use self::records::{Record, Records};

/// A column of n values; None is a missing cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Integer(Vec<Option<u64>>),
    /// Numbers; NaN and infinities are values, not missing cells.
    Real(Vec<Option<f64>>),
    /// A vector of `width` numbers in each row, row-major. A missing vector is read as `width` times NaN.
    Vectors {
        /// Numbers in each row, above zero.
        width: usize,
        /// n x width numbers.
        values: Vec<f32>,
    },
    /// Cells of which no other column can be made, such as lists of different length. A file may have it as long as nobody
    /// asks for it.
    Unreadable {
        /// Number of rows.
        rows: usize,
        /// What keeps it from being read.
        flaw: String,
    },
}

impl Column {
    /// Number of rows n.
    pub fn len(&self) -> usize {
        match self {
            Column::Text(cells) => cells.len(),
            Column::Integer(cells) => cells.len(),
            Column::Real(cells) => cells.len(),
            Column::Vectors { width, values } => values.len().checked_div(*width).unwrap_or(0),
            Column::Unreadable { rows, .. } => *rows,
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of `row` as it would stand in a CSV file; None where it is missing, and for a vector or an unreadable cell.
    pub fn text(&self, row: usize) -> Option<String> {
        match self {
            Column::Text(cells) => cells[row].clone(),
            Column::Integer(cells) => cells[row].map(|value| value.to_string()),
            Column::Real(cells) => cells[row].map(|value| value.to_string()),
            Column::Vectors { .. } | Column::Unreadable { .. } => None,
        }
    }

    /// The number in the cell of `row`, also where it is written as text (with spaces around, or as `true` and `false` for 1
    /// and 0); None where it is missing or empty.
    ///
    /// # Errors
    /// What stands there instead of a number.
    pub fn number(&self, row: usize) -> Result<Option<f64>, String> {
        match self {
            Column::Text(cells) => match cells[row].as_deref() {
                None | Some("") => Ok(None),
                Some(text) => match number::number(text) {
                    None if number::with_point(text).is_some() => {
                        Err(format!("`{text}` (a decimal comma has to be declared: decimal `,`)"))
                    }
                    None => Err(format!("`{text}`")),
                    number => Ok(number),
                },
            },
            Column::Integer(cells) => Ok(cells[row].map(|value| value as f64)),
            Column::Real(cells) => Ok(cells[row]),
            Column::Vectors { .. } => Err("a vector".to_owned()),
            Column::Unreadable { flaw, .. } => Err(flaw.clone()),
        }
    }

    /// Whether there is a number in the column and nothing else but missing cells. Truth values are no numbers here, nor are
    /// names made of digits: leading zeros, or more of them than f64 holds exactly.
    pub fn is_numeric(&self) -> bool {
        match self {
            Column::Text(cells) => {
                let mut texts = cells.iter().flatten().filter(|text| !text.is_empty()).peekable();
                texts.peek().is_some() && texts.all(|text| number::is_number(text))
            }
            Column::Integer(_) | Column::Real(_) => true,
            Column::Vectors { .. } | Column::Unreadable { .. } => false,
        }
    }

    /// What keeps the column from being read; None for a column that can be.
    pub fn flaw(&self) -> Option<&str> {
        if let Column::Unreadable { flaw, .. } = self { Some(flaw) } else { None }
    }
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Columns in file order, names unique.
    pub columns: Vec<(String, Column)>,
    /// Key-value metadata of the file, in file order; only parquet has any.
    pub metadata: Vec<(String, String)>,
}

impl Frame {
    /// Number of rows n; zero without columns.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, column)| column)
    }

    /// The columns by name, for whoever looks up many of them.
    pub fn by_name(&self) -> BTreeMap<&str, &Column> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column)).collect()
    }

    /// What keeps the frame from being written: a name twice, columns of different length, vectors without numbers.
    fn flaw(&self) -> Option<String> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(name) = repeated(&names) {
            return Some(format!("two columns are called `{name}`"));
        }
        let rows = self.rows();
        self.columns.iter().find_map(|(name, column)| match column {
            Column::Vectors { width: 0, .. } => Some(format!("column `{name}`: vectors of no numbers")),
            Column::Unreadable { flaw, .. } => Some(format!("column `{name}`: {flaw}")),
            _ if column.len() != rows => Some(format!("column `{name}`: {} rows, the first has {rows}", column.len())),
            _ => None,
        })
    }
}

/// Why a file could not be read or written.
#[derive(Debug)]
pub struct FrameError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, with row, column, rule and value where they are known.
    pub message: String,
}

impl FrameError {
    /// `message` about the file at `path`.
    pub(crate) fn new(path: &Path, message: impl std::fmt::Display) -> FrameError {
        FrameError { path: path.to_owned(), message: message.to_string() }
    }
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for FrameError {}

/// Reads a parquet (`.parquet`), CSV (`.csv`, `.tsv`) or JSONL (`.jsonl`, `.ndjson`) file, told apart by its ending.
///
/// CSV columns are numbers when every cell, written again, gives the same text; JSONL columns when every cell is a number;
/// else they are text, so that no identifier is rewritten and a cell that should have been a number can still be named. An
/// empty CSV cell is missing. Objects, and lists that are no vectors, are JSON text; moments are RFC 3339 text, UTC where the
/// file says so; truth values are the text `true` or `false`. What can be none of these is [`Column::Unreadable`].
///
/// # Errors
/// When the file cannot be read, its ending is none of these, or a column is named twice. The message names line or row
/// (from 1, the first row of data), column and value.
pub fn read(path: &Path) -> Result<Frame, FrameError> {
    read_with(path, &Dialect::default())
}

/// As [`read`], of a CSV file written in `dialect`.
///
/// # Errors
/// As [`read`]; also when a dialect is given for a file that is no CSV, and when the header of a CSV is one column whose name
/// holds another delimiter.
pub fn read_with(path: &Path, dialect: &Dialect) -> Result<Frame, FrameError> {
    let fail = |message: String| FrameError { path: path.to_owned(), message };
    let frame = match Format::of(path, dialect).map_err(fail)? {
        Format::Parquet => parquet_in::read(path),
        Format::Csv(delimiter) => csv::read(path, delimiter, dialect),
        Format::Jsonl => jsonl::read(path, true),
        Format::Json => jsonl::read(path, false),
    };
    let frame = frame.map_err(fail)?;
    let names: Vec<&str> = frame.columns.iter().map(|(name, _)| name.as_str()).collect();
    match repeated(&names) {
        Some(name) => Err(FrameError::new(path, format_args!("two columns are called `{name}`"))),
        None => Ok(frame),
    }
}

/// A name that stands twice among `names`.
fn repeated<'a>(names: &[&'a str]) -> Option<&'a str> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
