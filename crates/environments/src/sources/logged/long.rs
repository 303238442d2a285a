//! Long tables: one row for each request and model, turned into the wide layout, one row for each request.

use super::problem::{LogError, LogProblem, LogRule, Problems};
use super::reader::{Checked, Reader};
use super::{LogColumns, LogOptions};
use crate::Tokens;
use crate::sources::wide::{CACHED_TOKENS, ColumnMap, INPUT_TOKENS, LATENCY, OUTPUT_TOKENS, OnBadRow};
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
    answers: BTreeMap<String, Answer>,
}

/// What a row says of its model's answer.
struct Answer {
    quality: Option<f64>,
    dollars: Option<f64>,
    tokens: Option<Tokens>,
    seconds: Option<f64>,
}

/// Reads the long table at `path`. Where a request has no row of a model, or one without a score or dollars, the frame has
/// empty cells.
///
/// # Errors
/// When the file cannot be read, no request is left, no row has dollars, or, with [`OnBadRow::Refuse`], a row breaks another
/// rule of [`super::Log::open`], has no identifier, repeats a request's model, or contradicts its task or prompt.
pub fn pivot(path: &Path, options: &LogOptions) -> Result<Pivoted, LogError> {
    let (reader, mut record) = (Reader::of_table(options), Record::default());
    let mut records = Records::open_with(path, &options.dialect)?;
    let mut long = Long { columns: &options.columns, requests: Vec::new(), places: BTreeMap::new() };
    let mut problems = Problems::default();
    while records.read(&mut record)? {
        if let Err(problem) = reader.check(&record).and_then(|row| long.add(row)) {
            problems.push(problem);
        }
    }
    let models = options.columns.models.clone().unwrap_or_else(|| long.models());
    if !long.requests.is_empty() && !long.answers().any(|answer| answer.dollars.is_some()) {
        let field = options.columns.cost.clone();
        problems.push(LogProblem { file: None, place: 0, field, rule: LogRule::NoCost, value: String::new() });
        long.requests.clear();
    }
    if long.requests.is_empty() && problems.total == 0 {
        problems.push(LogProblem {
            file: None,
            place: 0,
            field: String::new(),
            rule: LogRule::NoRows,
            value: String::new(),
        });
    }
    if problems.total > 0 && (options.on_bad_row == OnBadRow::Refuse || long.requests.is_empty()) {
        return Err(LogError::Refused { path: path.to_owned(), total: problems.total, shown: problems.shown });
    }
    Ok(Pivoted { frame: long.frame(&models), dropped: problems.by_rule.into_iter().collect() })
}

/// A number in an answer; none where it is missing.
type Cell = fn(&Answer) -> Option<f64>;

/// What a wide table may hold of each model beside quality and dollars: the default suffix of its column, and the cell.
const OPTIONAL: [(&str, Cell); 4] = [
    (INPUT_TOKENS, |answer| answer.tokens.map(|tokens| tokens.input.into())),
    (CACHED_TOKENS, |answer| answer.tokens.map(|tokens| tokens.cached.into())),
    (OUTPUT_TOKENS, |answer| answer.tokens.map(|tokens| tokens.output.into())),
    (LATENCY, |answer| answer.seconds),
];

struct Long<'a> {
    columns: &'a LogColumns,
    requests: Vec<Request>,
    places: BTreeMap<String, usize>,
}

impl Long<'_> {
    fn add(&mut self, row: Checked<'_>) -> Result<(), LogProblem> {
        let place = row.place;
        let problem =
            |field: &str, rule, value: String| LogProblem { file: None, place, field: field.to_owned(), rule, value };
        let missing = |field: &str| problem(field, LogRule::MissingCell, String::new());
        let id = row.id.ok_or_else(|| missing(&self.columns.id))?.into_owned();
        let Checked { quality, dollars, tokens, seconds, .. } = row;
        let answer = Answer { quality, dollars, tokens, seconds };
        let task = row.task.map_or_else(|| routing::words::ALL_TASKS.to_owned(), Into::into);
        let prompt = row.prompt.map(String::from);
        let Some(&at) = self.places.get(&id) else {
            self.places.insert(id.clone(), self.requests.len());
            let answers = BTreeMap::from([(row.model.into_owned(), answer)]);
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
        request.answers.insert(row.model.into_owned(), answer);
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        let mut names: Vec<String> = self.requests.iter().flat_map(|request| request.answers.keys()).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.requests.iter().flat_map(|request| request.answers.values())
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
        // What no row has gets no column.
        let count = |cell: Cell| self.answers().filter_map(cell).count();
        let optional = OPTIONAL.iter().filter(|(_, cell)| count(*cell) > 0);
        let suffixes: Vec<(&str, Cell)> = optional.copied().collect();
        for model in models {
            let real = |cell: Cell| {
                let answers = self.requests.iter().map(|request| request.answers.get(model).and_then(cell));
                Column::Real(answers.collect())
            };
            columns.push((model.clone(), real(|answer| answer.quality)));
            columns.push((format!("{model}{}", map.cost_suffix), real(|answer| answer.dollars)));
            columns.extend(suffixes.iter().map(|(suffix, cell)| (format!("{model}{suffix}"), real(*cell))));
        }
        Frame { columns, metadata: Vec::new() }
    }
}
