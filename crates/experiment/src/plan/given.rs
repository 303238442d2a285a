//! Files that say something of prompts by their `sample_id`, read row by row. Each refusal names file, line, column, rule and
//! value.

use settings::nearest;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use store::{FrameError, Record, Records};

/// Column of the identifier of a prompt.
pub(super) const SAMPLE_ID: &str = "sample_id";
/// Column of the number of a replicate, from 1.
pub(super) const REPLICATE: &str = "replicate";
/// Column of the label of an environment, which a file need not have.
pub(super) const ENVIRONMENT: &str = "environment";

/// Why a file that a configuration names is refused.
#[derive(Debug)]
pub(super) enum GivenError {
    /// It cannot be read.
    Unreadable(FrameError),
    /// A row, or the file as a whole, breaks a rule.
    Refused {
        /// The file.
        path: PathBuf,
        /// Line of a CSV or JSONL file, row of a parquet file, from 1; none where the whole file is meant.
        place: Option<u64>,
        /// The column, where it is one.
        column: Option<&'static str>,
        /// What must hold, and the value that does not.
        message: String,
    },
}

impl Display for GivenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, place, column, message) = match self {
            GivenError::Unreadable(error) => return error.fmt(f),
            GivenError::Refused { path, place, column, message } => (path, place, column, message),
        };
        let unit = if path.extension().is_some_and(|ending| ending == "parquet") { "row" } else { "line" };
        let place = place.map(|place| format!("{unit} {place}"));
        let column = column.map(|column| format!("column `{column}`"));
        let parts: Vec<String> = place.into_iter().chain(column).collect();
        let between = if parts.is_empty() { "" } else { ": " };
        write!(f, "{}: {}{between}{message}", path.display(), parts.join(", "))
    }
}

impl std::error::Error for GivenError {}

impl From<FrameError> for GivenError {
    fn from(error: FrameError) -> GivenError {
        GivenError::Unreadable(error)
    }
}

/// The error that the file at `path` is not as it must be, in no row of its own.
pub(super) fn of_file(path: &Path, message: String) -> GivenError {
    GivenError::Refused { path: path.to_owned(), place: None, column: None, message }
}

/// Calls `take` with each row of the file at `path` that is about an environment with one of these `labels`: all rows where
/// the file has no column `environment`, or an empty cell there.
pub(super) fn each_row(
    path: &Path,
    labels: [&str; 2],
    mut take: impl FnMut(&Row<'_>) -> Result<(), GivenError>,
) -> Result<(), GivenError> {
    let (mut records, mut record) = (Records::open(path)?, Record::default());
    let (mut taken, mut others) = (0_usize, std::collections::BTreeSet::new());
    while records.read(&mut record)? {
        let row = Row { path, record: &record };
        if let Some(flaw) = &record.flaw {
            return Err(row.error(None, flaw.clone()));
        }
        match row.optional(ENVIRONMENT) {
            Some(other) if !labels.contains(&other.as_str()) => drop(others.insert(other)),
            _ => {
                taken += 1;
                take(&row)?;
            }
        }
    }
    if taken > 0 {
        return Ok(());
    }
    let known: Vec<&str> = others.iter().take(10).map(String::as_str).collect();
    let of = if known.is_empty() { "no row".to_owned() } else { format!("rows of {}", known.join(", ")) };
    Err(of_file(path, format!("it must have rows of environment `{}`, got {of}", labels[0])))
}

/// A row of such a file.
pub(super) struct Row<'a> {
    path: &'a Path,
    record: &'a Record,
}

impl Row<'_> {
    /// Where it stands.
    pub(super) fn place(&self) -> u64 {
        self.record.place
    }

    /// The error that this row breaks a rule.
    pub(super) fn error(&self, column: Option<&'static str>, message: String) -> GivenError {
        GivenError::Refused { path: self.path.to_owned(), place: Some(self.record.place), column, message }
    }

    /// The text of a cell; none where it is empty or the column is not there.
    pub(super) fn optional(&self, column: &str) -> Option<String> {
        let value = self.record.get(column)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)).filter(|text| !text.is_empty())
    }

    /// The text of a cell that must not be empty.
    pub(super) fn text(&self, column: &'static str) -> Result<String, GivenError> {
        let names = || self.record.fields.iter().map(|(name, _)| name.as_str());
        self.optional(column).ok_or_else(|| {
            if names().any(|name| name == column) {
                return self.error(Some(column), "must not be empty".into());
            }
            let known = names().collect::<Vec<_>>().join(", ");
            self.error(Some(column), format!("no such column, the file has {known}"))
        })
    }

    /// The number in a cell, which must lie in `range`, said in words by `rule`; none where the cell is empty or not there.
    pub(super) fn number(
        &self,
        column: &'static str,
        rule: &str,
        holds: impl Fn(f64) -> bool,
    ) -> Result<Option<f64>, GivenError> {
        let Some(text) = self.optional(column) else { return Ok(None) };
        match text.trim().parse::<f64>() {
            Ok(number) if holds(number) => Ok(Some(number)),
            _ => Err(self.error(Some(column), format!("must be {rule}, got `{text}`"))),
        }
    }

    /// The replicate from 0; none where the cell is empty or not there.
    pub(super) fn replicate(&self) -> Result<Option<usize>, GivenError> {
        let whole = |number: f64| number >= 1.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX);
        let number = self.number(REPLICATE, "a whole number from 1", whole)?;
        Ok(number.map(|number| number as usize - 1))
    }

    /// The place of the text of a cell among `known`.
    pub(super) fn among(&self, column: &'static str, known: &[&str]) -> Result<usize, GivenError> {
        let text = self.text(column)?;
        known.iter().position(|name| *name == text).ok_or_else(|| {
            let close = nearest(&text, known).map(|name| format!(" (nearest is `{name}`)"));
            let known = known.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.error(Some(column), format!("must be one of {known}, got `{text}`{}", close.unwrap_or_default()))
        })
    }
}
