//! Files in and out: typed columns, the rows that cells and summaries consist of, folders that are whole or absent.

mod cells;
mod columns;
mod files;
mod folder;
mod frame;
mod label;
mod parallel;
mod rows;
mod scores;
mod summary;

pub use files::write_whole;
pub use folder::{Cell, CellRecord, EnvironmentRecord, FORMAT, Folder, Manifest};
pub use frame::{Column, Frame, FrameError, read, write_csv, write_parquet};
pub use label::Label;
pub use parallel::in_parallel;
pub use rows::{Direction, Replicate, Score, SummaryRow};
pub use scores::{Measurement, Quantity, Run, Scores, Standing};
pub use summary::{read_summary, write_summary};
