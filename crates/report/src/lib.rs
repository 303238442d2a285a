//! Summaries, charts, tables and claims, from stored rows alone: nothing here runs an experiment.

mod charts;
mod claims;
mod comparison;
mod context;
mod derived;
mod description;
mod effects;
mod evidence;
#[cfg(test)]
mod fake;
mod graphics;
mod names;
mod page;
mod plain;
mod roster;
mod spread;
mod summarise;
mod survival;
pub mod tables;
mod terminal;
mod theme;
mod write;

/// Every kind of policy that charts know by name: those with a look or a place of their own. Others look alike.
pub fn known_kinds() -> impl Iterator<Item = &'static str> {
    theme::kinds().chain(roster::kinds())
}

pub use charts::{About, Basis, CHARTS, Chart, Mark, Measured, Source, Table};
pub use claims::{
    Claim, Decision, Nameable, Relation, Verdict, check_claims, claim_schema, claims_json, decide, in_words,
    parse_claims,
};
pub use comparison::{Difference, compare};
pub use context::Context;
pub use derived::{derived, is_derived};
pub use description::{PAGE, description_page, write_description};
pub use page::{Figure, page};
pub use plain::{Ellipse, Point, Section, SmallTable, plain_page};
pub use spread::{ReplicateSpread, replicate_spread};
pub use summarise::{summarise, summary};
pub use terminal::terminal;
pub use write::{Material, ReportError, Written, write, write_report};
