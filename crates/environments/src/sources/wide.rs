//! Wide tables in RouterBench's layout: one row for each prompt, two columns for each model.
//!
//! Every cell is checked. A file with a problem is refused with all of them counted and the first few named, or, where the
//! caller says so, its bad rows are dropped and counted by rule. Nothing is repaired and nothing lost in silence.

mod columns;
mod problem;
#[cfg(test)]
mod tests;

pub use problem::{ImportError, Problem, Problems, Rule};

use crate::{Table, TableParts};
use columns::{Columns, Embeddings, FeatureColumn, listed};
use routing::Dollars;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Column, Frame};

/// Names under which a column of tasks is looked for, in this order: ours, and RouterBench's family and evaluation.
const TASK_COLUMNS: [&str; 3] = ["task", "task_family", "eval_name"];

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
            models: None,
            tasks: None,
        }
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBadRow {
    /// Refuse the file.
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
}

/// Reads and checks the wide table at `path` (parquet, CSV or JSONL).
///
/// # Errors
/// When a file cannot be read, a column is missing or has no partner, or no row is left; with [`OnBadRow::Refuse`] also
/// when a row breaks a rule.
pub fn import(
    path: &Path,
    features: Features<'_>,
    map: &ColumnMap,
    on_bad_row: OnBadRow,
) -> Result<Imported, ImportError> {
    import_frame(path, &store::read(path)?, features, map, on_bad_row)
}

/// As [`import`], of a frame that was read or made from the file at `path`.
///
/// # Errors
/// As [`import`]; rows are those of the frame.
pub fn import_frame(
    path: &Path,
    frame: &Frame,
    features: Features<'_>,
    map: &ColumnMap,
    on_bad_row: OnBadRow,
) -> Result<Imported, ImportError> {
    let embeddings = if let Features::File(path) = features { Some(Embeddings::read(path)?) } else { None };
    let columns = match columns::find(frame, map, &features, embeddings.as_ref()) {
        Ok(columns) => columns,
        Err(problems) => return Err(ImportError::Refused { path: path.to_owned(), problems }),
    };
    let mut rows = Rows::new(map, &columns);
    for row in 0..frame.rows() {
        rows.add(row);
    }
    rows.finish(path, on_bad_row)
}

/// The rows accepted so far, and what was wrong with the others.
struct Rows<'a> {
    map: &'a ColumnMap,
    columns: &'a Columns<'a>,
    parts: TableParts,
    task_names: Vec<String>,
    first_row: BTreeMap<String, usize>,
    problems: Problems,
    broken: Option<Rule>,
    dropped: BTreeMap<Rule, usize>,
    without_embedding: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(map: &'a ColumnMap, columns: &'a Columns<'a>) -> Rows<'a> {
        let parts = TableParts {
            models: columns.models.iter().map(|model| model.name.to_owned()).collect(),
            dimension: columns.features.width(),
            ..TableParts::default()
        };
        Rows {
            map,
            columns,
            parts,
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
        let (n, d, k) = (self.parts.ids.len(), self.parts.dimension, self.parts.models.len());
        let id = self.id(row);
        let task = self.task(row);
        self.features(row, id.as_deref());
        self.outcomes(row);
        match (self.broken.take(), id, task) {
            (None, Some(id), Some(task)) => {
                self.parts.ids.push(id);
                self.task_names.push(task);
            }
            (None, ..) => unreachable!("a row without id or task breaks a rule"),
            (Some(rule), ..) => {
                self.parts.features.truncate(n * d);
                self.parts.quality.truncate(n * k);
                self.parts.cost.truncate(n * k);
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
            self.problem(row, &self.map.id, Rule::MissingCell, String::new);
            return None;
        };
        if let Some(&first) = self.first_row.get(&id) {
            self.problem(row, &self.map.id, Rule::DuplicateId, || format!("`{id}`, first in row {}", first + 1));
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
        if let Some(known) = &self.map.tasks
            && !known.contains(&task)
        {
            self.problem(row, name, Rule::UnknownTask, || format!("`{task}`, known are {}", listed(known.iter())));
        }
        Some(task)
    }

    fn features(&mut self, row: usize, id: Option<&str>) {
        let vector = match &self.columns.features {
            FeatureColumn::Vectors { width, values } => &values[row * width..][..*width],
            FeatureColumn::Keyed(embeddings) => {
                let Some(id) = id else { return };
                let Some(vector) = embeddings.get(id) else {
                    self.without_embedding.push(row);
                    self.broken.get_or_insert(Rule::NoEmbedding);
                    return;
                };
                vector
            }
            FeatureColumn::Texts { column, width, encode } => {
                let start = self.parts.features.len();
                self.parts.features.resize(start + width, 0.0);
                match column.text(row) {
                    Some(text) => encode(&text, &mut self.parts.features[start..]),
                    None => self.problem(row, &self.map.prompt, Rule::MissingCell, String::new),
                }
                return;
            }
        };
        self.parts.features.extend_from_slice(vector);
        if let Some(place) = vector.iter().position(|number| !number.is_finite()) {
            let of = id.map_or(String::new(), |id| format!(" of `{id}`"));
            let value = || format!("{} in place {}{of}", vector[place], place + 1);
            self.problem(row, &self.map.embedding, Rule::Embedding, value);
        }
    }

    fn outcomes(&mut self, row: usize) {
        for model in &self.columns.models {
            if let Some(quality) = self.number(row, model.name, model.quality) {
                if !(0.0..=1.0).contains(&quality) {
                    self.problem(row, model.name, Rule::Quality, || quality.to_string());
                }
                self.parts.quality.push(quality as f32);
            }
            if let Some(cost) = self.number(row, model.cost_name, model.cost) {
                if !(cost.is_finite() && cost >= 0.0) {
                    self.problem(row, model.cost_name, Rule::Dollars, || cost.to_string());
                }
                self.parts.cost.push(Dollars(cost));
            }
        }
    }

    /// The number in a cell; None, and a problem, when there is none.
    fn number(&mut self, row: usize, name: &str, column: &Column) -> Option<f64> {
        let number = match column.number(row) {
            Ok(number) => number,
            Err(found) => {
                self.problem(row, name, Rule::NotANumber, || found);
                return None;
            }
        };
        if number.is_none() {
            self.problem(row, name, Rule::MissingCell, String::new);
        }
        number
    }

    fn finish(mut self, path: &Path, on_bad_row: OnBadRow) -> Result<Imported, ImportError> {
        self.report_missing_embeddings();
        if on_bad_row == OnBadRow::Refuse {
            std::mem::take(&mut self.problems).refuse(path)?;
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
        problems.refuse(path)?;
        let places: BTreeMap<&String, u16> = names.into_iter().zip(0..).collect();
        self.parts.task_of = self.task_names.iter().map(|name| places[name]).collect();
        self.parts.tasks = places.into_keys().cloned().collect();
        let (dropped, ignored) = (self.dropped.into_iter().collect(), self.columns.ignored.clone());
        Ok(Imported { table: Table::new(self.parts), dropped, ignored })
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
            self.problems.push(None, Some(&self.map.id), Rule::NoEmbedding, value);
        }
    }
}

/// The text of a cell; None where it is missing or empty.
fn text(column: &Column, row: usize) -> Option<String> {
    column.text(row).filter(|text| !text.is_empty())
}

/// The table as columns that [`import`] reads back with the default [`ColumnMap`] and [`Features::Column`]: `sample_id`,
/// `task`, for each model its quality and dollars, and `embedding`. Prompts are not in a [`Table`], so not in the frame.
pub fn to_frame(table: &Table) -> Frame {
    let rows = || 0..table.len();
    let text = |value: &str| Some(value.to_owned());
    let ColumnMap { id, embedding, cost_suffix, .. } = ColumnMap::default();
    let mut columns = vec![
        (id, Column::Text(rows().map(|row| text(table.id(row))).collect())),
        (TASK_COLUMNS[0].to_owned(), Column::Text(rows().map(|row| text(&table.tasks()[table.task(row)])).collect())),
    ];
    for (arm, model) in table.models().iter().enumerate() {
        let quality = rows().map(|row| Some(f64::from(table.quality(row)[arm]))).collect();
        columns.push((model.clone(), Column::Real(quality)));
        let cost = rows().map(|row| Some(table.cost(row)[arm].0)).collect();
        columns.push((format!("{model}{cost_suffix}"), Column::Real(cost)));
    }
    let values = rows().flat_map(|row| table.features(row)).copied().collect();
    columns.push((embedding, Column::Vectors { width: table.dimension(), values }));
    Frame { columns, metadata: Vec::new() }
}
