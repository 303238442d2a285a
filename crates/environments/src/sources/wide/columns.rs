//! Which column of a wide table is what: found before any row is looked at.

use super::problem::{ImportError, Problems, Rule};
use super::{ColumnMap, Features, GROUP, ImportOptions, TASK_COLUMNS};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Column, Frame};

/// Names in a message; a file may have any number of columns.
const LISTED: usize = 40;

/// Column of a pandas index that was written along: numbers, but nobody's quality.
const INDEX_COLUMNS: [&str; 3] = ["", "Unnamed: 0", "__index_level_0__"];

/// A frame whose columns are found by name without looking at all of them.
struct Named<'a> {
    frame: &'a Frame,
    by_name: BTreeMap<&'a str, &'a Column>,
}

impl<'a> Named<'a> {
    fn new(frame: &'a Frame) -> Named<'a> {
        Named { frame, by_name: frame.by_name() }
    }

    fn column(&self, name: &str) -> Option<&'a Column> {
        self.by_name.get(name).copied()
    }
}

/// The columns of a table, by role.
pub(super) struct Columns<'a> {
    pub ids: &'a Column,
    pub task_name: &'a str,
    pub tasks: &'a Column,
    pub models: Vec<Model<'a>>,
    pub features: FeatureColumn<'a>,
    pub prompts: Option<&'a Column>,
    /// What prompts belong to, with its name.
    pub groups: Option<(&'a str, &'a Column)>,
    /// Columns that play no part.
    pub ignored: Vec<String>,
}

/// The two columns of a model.
pub(super) struct Model<'a> {
    pub name: &'a str,
    pub quality: &'a Column,
    pub cost_name: String,
    /// None only where dollars are made from tokens.
    pub cost: Option<&'a Column>,
    pub input: Option<Extra<'a>>,
    pub cached: Option<Extra<'a>>,
    pub output: Option<Extra<'a>>,
    pub latency: Option<Extra<'a>>,
}

/// A column that a model need not have.
pub(super) struct Extra<'a> {
    pub name: String,
    pub cells: &'a Column,
}

/// Where feature rows come from.
pub(super) enum FeatureColumn<'a> {
    Vectors { width: usize, values: &'a [f32] },
    Keyed(&'a Embeddings<'a>),
    Texts { width: usize },
}

impl FeatureColumn<'_> {
    /// Width d of a feature row.
    pub(super) fn width(&self) -> usize {
        match self {
            FeatureColumn::Vectors { width, .. } | FeatureColumn::Texts { width } => *width,
            FeatureColumn::Keyed(embeddings) => embeddings.width,
        }
    }
}

/// A file of embeddings, by identifier.
pub(super) struct Embeddings<'a> {
    pub path: &'a Path,
    width: usize,
    values: Vec<f32>,
    rows: BTreeMap<String, usize>,
}

impl<'a> Embeddings<'a> {
    /// Reads the columns `sample_id` and `embedding` of a file.
    pub(super) fn read(path: &'a Path) -> Result<Embeddings<'a>, ImportError> {
        let frame = store::read(path)?;
        let (mut problems, named) = (Problems::default(), Named::new(&frame));
        vectors(&named, "embedding", &mut problems);
        let mut rows = BTreeMap::new();
        if let Some(ids) = scalar(&named, "sample_id", &mut problems) {
            for row in 0..ids.len() {
                let Some(id) = ids.text(row) else {
                    problems.push(Some(row + 1), Some("sample_id"), Rule::MissingCell, String::new);
                    continue;
                };
                if let Some(first) = rows.get(&id) {
                    let first: usize = *first;
                    let value = || format!("`{id}`, first in row {}", first + 1);
                    problems.push(Some(row + 1), Some("sample_id"), Rule::DuplicateId, value);
                } else {
                    rows.insert(id, row);
                }
            }
        }
        problems.refuse(path)?;
        let vectors = frame.columns.into_iter().find_map(|(name, column)| match column {
            Column::Vectors { width, values } if name == "embedding" => Some((width, values)),
            _ => None,
        });
        let (width, values) = vectors.expect("a file without the column was refused above");
        Ok(Embeddings { path, width, values, rows })
    }

    /// The vector of `id`.
    pub(super) fn get(&self, id: &str) -> Option<&[f32]> {
        self.rows.get(id).map(|row| &self.values[row * self.width..][..self.width])
    }
}

/// Finds all columns.
///
/// # Errors
/// Every problem with them, so that one reading of the message is enough to put the file or the map right.
pub(super) fn find<'a>(
    frame: &'a Frame,
    options: &'a ImportOptions,
    features: &Features<'a>,
    embeddings: Option<&'a Embeddings<'a>>,
) -> Result<Columns<'a>, Problems> {
    let map = &options.columns;
    let (mut problems, named) = (Problems::default(), Named::new(frame));
    let task_name = task_name(&named, map);
    let ids = scalar(&named, &map.id, &mut problems);
    let tasks = scalar(&named, task_name, &mut problems);
    let models = models(&named, options, task_name, &mut problems);
    let group = options.group.as_deref();
    let groups = group.and_then(|name| Some((name, scalar(&named, name, &mut problems)?)));
    let features = match (features, embeddings) {
        (_, Some(embeddings)) => Some(FeatureColumn::Keyed(embeddings)),
        (Features::Texts { width, .. }, None) => {
            scalar(&named, &map.prompt, &mut problems).map(|_| FeatureColumn::Texts { width: *width })
        }
        (Features::Column | Features::File(_), None) => vectors(&named, &map.embedding, &mut problems)
            .map(|(width, values)| FeatureColumn::Vectors { width, values }),
    };
    if frame.rows() == 0 {
        problems.push(None, None, Rule::NoRows, String::new);
    }
    match (ids, tasks, features) {
        (Some(ids), Some(tasks), Some(features)) if problems.total == 0 => {
            let ignored = ignored(frame, map, [task_name, group.unwrap_or(task_name)], &models);
            let prompts = named.column(&map.prompt).filter(|column| !matches!(column, Column::Vectors { .. }));
            Ok(Columns { ids, task_name, tasks, models, features, prompts, groups, ignored })
        }
        _ => Err(problems),
    }
}

/// The column of tasks: as mapped, else the first of the known names that the file has.
fn task_name<'a>(frame: &Named<'a>, map: &'a ColumnMap) -> &'a str {
    let known = TASK_COLUMNS.into_iter().find(|name| frame.column(name).is_some());
    map.task.as_deref().or(known).unwrap_or("eval_name")
}

fn named<'a>(frame: &Named<'a>, name: &str, problems: &mut Problems) -> Option<&'a Column> {
    let found = frame.column(name);
    if found.is_none() {
        let names = || format!("the file has {}", listed(frame.frame.columns.iter().map(|(name, _)| name)));
        problems.push(None, Some(name), Rule::NoColumn, names);
    }
    found
}

/// The column called `name`, of single values.
fn scalar<'a>(frame: &Named<'a>, name: &str, problems: &mut Problems) -> Option<&'a Column> {
    let column = named(frame, name, problems)?;
    if let Column::Vectors { .. } = column {
        problems.push(None, Some(name), Rule::WrongShape, || "vectors, single values are needed".to_owned());
        return None;
    }
    if let Some(flaw) = column.flaw() {
        problems.push(None, Some(name), Rule::WrongShape, || flaw.to_owned());
        return None;
    }
    Some(column)
}

/// The column called `name`, of vectors.
fn vectors<'a>(frame: &Named<'a>, name: &str, problems: &mut Problems) -> Option<(usize, &'a [f32])> {
    match named(frame, name, problems)? {
        Column::Vectors { width, values } => return Some((*width, values)),
        column => {
            let value = || column.flaw().unwrap_or("single values, vectors are needed").to_owned();
            problems.push(None, Some(name), Rule::WrongShape, value);
        }
    }
    None
}

/// The models as listed in the map, else every name that has a cost column.
fn models<'a>(
    frame: &Named<'a>,
    options: &'a ImportOptions,
    task_name: &str,
    problems: &mut Problems,
) -> Vec<Model<'a>> {
    let map = &options.columns;
    let names: Vec<&str> = match &map.models {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => implied_models(frame, map, [task_name, options.group.as_deref().unwrap_or(GROUP)], problems),
    };
    let mut known = BTreeSet::new();
    for name in &names {
        if !known.insert(name) {
            problems.push(None, Some(name), Rule::ModelTwice, String::new);
        }
    }
    if names.is_empty() {
        let value = || match &map.models {
            Some(_) => "the map lists none".to_owned(),
            None => format!("no column has a partner whose name ends in `{}`", map.cost_suffix),
        };
        problems.push(None, None, Rule::NoModels, value);
    }
    if names.len() > usize::from(u16::MAX) {
        problems.push(None, None, Rule::TooMany, || format!("{} models, at most 65535 are possible", names.len()));
    }
    names.into_iter().filter_map(|name| model(frame, options, name, problems)).collect()
}

/// The columns that look like a model's quality: those with a partner, and numbers that play no other part.
fn implied_models<'a>(
    frame: &Named<'a>,
    map: &ColumnMap,
    [task_name, group]: [&str; 2],
    problems: &mut Problems,
) -> Vec<&'a str> {
    let roles = [map.id.as_str(), &map.prompt, &map.embedding, task_name, group, GROUP];
    let mut names = Vec::new();
    for (name, column) in &frame.frame.columns {
        if let Some(model) = name.strip_suffix(&map.cost_suffix) {
            if frame.column(model).is_none() {
                problems.push(None, Some(name), Rule::NoQualityColumn, || format!("`{model}`"));
            }
            continue;
        }
        // Counts and times of a model whose quality is there are no model of their own.
        let beside = map.beside().into_iter().find_map(|suffix| name.strip_suffix(suffix));
        if beside.is_some_and(|model| frame.column(model).is_some()) {
            continue;
        }
        let has_partner = frame.column(&format!("{name}{}", map.cost_suffix)).is_some();
        let has_role = [&roles[..], &TASK_COLUMNS, &INDEX_COLUMNS].iter().any(|names| names.contains(&name.as_str()));
        if has_partner || (!has_role && column.is_numeric()) {
            names.push(name.as_str());
        }
    }
    names
}

fn model<'a>(
    frame: &Named<'a>,
    options: &'a ImportOptions,
    name: &'a str,
    problems: &mut Problems,
) -> Option<Model<'a>> {
    let map = &options.columns;
    let quality = scalar(frame, name, problems)?;
    let mut extra = |suffix: &str| {
        let name = format!("{name}{suffix}");
        frame.column(&name)?;
        scalar(frame, &name, problems).map(|cells| Extra { name, cells })
    };
    let [input, cached, output, latency] = map.beside().map(&mut extra);
    let cost = extra(&map.cost_suffix).map(|extra| extra.cells);
    let cost_name = format!("{name}{}", map.cost_suffix);
    let priced = options.prices.is_some() && input.is_some() && output.is_some();
    if cost.is_none() && !priced {
        let or = if options.prices.is_some() { ", or tokens to price" } else { "" };
        problems.push(None, Some(name), Rule::NoCostColumn, || format!("`{cost_name}`{or}"));
        return None;
    }
    Some(Model { name, quality, cost_name, cost, input, cached, output, latency })
}

/// What is left of the file when all roles are given, those of the columns `own` too.
fn ignored(frame: &Frame, map: &ColumnMap, own: [&str; 2], models: &[Model<'_>]) -> Vec<String> {
    let mut used = BTreeSet::from([map.id.as_str(), &map.prompt, &map.embedding]);
    used.extend(own);
    for model in models {
        used.extend([model.name, &model.cost_name]);
        let extras = [&model.input, &model.cached, &model.output, &model.latency];
        used.extend(extras.into_iter().flatten().map(|extra| extra.name.as_str()));
    }
    frame.columns.iter().map(|(name, _)| name).filter(|name| !used.contains(name.as_str())).cloned().collect()
}

/// Names in a row of text, the first few where there are very many.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let (mut shown, mut more) = (Vec::new(), 0);
    for name in names {
        if shown.len() < LISTED { shown.push(format!("`{name}`")) } else { more += 1 }
    }
    let text = shown.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}
