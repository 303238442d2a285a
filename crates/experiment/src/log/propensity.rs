//! Whether the propensities of a log can be those with which it chose.

use super::table::{LogTable, Row};
use statistics::off_policy::{FEWEST_EFFECTIVE, Flaw, Weights};

/// One verdict on the propensities of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct PropensityVerdict {
    /// Rows whose propensity was not logged and was taken to be the share of their model.
    pub estimated: u64,
    /// Rows.
    pub rows: u64,
    /// Why they cannot be those with which the log chose; none where nothing speaks against them.
    pub flaw: Option<Flaw>,
    /// Which model, and where, shows it.
    pub shown_by: Option<String>,
}

impl PropensityVerdict {
    /// It in a sentence.
    pub fn sentence(&self) -> String {
        let origin = match self.estimated {
            0 => "propensities are the log's own".to_owned(),
            all if all == self.rows => {
                "propensities are the shares of the models by task, right only if nothing but the task decided"
                    .to_owned()
            }
            some => format!(
                "{some} of {} propensities are missing and taken to be the shares of the models by task",
                self.rows
            ),
        };
        match (&self.flaw, &self.shown_by) {
            (Some(flaw), Some(by)) => {
                format!("{origin}; {flaw} (always {by}); every estimate that needs them is refused")
            }
            _ => format!("{origin}; nothing speaks against them"),
        }
    }

    /// Judges the propensities of a table's rows by the mean weight of every model, over all tasks and on each.
    pub(super) fn new(table: &LogTable, propensities: &[f64], estimated: u64) -> PropensityVerdict {
        let (tasks, models) = (table.tasks.len(), table.models.len());
        let comparisons = models * if tasks > 1 { tasks + 1 } else { 1 };
        let mut worst: Option<(f64, Flaw, String)> = None;
        let parts = std::iter::once(None).chain((0..tasks).filter(|_| tasks > 1).map(Some));
        for (task, arm) in parts.flat_map(|task| (0..models).map(move |arm| (task, arm))) {
            let wanted = |row: &Row| task.is_none_or(|task| usize::from(row.task) == task) && !table.is_hole(row, arm);
            let rows = table.rows.iter().zip(propensities).filter(|(row, _)| wanted(row));
            let weight = |row: &Row, p: f64| if usize::from(row.arm) == arm { 1.0 / p } else { 0.0 };
            let all = Weights::of(&rows.map(|(row, &p)| (row.cluster, weight(row, p))).collect::<Vec<_>>());
            let half_width = all.half_width(comparisons);
            let beyond = (all.mean - 1.0).abs() / half_width;
            if all.effective >= FEWEST_EFFECTIVE && beyond > worst.as_ref().map_or(1.0, |worst| worst.0) {
                let name = &table.models[arm];
                let by = task.map_or_else(|| name.clone(), |task| format!("{name}, task {}", table.tasks[task]));
                worst = Some((beyond, Flaw::Propensities { mean: all.mean, half_width }, by));
            }
        }
        let (flaw, shown_by) = worst.map_or((None, None), |(_, flaw, by)| (Some(flaw), Some(by)));
        PropensityVerdict { estimated, rows: table.rows.len() as u64, flaw, shown_by }
    }
}
