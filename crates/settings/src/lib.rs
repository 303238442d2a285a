//! Strict tables: what may stand in a table of settings, what is wrong with one, and where.
//!
//! A table is a struct. Its doc lines are the meanings of its keys, its schemars attributes their ranges, its `Default` their
//! defaults. From these come the checks, the messages, the reference and the JSON schema: nothing is said twice. Rules that
//! concern several fields, which no schema says, stand in [`Parameters::check`].
//!
//! It knows no file format: [`Written`] reads TOML and is behind the feature `toml`.

mod mistake;
mod parameters;
mod place;
mod reference;
mod rules;
mod search;
#[cfg(feature = "toml")]
mod written;

pub use mistake::{Mistake, nearest};
pub use parameters::{NoParameters, Parameters, defaults, field_order, joined_schema, parse, schema, schema_of};
pub use place::{Lines, Place, SpecError, Strict};
pub use reference::{Key, keys};
pub use rules::{conforms, described, meaning, violation};
pub use search::{SEARCH, Scale, Search, searches};
#[cfg(feature = "toml")]
pub use written::Written;
