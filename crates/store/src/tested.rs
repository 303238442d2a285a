//! What every test prompt of a cell got: `tested/<id>.parquet`, one row for each prompt and weight on cost.
//!
//! Every score of phase `test` can be computed from these rows alone, and so can how much each prompt moves it.

use crate::cells::{batches, integers, reals, symbols};
use crate::frame::read_metadata;
use crate::scores::{NOTHING, Pool, Symbol};
use crate::{Column, Described, Frame, FrameError, Label, read, seal, write_parquet};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, UInt64Type};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use std::fs::File;
use std::path::Path;

/// Version of the columns of decisions and of tested prompts; it stands in the metadata of these files as `barp.schema`.
pub const SCHEMA: &str = "1";

/// Most rows that are kept of a cell: a larger test is thinned to whole clusters of prompts.
pub const MOST_TESTED: usize = 1 << 18;

/// Key of the metadata that says how many prompts were tested, and of how many the rows are there.
const PROMPTS: &str = "barp.prompts";

/// Key of the metadata that repeats the labels of the columns.
const LABELS: &str = "barp.labels";

/// Whose decisions they are, as columns: what stands behind an address is not told by the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'a> {
    /// Label of the environment.
    pub environment: &'a str,
    /// Label of the policy.
    pub policy: &'a str,
    /// Number of the replicate, from 0.
    pub replicate: u32,
}

impl Whose<'_> {
    fn label(&self) -> String {
        serde_json::json!([self.environment, self.policy, self.replicate]).to_string()
    }

    /// The columns that say so, of as many rows.
    fn columns(&self, rows: usize) -> [Column; 3] {
        let text = |text: &str| Column::Text(vec![Some(text.to_owned()); rows]);
        [text(self.environment), text(self.policy), Column::Integer(vec![Some(self.replicate.into()); rows])]
    }
}

/// The columns that say whose decisions they are.
const WHOSE: [Described; 3] = [
    Described::new("environment", "text", "", "label of the environment"),
    Described::new("policy", "text", "", "label of the policy"),
    Described::new("replicate", "whole number", "", "number of the replicate, from 0"),
];

/// The columns of what was tested, in the order of [`TestedFrame`].
const TESTED: [Described; 12] = [
    Described::new("sample_id", "text", "", "identifies the prompt in its table"),
    Described::new(
        "cluster",
        "whole number",
        "",
        "prompts of one cluster (equal texts, or one group) have one number: the position of the first of them in the table",
    ),
    Described::new("task", "text", "", "task of the prompt"),
    Described::new("w_cost", "number", "weight", "weight on cost at which it was decided"),
    Described::new("model", "text", "", "model that was chosen"),
    Described::new("propensity", "number", "probability", "probability with which it was chosen, in (0, 1]"),
    Described::new("quality", "number or nothing", "score", "score of its answer; nothing where nobody recorded it"),
    Described::new("cost_usd", "number or nothing", "USD", "dollars of its call; likewise"),
    Described::new("reward", "number or nothing", "reward", "reward under the weight; likewise"),
    Described::new(
        "regret",
        "number or nothing",
        "reward",
        "reward of the best recorded model, minus the reward obtained; likewise",
    ),
    Described::new(
        "expected_reward",
        "number or nothing",
        "reward",
        "reward that the router expected; nothing where it tells none",
    ),
    Described::new(
        "latency_s",
        "number or nothing",
        "s",
        "time until the answer was there; nothing where not recorded",
    ),
];

/// What the columns that say whose decisions they are mean: they stand first in `tested/<id>.parquet` and
/// `decisions/<id>.parquet`.
pub fn whose_columns() -> [Described; 3] {
    WHOSE
}

/// `frame` with what it is first: whose rows they are, and the version of their columns.
pub(crate) fn labelled(mut frame: Frame, whose: &Whose<'_>) -> Frame {
    let names = WHOSE.map(|column| column.name.to_owned());
    let own = names.into_iter().zip(whose.columns(frame.rows()));
    frame.columns = own.chain(frame.columns).collect();
    let told = [("barp.schema", SCHEMA.to_owned()), (LABELS, whose.label())];
    frame.metadata.extend(told.map(|(key, value)| (key.to_owned(), value)));
    frame
}

/// What the columns of `tested/<id>.parquet` mean.
pub fn tested_columns() -> Vec<Described> {
    WHOSE.iter().chain(&TESTED).copied().collect()
}

/// The rows of one cell before they are stored; all columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestedFrame {
    /// As the column `sample_id`.
    pub sample_id: Vec<Option<String>>,
    /// As the column `cluster`.
    pub cluster: Vec<Option<u64>>,
    /// As the column `task`.
    pub task: Vec<Option<String>>,
    /// As the column `w_cost`.
    pub w_cost: Vec<Option<f64>>,
    /// As the column `model`.
    pub model: Vec<Option<String>>,
    /// As the column `propensity`.
    pub propensity: Vec<Option<f64>>,
    /// As the column `quality`.
    pub quality: Vec<Option<f64>>,
    /// As the column `cost_usd`.
    pub cost_usd: Vec<Option<f64>>,
    /// As the column `reward`.
    pub reward: Vec<Option<f64>>,
    /// As the column `regret`.
    pub regret: Vec<Option<f64>>,
    /// As the column `expected_reward`.
    pub expected_reward: Vec<Option<f64>>,
    /// As the column `latency_s`.
    pub latency_s: Vec<Option<f64>>,
    /// Prompts that were tested, and those of them whose rows are here.
    pub prompts: [u64; 2],
}

impl TestedFrame {
    fn into_frame(self) -> Frame {
        let columns = [
            Column::Text(self.sample_id),
            Column::Integer(self.cluster),
            Column::Text(self.task),
            Column::Real(self.w_cost),
            Column::Text(self.model),
            Column::Real(self.propensity),
            Column::Real(self.quality),
            Column::Real(self.cost_usd),
            Column::Real(self.reward),
            Column::Real(self.regret),
            Column::Real(self.expected_reward),
            Column::Real(self.latency_s),
        ];
        let [tested, kept] = self.prompts;
        let names = TESTED.map(|column| column.name.to_owned());
        let metadata = vec![(PROMPTS.to_owned(), format!("{tested} {kept}"))];
        Frame { columns: names.into_iter().zip(columns).collect(), metadata }
    }
}

/// Writes the rows of a cell to `path`.
pub(crate) fn write(path: &Path, rows: TestedFrame, whose: &Whose<'_>) -> Result<(), FrameError> {
    write_parquet(path, &labelled(rows.into_frame(), whose))
}

/// Gives the rows at `path` the labels `whose`, and says whether they had others: cells are addressed by content, and labels
/// change.
pub(crate) fn relabel(path: &Path, whose: &Whose<'_>) -> Result<bool, FrameError> {
    let told = read_metadata(path).map_err(|message| FrameError { path: path.to_owned(), message })?;
    if told.iter().any(|(key, value)| key == LABELS && *value == whose.label()) {
        return Ok(false);
    }
    let mut frame = read(path)?;
    let labelled = whose.columns(frame.rows());
    frame.metadata.iter_mut().filter(|(key, _)| key == LABELS).for_each(|(_, value)| *value = whose.label());
    frame.columns.iter_mut().zip(labelled).for_each(|((_, column), new)| *column = new);
    write_parquet(path, &frame).map(|()| true)
}

/// A prompt at a weight on cost, with what a router's choice brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestedRow {
    /// Number of its cluster.
    pub cluster: u32,
    /// Its task, as a position in [`Tested::tasks`].
    pub task: u16,
    /// The chosen model, as a position in [`Tested::models`].
    pub model: u16,
    /// Weight on cost.
    pub w_cost: f64,
    /// NaN where nobody recorded the outcome, as in what follows.
    pub quality: f64,
    /// Dollars.
    pub cost_usd: f64,
    /// Reward.
    pub reward: f64,
    /// Reward lost to the best recorded model.
    pub regret: f64,
}

/// What every test prompt of a cell got.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tested {
    /// Names of tasks.
    pub tasks: Vec<Label>,
    /// Names of models.
    pub models: Vec<Label>,
    /// By weight on cost, then by cluster.
    pub rows: Vec<TestedRow>,
    /// Share of the tested prompts whose rows are here, in (0, 1].
    pub kept: f64,
}

/// Reads what intervals need of the file at `path`.
///
/// # Errors
/// When it cannot be read, or a column is missing or of another kind.
pub(crate) fn read_tested(path: &Path) -> Result<Tested, FrameError> {
    tested(path).map_err(|message| FrameError { path: path.to_owned(), message })
}

const NEEDED: [&str; 8] = ["cluster", "task", "w_cost", "model", "quality", "cost_usd", "reward", "regret"];

fn tested(path: &Path) -> Result<Tested, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    seal::check(&file)?;
    let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
    let told = footer.metadata().file_metadata().key_value_metadata().into_iter().flatten();
    let told = told.filter(|pair| pair.key == PROMPTS).find_map(|pair| pair.value.as_deref()?.split_once(' '));
    let counts = told.and_then(|(all, kept)| Some((all.parse::<f64>().ok()?, kept.parse::<f64>().ok()?)));
    let (all, kept) = counts.ok_or_else(|| format!("metadata `{PROMPTS}` is missing: this holds no tested prompts"))?;
    let pool = Pool::default();
    let (mut tasks, mut models) = (Names::default(), Names::default());
    let mut rows: Vec<TestedRow> = Vec::new();
    for batch in batches(file, &footer, |name| !NEEDED.contains(&name))? {
        let batch = batch?;
        let clusters = integers(&batch, "cluster")?;
        let clusters = clusters.as_primitive::<UInt64Type>();
        let [task, model] = [symbols(&batch, "task", &pool)?, symbols(&batch, "model", &pool)?];
        let number = |name| reals(&batch, name);
        let numbers =
            [number("w_cost")?, number("quality")?, number("cost_usd")?, number("reward")?, number("regret")?];
        let numbers = numbers.each_ref().map(|cells| cells.as_primitive::<Float64Type>());
        for row in 0..batch.num_rows() {
            let real = |column: usize| match numbers[column].is_null(row) {
                true => f64::NAN,
                false => numbers[column].value(row),
            };
            if clusters.is_null(row) || task[row] == NOTHING || model[row] == NOTHING || real(0).is_nan() {
                return Err(format!("row {}: cluster, task, w_cost and model may not be missing", rows.len() + 1));
            }
            let cluster =
                u32::try_from(clusters.value(row)).map_err(|_| "column `cluster` must hold positions in a table")?;
            rows.push(TestedRow {
                cluster,
                task: tasks.place(task[row]),
                model: models.place(model[row]),
                w_cost: real(0),
                quality: real(1),
                cost_usd: real(2),
                reward: real(3),
                regret: real(4),
            });
        }
    }
    sort(&mut rows);
    Ok(Tested {
        tasks: tasks.labels(&pool)?,
        models: models.labels(&pool)?,
        rows,
        kept: if all > 0.0 { kept / all } else { 1.0 },
    })
}

fn sort(rows: &mut [TestedRow]) {
    rows.sort_by(|one, other| one.w_cost.total_cmp(&other.w_cost).then(one.cluster.cmp(&other.cluster)));
}

impl From<&TestedFrame> for Tested {
    /// What would be read of the frame's file.
    fn from(frame: &TestedFrame) -> Tested {
        let pool = Pool::default();
        let (mut tasks, mut models) = (Names::default(), Names::default());
        let text = |cell: &Option<String>| pool.symbol(cell.as_deref().unwrap_or_default());
        let real = |cell: &Option<f64>| cell.unwrap_or(f64::NAN);
        let row = |row: usize| TestedRow {
            cluster: frame.cluster[row].unwrap_or_default() as u32,
            task: tasks.place(text(&frame.task[row])),
            model: models.place(text(&frame.model[row])),
            w_cost: real(&frame.w_cost[row]),
            quality: real(&frame.quality[row]),
            cost_usd: real(&frame.cost_usd[row]),
            reward: real(&frame.reward[row]),
            regret: real(&frame.regret[row]),
        };
        let mut rows: Vec<TestedRow> = (0..frame.sample_id.len()).map(row).collect();
        sort(&mut rows);
        let [all, kept] = frame.prompts.map(|prompts| prompts as f64);
        let labels = |names: Names| names.labels(&pool).expect("the pool has what it was just told");
        Tested { tasks: labels(tasks), models: labels(models), rows, kept: if all > 0.0 { kept / all } else { 1.0 } }
    }
}

/// Names in the order of their first appearance.
#[derive(Default)]
struct Names(Vec<Symbol>);

impl Names {
    fn place(&mut self, symbol: Symbol) -> u16 {
        let known = self.0.iter().position(|known| *known == symbol);
        known.unwrap_or_else(|| {
            self.0.push(symbol);
            self.0.len() - 1
        }) as u16
    }

    fn labels(&self, pool: &Pool) -> Result<Vec<Label>, String> {
        self.0.iter().map(|symbol| pool.text(*symbol)).collect()
    }
}
