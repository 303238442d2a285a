//! Wide tables in RouterBench's layout: one row for each prompt, two columns for each model.
//!
//! Every cell is checked. A file with a problem is refused with all of them counted and the first few named, or, where the
//! caller says so, its bad rows are dropped and counted by rule. A model that lacks a score or its dollars on a prompt has a
//! gap there, which is counted. Nothing is repaired and nothing lost in silence.

mod columns;
mod problem;
mod rows;
#[cfg(test)]
mod tests;
mod write;

pub use problem::{ImportError, Problem, Problems, Rule};
pub use write::write_table;

use crate::Table;
use crate::repricing::Pricing;
use columns::Embeddings;
use rows::Rows;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Mistake;
use std::path::Path;
use store::{Column, Frame, FrameError};

/// Names under which a column of tasks is looked for, in this order: ours, and RouterBench's family and evaluation.
const TASK_COLUMNS: [&str; 3] = ["task", "task_family", "eval_name"];

/// What columns of tokens and latency add to the name of a model unless the map says otherwise.
pub(crate) const INPUT_TOKENS: &str = "|input_tokens";
pub(crate) const CACHED_TOKENS: &str = "|cached_tokens";
pub(crate) const OUTPUT_TOKENS: &str = "|output_tokens";
pub(crate) const LATENCY: &str = "|latency_s";

/// Column of groups in a table that we write; elsewhere it is what the user names.
pub const GROUP: &str = "group";

/// Which column is what. The defaults are RouterBench's names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// Identifiers of the prompts, unique.
    pub id: String,
    /// Tasks of the prompts; none: the first of `task`, `task_family` and `eval_name` that the file has.
    pub task: Option<String>,
    /// Texts of the prompts, needed only by an encoder.
    pub prompt: String,
    /// Embeddings of the prompts; where there is no such column, nor a file of them, the prompts are encoded.
    pub embedding: String,
    /// What a model's column of dollars adds to the name of its column of quality.
    pub cost_suffix: String,
    /// The same of its column of tokens read, which a model need not have.
    pub input_tokens_suffix: String,
    /// The same of its column of tokens that came from the cache, which a model need not have.
    pub cached_tokens_suffix: String,
    /// The same of its column of tokens written, which a model need not have.
    pub output_tokens_suffix: String,
    /// The same of its column of latencies, in seconds, which a model need not have.
    pub latency_suffix: String,
    /// The models, in this order; none: every column with a partner by `cost_suffix`, in file order.
    pub models: Option<Vec<String>>,
    /// The tasks that may occur; none: any.
    pub tasks: Option<Vec<String>>,
}

impl Default for ColumnMap {
    fn default() -> ColumnMap {
        ColumnMap {
            id: "sample_id".to_owned(),
            task: None,
            prompt: "prompt".to_owned(),
            embedding: "embedding".to_owned(),
            cost_suffix: "|total_cost".to_owned(),
            input_tokens_suffix: INPUT_TOKENS.to_owned(),
            cached_tokens_suffix: CACHED_TOKENS.to_owned(),
            output_tokens_suffix: OUTPUT_TOKENS.to_owned(),
            latency_suffix: LATENCY.to_owned(),
            models: None,
            tasks: None,
        }
    }
}

impl ColumnMap {
    /// Suffixes of what a model need not have: tokens read, from the cache and written, and latency.
    fn beside(&self) -> [&str; 4] {
        [&self.input_tokens_suffix, &self.cached_tokens_suffix, &self.output_tokens_suffix, &self.latency_suffix]
    }
}

/// How a wide table is imported.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Which column is what.
    pub columns: ColumnMap,
    /// What to do with a row that breaks a rule.
    pub on_bad_row: OnBadRow,
    /// What to do with gaps.
    pub gaps: OnGaps,
    /// Prices anew every call, from its tokens.
    pub prices: Option<Pricing>,
    /// Column of what prompts belong to, which stay together where the table is split. Every row needs a value: rows of an
    /// unknown user may all be one user's.
    pub group: Option<String>,
}

/// What to do with gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnGaps {
    /// Keep them.
    #[default]
    Keep,
    /// Leave out the prompts that have one.
    DropPrompts,
    /// Leave out the models that have one.
    DropModels,
}

/// The vectors of some texts, one after the other; or why there are none.
pub type EncodeAll = dyn Fn(&[String]) -> Result<Vec<f32>, Mistake>;

/// Where the feature rows come from.
#[derive(Clone, Copy)]
pub enum Features<'a> {
    /// The table's own column [`ColumnMap::embedding`].
    Column,
    /// Another file with the columns `sample_id` and `embedding`, in any order of rows; others than the table's may be in it.
    File(&'a Path),
    /// An encoder, applied to the column [`ColumnMap::prompt`].
    Texts {
        /// Numbers in each vector.
        width: usize,
        /// The vectors of some texts, one after the other.
        encode_all: &'a EncodeAll,
    },
}

/// What to do with a row that breaks a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadRow {
    /// Refuse the file.
    #[default]
    Refuse,
    /// Leave the row out and count it. A row whose id stood in an earlier row is a duplicate even if that one was bad.
    Drop,
}

/// A table and what was left out of it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Rows in file order; models in file order or as listed; tasks that occur, sorted by name.
    pub table: Table,
    /// Rows dropped by the first rule each broke; empty unless [`OnBadRow::Drop`].
    pub dropped: Vec<(Rule, usize)>,
    /// Columns that played no part, in file order.
    pub ignored: Vec<String>,
    /// Gaps that had a score or dollars, but not both.
    pub halves: usize,
    /// Prompts that were left out by [`OnGaps::DropPrompts`].
    pub cut_prompts: usize,
    /// Models that were left out by [`OnGaps::DropModels`].
    pub cut_models: Vec<String>,
}

/// Reads and checks the wide table at `path` (parquet, CSV or JSONL).
///
/// # Errors
/// When a file cannot be read, a column is missing or has no partner, a model has no outcome, a call has no price where it
/// is priced anew, or no row is left; with [`OnBadRow::Refuse`] also when a row breaks a rule.
pub fn import(path: &Path, features: Features<'_>, options: &ImportOptions) -> Result<Imported, ImportError> {
    import_frame(path, store::read(path)?, features, options)
}

/// As [`import`], of a frame that was read or made from the file at `path`.
///
/// # Errors
/// As [`import`]; rows are those of the frame.
pub fn import_frame(
    path: &Path,
    mut frame: Frame,
    features: Features<'_>,
    options: &ImportOptions,
) -> Result<Imported, ImportError> {
    let embeddings = if let Features::File(path) = features { Some(Embeddings::read(path)?) } else { None };
    let columns = match columns::find(&frame, options, &features, embeddings.as_ref()) {
        Ok(columns) => columns,
        Err(problems) => return Err(ImportError::Refused { path: path.to_owned(), problems }),
    };
    let mut rows = Rows::new(path, options, &columns);
    for row in 0..frame.rows() {
        rows.add(row);
    }
    let (mut parts, imported) = rows.finish()?;
    match features {
        // The vectors are moved rather than copied: they may be most of what fits into memory.
        Features::Column => {
            parts.features = take_vectors(&mut frame, &options.columns.embedding, &imported.kept);
        }
        Features::File(_) => {}
        Features::Texts { encode_all, .. } => {
            let unreadable = |cause: Mistake| FrameError { path: path.to_owned(), message: cause.to_string() };
            parts.features = encode_all(&parts.prompts).map_err(unreadable)?;
        }
    }
    drop(frame);
    imported.finish(path, Table::new(parts), options)
}

/// The vectors of the rows `kept`, ascending, of column `name`.
fn take_vectors(frame: &mut Frame, name: &str, kept: &[usize]) -> Vec<f32> {
    let column = frame.columns.iter_mut().find(|(known, _)| known == name);
    let Some((_, Column::Vectors { width, values })) = column else { unreachable!("the column was found before") };
    let (width, mut values) = (*width, std::mem::take(values));
    for (place, &row) in kept.iter().enumerate().filter(|(place, row)| *place != **row) {
        values.copy_within(row * width..(row + 1) * width, place * width);
    }
    values.truncate(kept.len() * width);
    values
}

/// What is known of an import beside its table.
struct Counted {
    /// Rows of the frame that are in the table.
    kept: Vec<usize>,
    dropped: Vec<(Rule, usize)>,
    ignored: Vec<String>,
    halves: usize,
}

impl Counted {
    /// Prices the table anew and cuts it to what has no gaps, as far as `options` say so.
    fn finish(self, path: &Path, table: Table, options: &ImportOptions) -> Result<Imported, ImportError> {
        let refuse = |column: Option<&str>, rule, value: String| {
            let mut problems = Problems::default();
            problems.push(None, column, rule, || value);
            ImportError::Refused { path: path.to_owned(), problems }
        };
        let table = match &options.prices {
            None => table,
            Some(prices) => prices.of(table).map_err(|error| refuse(None, Rule::NoPrice, error.message))?,
        };
        let whole = |row: usize| (0..table.arms()).all(|arm| table.outcome(row, arm).is_some());
        let answers = |arm: usize| (0..table.len()).filter(|&row| table.outcome(row, arm).is_some()).count();
        if let Some(arm) = (0..table.arms()).find(|&arm| answers(arm) == 0) {
            return Err(refuse(Some(&table.models()[arm]), Rule::NoOutcome, String::new()));
        }
        let (mut rows, mut arms): (Vec<usize>, Vec<usize>) = ((0..table.len()).collect(), (0..table.arms()).collect());
        match options.gaps {
            OnGaps::Keep => {}
            OnGaps::DropPrompts => rows.retain(|&row| whole(row)),
            OnGaps::DropModels => arms.retain(|&arm| answers(arm) == table.len()),
        }
        let (cut_prompts, n) = (table.len() - rows.len(), table.len());
        let cut = (0..table.arms()).filter(|arm| !arms.contains(arm));
        let cut_models: Vec<String> = cut.map(|arm| table.models()[arm].clone()).collect();
        if rows.is_empty() || arms.is_empty() {
            let what = if rows.is_empty() { format!("{n} prompts") } else { format!("{} models", table.arms()) };
            return Err(refuse(None, Rule::NoRows, format!("each of the {what} has a gap")));
        }
        let table = if cut_prompts > 0 || !cut_models.is_empty() { table.part(&rows, &arms) } else { table };
        let Counted { dropped, ignored, halves, .. } = self;
        Ok(Imported { table, dropped, ignored, halves, cut_prompts, cut_models })
    }
}
