//! Files in and out: typed columns, the rows that cells and summaries consist of, folders that are whole or absent.

mod files;
mod frame;
mod rows;

pub use files::write_whole;
pub use frame::{Column, Frame, FrameError, read, write_csv, write_parquet};
pub use rows::{Direction, Replicate, Score, SummaryRow};
