//! Files in and out: typed columns, the rows that cells and summaries consist of, folders that are whole or absent.

mod cells;
mod columns;
mod files;
mod finding;
mod folder;
mod frame;
mod label;
mod parallel;
mod role;
mod rows;
mod scores;
#[cfg(feature = "ffi")]
mod stream;
mod summary;

pub use files::{Whole, write_whole};
pub use finding::{Finding, Severity};
pub use folder::{Cell, CellRecord, EnvironmentRecord, FORMAT, Factors, Folder, Manifest, address};
pub use frame::{
    Column, Decimal, Delimiter, Dialect, Frame, FrameError, ParquetParts, Record, Records, read, read_with, write_csv,
    write_parquet,
};
pub use label::Label;
pub use parallel::in_parallel;
pub use role::{Identity, ROLES, Role};
pub use rows::{Direction, Replicate, Score, SummaryRow};
pub use scores::{Measurement, Quantity, Run, Scores, Standing};
#[cfg(feature = "ffi")]
pub use stream::ArrowStream;
pub use summary::{read_summary, write_summary};
