//! Files in and out: typed columns, the rows that cells and summaries consist of, folders that are whole or absent.

mod cells;
mod columns;
mod files;
mod finding;
mod folder;
mod footer;
mod frame;
mod integrity;
mod journal;
mod label;
mod manifest;
mod parallel;
mod role;
mod rows;
mod run;
mod scores;
mod seal;
mod stored;
#[cfg(feature = "ffi")]
mod stream;
mod summary;
mod tested;
mod trials;
mod tuning;

pub use files::{Whole, remove, write_whole};
pub use finding::{Finding, Severity};
pub use folder::{Cell, Folder, cell_columns};
pub use footer::{Bought, address};
pub use frame::{
    Column, Decimal, Delimiter, Dialect, Frame, FrameError, ParquetParts, Record, Records, no_formula, read, read_with,
    write_csv, write_parquet,
};
pub use integrity::{Held, State};
pub use journal::{Journal, JournalError, JournalProblem, write_synced};
pub use label::Label;
pub use manifest::{CellRecord, EnvironmentRecord, FORMAT, Factors, Hashes, MANIFEST_FIELDS, Manifest};
pub use parallel::in_parallel;
pub use role::{Identity, ROLES, Role};
pub use routing::words;
pub use rows::{Direction, Replicate, Score, SummaryRow};
pub use run::{Influences, Run};
pub use scores::{Measurement, Quantity, Scores, Standing};
pub use stored::Described;
#[cfg(feature = "ffi")]
pub use stream::ArrowStream;
pub use summary::{SUMMARY_KEY, read_summary, repeated, summary_columns, write_summary};
pub use tested::{MOST_TESTED, SCHEMA, Tested, TestedFrame, TestedRow, Whose, tested_columns, whose_columns};
pub use trials::{TuningRow, tuning_columns, tuning_rows, write_tuning};
pub use tuning::{Chosen, Trial, Tuning};
