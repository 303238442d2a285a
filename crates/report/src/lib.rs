//! Summaries, charts, tables and claims, from stored rows alone: nothing here runs an experiment.

mod charts;
#[cfg(test)]
mod fake;
mod graphics;
mod summarise;
mod theme;
mod write;

pub use charts::{About, Basis, CHARTS, Chart, Mark, Measured, Table};
pub use summarise::summarise;
pub use write::{Context, ReportError, Written, write};
