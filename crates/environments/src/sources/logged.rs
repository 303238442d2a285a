//! A production log: requests, the one model that answered each, how good the answer was and what it cost.
//!
//! A log is read row by row, never as a whole, from parquet, CSV or JSONL. [`Log::open`] reads it once: every row is checked,
//! bad ones refused by line, field, rule and value (or dropped and counted, where the caller says so), and what holds of the
//! log as a whole is gathered in memory that does not grow with its length. [`Log::rows`] reads it again and hands out the
//! rows, with models and tasks as positions in lists that are known by then.
//!
//! ```no_run
//! use environments::sources::logged::{Log, LogOptions};
//! let log = Log::open("requests.jsonl".as_ref(), &LogOptions::default())?;
//! println!("{} rows, models {:?}", log.len(), log.models());
//! for row in log.rows()? {
//!     let row = row?;
//!     println!("{:?} answered by {}: {:?}", row.prompt, log.models()[row.arm.index()], row.quality);
//! }
//! # Ok::<(), environments::sources::logged::LogError>(())
//! ```
//!
//! A log shows one cell of each row of the outcome table and no more: what the other models would have answered is not in
//! it, nor how the answers of two models to one prompt go together.

mod columns;
mod conversations;
mod long;
mod messages;
mod problem;
mod reader;
mod survey;
#[cfg(test)]
mod tests;
mod time;

pub use columns::LogColumns;
pub use conversations::{Prompts, prompts};
pub use long::{Pivoted, pivot};
pub use messages::last_user_text;
pub use problem::{LogError, LogProblem, LogRule};
pub use survey::{Cell, Range, Survey};
pub use time::Moment;

use crate::Tokens;
use crate::price_book::{Date, PriceBook};
use crate::sources::wide::OnBadRow;
use problem::Problems;
use reader::{Checked, Reader};
use routing::{Arm, Dollars, Seconds};
use std::path::{Path, PathBuf};
use store::{Dialect, Record, Records};

/// How a log is to be read.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Which column is what.
    pub columns: LogColumns,
    /// Turns token counts into dollars, for rows that have no dollars of their own.
    pub prices: Option<PriceBook>,
    /// Day whose prices hold for rows without a timestamp.
    pub price_date: Option<Date>,
    /// Day whose prices hold for every row, in place of the dollars that were paid; needs tokens and a book. None: as paid.
    pub reprice: Option<Date>,
    /// What to do with a row that breaks a rule.
    pub on_bad_row: OnBadRow,
    /// How a CSV log is written.
    pub dialect: Dialect,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            columns: LogColumns::default(),
            prices: None,
            price_date: None,
            reprice: None,
            on_bad_row: OnBadRow::Refuse,
            dialect: Dialect::default(),
        }
    }
}

/// One request that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Line of a CSV or JSONL file, row of a parquet file, from 1.
    pub place: u64,
    /// Identifier of the request, where the log has one.
    pub id: Option<String>,
    /// The text that is encoded: the prompt, or the last user message of a conversation. None where the log has neither.
    pub prompt: Option<String>,
    /// The model that answered, an index into [`Log::models`].
    pub arm: Arm,
    /// Score of the answer in [0, 1]: as logged, or made from thumbs or a judge's score. None where nobody judged it.
    pub quality: Option<f32>,
    /// Dollars of the call: as logged, or tokens at list price.
    pub cost: Dollars,
    /// Tokens of the call, where they were counted.
    pub tokens: Option<Tokens>,
    /// Time until the answer was there, where it was measured.
    pub latency: Option<Seconds>,
    /// Probability with which the model was chosen, in (0, 1], where it is known.
    pub propensity: Option<f32>,
    /// Weight on cost of the request, in [0, 1], where it is known.
    pub w_cost: Option<f64>,
    /// Kind of request, an index into [`Log::tasks`]; 0, called `all`, where the log has none.
    pub task: usize,
    /// When it was answered, where it is known.
    pub time: Option<Moment>,
    /// On whose behalf, where it is known.
    pub tenant: Option<String>,
}

/// A log that was read once and found good.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
    options: LogOptions,
    survey: Survey,
    dropped: Vec<(LogRule, u64)>,
}

impl Log {
    /// Reads and checks the log at `path` in one pass, in memory that does not grow with its length.
    ///
    /// # Errors
    /// When the file cannot be read, no row is left, or, with [`OnBadRow::Refuse`], a row breaks a rule: all problems are
    /// counted, the first few named by line, field, rule and value.
    pub fn open(path: &Path, options: &LogOptions) -> Result<Log, LogError> {
        let reader = Reader::new(options);
        let mut records = Records::open_with(path, &options.dialect)?;
        let (mut record, mut survey, mut problems) = (Record::default(), Survey::new(options), Problems::default());
        while records.read(&mut record)? {
            match reader.check(&record) {
                Ok(checked) => survey.add(&checked),
                Err(problem) => problems.push(problem),
            }
        }
        if survey.rows == 0 && problems.total == 0 {
            problems.push(LogProblem { place: 0, field: String::new(), rule: LogRule::NoRows, value: String::new() });
        }
        if problems.total > 0 && (options.on_bad_row == OnBadRow::Refuse || survey.rows == 0) {
            return Err(LogError::Refused { path: path.to_owned(), total: problems.total, shown: problems.shown });
        }
        survey.finish(path)?;
        let dropped = problems.by_rule.into_iter().collect();
        Ok(Log { path: path.to_owned(), options: options.clone(), survey, dropped })
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of rows that broke no rule.
    pub fn len(&self) -> u64 {
        self.survey.rows
    }

    /// Whether there is no such row; never so for an opened log.
    pub fn is_empty(&self) -> bool {
        self.survey.rows == 0
    }

    /// Names of the models: as listed in [`LogColumns::models`], or those that occur, ascending.
    pub fn models(&self) -> &[String] {
        &self.survey.models
    }

    /// Names of the tasks that occur, ascending; `all` alone where the log has none.
    pub fn tasks(&self) -> &[String] {
        &self.survey.tasks
    }

    /// What holds of the log as a whole.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Rows left out, by the rule each broke; empty unless [`OnBadRow::Drop`].
    pub fn dropped(&self) -> &[(LogRule, u64)] {
        &self.dropped
    }

    /// The good rows again, in file order, one at a time.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn rows(&self) -> Result<LogRows<'_>, LogError> {
        Ok(LogRows {
            log: self,
            reader: Reader::new(&self.options),
            records: Records::open_with(&self.path, &self.options.dialect)?,
            record: Record::default(),
        })
    }

    fn row(&self, checked: Checked<'_>) -> Result<LogRow, LogError> {
        let place = checked.place;
        let changed = |what: &str, name: &str| LogError::Unusable {
            path: self.path.clone(),
            message: format!("line {place}: {what} `{name}` was not there when the log was first read"),
        };
        let arm = self.survey.arm(&checked.model).ok_or_else(|| changed("model", &checked.model))?;
        let task = self.survey.task(checked.task.as_deref());
        let task = task.ok_or_else(|| changed("task", checked.task.as_deref().unwrap_or_default()))?;
        Ok(LogRow {
            place,
            id: checked.id.map(Into::into),
            prompt: checked.prompt.map(Into::into),
            arm: Arm::at(arm),
            quality: checked.quality.map(|quality| quality as f32),
            cost: Dollars(checked.dollars.expect("a row of a log without dollars breaks a rule")),
            tokens: checked.tokens,
            latency: checked.seconds.map(|seconds| Seconds(seconds as f32)),
            propensity: checked.propensity.map(|propensity| propensity as f32),
            w_cost: checked.w_cost,
            task,
            time: checked.time,
            tenant: checked.tenant.map(Into::into),
        })
    }
}

/// The good rows of a [`Log`], in file order.
pub struct LogRows<'a> {
    log: &'a Log,
    reader: Reader<'a>,
    records: Records,
    record: Record,
}

impl Iterator for LogRows<'_> {
    type Item = Result<LogRow, LogError>;

    fn next(&mut self) -> Option<Result<LogRow, LogError>> {
        loop {
            match self.records.read(&mut self.record) {
                Err(error) => return Some(Err(error.into())),
                Ok(false) => return None,
                Ok(true) => {}
            }
            // A row that breaks a rule was counted, and allowed to be left out, when the log was opened.
            if let Ok(checked) = self.reader.check(&self.record) {
                return Some(self.log.row(checked));
            }
        }
    }
}
