//! Charts: one file each, listed once in [`CHARTS`]; each says what it would draw before it draws.

mod arm_shares;
mod blocks;
mod calibration;
mod critical_difference;
mod dataset;
mod drift;
mod factorial;
mod forest;
mod frontier;
mod improvement;
mod latency;
mod learning_curve;
mod online;
mod page;
mod profiles;
mod recovery;
mod regret;
mod shares_online;
mod sweep;
mod table;
mod task_heat;
mod task_scores;
#[cfg(test)]
mod tests;

use store::{Run, SummaryRow};

use crate::graphics::legend::{self, Entry};
use crate::graphics::scene::{Area, Scene};
use crate::roster::Roster;
use crate::theme;

pub(crate) use arm_shares::{model_colors, model_prices};
pub(crate) use page::{behind, compose, description};
pub use table::{Basis, Mark, Measured, Table};
pub(crate) use table::{best, distinct, nearest_weight, of_environment, ranked, select};

/// All charts, in the order in which they are drawn and listed.
pub const CHARTS: &[&dyn Chart] = &[
    &frontier::Frontier,
    &learning_curve::LearningCurve,
    &arm_shares::ArmShares,
    &task_scores::TaskScores,
    &task_heat::TaskHeat,
    &regret::Regret,
    &sweep::Sweep,
    &latency::Latency,
    &calibration::Calibration,
    &forest::Forest,
    &improvement::Improvement,
    &critical_difference::CriticalDifference,
    &profiles::Profiles,
    &drift::Drift,
    &shares_online::SharesOnline,
    &recovery::Recovery,
    &factorial::Factorial,
    &dataset::Dataset,
];

/// Width of a page in points: at the width of a column (8.5 cm) its letters are still 5 points high.
const WIDTH: f64 = 540.0;

/// Height that a legend adds to a page of this width.
fn legend_height(entries: &[Entry], width: f64) -> f64 {
    legend::height(entries, width - 2.0 * page::MARGIN)
}

/// What a chart is called and what it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Name of its files, unique among charts.
    pub name: &'static str,
    /// Heading.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub what: &'static str,
}

/// What charts are drawn from: one environment.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// Its part of the summary.
    pub rows: &'a [SummaryRow],
    /// What that was made from, for comparisons in pairs; may be empty.
    pub runs: &'a [&'a Run],
    /// Who is behind the labels of the policies.
    pub(crate) roster: Roster,
}

impl<'a> Source<'a> {
    /// One environment's `rows`, and the `runs` they were made from, if they are at hand.
    pub fn new(rows: &'a [SummaryRow], runs: &'a [&'a Run]) -> Source<'a> {
        Source { rows, runs, roster: Roster::of(rows) }
    }
}

/// A chart of one environment's summary. What it is drawn on has no public name: charts are drawn by [`crate::write()`] alone.
pub trait Chart: Sync {
    /// What it is called and shows.
    fn about(&self) -> About;

    /// What it draws, from one environment; none when that holds nothing for it.
    fn data(&self, source: &Source<'_>) -> Option<Table>;

    /// Width and height of the page in points, with a foot of three lines: long names and a large legend enlarge it, so that
    /// the plot stays as it is.
    fn size(&self, table: &Table) -> (f64, f64) {
        let width = WIDTH + table.excess();
        let keys = theme::legend(&table.looks(&table.series()), Entry::Line);
        (width, 470.0 + legend_height(&keys, width))
    }

    /// Draws `table` into `area` of the page.
    fn draw(&self, table: &Table, scene: &mut Scene, area: Area);
}
