//! Wide tables in RouterBench's layout: one row for each prompt, two columns for each model.
//!
//! Every cell is checked. A file with a problem is refused with all of them counted and the first few named, or, where the
//! caller says so, its bad rows are dropped and counted by rule. A model that lacks a score or its dollars on a prompt has a
//! gap there, which is counted. Nothing is repaired and nothing lost in silence.

mod columns;
mod problem;
#[cfg(test)]
mod tests;

pub use problem::{ImportError, Problem, Problems, Rule};

use crate::repricing::Pricing;
use crate::{Table, TableParts, Tokens};
use columns::{Columns, Embeddings, Extra, FeatureColumn, Model, listed};
use routing::Dollars;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use store::{Column, Frame, FrameError, ParquetParts};

/// Names under which a column of tasks is looked for, in this order: ours, and RouterBench's family and evaluation.
const TASK_COLUMNS: [&str; 3] = ["task", "task_family", "eval_name"];

/// What columns of tokens and latency add to the name of a model unless the map says otherwise.
pub(crate) const INPUT_TOKENS: &str = "|input_tokens";
pub(crate) const CACHED_TOKENS: &str = "|cached_tokens";
pub(crate) const OUTPUT_TOKENS: &str = "|output_tokens";
pub(crate) const LATENCY: &str = "|latency_s";

/// Which column is what. The defaults are RouterBench's names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// Identifiers of the prompts, unique.
    pub id: String,
    /// Tasks of the prompts; None: the first of `task`, `task_family` and `eval_name` that the file has.
    pub task: Option<String>,
    /// Texts of the prompts, needed only by an encoder.
    pub prompt: String,
    /// Embeddings of the prompts, needed only for [`Features::Column`].
    pub embedding: String,
    /// What a model's column of dollars adds to the name of its column of quality.
    pub cost_suffix: String,
    /// The same of its columns of tokens read, of those that came from its cache, and of tokens written; a model need not
    /// have them.
    pub input_tokens_suffix: String,
    /// See `input_tokens_suffix`.
    pub cached_tokens_suffix: String,
    /// See `input_tokens_suffix`.
    pub output_tokens_suffix: String,
    /// The same of its column of latencies, in seconds, which a model need not have.
    pub latency_suffix: String,
    /// The models, in this order; None: every column with a partner by `cost_suffix`, in file order.
    pub models: Option<Vec<String>>,
    /// The tasks that may occur; None: any.
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
}

/// What to do with gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        /// Replaces the second argument, `width` long, by the vector of the first.
        encode: &'a dyn Fn(&str, &mut [f32]),
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
    if let Features::Column = features {
        // The vectors are moved rather than copied: they may be most of what fits into memory.
        parts.features = take_vectors(&mut frame, &options.columns.embedding, &imported.kept);
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

/// The rows accepted so far, and what was wrong with the others.
struct Rows<'a> {
    path: &'a Path,
    options: &'a ImportOptions,
    columns: &'a Columns<'a>,
    parts: TableParts,
    kept: Vec<usize>,
    halves: usize,
    task_names: Vec<String>,
    first_row: BTreeMap<String, usize>,
    problems: Problems,
    broken: Option<Rule>,
    dropped: BTreeMap<Rule, usize>,
    without_embedding: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path, options: &'a ImportOptions, columns: &'a Columns<'a>) -> Rows<'a> {
        let parts = TableParts {
            models: columns.models.iter().map(|model| model.name.to_owned()).collect(),
            dimension: columns.features.width(),
            ..TableParts::default()
        };
        Rows {
            path,
            options,
            columns,
            parts,
            kept: Vec::new(),
            halves: 0,
            task_names: Vec::new(),
            first_row: BTreeMap::new(),
            problems: Problems::default(),
            broken: None,
            dropped: BTreeMap::new(),
            without_embedding: Vec::new(),
        }
    }

    /// Checks a row in full and keeps it if it breaks no rule.
    fn add(&mut self, row: usize) {
        let (n, k, d) = (self.parts.ids.len(), self.parts.models.len(), self.parts.features.len());
        let id = self.id(row);
        let task = self.task(row);
        let prompt = self.prompt(row);
        self.features(row, id.as_deref(), prompt.as_deref());
        self.outcomes(row);
        match (self.broken.take(), id, task) {
            (None, Some(id), Some(task)) => {
                self.parts.ids.push(id);
                self.parts.prompts.extend(prompt);
                self.task_names.push(task);
                self.kept.push(row);
            }
            (None, ..) => unreachable!("a row without id or task breaks a rule"),
            (Some(rule), ..) => {
                self.parts.features.truncate(d);
                self.parts.quality.truncate(n * k);
                self.parts.cost.truncate(n * k);
                self.parts.seconds.truncate(n * k);
                self.parts.tokens.truncate(n * k);
                *self.dropped.entry(rule).or_default() += 1;
            }
        }
    }

    fn problem(&mut self, row: usize, column: &str, rule: Rule, value: impl FnOnce() -> String) {
        self.problems.push(Some(row + 1), Some(column), rule, value);
        self.broken.get_or_insert(rule);
    }

    fn id(&mut self, row: usize) -> Option<String> {
        let Some(id) = text(self.columns.ids, row) else {
            self.problem(row, &self.options.columns.id, Rule::MissingCell, String::new);
            return None;
        };
        if let Some(&first) = self.first_row.get(&id) {
            self.problem(row, &self.options.columns.id, Rule::DuplicateId, || {
                format!("`{id}`, first in row {}", first + 1)
            });
        } else {
            self.first_row.insert(id.clone(), row);
        }
        Some(id)
    }

    fn task(&mut self, row: usize) -> Option<String> {
        let name = self.columns.task_name;
        let Some(task) = text(self.columns.tasks, row) else {
            self.problem(row, name, Rule::MissingCell, String::new);
            return None;
        };
        if let Some(known) = &self.options.columns.tasks
            && !known.contains(&task)
        {
            self.problem(row, name, Rule::UnknownTask, || format!("`{task}`, known are {}", listed(known.iter())));
        }
        Some(task)
    }

    /// The text of a prompt; none where the table has no texts. CSV cannot tell a missing text from an empty one, which is a
    /// prompt like any other; where a format can, a missing one breaks a rule if it has to be encoded.
    fn prompt(&mut self, row: usize) -> Option<String> {
        let column = self.columns.prompts?;
        let text = column.text(row);
        let csv = self.path.extension().is_some_and(|ending| ending == "csv" || ending == "tsv");
        if text.is_none() && !csv && matches!(self.columns.features, FeatureColumn::Texts { .. }) {
            self.problem(row, &self.options.columns.prompt, Rule::MissingCell, String::new);
        }
        Some(text.unwrap_or_default())
    }

    fn features(&mut self, row: usize, id: Option<&str>, prompt: Option<&str>) {
        let vector = match &self.columns.features {
            FeatureColumn::Vectors { width, values } => &values[row * width..][..*width],
            FeatureColumn::Keyed(embeddings) => {
                let Some(id) = id else { return };
                let Some(vector) = embeddings.get(id) else {
                    self.without_embedding.push(row);
                    self.broken.get_or_insert(Rule::NoEmbedding);
                    return;
                };
                self.parts.features.extend_from_slice(vector);
                vector
            }
            FeatureColumn::Texts { width, encode } => {
                let start = self.parts.features.len();
                self.parts.features.resize(start + width, 0.0);
                encode(prompt.unwrap_or_default(), &mut self.parts.features[start..]);
                return;
            }
        };
        if let Some(place) = vector.iter().position(|number| !number.is_finite()) {
            let of = id.map_or(String::new(), |id| format!(" of `{id}`"));
            let value = || format!("{} in place {}{of}", vector[place], place + 1);
            self.problem(row, &self.options.columns.embedding, Rule::Embedding, value);
        }
    }

    fn outcomes(&mut self, row: usize) {
        let (columns, mut answers, mut halves) = (self.columns, 0, 0);
        let counted = columns.models.iter().any(|model| model.input.is_some() && model.output.is_some());
        let timed = columns.models.iter().any(|model| model.latency.is_some());
        for model in &columns.models {
            let quality = self.number(row, model.name, model.quality, Rule::Quality);
            let mut cost = model.cost.and_then(|column| self.number(row, &model.cost_name, column, Rule::Dollars));
            let tokens = if counted { self.tokens(row, model) } else { None };
            if self.options.prices.is_some() && tokens.is_some() {
                // What stands there is replaced when all rows are read.
                cost = cost.or(Some(0.0));
            }
            if let (Some(quality), Some(cost)) = (quality, cost) {
                answers += 1;
                self.parts.quality.push(quality as f32);
                self.parts.cost.push(Dollars(cost));
            } else {
                halves += usize::from(quality.is_some() != cost.is_some());
                self.parts.quality.push(f32::NAN);
                self.parts.cost.push(Dollars(f64::NAN));
            }
            if counted {
                self.parts.tokens.push(tokens);
            }
            if timed {
                let latency = model.latency.as_ref();
                let seconds = latency.and_then(|extra| self.number(row, &extra.name, extra.cells, Rule::Latency));
                self.parts.seconds.push(seconds.map_or(f32::NAN, |seconds| seconds as f32));
            }
        }
        self.halves += if self.broken.is_none() { halves } else { 0 };
        if answers == 0 && self.broken.is_none() {
            self.problem(row, columns.models[0].name, Rule::NoOutcome, || "of no model".to_owned());
        }
    }

    /// Tokens of a model's call; none unless those read and written are known.
    fn tokens(&mut self, row: usize, model: &Model<'_>) -> Option<Tokens> {
        let mut count = |extra: &Option<Extra<'_>>| {
            let extra = extra.as_ref()?;
            self.number(row, &extra.name, extra.cells, Rule::Tokens).map(|count| count as u32)
        };
        let (input, cached, output) = (count(&model.input)?, count(&model.cached).unwrap_or(0), count(&model.output)?);
        if cached > input {
            let name = model.cached.as_ref().map_or("", |extra| &extra.name);
            self.problem(row, name, Rule::Tokens, || format!("{cached} from the cache of {input} read"));
        }
        Some(Tokens { input, cached, output })
    }

    /// The number in a cell, which must be as `rule` says; None where the cell is empty or breaks it.
    fn number(&mut self, row: usize, name: &str, column: &Column, rule: Rule) -> Option<f64> {
        let number = match column.number(row) {
            Ok(number) => number?,
            Err(found) => {
                self.problem(row, name, Rule::NotANumber, || found);
                return None;
            }
        };
        if !rule.allows(number) {
            self.problem(row, name, rule, || number.to_string());
            return None;
        }
        Some(number)
    }

    fn finish(mut self) -> Result<(TableParts, Counted), ImportError> {
        self.report_missing_embeddings();
        if self.options.on_bad_row == OnBadRow::Refuse {
            std::mem::take(&mut self.problems).refuse(self.path)?;
        }
        let names: BTreeSet<&String> = self.task_names.iter().collect();
        let mut problems = Problems::default();
        if self.parts.ids.is_empty() {
            let rows = self.dropped.values().sum::<usize>();
            problems.push(None, None, Rule::NoRows, || format!("none of the {rows} is left"));
        }
        if names.len() > usize::from(u16::MAX) {
            let value = || format!("{} tasks, at most 65535 are possible", names.len());
            problems.push(None, Some(self.columns.task_name), Rule::TooMany, value);
        }
        problems.refuse(self.path)?;
        let places: BTreeMap<&String, u16> = names.into_iter().zip(0..).collect();
        self.parts.task_of = self.task_names.iter().map(|name| places[name]).collect();
        self.parts.tasks = places.into_keys().cloned().collect();
        let (dropped, ignored) = (self.dropped.into_iter().collect(), self.columns.ignored.clone());
        Ok((self.parts, Counted { kept: self.kept, dropped, ignored, halves: self.halves }))
    }

    /// One problem for all ids that the file of embeddings lacks: they are usually many, and have one cause.
    fn report_missing_embeddings(&mut self) {
        if let (FeatureColumn::Keyed(embeddings), Some(&first)) =
            (&self.columns.features, self.without_embedding.first())
        {
            let (missing, rows) = (self.without_embedding.len(), self.columns.ids.len());
            let id = text(self.columns.ids, first).unwrap_or_default();
            let value = || {
                let file = embeddings.path.display();
                format!("{missing} of {rows} ids are not in {file}, the first is `{id}` in row {}", first + 1)
            };
            self.problems.push(None, Some(&self.options.columns.id), Rule::NoEmbedding, value);
        }
    }
}

/// The text of a cell; None where it is missing or empty.
fn text(column: &Column, row: usize) -> Option<String> {
    column.text(row).filter(|text| !text.is_empty())
}

/// Rows `rows` of the table as columns that [`import`] reads back with the default [`ColumnMap`] and [`Features::Column`]:
/// `sample_id`, `task`, `prompt` where the table has texts, for each model its quality and dollars, its tokens and latency
/// where any model has them, and `embedding`. A gap is an empty cell.
pub fn to_frame(table: &Table, rows: Range<usize>) -> Frame {
    let rows = || rows.clone();
    let map = ColumnMap::default();
    let real = |cell: &dyn Fn(usize) -> Option<f64>| Column::Real(rows().map(cell).collect());
    let text = |cell: &dyn Fn(usize) -> String| Column::Text(rows().map(|row| Some(cell(row))).collect());
    let mut columns = vec![
        (map.id, text(&|row| table.id(row).to_owned())),
        (TASK_COLUMNS[0].to_owned(), text(&|row| table.tasks()[table.task(row)].clone())),
    ];
    if let Some(prompts) = table.prompts() {
        columns.push((map.prompt, text(&|row| prompts[row].clone())));
    }
    let timed = table.timed() > 0;
    for (arm, model) in table.models().iter().enumerate() {
        let mut push = |suffix: &str, cell: &dyn Fn(usize) -> Option<f64>| {
            columns.push((format!("{model}{suffix}"), real(cell)));
        };
        let outcome = |row: usize| table.outcome(row, arm);
        let tokens = |row: usize| table.tokens(row, arm);
        push("", &|row| outcome(row).map(|outcome| outcome.quality.into()));
        push(&map.cost_suffix, &|row| outcome(row).map(|outcome| outcome.cost.0));
        if table.has_tokens() {
            push(INPUT_TOKENS, &|row| tokens(row).map(|tokens| tokens.input.into()));
            push(CACHED_TOKENS, &|row| tokens(row).map(|tokens| tokens.cached.into()));
            push(OUTPUT_TOKENS, &|row| tokens(row).map(|tokens| tokens.output.into()));
        }
        if timed {
            push(LATENCY, &|row| outcome(row).and_then(|outcome| outcome.latency).map(|latency| latency.0.into()));
        }
    }
    let values = rows().flat_map(|row| table.features(row)).copied().collect();
    columns.push((map.embedding, Column::Vectors { width: table.dimension(), values }));
    Frame { columns, metadata: Vec::new() }
}

/// Writes the table as [`to_frame`] lays it out, some thousand rows at a time.
///
/// # Errors
/// When the file cannot be written.
pub fn write_table(path: &Path, table: &Table) -> Result<(), FrameError> {
    const PART: usize = 8192;
    let mut file = ParquetParts::create(path, &to_frame(table, 0..PART.min(table.len())))?;
    for start in (PART..table.len()).step_by(PART) {
        file.write(&to_frame(table, start..table.len().min(start + PART)))?;
    }
    file.finish()
}
