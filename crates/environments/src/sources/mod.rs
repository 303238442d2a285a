//! Where outcome tables come from, one file for each kind of source.

pub mod calibrated;
pub mod logged;
pub mod named;
mod pooled;
mod recorded;
mod registry;
pub mod wide;

pub use pooled::{MakeTable, Pooled};
pub use recorded::Recorded;
pub use registry::{Opening, SOURCES, SourceEntry, TextEncoder, import_frame_with};
