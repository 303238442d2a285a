//! What can be wrong with a log, and how it is said.

use std::collections::BTreeMap;
use std::path::PathBuf;
use store::FrameError;

/// Problems that are shown in full; the others are counted.
const SHOWN: usize = 5;

/// Rows from which on a share of them says something of a column.
const FEWEST_ROWS: u64 = 20;

/// A rule that a row of a log breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogRule {
    /// The file has no row.
    NoRows,
    /// A line that is no row of the file's format.
    Malformed,
    /// A cell without a value.
    MissingCell,
    /// Something else where a number is asked for.
    NotANumber,
    /// Something else where text is asked for.
    NotText,
    /// A model that is not among the declared ones.
    UnknownModel,
    /// A score outside [0, 1].
    Quality,
    /// Thumbs that are neither up nor down.
    Thumbs,
    /// A judge's score without a declared scale, or outside of it.
    JudgeScale,
    /// Dollars below zero, infinite or NaN.
    Dollars,
    /// A count of tokens that is no whole number, or larger than the count that it is part of.
    Tokens,
    /// A latency below zero or infinite.
    Latency,
    /// Neither dollars nor tokens and a price book.
    NoCost,
    /// Tokens whose price is not known.
    NoPrice,
    /// What cannot be priced anew.
    NoReprice,
    /// A probability outside (0, 1].
    Propensity,
    /// A weight outside [0, 1].
    Weight,
    /// A moment that cannot be read.
    Timestamp,
    /// A conversation that is not in the OpenAI message shape, or has no text of the user.
    Messages,
    /// Another task or prompt of a request than in an earlier row.
    Contradiction,
    /// A second row of one request and one model.
    DuplicateAnswer,
    /// A column that was named and that no row has.
    AbsentColumn,
}

impl LogRule {
    /// Whether it is about the scale of a column: many such values say that the column is read wrongly, not that rows are bad.
    pub(super) fn is_of_scale(self) -> bool {
        matches!(
            self,
            LogRule::NotANumber
                | LogRule::Quality
                | LogRule::Thumbs
                | LogRule::JudgeScale
                | LogRule::Dollars
                | LogRule::Tokens
                | LogRule::Latency
                | LogRule::Propensity
                | LogRule::Weight
                | LogRule::Timestamp
        )
    }
}

impl std::fmt::Display for LogRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LogRule::NoRows => "no rows",
            LogRule::Malformed => "malformed row",
            LogRule::MissingCell => "missing cell",
            LogRule::NotANumber => "not a number",
            LogRule::NotText => "not text",
            LogRule::UnknownModel => "unknown model",
            LogRule::Quality => "quality must lie in [0, 1]",
            LogRule::Thumbs => "thumbs must be up, down, true, false, 1, 0 or -1",
            LogRule::JudgeScale => "a judge's score needs a declared scale and must lie on it",
            LogRule::Dollars => "dollars must be finite and not negative",
            LogRule::Tokens => {
                "tokens must be a whole number of at most 4294967295, those from the cache at most those read"
            }
            LogRule::Latency => "latency must be finite and not negative",
            LogRule::NoCost => "no cost: a row needs dollars, or tokens and a price book",
            LogRule::NoPrice => "no price",
            LogRule::NoReprice => "prices of another day need the tokens of every row and a price book",
            LogRule::Propensity => "propensity must lie in (0, 1]",
            LogRule::Weight => "the weight on cost must lie in [0, 1]",
            LogRule::Timestamp => "timestamp must be seconds, milliseconds or RFC 3339",
            LogRule::Messages => "messages must have the OpenAI shape",
            LogRule::Contradiction => "rows of one request contradict each other",
            LogRule::DuplicateAnswer => "one row for each request and model",
            LogRule::AbsentColumn => "no row has this column, which was named",
        })
    }
}

/// One thing that is wrong with a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogProblem {
    /// The file, where a log has several.
    pub file: Option<PathBuf>,
    /// Line of a CSV or JSONL file, row of a parquet file, from 1; 0 when it is about the file.
    pub place: u64,
    /// Name of the column; empty when it is about the line.
    pub field: String,
    /// The rule that is broken.
    pub rule: LogRule,
    /// The value that breaks it; empty when there is nothing to say.
    pub value: String,
}

impl LogProblem {
    /// A problem of the file, about a column or about none.
    pub(super) fn of_file(field: &str, rule: LogRule) -> LogProblem {
        LogProblem { file: None, place: 0, field: field.to_owned(), rule, value: String::new() }
    }
}

impl std::fmt::Display for LogProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.as_ref().map_or(String::new(), |file| file.display().to_string());
        let line = if self.place > 0 { format!("line {}", self.place) } else { String::new() };
        let field = if self.field.is_empty() { String::new() } else { format!("field `{}`", self.field) };
        let place: Vec<String> = [file, line, field].into_iter().filter(|part| !part.is_empty()).collect();
        let parts = [place.join(", "), self.rule.to_string(), self.value.clone()];
        f.write_str(&parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "))
    }
}

/// Problems in the order they were met: the first few in full, all of them counted by rule.
#[derive(Default)]
pub(super) struct Problems {
    pub shown: Vec<LogProblem>,
    pub total: u64,
    pub by_rule: BTreeMap<LogRule, u64>,
    /// By the column of rules about a scale.
    by_column: BTreeMap<(String, LogRule), u64>,
}

impl Problems {
    /// Enters a problem of the file as a whole, which is shown before those of rows.
    pub(super) fn push_first(&mut self, problem: LogProblem) {
        self.total += 1;
        *self.by_rule.entry(problem.rule).or_default() += 1;
        self.shown.insert(0, problem);
        self.shown.truncate(SHOWN);
    }

    pub(super) fn push(&mut self, problem: LogProblem) {
        self.total += 1;
        *self.by_rule.entry(problem.rule).or_default() += 1;
        if problem.rule.is_of_scale() {
            *self.by_column.entry((problem.field.clone(), problem.rule)).or_default() += 1;
        }
        if self.shown.len() < SHOWN {
            self.shown.push(problem);
        }
    }
}

impl Problems {
    /// The column of which more than the share `most` of so many `rows` breaks one rule, if there is one, with those rows. Of
    /// fewer than [`FEWEST_ROWS`] rows nothing is said.
    pub(super) fn misread(&self, rows: u64, most: f64) -> Option<(&str, LogRule, u64)> {
        let over = |count: u64| rows >= FEWEST_ROWS && count as f64 > most * rows as f64;
        let found = self.by_column.iter().find(|&(_, &count)| over(count));
        found.map(|((column, rule), &count)| (column.as_str(), *rule, count))
    }
}

/// Why a log was not read.
#[derive(Debug)]
pub enum LogError {
    /// The file could not be read.
    Unreadable(FrameError),
    /// It was read, and rows break rules.
    Refused {
        /// The file.
        path: PathBuf,
        /// How many problems there are.
        total: u64,
        /// The first few.
        shown: Vec<LogProblem>,
    },
    /// It is not what it was when it was opened, or has more models or tasks than an index can hold.
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is different.
        message: String,
    },
}

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, total, shown) = match self {
            LogError::Unreadable(error) => return error.fmt(f),
            LogError::Unusable { path, message } => return write!(f, "{}: {message}", path.display()),
            LogError::Refused { path, total, shown } => (path, total, shown),
        };
        let plural = if *total == 1 { "" } else { "s" };
        write!(f, "{}: {total} problem{plural}", path.display())?;
        for problem in shown {
            write!(f, "\n  {problem}")?;
        }
        match total - shown.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\n  ... and {more} more"),
        }
    }
}

impl std::error::Error for LogError {}

impl From<FrameError> for LogError {
    fn from(error: FrameError) -> LogError {
        LogError::Unreadable(error)
    }
}
