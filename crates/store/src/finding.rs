//! What is odd about a data set: one finding is one kind of oddity with its numbers, for terminals, pages and programs alike.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Unless it is meant, a result on the data set would mislead.
    Warning,
    /// Worth knowing before results are read.
    Note,
}

impl Severity {
    /// As a word.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One kind of oddity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the kind, the same in every data set.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, in a sentence.
    pub what: String,
    /// The numbers behind it, by name.
    pub numbers: BTreeMap<String, f64>,
    /// At most five cases.
    pub examples: Vec<String>,
}
