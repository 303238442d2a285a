//! One file for each command.

pub(crate) mod claims;
pub(crate) mod columns;
pub(crate) mod compare;
pub(crate) mod data;
mod dialect;
mod encoding;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod ope;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod route;
pub(crate) mod run;
pub(crate) mod train;
pub(crate) mod verify;
