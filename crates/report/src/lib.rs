//! Summaries, charts, tables and claims, from stored rows alone: nothing here runs an experiment.

mod charts;
mod claims;
mod context;
mod description;
mod effects;
#[cfg(test)]
mod fake;
mod graphics;
mod names;
mod page;
mod paired;
mod summarise;
mod survival;
pub mod tables;
mod terminal;
mod theme;
mod write;

pub use charts::{About, Basis, CHARTS, Chart, Mark, Measured, Source, Table};
pub use claims::{Claim, Decision, Relation, Verdict, claim_schema, claims_json, decide, in_words, parse_claims};
pub use context::Context;
pub use description::{PAGE, description_page, write_description};
pub use page::{Figure, page};
pub use summarise::{summarise, summary};
pub use terminal::terminal;
pub use write::{Material, ReportError, Written, write, write_report};
