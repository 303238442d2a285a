//! What holds of a log as a whole, gathered row by row in memory that depends on models, tasks and tenants, not on rows.

use super::problem::LogError;
use super::reader::Checked;
use super::time::Moment;
use super::{LogOptions, LogRow};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the one task of a log without tasks, and of the rows that have none.
const NO_TASK: &str = routing::words::ALL_TASKS;

/// Most tenants that are counted by name; rows of later ones are counted together.
const MOST_TENANTS: usize = 10_000;

/// Scores are told apart down to this share of the scale.
const SCORE_STEPS: f64 = 1e4;

/// Smallest amount told apart from nothing, in dollars.
const SMALLEST: f64 = 1e-9;

/// Lowest and highest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range<T> {
    /// The lowest.
    pub low: T,
    /// The highest.
    pub high: T,
}

fn widen<T: PartialOrd + Copy>(range: &mut Option<Range<T>>, value: T) {
    let range = range.get_or_insert(Range { low: value, high: value });
    range.low = if value < range.low { value } else { range.low };
    range.high = if value > range.high { value } else { range.high };
}

/// Outcomes of one model on one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Rows.
    pub rows: u64,
    /// Rows with a score.
    pub scored: u64,
    /// Sum of the scores.
    pub quality: f64,
    /// Sum of their squares.
    pub quality_squared: f64,
    /// Rows of each score, in ten-thousandths.
    pub grades: BTreeMap<u32, u64>,
    /// Sum of dollars over all rows.
    pub dollars: f64,
    /// Sum of their squares.
    pub dollars_squared: f64,
    /// Sum of the natural logarithms of dollars, those under a billionth taken as a billionth.
    pub log_dollars: f64,
    /// Sum of their squares.
    pub log_dollars_squared: f64,
}

impl Cell {
    /// Enters an outcome.
    pub fn add(&mut self, quality: Option<f64>, dollars: f64) {
        self.rows += 1;
        if let Some(quality) = quality {
            self.scored += 1;
            self.quality += quality;
            self.quality_squared += quality * quality;
            *self.grades.entry((quality * SCORE_STEPS).round() as u32).or_default() += 1;
        }
        let log = libm::log(dollars.max(SMALLEST));
        self.dollars += dollars;
        self.dollars_squared += dollars * dollars;
        self.log_dollars += log;
        self.log_dollars_squared += log * log;
    }

    /// Enters a row of a log.
    pub fn add_row(&mut self, row: &LogRow) {
        self.add(row.quality.map(f64::from), row.cost.0);
    }

    /// Mean score; NaN without scores.
    pub fn mean_quality(&self) -> f64 {
        self.quality / self.scored as f64
    }

    /// Mean dollars; NaN without rows.
    pub fn mean_dollars(&self) -> f64 {
        self.dollars / self.rows as f64
    }

    /// Everything that another cell holds, entered here too.
    pub fn merge(&mut self, other: &Cell) {
        self.rows += other.rows;
        self.scored += other.scored;
        self.quality += other.quality;
        self.quality_squared += other.quality_squared;
        self.dollars += other.dollars;
        self.dollars_squared += other.dollars_squared;
        self.log_dollars += other.log_dollars;
        self.log_dollars_squared += other.log_dollars_squared;
        for (&grade, &rows) in &other.grades {
            *self.grades.entry(grade).or_default() += rows;
        }
    }

    /// The scores that occur, with the rows of each, ascending.
    pub fn scores(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.grades.iter().map(|(&grade, &rows)| (f64::from(grade) / SCORE_STEPS, rows))
    }
}

/// What holds of a log as a whole.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Good rows.
    pub rows: u64,
    /// Those with a text.
    pub with_prompt: u64,
    /// Those with a score.
    pub with_quality: u64,
    /// Those with a propensity.
    pub with_propensity: u64,
    /// Those with tokens.
    pub with_tokens: u64,
    /// Those with a latency.
    pub with_latency: u64,
    /// Lowest and highest propensity.
    pub propensity: Option<Range<f64>>,
    /// First and last moment.
    pub time: Option<Range<Moment>>,
    /// Rows of each tenant; of the first 10,000 that occur.
    pub tenants: BTreeMap<String, u64>,
    /// Rows of tenants beyond those.
    pub other_tenants: u64,
    /// Names of the models, as [`super::Log::models`].
    pub models: Vec<String>,
    /// Names of the tasks, as [`super::Log::tasks`].
    pub tasks: Vec<String>,
    /// Outcomes by task, then model: T x K.
    pub cells: Vec<Vec<Cell>>,
    declared: Option<Vec<String>>,
    /// By task and model, until their positions are known.
    open: BTreeMap<String, BTreeMap<String, Cell>>,
}

impl Survey {
    pub(super) fn new(options: &LogOptions) -> Survey {
        Survey { declared: options.columns.models.clone(), ..Survey::default() }
    }

    pub(super) fn add(&mut self, row: &Checked<'_>) {
        self.rows += 1;
        self.with_prompt += u64::from(row.prompt.is_some());
        self.with_quality += u64::from(row.quality.is_some());
        self.with_tokens += u64::from(row.tokens.is_some());
        self.with_latency += u64::from(row.seconds.is_some());
        if let Some(propensity) = row.propensity {
            self.with_propensity += 1;
            widen(&mut self.propensity, propensity);
        }
        if let Some(time) = row.time {
            widen(&mut self.time, time);
        }
        if let Some(tenant) = row.tenant.as_deref() {
            let room = self.tenants.len() < MOST_TENANTS;
            match self.tenants.get_mut(tenant) {
                Some(rows) => *rows += 1,
                None if room => {
                    self.tenants.insert(tenant.to_owned(), 1);
                }
                None => self.other_tenants += 1,
            }
        }
        self.cell(row.task.as_deref().unwrap_or(NO_TASK), &row.model)
            .add(row.quality, row.dollars.expect("a row of a log without dollars breaks a rule"));
    }

    /// The open cell of a task and a model; names are copied only when they are new.
    fn cell(&mut self, task: &str, model: &str) -> &mut Cell {
        if !self.open.contains_key(task) {
            self.open.insert(task.to_owned(), BTreeMap::new());
        }
        let models = self.open.get_mut(task).expect("entered above");
        if !models.contains_key(model) {
            models.insert(model.to_owned(), Cell::default());
        }
        models.get_mut(model).expect("entered above")
    }

    /// Gives models and tasks their positions.
    pub(super) fn finish(&mut self, path: &Path) -> Result<(), LogError> {
        let open = std::mem::take(&mut self.open);
        self.models = self.declared.take().unwrap_or_else(|| {
            let mut names: Vec<String> = open.values().flat_map(BTreeMap::keys).cloned().collect();
            names.sort_unstable();
            names.dedup();
            names
        });
        for (what, count) in [("models", self.models.len()), ("tasks", open.len())] {
            if count > usize::from(u16::MAX) {
                let message = format!("{count} {what}, at most 65535 are possible");
                return Err(LogError::Unusable { path: path.to_owned(), message });
            }
        }
        for (task, mut cells) in open {
            self.tasks.push(task);
            self.cells.push(self.models.iter().map(|model| cells.remove(model).unwrap_or_default()).collect());
        }
        Ok(())
    }

    pub(super) fn arm(&self, model: &str) -> Option<usize> {
        self.models.iter().position(|known| known == model)
    }

    pub(super) fn task(&self, task: Option<&str>) -> Option<usize> {
        let task = task.unwrap_or(NO_TASK);
        self.tasks.binary_search_by(|known| known.as_str().cmp(task)).ok()
    }

    /// Outcomes of a model over all tasks.
    pub fn of_model(&self, model: usize) -> Cell {
        let mut all = Cell::default();
        self.cells.iter().for_each(|task| all.merge(&task[model]));
        all
    }
}
