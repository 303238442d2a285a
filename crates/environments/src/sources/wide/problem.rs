//! What can be wrong with a wide table, and how it is said.

use std::path::PathBuf;
use store::FrameError;

/// Problems that are shown in full; the others are counted.
const SHOWN: usize = 5;

/// A rule that a file or one of its rows breaks. Those from [`Rule::MissingCell`] on are about rows, which can be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A column that is asked for is not there.
    NoColumn,
    /// A model's quality has no dollars beside it.
    NoCostColumn,
    /// A model's dollars have no quality beside them.
    NoQualityColumn,
    /// No model at all.
    NoModels,
    /// A model is listed twice.
    ModelTwice,
    /// Vectors where single values are asked for, or the other way round.
    WrongShape,
    /// More models or tasks than an index can hold.
    TooMany,
    /// No row of data, or none that is left.
    NoRows,
    /// A cell without a value.
    MissingCell,
    /// An identifier that an earlier row has.
    DuplicateId,
    /// A row without a value in the column that keeps rows together.
    NoGroup,
    /// A task that is not among the known ones.
    UnknownTask,
    /// Text where a number is asked for.
    NotANumber,
    /// A score outside [0, 1], or NaN.
    Quality,
    /// Dollars below zero, infinite or NaN.
    Dollars,
    /// A count of tokens that is no whole number, or larger than the count that it is part of.
    Tokens,
    /// A latency below zero, infinite or NaN.
    Latency,
    /// A prompt or a model without any outcome: a score with its dollars.
    NoOutcome,
    /// Tokens whose price is not known.
    NoPrice,
    /// A row's identifier is not in the file of embeddings.
    NoEmbedding,
    /// An embedding with NaN or infinity, or missing.
    Embedding,
}

impl Rule {
    /// Whether a number keeps the rule; rules that are about something else allow every number.
    pub(super) fn allows(self, number: f64) -> bool {
        match self {
            Rule::Quality => (0.0..=1.0).contains(&number),
            Rule::Dollars | Rule::Latency => number.is_finite() && number >= 0.0,
            Rule::Tokens => (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0,
            _ => true,
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Rule::NoColumn => "no such column",
            Rule::NoCostColumn => "no cost column",
            Rule::NoQualityColumn => "no quality column",
            Rule::NoModels => "no models",
            Rule::ModelTwice => "model listed twice",
            Rule::WrongShape => "wrong shape",
            Rule::TooMany => "too many",
            Rule::NoRows => "no rows",
            Rule::MissingCell => "missing cell",
            Rule::DuplicateId => "duplicate id",
            Rule::NoGroup => "rows of an unknown group may belong together",
            Rule::UnknownTask => "unknown task",
            Rule::NotANumber => "not a number",
            Rule::Quality => "quality must lie in [0, 1]",
            Rule::Dollars => "dollars must be finite and not negative",
            Rule::Tokens => "tokens must be whole numbers, those from the cache at most those read",
            Rule::Latency => "latency must be finite and not negative",
            Rule::NoOutcome => "no outcome: a score with its dollars",
            Rule::NoPrice => "no price",
            Rule::NoEmbedding => "no embedding",
            Rule::Embedding => "embedding must be finite, and no number beyond a million",
        })
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Row, from 1, the first row of data; None when it is about all of them.
    pub row: Option<usize>,
    /// Column; None when it is about the file.
    pub column: Option<String>,
    /// The rule that is broken.
    pub rule: Rule,
    /// The value that breaks it, or what would keep it; empty when there is nothing to say.
    pub value: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = self.row.map(|row| format!("row {row}"));
        let column = self.column.as_ref().map(|column| format!("column `{column}`"));
        let place: Vec<String> = row.into_iter().chain(column).collect();
        let parts = [place.join(", "), self.rule.to_string(), self.value.clone()];
        f.write_str(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "))
    }
}

/// Problems of one file in the order they were met: the first few in full, all of them counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    /// The first few.
    pub shown: Vec<Problem>,
    /// How many there are.
    pub total: usize,
}

impl Problems {
    /// Enters a problem; `value` is made only if it will be shown.
    pub(super) fn push(
        &mut self,
        row: Option<usize>,
        column: Option<&str>,
        rule: Rule,
        value: impl FnOnce() -> String,
    ) {
        if self.shown.len() < SHOWN {
            self.shown.push(Problem { row, column: column.map(str::to_owned), rule, value: value() });
        }
        self.total += 1;
    }

    /// Nothing if there is no problem, else the refusal of the file at `path`.
    pub(super) fn refuse(self, path: &std::path::Path) -> Result<(), ImportError> {
        if self.total == 0 { Ok(()) } else { Err(ImportError::Refused { path: path.to_owned(), problems: self }) }
    }
}

/// Why a table was not imported.
#[derive(Debug)]
pub enum ImportError {
    /// The table or the file of embeddings could not be read.
    Unreadable(FrameError),
    /// It was read, and is not what it should be.
    Refused {
        /// The file that is wrong.
        path: PathBuf,
        /// What is wrong with it.
        problems: Problems,
    },
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, problems) = match self {
            ImportError::Unreadable(error) => return error.fmt(f),
            ImportError::Refused { path, problems } => (path, problems),
        };
        let plural = if problems.total == 1 { "" } else { "s" };
        write!(f, "{}: {} problem{plural}", path.display(), problems.total)?;
        for problem in &problems.shown {
            write!(f, "\n  {problem}")?;
        }
        match problems.total - problems.shown.len() {
            0 => Ok(()),
            more => write!(f, "\n  ... and {more} more"),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<FrameError> for ImportError {
    fn from(error: FrameError) -> ImportError {
        ImportError::Unreadable(error)
    }
}
