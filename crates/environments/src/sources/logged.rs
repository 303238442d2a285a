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
mod feedback;
mod files;
mod formats;
mod long;
mod messages;
mod problem;
mod reader;
mod survey;
#[cfg(test)]
mod tests;
mod time;

pub use columns::{FeedbackColumns, LeaveOut, LogColumns};
pub use conversations::{Prompts, prompts};
pub use formats::{LOG_FORMATS, LogFormat};
pub use long::{Pivoted, pivot};
pub use messages::last_user_text;
pub use problem::{LogError, LogProblem, LogRule};
pub use survey::{Cell, Range, Survey};
pub use time::Moment;

use crate::Tokens;
use crate::price_book::{Date, PriceBook};
use crate::sources::wide::OnBadRow;
use feedback::Feedback;
use files::Files;
use problem::Problems;
use reader::{Checked, Reader};
use routing::{Arm, Dollars, Seconds};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Dialect, Record};

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
    /// A file with feedback on the answers, in the columns of [`LogColumns::feedback`].
    pub feedback: Option<PathBuf>,
    /// Columns that some row must have, because somebody named them.
    pub named: Vec<String>,
    /// Largest share of rows that may break one rule about the scale of a column; beyond it the log is refused with
    /// [`OnBadRow::Drop`] too.
    pub most_dropped: f64,
}

/// Largest share of rows that are dropped for one column, unless another is given.
pub const MOST_DROPPED: f64 = 0.05;

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            columns: LogColumns::default(),
            prices: None,
            price_date: None,
            reprice: None,
            on_bad_row: OnBadRow::Refuse,
            dialect: Dialect::default(),
            feedback: None,
            named: Vec::new(),
            most_dropped: MOST_DROPPED,
        }
    }
}

/// One request that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Line of a CSV or JSONL file, row of a parquet file, from 1; counted on through the files of a log.
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

/// What one reading of all rows finds.
struct Pass {
    survey: Survey,
    problems: Problems,
    /// Rows by the rule that leaves them out.
    left_out: Vec<u64>,
    /// Identifiers of feedback that belongs to some row.
    matched: BTreeSet<String>,
}

impl Pass {
    fn over(paths: &[PathBuf], options: &LogOptions, feedback: Option<&Feedback>) -> Result<Pass, LogError> {
        let reader = Reader::new(options, feedback);
        let mut files = Files::open(paths, &options.dialect)?;
        let mut absent: Vec<&String> = options.named.iter().collect();
        let mut record = Record::default();
        let mut pass = Pass {
            survey: Survey::new(options),
            problems: Problems::default(),
            left_out: vec![0; options.columns.leave_out.len()],
            matched: BTreeSet::new(),
        };
        while files.read(&mut record)? {
            absent.retain(|column| !record.has(column));
            if let Some(rule) = reader.left_out(&record) {
                pass.left_out[rule] += 1;
                continue;
            }
            match reader.check(&record) {
                Ok(checked) => {
                    pass.matched.extend(reader.matched(&record, &checked));
                    pass.survey.add(&checked);
                }
                Err(problem) => {
                    let (file, place) = files.line(problem.place);
                    pass.problems.push(LogProblem { file: file.map(Path::to_owned), place, ..problem });
                }
            }
        }
        let nothing = pass.survey.rows == 0 && pass.problems.total == 0;
        absent.iter().for_each(|column| pass.problems.push_first(LogProblem::of_file(column, LogRule::AbsentColumn)));
        if nothing {
            pass.problems.push_first(LogProblem::of_file("", LogRule::NoRows));
        }
        Ok(pass)
    }

    /// Refuses what cannot be a log.
    fn judge(&mut self, path: &Path, options: &LogOptions) -> Result<(), LogError> {
        let (path, rows) = (path.to_owned(), self.survey.rows + self.problems.total);
        let absent = self.problems.by_rule.contains_key(&LogRule::AbsentColumn);
        let refused = self.problems.total > 0 && options.on_bad_row == OnBadRow::Refuse;
        if refused || absent || self.survey.rows == 0 {
            let shown = std::mem::take(&mut self.problems.shown);
            return Err(LogError::Refused { path, total: self.problems.total, shown });
        }
        let Some((column, rule, count)) = self.problems.misread(rows, options.most_dropped) else { return Ok(()) };
        let most = 100.0 * options.most_dropped;
        let message = format!(
            "{count} of {rows} rows break a rule of `{column}` ({rule}): more than {most} % say that the column is on another scale, \
             or that another one is meant"
        );
        Err(LogError::Unusable { path, message })
    }
}

/// A log that was read once and found good.
#[derive(Clone, Debug)]
pub struct Log {
    paths: Vec<PathBuf>,
    options: LogOptions,
    feedback: Option<Arc<Feedback>>,
    survey: Survey,
    dropped: Vec<(LogRule, u64)>,
    left_out: Vec<(String, u64)>,
    unmatched: u64,
}

impl Log {
    /// Reads and checks the log at `path` in one pass, in memory that does not grow with its length.
    ///
    /// # Errors
    /// When the file cannot be read, no row is left, or, with [`OnBadRow::Refuse`], a row breaks a rule: all problems are
    /// counted, the first few named by line, field, rule and value.
    pub fn open(path: &Path, options: &LogOptions) -> Result<Log, LogError> {
        Log::open_all(&[path.to_owned()], options)
    }

    /// As [`Log::open`], of a log in several files, which count as one in this order.
    ///
    /// # Errors
    /// As [`Log::open`]; also when there is no file, when a column that was named occurs nowhere, and, with [`OnBadRow::Drop`], when
    /// too many rows break a rule about one column.
    pub fn open_all(paths: &[PathBuf], options: &LogOptions) -> Result<Log, LogError> {
        let path = paths.first().cloned().unwrap_or_default();
        let read = |file: &PathBuf| Feedback::read(file, &options.columns, &options.dialect);
        let feedback = options.feedback.as_ref().map(read).transpose()?;
        let mut pass = Pass::over(paths, options, feedback.as_ref())?;
        pass.judge(&path, options)?;
        pass.survey.finish(&path)?;
        let rules = options.columns.leave_out.iter().map(|rule| format!("`{}` says that it is no answer", rule.column));
        Ok(Log {
            paths: paths.to_owned(),
            options: options.clone(),
            unmatched: feedback.as_ref().map_or(0, Feedback::len).saturating_sub(pass.matched.len() as u64),
            feedback: feedback.map(Arc::new),
            survey: pass.survey,
            dropped: pass.problems.by_rule.into_iter().collect(),
            left_out: rules.zip(pass.left_out).filter(|(_, rows)| *rows > 0).collect(),
        })
    }

    /// Where it was read from: the first of its files.
    pub fn path(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// All its files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Rows that are no answered request, by the rule of [`LogColumns::leave_out`] that says so.
    pub fn left_out(&self) -> &[(String, u64)] {
        &self.left_out
    }

    /// Scores of the file with feedback that belong to no row.
    pub fn unmatched_feedback(&self) -> u64 {
        self.unmatched
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
            reader: Reader::new(&self.options, self.feedback.as_deref()),
            files: Files::open(&self.paths, &self.options.dialect)?,
            record: Record::default(),
        })
    }

    fn row(&self, checked: Checked<'_>) -> Result<LogRow, LogError> {
        let place = checked.place;
        let changed = |what: &str, name: &str| LogError::Unusable {
            path: self.path().to_owned(),
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
    files: Files<'a>,
    record: Record,
}

impl Iterator for LogRows<'_> {
    type Item = Result<LogRow, LogError>;

    fn next(&mut self) -> Option<Result<LogRow, LogError>> {
        loop {
            match self.files.read(&mut self.record) {
                Err(error) => return Some(Err(error.into())),
                Ok(false) => return None,
                Ok(true) => {}
            }
            if self.reader.left_out(&self.record).is_some() {
                continue;
            }
            // A row that breaks a rule was counted, and allowed to be left out, when the log was opened.
            if let Ok(checked) = self.reader.check(&self.record) {
                return Some(self.log.row(checked));
            }
        }
    }
}
