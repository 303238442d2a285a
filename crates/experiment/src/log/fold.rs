//! Outcomes of rows of a log by task and model: what policies and outcome models are made from.

use super::table::{LogTable, Row};
use environments::sources::logged::Cell;
use routing::words::metric;
use routing::{Dollars, Objective, Preference};

/// What an evaluation is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Score in [0, 1], over the rows that have one.
    Quality,
    /// Score in [0, 1], this where a row has none.
    QualityOr(f64),
    /// Dollars of a request, over all rows.
    Dollars,
    /// Reward at a weight on cost, over the rows that have a score.
    Reward {
        /// The weight on cost.
        preference: Preference,
        /// Dollars at which a call counts as fully expensive.
        tau: Dollars,
    },
}

impl Outcome {
    /// Name, as metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Quality | Outcome::QualityOr(_) => metric::QUALITY,
            Outcome::Dollars => metric::COST,
            Outcome::Reward { .. } => metric::REWARD,
        }
    }

    pub(super) fn of(self, row: &Row) -> Option<f64> {
        match self {
            Outcome::Quality => row.quality.map(f64::from),
            Outcome::QualityOr(other) => Some(row.quality.map_or(other, f64::from)),
            Outcome::Dollars => Some(row.dollars),
            Outcome::Reward { preference, tau } => {
                let outcome = routing::Outcome::untimed(row.quality?, Dollars(row.dollars));
                Some(Objective::new(tau).reward(preference, &outcome))
            }
        }
    }
}

/// Outcomes of some rows of a log, by task and then by model: what policies and calibrations are made from.
#[derive(Clone, Debug)]
pub struct Fold {
    /// T x K.
    pub cells: Vec<Vec<Cell>>,
}

impl Fold {
    /// The rows of `table` that are not in a fold, for each fold.
    pub(super) fn complements(table: &LogTable) -> Vec<Fold> {
        let empty = Fold { cells: vec![vec![Cell::default(); table.models.len()]; table.tasks.len()] };
        let mut folds = vec![empty.clone(); table.folds];
        for row in &table.rows {
            let cell = &mut folds[usize::from(row.fold)].cells[usize::from(row.task)][usize::from(row.arm)];
            cell.add(row.quality.map(f64::from), row.dollars);
        }
        let others = |own: usize| {
            let mut all = empty.clone();
            for (_, fold) in folds.iter().enumerate().filter(|(at, _)| *at != own) {
                let cells = all.cells.iter_mut().flatten().zip(fold.cells.iter().flatten());
                cells.for_each(|(sum, cell)| sum.merge(cell));
            }
            all
        };
        (0..table.folds).map(others).collect()
    }

    /// Mean quality and mean dollars of each model on each task, T x K; where a cell has none, that of the model on all tasks;
    /// none for a model without any.
    pub(super) fn means(&self) -> [Vec<Vec<Option<f64>>>; 2] {
        [Cell::mean_quality as fn(&Cell) -> f64, Cell::mean_dollars].map(|mean| {
            let known = |cell: &Cell| Some(mean(cell)).filter(|mean| mean.is_finite());
            let overall: Vec<Option<f64>> = (0..self.cells.first().map_or(0, Vec::len))
                .map(|model| {
                    let mut all = Cell::default();
                    self.cells.iter().for_each(|task| all.merge(&task[model]));
                    known(&all)
                })
                .collect();
            let of = |(cell, &overall): (&Cell, &Option<f64>)| known(cell).or(overall);
            self.cells.iter().map(|task| task.iter().zip(&overall).map(of).collect()).collect()
        })
    }
}

/// Mean outcomes by task and model over the rows that are not in a fold: the outcome model.
pub(super) struct Means {
    /// Of each fold, T x K: mean and rows behind it; none where the model has no outcome at all outside the fold.
    cells: Vec<Vec<Vec<Option<Mean>>>>,
    /// Share of the rows that have the outcome, T x K.
    there: Vec<Vec<f64>>,
}

/// What the rows of other folds say of a model on a task.
#[derive(Clone, Copy)]
pub(super) struct Mean {
    pub(super) value: f64,
    /// Rows of this very task and model; 0 where the mean is that of the model on all tasks.
    pub(super) rows: f64,
}

impl Means {
    /// Of `outcome`; what the table as a whole never saw is a hole, whatever the model did on other tasks.
    pub(super) fn new(table: &LogTable, outcome: Outcome) -> Means {
        let (tasks, models) = (table.tasks.len(), table.models.len());
        let mut sums = vec![vec![vec![(0.0, 0.0); models]; tasks]; table.folds];
        for (row, value) in table.rows.iter().filter_map(|row| Some((row, outcome.of(row)?))) {
            let sum: &mut (f64, f64) = &mut sums[usize::from(row.fold)][usize::from(row.task)][usize::from(row.arm)];
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
        let over = |folds: &dyn Fn(usize) -> bool, tasks: &dyn Fn(usize) -> bool, arm: usize| {
            let mut all = (0.0, 0.0);
            for (_, fold) in sums.iter().enumerate().filter(|(at, _)| folds(*at)) {
                for (_, task) in fold.iter().enumerate().filter(|(at, _)| tasks(*at)) {
                    all = (all.0 + task[arm].0, all.1 + task[arm].1);
                }
            }
            all
        };
        let cell = |fold: usize, task: usize, arm: usize| {
            let here = |at: usize| at == task;
            (over(&|_| true, &here, arm).1 > 0.0).then_some(())?;
            let (sum, rows) = over(&|at| at != fold, &here, arm);
            if rows > 0.0 {
                return Some(Mean { value: sum / rows, rows });
            }
            let (sum, all) = over(&|at| at != fold, &|_| true, arm);
            (all > 0.0).then(|| Mean { value: sum / all, rows: 0.0 })
        };
        let of_task = |fold: usize, task: usize| (0..models).map(|arm| cell(fold, task, arm)).collect();
        let of_fold = |fold: usize| (0..tasks).map(|task| of_task(fold, task)).collect();
        let mut there = vec![vec![(0.0, 0.0); models]; tasks];
        for row in &table.rows {
            let cell: &mut (f64, f64) = &mut there[usize::from(row.task)][usize::from(row.arm)];
            *cell = (cell.0 + f64::from(u8::from(outcome.of(row).is_some())), cell.1 + 1.0);
        }
        let share = |task: &Vec<(f64, f64)>| task.iter().map(|(there, all)| there / all).collect();
        Means { cells: (0..table.folds).map(of_fold).collect(), there: there.iter().map(share).collect() }
    }

    /// Share of the rows of a task and model that have the outcome.
    pub(super) fn there(&self, task: usize, arm: usize) -> f64 {
        self.there[task][arm]
    }

    /// What is known of each model in a fold and on a task, K.
    pub(super) fn of(&self, fold: usize, task: usize) -> &[Option<Mean>] {
        &self.cells[fold][task]
    }
}
