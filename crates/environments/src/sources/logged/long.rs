//! Long tables: one row for each request and model, turned into the wide layout, one row for each request.

use super::problem::{LogError, LogProblem, LogRule, Problems};
use super::reader::{Checked, Reader};
use super::{LogColumns, LogOptions};
use crate::sources::wide::{ColumnMap, OnBadRow};
use std::collections::BTreeMap;
use std::path::Path;
use store::{Column, Frame, Record, Records};

impl LogColumns {
    /// The names of a long table: those of a log, the request's identifier as `sample_id`.
    pub fn long() -> LogColumns {
        LogColumns { id: ColumnMap::default().id, ..LogColumns::default() }
    }
}

/// A long table in the wide layout that [`crate::sources::wide`] reads, and what was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Pivoted {
    /// `sample_id`, `task`, `prompt` where there is one, and each model's quality and dollars; requests in file order,
    /// models ascending or as listed.
    pub frame: Frame,
    /// Rows and requests left out by the rule each broke; empty unless [`OnBadRow::Drop`].
    pub dropped: Vec<(LogRule, u64)>,
}

/// One request with the answers seen so far.
struct Request {
    place: u64,
    id: String,
    task: String,
    prompt: Option<String>,
    /// Quality and dollars by model.
    answers: BTreeMap<String, (f64, f64)>,
}

/// Reads the long table at `path`. Every request needs one row for each model.
///
/// # Errors
/// When the file cannot be read, no request is left, or, with [`OnBadRow::Refuse`], a row breaks a rule of
/// [`super::Log::open`], has no identifier or score, repeats a request's model, contradicts its task or prompt, or a request
/// lacks a model.
pub fn pivot(path: &Path, options: &LogOptions) -> Result<Pivoted, LogError> {
    let (reader, mut records, mut record) =
        (Reader::new(options), Records::open_with(path, &options.dialect)?, Record::default());
    let mut long = Long { columns: &options.columns, requests: Vec::new(), places: BTreeMap::new() };
    let mut problems = Problems::default();
    while records.read(&mut record)? {
        if let Err(problem) = reader.check(&record).and_then(|row| long.add(row)) {
            problems.push(problem);
        }
    }
    let models = options.columns.models.clone().unwrap_or_else(|| long.models());
    long.drop_incomplete(&models, &mut problems);
    if long.requests.is_empty() && problems.total == 0 {
        problems.push(LogProblem { place: 0, field: String::new(), rule: LogRule::NoRows, value: String::new() });
    }
    if problems.total > 0 && (options.on_bad_row == OnBadRow::Refuse || long.requests.is_empty()) {
        return Err(LogError::Refused { path: path.to_owned(), total: problems.total, shown: problems.shown });
    }
    Ok(Pivoted { frame: long.frame(&models), dropped: problems.by_rule.into_iter().collect() })
}

struct Long<'a> {
    columns: &'a LogColumns,
    requests: Vec<Request>,
    places: BTreeMap<String, usize>,
}

impl Long<'_> {
    fn add(&mut self, row: Checked<'_>) -> Result<(), LogProblem> {
        let place = row.place;
        let problem = |field: &str, rule, value: String| LogProblem { place, field: field.to_owned(), rule, value };
        let missing = |field: &str| problem(field, LogRule::MissingCell, String::new());
        let id = row.id.ok_or_else(|| missing(&self.columns.id))?.into_owned();
        let quality = row.quality.ok_or_else(|| missing(&self.columns.quality))?;
        let task = row.task.map_or_else(|| "all".to_owned(), Into::into);
        let prompt = row.prompt.map(String::from);
        let Some(&at) = self.places.get(&id) else {
            self.places.insert(id.clone(), self.requests.len());
            let answers = BTreeMap::from([(row.model.into_owned(), (quality, row.dollars))]);
            self.requests.push(Request { place, id, task, prompt, answers });
            return Ok(());
        };
        let request = &mut self.requests[at];
        let first = request.place;
        if request.task != task {
            let value = format!("`{task}`, `{}` in line {first}", request.task);
            return Err(problem(&self.columns.task, LogRule::Contradiction, value));
        }
        if prompt.is_some() && request.prompt != prompt {
            return Err(problem(
                &self.columns.prompt,
                LogRule::Contradiction,
                format!("another prompt than in line {first}"),
            ));
        }
        if request.answers.contains_key(&*row.model) {
            let value = format!("`{}` answered `{id}` before", row.model);
            return Err(problem(self.columns.model.as_deref().unwrap_or("model"), LogRule::DuplicateAnswer, value));
        }
        request.answers.insert(row.model.into_owned(), (quality, row.dollars));
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        let mut names: Vec<String> = self.requests.iter().flat_map(|request| request.answers.keys()).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Takes out requests that a model did not answer.
    fn drop_incomplete(&mut self, models: &[String], problems: &mut Problems) {
        self.requests.retain(|request| {
            let lacking = models.iter().find(|model| !request.answers.contains_key(*model));
            if let Some(model) = lacking {
                let value = format!("`{}` has no row of model `{model}`", request.id);
                let field = self.columns.id.clone();
                problems.push(LogProblem { place: request.place, field, rule: LogRule::MissingAnswer, value });
            }
            lacking.is_none()
        });
    }

    fn frame(&self, models: &[String]) -> Frame {
        let text = |cell: fn(&Request) -> Option<String>| Column::Text(self.requests.iter().map(cell).collect());
        let map = ColumnMap::default();
        let mut columns = vec![
            (map.id, text(|request| Some(request.id.clone()))),
            ("task".to_owned(), text(|request| Some(request.task.clone()))),
        ];
        if self.requests.iter().any(|request| request.prompt.is_some()) {
            columns.push((map.prompt, text(|request| request.prompt.clone())));
        }
        for model in models {
            let real = |cell: fn(&(f64, f64)) -> f64| {
                Column::Real(self.requests.iter().map(|request| request.answers.get(model).map(cell)).collect())
            };
            columns.push((model.clone(), real(|answer| answer.0)));
            columns.push((format!("{model}{}", map.cost_suffix), real(|answer| answer.1)));
        }
        Frame { columns, metadata: Vec::new() }
    }
}
