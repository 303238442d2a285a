//! CSV out: a header, commas, double quotes; a missing cell is empty.

use super::{Column, Frame, FrameError};
use crate::Whole;
use csv::Writer;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a CSV file whose bytes depend on its content alone: beside, then renamed. Numbers are written in the fewest
/// digits that read back the same, missing cells empty; metadata is left out. Texts are written by [`no_formula`].
///
/// # Errors
/// When the file cannot be written, a column holds vectors, or the columns differ in length or share a name.
pub fn write_csv(path: &Path, frame: &Frame) -> Result<(), FrameError> {
    let mut file = CsvParts::create(path)?;
    file.write(frame)?;
    file.finish()
}

/// A CSV file that is written in parts: beside its place, then renamed by [`CsvParts::finish`].
pub(crate) struct CsvParts {
    path: PathBuf,
    writer: Writer<Whole>,
    empty: bool,
}

impl CsvParts {
    /// Starts a file.
    ///
    /// # Errors
    /// As [`write_csv`].
    pub(crate) fn create(path: &Path) -> Result<CsvParts, FrameError> {
        let whole = Whole::begin(path).map_err(|error| FrameError::new(path, error))?;
        Ok(CsvParts { path: path.to_owned(), writer: Writer::from_writer(whole), empty: true })
    }

    /// Writes the rows of `frame`, below the names of its columns if it is the first.
    ///
    /// # Errors
    /// As [`write_csv`].
    pub(crate) fn write(&mut self, frame: &Frame) -> Result<(), FrameError> {
        let with_header = std::mem::replace(&mut self.empty, false);
        encode(frame, with_header, &mut self.writer).map_err(|error| FrameError::new(&self.path, error))
    }

    /// Completes the file and puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written or renamed.
    pub(crate) fn finish(self) -> Result<(), FrameError> {
        let whole = self.writer.into_inner().map_err(|error| error.into_error());
        whole.and_then(Whole::finish).map_err(|error| FrameError::new(&self.path, error))
    }
}

/// `text` as a cell that no spreadsheet takes for a formula: one that begins as formulas do gets an apostrophe before it, unless
/// it is a number.
pub fn no_formula(text: &str) -> Cow<'_, str> {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if begins && text.parse::<f64>().is_err() { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn encode<W: Write>(frame: &Frame, with_header: bool, writer: &mut Writer<W>) -> io::Result<()> {
    let vectors = frame.columns.iter().find(|(_, column)| matches!(column, Column::Vectors { .. }));
    let vectors = vectors.map(|(name, _)| format!("column `{name}`: CSV has no place for vectors"));
    if let Some(flaw) = frame.flaw().or(vectors) {
        return Err(io::Error::other(flaw));
    }
    if with_header {
        writer.write_record(frame.columns.iter().map(|(name, _)| no_formula(name).into_owned()))?;
    }
    let mut number = Vec::new();
    for row in 0..frame.rows() {
        for (_, column) in &frame.columns {
            number.clear();
            match column {
                Column::Text(cells) => {
                    writer.write_field(&*no_formula(cells[row].as_deref().unwrap_or_default()))?;
                }
                Column::Integer(cells) => {
                    cells[row].map_or(Ok(()), |value| write!(number, "{value}"))?;
                    writer.write_field(&number)?;
                }
                Column::Real(cells) => {
                    cells[row].map_or(Ok(()), |value| write!(number, "{value}"))?;
                    writer.write_field(&number)?;
                }
                Column::Vectors { .. } | Column::Unreadable { .. } => {}
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}
