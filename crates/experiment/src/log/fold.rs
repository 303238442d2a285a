//! Outcomes of rows of a log by task and model: what policies and outcome models are made from.

use environments::sources::logged::{Cell, Log, LogRow};
use routing::words::metric;

/// What an evaluation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Score in [0, 1], over the rows that have one.
    Quality,
    /// Dollars of a request, over all rows.
    Dollars,
}

impl Outcome {
    /// Name, as metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Quality => metric::QUALITY,
            Outcome::Dollars => metric::COST,
        }
    }

    pub(super) fn of(self, row: &LogRow) -> Option<f64> {
        match self {
            Outcome::Quality => row.quality.map(f64::from),
            Outcome::Dollars => Some(row.cost.0),
        }
    }

    fn mean(self, cell: &Cell) -> f64 {
        match self {
            Outcome::Quality => cell.mean_quality(),
            Outcome::Dollars => cell.mean_dollars(),
        }
    }
}

/// Outcomes of some rows of a log, by task and then by model: what policies and outcome models are made from.
#[derive(Clone, Debug)]
pub struct Fold {
    /// T x K.
    pub cells: Vec<Vec<Cell>>,
}

impl Fold {
    /// No rows yet, for the tasks and models of `log`.
    pub fn empty(log: &Log) -> Fold {
        Fold { cells: vec![vec![Cell::default(); log.models().len()]; log.tasks().len()] }
    }

    /// Enters a row.
    pub fn add(&mut self, row: &LogRow) {
        self.cells[row.task][row.arm.index()].add_row(row);
    }

    /// Mean outcome of each model on each task, T x K; where a cell has none, that of the model on all tasks; none for a model
    /// without any.
    pub(super) fn means(&self, outcome: Outcome) -> Vec<Vec<Option<f64>>> {
        let overall: Vec<Option<f64>> = (0..self.cells.first().map_or(0, Vec::len))
            .map(|model| {
                let mut all = Cell::default();
                self.cells.iter().for_each(|task| all.merge(&task[model]));
                Some(outcome.mean(&all)).filter(|mean| mean.is_finite())
            })
            .collect();
        let mean = |(cell, &overall): (&Cell, &Option<f64>)| {
            Some(outcome.mean(cell)).filter(|mean| mean.is_finite()).or(overall)
        };
        self.cells.iter().map(|task| task.iter().zip(&overall).map(mean).collect()).collect()
    }
}

/// Share of the row's model among the log's rows of its task: the propensity, if nothing but the task decided.
pub(super) fn share(log: &Log, row: &LogRow) -> f64 {
    let cells = &log.survey().cells[row.task];
    let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
    cells[row.arm.index()].rows as f64 / rows as f64
}
