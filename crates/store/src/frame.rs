//! Typed columns, read from parquet, CSV and JSONL and written to parquet and CSV. What the columns mean is for others.

mod csv;
mod jsonl;
mod parquet;
mod records;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(crate) use self::csv::CsvParts;
pub use self::csv::write_csv;
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
}

impl Column {
    /// Number of rows n.
    pub fn len(&self) -> usize {
        match self {
            Column::Text(cells) => cells.len(),
            Column::Integer(cells) => cells.len(),
            Column::Real(cells) => cells.len(),
            Column::Vectors { width, values } => values.len().checked_div(*width).unwrap_or(0),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of `row` as it would stand in a CSV file; None where it is missing, and for a vector.
    pub fn text(&self, row: usize) -> Option<String> {
        match self {
            Column::Text(cells) => cells[row].clone(),
            Column::Integer(cells) => cells[row].map(|value| value.to_string()),
            Column::Real(cells) => cells[row].map(|value| value.to_string()),
            Column::Vectors { .. } => None,
        }
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

    /// What keeps the frame from being written: a name twice, columns of different length, vectors without numbers.
    fn flaw(&self) -> Option<String> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(name) = repeated(&names) {
            return Some(format!("two columns are called `{name}`"));
        }
        let rows = self.rows();
        self.columns.iter().find_map(|(name, column)| match column {
            Column::Vectors { width: 0, .. } => Some(format!("column `{name}`: vectors of no numbers")),
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

/// Reads a parquet, CSV or JSONL file, told apart by its ending.
///
/// CSV and JSONL columns are numbers when every cell is one, else text, so that a cell that should have been a number can
/// still be named; a whole number that f64 cannot hold, and one with leading zeros, makes its column text. An empty CSV
/// cell is missing.
///
/// # Errors
/// When the file cannot be read, its ending is none of the three, a column is named twice, or the vectors of a column
/// differ in width. The message names line or row (from 1, the first row of data), column and value.
pub fn read(path: &Path) -> Result<Frame, FrameError> {
    let frame = match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => parquet::read(path),
        Some("csv") => csv::read(path),
        Some("jsonl") => jsonl::read(path),
        _ => return Err(FrameError::new(path, "the ending must be .parquet, .csv or .jsonl")),
    };
    let frame = frame.map_err(|message| FrameError { path: path.to_owned(), message })?;
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

/// Gathers the vectors of one column, all of one width; rows before the first vector are filled in when it comes.
#[derive(Default)]
struct VectorsBuilder {
    width: usize,
    rows: usize,
    values: Vec<f32>,
}

impl VectorsBuilder {
    /// Appends a row, a missing one as NaN.
    ///
    /// # Errors
    /// When its width differs from that of the rows before, or is zero.
    fn push(&mut self, column: &str, vector: Option<&[f32]>) -> Result<(), String> {
        let row = self.rows + 1;
        match vector {
            None => self.values.extend(std::iter::repeat_n(f32::NAN, self.width)),
            Some([]) => return Err(format!("row {row}, column `{column}`: a vector of no numbers")),
            Some(vector) => {
                if self.width == 0 {
                    self.width = vector.len();
                    self.values = vec![f32::NAN; self.rows * self.width];
                }
                if vector.len() != self.width {
                    let (got, width) = (vector.len(), self.width);
                    return Err(format!(
                        "row {row}, column `{column}`: {got} numbers where the rows before have {width}"
                    ));
                }
                self.values.extend_from_slice(vector);
            }
        }
        self.rows = row;
        Ok(())
    }

    /// The column; text without a value when no row had a vector.
    fn finish(self) -> Column {
        match self.width {
            0 => Column::Text(vec![None; self.rows]),
            width => Column::Vectors { width, values: self.values },
        }
    }
}

/// Reads `text` as a whole number if writing it again gives the same text.
fn whole(text: &str) -> Option<u64> {
    let plain = text == "0" || (text.starts_with(|c: char| matches!(c, '1'..='9')));
    if plain { text.parse().ok() } else { None }
}

/// Reads `text` as a number unless that would lose digits of an identifier: leading zeros, or more whole digits than f64
/// holds exactly.
fn real(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let is_name = (digits > 1 && unsigned.starts_with('0')) || (digits == unsigned.len() && digits > 15);
    if is_name { None } else { text.parse().ok() }
}
