//! One file for each command.

pub(crate) mod claims;
pub(crate) mod columns;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod data;
mod dialect;
pub(crate) mod help;
pub(crate) mod inspect;
mod leaks;
pub(crate) mod learn;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod route;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod submit;
pub(crate) mod train;
pub(crate) mod verify;
