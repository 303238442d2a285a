//! Why a named data set was not read.

use crate::sources::logged::LogError;
use std::path::{Path, PathBuf};
use store::FrameError;

/// A rule that a file of a named data set breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceRule {
    /// A column of the release is not there.
    NoColumn,
    /// The file has no row, the folder no file.
    NoRows,
    /// Another file of the same project, which is no table of scores.
    NoTable,
    /// A cell that cannot be what its column holds.
    Cell,
    /// Two answers of one model to one prompt, or two prompts with one name.
    Twice,
    /// A question about dollars that the data set cannot answer.
    Dollars,
    /// Tokens whose price is not known.
    NoPrice,
}

impl std::fmt::Display for SourceRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SourceRule::NoColumn => "no such column",
            SourceRule::NoRows => "no rows",
            SourceRule::NoTable => "no table of prompts and models with scores",
            SourceRule::Cell => "bad cell",
            SourceRule::Twice => "told twice",
            SourceRule::Dollars => "no dollars without a rule",
            SourceRule::NoPrice => "no price",
        })
    }
}

/// Why a named data set was not read.
#[derive(Debug)]
pub enum SourceError {
    /// The file could not be read.
    Unreadable(FrameError),
    /// A row of a long table breaks a rule.
    Long(LogError),
    /// It is not what the data set has.
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// Name of the data set.
        source: &'static str,
        /// The rule that is broken.
        rule: SourceRule,
        /// What breaks it, and where.
        value: String,
    },
}

impl SourceError {
    /// The file at `path` breaks a rule of the data set `source`.
    pub(super) fn refused(
        path: &Path,
        source: &'static str,
        rule: SourceRule,
        value: impl Into<String>,
    ) -> SourceError {
        SourceError::Refused { path: path.to_owned(), source, rule, value: value.into() }
    }
}

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SourceError::Unreadable(error) => error.fmt(f),
            SourceError::Long(error) => error.fmt(f),
            SourceError::Refused { path, source, rule, value } => {
                write!(f, "{}: source `{source}`: {rule}: {value}", path.display())
            }
        }
    }
}

impl std::error::Error for SourceError {}

impl From<FrameError> for SourceError {
    fn from(error: FrameError) -> SourceError {
        SourceError::Unreadable(error)
    }
}

impl From<LogError> for SourceError {
    fn from(error: LogError) -> SourceError {
        SourceError::Long(error)
    }
}
