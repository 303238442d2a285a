//! How often the answers of each model were rated, and whether that can be by chance.
//!
//! Where ratings depend on how good an answer is, models of different quality are rated at different rates. So equal rates on
//! each task mean that either ratings are missing at random or models do not differ. Rates that differ are told by a test of
//! chi squared over the tasks, and quality is then bounded: what was not rated may have been all bad or all good.

use super::super::table::LogTable;
use statistics::chi_squared_tail;
use std::collections::BTreeSet;

/// P-value below which rates differ.
const LEVEL: f64 = 1e-3;

/// Smallest difference of rates that matters.
const APART: f64 = 0.02;

/// Share of the answers of each model that were rated.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackShare {
    /// By model, in [0, 1]; NaN without answers.
    pub shares: Vec<f64>,
    /// P-value of equal rates on each task.
    pub p_value: f64,
    /// Largest difference of rates between two models, as if all tasks were one.
    pub apart: f64,
}

impl FeedbackShare {
    pub(super) fn new(table: &LogTable) -> FeedbackShare {
        let (tasks, models) = (table.tasks.len(), table.models.len());
        let mut counts = vec![vec![(0.0, 0.0); models]; tasks];
        for row in &table.rows {
            let cell: &mut (f64, f64) = &mut counts[usize::from(row.task)][usize::from(row.arm)];
            *cell = (cell.0 + f64::from(u8::from(row.quality.is_some())), cell.1 + 1.0);
        }
        let (mut squared, mut freedom) = (0.0, 0.0);
        for task in &counts {
            let (rated, all) = task.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
            let rate: f64 = rated / all;
            let there: Vec<&(f64, f64)> = task.iter().filter(|cell| cell.1 * rate.min(1.0 - rate) >= 5.0).collect();
            if there.len() < 2 {
                continue;
            }
            let off = |cell: &&(f64, f64)| {
                (cell.0 - cell.1 * rate) * (cell.0 - cell.1 * rate) / (cell.1 * rate * (1.0 - rate))
            };
            squared += there.iter().map(off).sum::<f64>();
            freedom += there.len() as f64 - 1.0;
        }
        let of = |arm: usize| counts.iter().fold((0.0, 0.0), |sum, task| (sum.0 + task[arm].0, sum.1 + task[arm].1));
        let shares: Vec<f64> = (0..models).map(of).map(|(rated, all)| rated / all).collect();
        let known = || shares.iter().copied().filter(|share| share.is_finite());
        let apart = known().fold(0.0, f64::max) - known().fold(1.0, f64::min);
        // Rows that were written twice show nothing twice.
        let clusters = table.rows.iter().map(|row| row.cluster).collect::<BTreeSet<u32>>().len();
        squared *= clusters as f64 / table.rows.len().max(1) as f64;
        let p_value = if freedom > 0.0 { chi_squared_tail(squared, freedom) } else { 1.0 };
        FeedbackShare { shares, p_value, apart }
    }

    /// Whether nothing speaks against ratings that are missing at random.
    pub fn at_random(&self) -> bool {
        self.p_value > LEVEL || self.apart < APART
    }
}
