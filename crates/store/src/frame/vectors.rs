//! Vectors of one width, gathered row by row.

use super::Column;

/// Gathers the vectors of one column, all of one width; rows before the first vector are filled in when it comes.
#[derive(Default)]
pub(super) struct VectorsBuilder {
    width: usize,
    rows: usize,
    expected: usize,
    values: Vec<f32>,
}

impl VectorsBuilder {
    /// Makes room for `rows` vectors when the first has come.
    pub(super) fn for_rows(rows: usize) -> VectorsBuilder {
        VectorsBuilder { expected: rows, ..VectorsBuilder::default() }
    }

    /// Appends a row, a missing one as NaN.
    ///
    /// # Errors
    /// When its width differs from that of the rows before, or is zero; the message names the row.
    pub(super) fn push(&mut self, vector: Option<&[f32]>) -> Result<(), String> {
        let row = self.rows + 1;
        match vector {
            None => self.values.extend(std::iter::repeat_n(f32::NAN, self.width)),
            Some([]) => return Err(format!("row {row} has a vector of no numbers")),
            Some(vector) => {
                if self.width == 0 {
                    self.width = vector.len();
                    self.values.reserve_exact(self.expected.saturating_mul(self.width).min(MOST_RESERVED));
                    self.values.resize(self.rows * self.width, f32::NAN);
                }
                if vector.len() != self.width {
                    let (got, width) = (vector.len(), self.width);
                    return Err(format!("row {row} has {got} numbers where the rows before have {width}"));
                }
                self.values.extend_from_slice(vector);
            }
        }
        self.rows = row;
        Ok(())
    }

    /// The column; text without a value when no row had a vector.
    pub(super) fn finish(self) -> Column {
        match self.width {
            0 => Column::Text(vec![None; self.rows]),
            width => Column::Vectors { width, values: self.values },
        }
    }
}

/// Numbers that room is made for before they have come: a footer may promise any number of rows.
const MOST_RESERVED: usize = 1 << 28;
