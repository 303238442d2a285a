//! CSV in: a header, then rows of as many cells; an empty cell is missing.

use super::dialect::{Decimal, Delimiter, Dialect};
use super::input::open_text;
use super::lines::Lines;
use super::number::{point_among_commas, typed, with_point};
use super::{Column, Frame};
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use std::io::Read;
use std::path::Path;

/// Size of the read buffer, in bytes.
const BUFFER: usize = 1 << 18;

/// A CSV file that is read row by row.
pub(super) struct Rows {
    reader: Reader<Lines<Box<dyn Read + Send>>>,
    /// The columns, names as in the header.
    pub names: Vec<String>,
    /// Cells of the row that was read last.
    pub cells: ByteRecord,
}

impl Rows {
    /// Opens the file at `path`; the message of a failure leaves the path out.
    pub(super) fn open(path: &Path, delimiter: Delimiter, dialect: &Dialect) -> Result<Rows, String> {
        let file = open_text(path)?;
        let mut builder = ReaderBuilder::new();
        builder.flexible(true).delimiter(delimiter.byte()).buffer_capacity(BUFFER);
        builder.trim(if dialect.trim { Trim::All } else { Trim::None });
        let mut reader = builder.from_reader(Lines::new(file, delimiter.byte()));
        let header = reader.byte_headers().map_err(|error| error.to_string())?;
        let name = |cell: &[u8]| String::from_utf8(cell.to_vec());
        let names: Result<Vec<String>, _> = header.iter().map(name).collect();
        let names = names.map_err(|_| "line 1: the header is not UTF-8".to_owned())?;
        if let [name] = &names[..]
            && let Some(other) =
                name.bytes().find(|byte| matches!(byte, b';' | b'\t' | b',') && *byte != delimiter.byte())
        {
            let other = Delimiter::of(other);
            return Err(format!(
                "the header is one column `{name}` with `{delimiter}` between columns: is the delimiter `{other}`?"
            ));
        }
        Ok(Rows { reader, names, cells: ByteRecord::new() })
    }

    /// Reads the next row; false at the end of the file. Empty lines are no rows.
    pub(super) fn next(&mut self) -> Result<bool, String> {
        self.reader.read_byte_record(&mut self.cells).map_err(|error| error.to_string())
    }

    /// The line on which the row begins that was read last, from 1.
    pub(super) fn line(&mut self) -> u64 {
        let offset = self.cells.position().map_or(0, csv::Position::byte);
        self.reader.get_mut().line_at(offset)
    }

    /// What keeps the row that was read last from being one.
    pub(super) fn flaw(&self) -> Option<String> {
        if self.cells.len() != self.names.len() {
            return Some(format!("{} cells where the header has {}", self.cells.len(), self.names.len()));
        }
        let broken = self.cells.iter().position(|cell| std::str::from_utf8(cell).is_err())?;
        Some(format!("column `{}`: not UTF-8", self.names[broken]))
    }
}

/// Reads the file at `path`; the message of a failure leaves the path out.
pub(super) fn read(path: &Path, delimiter: Delimiter, dialect: &Dialect) -> Result<Frame, String> {
    let mut rows = Rows::open(path, delimiter, dialect)?;
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); rows.names.len()];
    while rows.next()? {
        if let Some(flaw) = rows.flaw() {
            return Err(format!("line {}: {flaw}", rows.line()));
        }
        for (column, cell) in columns.iter_mut().zip(&rows.cells) {
            let text = std::str::from_utf8(cell).expect("a row without a flaw is UTF-8");
            column.push(if text.is_empty() { None } else { Some(text.to_owned()) });
        }
    }
    let column = |cells| column(cells, dialect.decimal);
    Ok(Frame { columns: rows.names.into_iter().zip(columns.into_iter().map(column)).collect(), metadata: Vec::new() })
}

/// The column of some cells. With decimal commas, a column of nothing but numbers gets points, and is unreadable where one of
/// them has a point already; any other is left alone.
fn column(cells: Vec<Option<String>>, decimal: Decimal) -> Column {
    if decimal == Decimal::Point {
        return typed(cells);
    }
    let (mut pointed, mut flaw) = (Vec::with_capacity(cells.len()), None);
    for (row, cell) in cells.iter().enumerate() {
        let Some(text) = cell else {
            pointed.push(None);
            continue;
        };
        match (with_point(text), point_among_commas(text)) {
            (Some(number), _) => pointed.push(Some(number)),
            (None, Some(found)) => {
                pointed.push(None);
                flaw.get_or_insert_with(|| format!("row {}: {found}", row + 1));
            }
            (None, None) => return typed(cells),
        }
    }
    match flaw {
        Some(flaw) => Column::Unreadable { rows: cells.len(), flaw },
        None => typed(pointed),
    }
}
