//! Typed access to the columns of a frame that must have them.

use crate::{Column, Direction, Frame};

/// A frame whose columns are asked for by name and kind.
pub(crate) struct Columns<'a>(pub(crate) &'a Frame);

/// One column's cells.
pub(crate) struct Cells<'a, T> {
    name: &'static str,
    cells: &'a [Option<T>],
}

impl<'a> Columns<'a> {
    fn column(&self, name: &'static str) -> Result<&'a Column, String> {
        self.0.column(name).ok_or_else(|| format!("column `{name}` is missing"))
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Cells<'a, String>, String> {
        match self.column(name)? {
            Column::Text(cells) => Ok(Cells { name, cells }),
            _ => Err(format!("column `{name}` must hold text")),
        }
    }

    pub(crate) fn real(&self, name: &'static str) -> Result<Cells<'a, f64>, String> {
        match self.column(name)? {
            Column::Real(cells) => Ok(Cells { name, cells }),
            _ => Err(format!("column `{name}` must hold numbers")),
        }
    }

    pub(crate) fn integer(&self, name: &'static str) -> Result<Cells<'a, u64>, String> {
        match self.column(name)? {
            Column::Integer(cells) => Ok(Cells { name, cells }),
            _ => Err(format!("column `{name}` must hold whole numbers")),
        }
    }
}

impl<T: Clone> Cells<'_, T> {
    /// The cell of `row`, None where it is missing.
    pub(crate) fn get(&self, row: usize) -> Option<T> {
        self.cells[row].clone()
    }

    /// The cell of `row`, which may not be missing.
    pub(crate) fn required(&self, row: usize) -> Result<T, String> {
        self.get(row).ok_or_else(|| format!("column `{}`, row {}: a value is missing", self.name, row + 1))
    }
}

impl Direction {
    /// The word for it in a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::None => "none",
        }
    }

    /// The direction that a file's cell of column `direction` names.
    pub(crate) fn parse(name: &str, row: usize) -> Result<Direction, String> {
        let all = [Direction::Up, Direction::Down, Direction::None];
        all.into_iter()
            .find(|direction| direction.name() == name)
            .ok_or_else(|| format!("column `direction`, row {}: `{name}` is not up, down or none", row + 1))
    }
}
