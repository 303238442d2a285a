//! The rows of a wide table, each checked in full and kept if it breaks no rule.

use super::columns::{Columns, Extra, FeatureColumn, Model, listed};
use super::problem::{ImportError, Problems, Rule};
use super::{Counted, ImportOptions, OnBadRow};
use crate::{TableParts, Tokens};
use routing::Dollars;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::Column;

/// Largest number of an embedding: sums of products of larger ones leave no room for the penalty that keeps regressions solvable.
const LARGEST: f32 = 1e6;

/// The rows accepted so far, and what was wrong with the others.
pub(super) struct Rows<'a> {
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
    pub(super) fn new(path: &'a Path, options: &'a ImportOptions, columns: &'a Columns<'a>) -> Rows<'a> {
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
    pub(super) fn add(&mut self, row: usize) {
        let (n, k, d) = (self.parts.ids.len(), self.parts.models.len(), self.parts.features.len());
        let id = self.id(row);
        let task = self.task(row);
        let prompt = self.prompt(row);
        let group = self.group(row);
        self.features(row, id.as_deref());
        self.outcomes(row);
        match (self.broken.take(), id, task) {
            (None, Some(id), Some(task)) => {
                self.parts.ids.push(id);
                self.parts.prompts.extend(prompt);
                self.parts.groups.extend(group);
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

    /// What a prompt belongs to; none where nothing is declared.
    fn group(&mut self, row: usize) -> Option<String> {
        let (name, column) = self.columns.groups?;
        let group = text(column, row);
        if group.is_none() {
            self.problem(row, name, Rule::NoGroup, || {
                "an empty cell; name a row that stands alone by itself".to_owned()
            });
        }
        group
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
                self.parts.features.extend_from_slice(vector);
                vector
            }
            // Texts are encoded together when it is known which rows are kept.
            FeatureColumn::Texts { .. } => return,
        };
        if let Some(place) = vector.iter().position(|number| !number.is_finite() || number.abs() > LARGEST) {
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

    pub(super) fn finish(mut self) -> Result<(TableParts, Counted), ImportError> {
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
