//! Stored columns with what they mean: files are written from the lists that the data dictionary prints.

use crate::{Column, Frame};

/// What the data dictionary says of a column, or of a field of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name in the file.
    pub name: &'static str,
    /// What a cell holds: `text`, `number` or `whole number`, with `or nothing` where one may be missing.
    pub holds: &'static str,
    /// Unit of a number; empty for text.
    pub unit: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

impl Described {
    /// A column called `name`.
    pub const fn new(name: &'static str, holds: &'static str, unit: &'static str, meaning: &'static str) -> Described {
        Described { name, holds, unit, meaning }
    }
}

/// How a column is made of rows of type `R`.
pub(crate) enum Cells<R> {
    Text(fn(&R) -> &str),
    MaybeText(fn(&R) -> Option<&str>),
    Real(fn(&R) -> f64),
    MaybeReal(fn(&R) -> Option<f64>),
    Integer(fn(&R) -> u64),
}

/// A column of rows of type `R`.
pub(crate) struct Stored<R> {
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    cells: Cells<R>,
}

impl<R> Stored<R> {
    /// A column called `name`, of numbers in `unit` (empty for text).
    pub(crate) const fn new(
        name: &'static str,
        unit: &'static str,
        cells: Cells<R>,
        meaning: &'static str,
    ) -> Stored<R> {
        Stored { name, unit, meaning, cells }
    }

    fn column(&self, rows: &[R]) -> Column {
        match self.cells {
            Cells::Text(cell) => Column::Text(rows.iter().map(|row| Some(cell(row).to_owned())).collect()),
            Cells::MaybeText(cell) => Column::Text(rows.iter().map(|row| cell(row).map(str::to_owned)).collect()),
            Cells::Real(cell) => Column::Real(rows.iter().map(|row| Some(cell(row))).collect()),
            Cells::MaybeReal(cell) => Column::Real(rows.iter().map(cell).collect()),
            Cells::Integer(cell) => Column::Integer(rows.iter().map(|row| Some(cell(row))).collect()),
        }
    }

    fn described(&self) -> Described {
        let holds = match self.cells {
            Cells::Text(_) => "text",
            Cells::MaybeText(_) => "text or nothing",
            Cells::Real(_) => "number",
            Cells::MaybeReal(_) => "number or nothing",
            Cells::Integer(_) => "whole number",
        };
        Described::new(self.name, holds, self.unit, self.meaning)
    }
}

/// `rows` as `columns`, in their order.
pub(crate) fn frame<R>(columns: &[Stored<R>], rows: &[R]) -> Frame {
    let columns = columns.iter().map(|column| (column.name.to_owned(), column.column(rows))).collect();
    Frame { columns, metadata: Vec::new() }
}

/// What the data dictionary says of `columns`.
pub(crate) fn described<R>(columns: &[Stored<R>]) -> Vec<Described> {
    columns.iter().map(Stored::described).collect()
}
