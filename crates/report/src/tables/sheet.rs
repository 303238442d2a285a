//! What stands in a table, before it is Markdown, CSV or LaTeX.

use store::words::{self, metric, phase};
use store::{Direction, Role, Run, SummaryRow};

use crate::Context;
use crate::charts::{Basis, behind, distinct, nearest_weight, of_environment, select};
use crate::evidence::{About, Evidence, Number, Paired};
use crate::roster::Roster;

/// The weight on cost of the tables by task.
const WEIGHT: f64 = 0.2;

/// What the columns of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Weights on cost, over the whole test split.
    Scores,
    /// Tasks, at the weight on cost nearest to .2.
    Tasks,
}

/// A metric as tables show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub metric: &'static str,
    pub heading: &'static str,
    /// By what values are multiplied: dollars are for 1,000 requests.
    pub factor: f64,
    pub decimals: usize,
    /// Whether the best stands out: to cost the least is no merit by itself.
    pub ranked: bool,
}

const METRICS: [Shown; 5] = [
    Shown { metric: metric::REWARD, heading: "Reward", factor: 1.0, decimals: 3, ranked: true },
    Shown { metric: metric::QUALITY, heading: "Quality", factor: 1.0, decimals: 3, ranked: true },
    Shown { metric: metric::COST, heading: "Dollars per 1,000 requests", factor: 1_000.0, decimals: 4, ranked: false },
    Shown { metric: metric::LATENCY, heading: "Seconds to answer, mean", factor: 1.0, decimals: 3, ranked: false },
    Shown {
        metric: metric::LATENCY_P95,
        heading: "Seconds to answer, 95th percentile",
        factor: 1.0,
        decimals: 3,
        ranked: false,
    },
];

/// A table of one metric in one environment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sheet {
    pub kind: Kind,
    pub environment: String,
    pub shown: Shown,
    /// The weight on cost of a table by task.
    pub weight: Option<f64>,
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
    /// Source, units, interval, replicates and n.
    pub foot: String,
}

/// The cells of one policy, one for each column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub policy: String,
    /// The model that it always chooses.
    pub model: Option<String>,
    pub cells: Vec<Option<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub row: SummaryRow,
    /// Whether it is better than every other, by a paired test against the runner-up.
    pub best: bool,
}

impl Sheet {
    pub fn heading(&self) -> String {
        match self.weight {
            None => self.shown.heading.to_owned(),
            Some(weight) => format!("{} at w_cost {weight}", self.shown.heading),
        }
    }
}

/// All tables of a kind, by environment, then metric.
pub(super) fn sheets(kind: Kind, rows: &[SummaryRow], runs: &[Run], context: &Context) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for environment in distinct(rows.iter().map(|row| &row.environment)) {
        let own = of_environment(rows, &environment);
        let cells: Vec<&Run> = runs.iter().filter(|run| run.environment == environment).collect();
        sheets.extend(METRICS.into_iter().filter_map(|shown| sheet(kind, shown, &own, &cells, context)));
    }
    sheets
}

fn sheet(kind: Kind, shown: Shown, rows: &[SummaryRow], runs: &[&Run], context: &Context) -> Option<Sheet> {
    let all = || select(rows, phase::TEST, shown.metric).filter(|row| row.w_cost.is_some());
    let (weight, here): (Option<f64>, Vec<&SummaryRow>) = match kind {
        Kind::Scores => (None, all().filter(|row| row.task == words::ALL_TASKS).collect()),
        Kind::Tasks => {
            let tasks = || all().filter(|row| row.task != words::ALL_TASKS);
            let weight = nearest_weight(tasks(), WEIGHT);
            (weight, tasks().filter(|row| row.w_cost == weight).collect())
        }
    };
    let mut columns: Vec<Vec<&SummaryRow>> = columns(kind, &here);
    let first = here.first()?;
    let policies = distinct(here.iter().map(|row| &row.policy));
    let roster = Roster::of(rows);
    let model = |policy: &str| roster.model(policy).map(str::to_owned);
    let line = |policy: String| Line { model: model(&policy), policy, cells: Vec::new() };
    let mut lines: Vec<Line> = policies.into_iter().map(line).collect();
    for column in &mut columns {
        let best = if shown.ranked { best(column, runs) } else { None };
        for line in &mut lines {
            let row = column.iter().find(|row| row.policy == line.policy);
            let cell = |row: &&SummaryRow| Cell { best: best == Some(row.policy.as_str()), row: (*row).clone() };
            line.cells.push(row.map(cell));
        }
    }
    let name = |column: &Vec<&SummaryRow>| match (kind, column[0].w_cost) {
        (Kind::Scores, Some(weight)) => format!("w_cost {weight}"),
        _ => column[0].task.to_string(),
    };
    let mut basis = Basis::default();
    here.iter().for_each(|row| basis.add(row));
    Some(Sheet {
        kind,
        environment: first.environment.to_string(),
        shown,
        weight,
        columns: columns.iter().map(name).collect(),
        lines,
        foot: behind(&basis, context),
    })
}

/// The rows of each column: weights rise, tasks stay in their order.
fn columns<'a>(kind: Kind, rows: &[&'a SummaryRow]) -> Vec<Vec<&'a SummaryRow>> {
    let of = |belongs: &dyn Fn(&SummaryRow) -> bool| rows.iter().copied().filter(|row| belongs(row)).collect();
    match kind {
        Kind::Tasks => {
            distinct(rows.iter().map(|row| &row.task)).iter().map(|task| of(&|row| row.task == *task)).collect()
        }
        Kind::Scores => {
            let mut weights: Vec<f64> = rows.iter().filter_map(|row| row.w_cost).collect();
            weights.sort_by(f64::total_cmp);
            weights.dedup();
            weights.into_iter().map(|weight| of(&|row| row.w_cost == Some(weight))).collect()
        }
    }
}

/// The policy of a column that is ahead of its runner-up by more than chance; none where that cannot be said.
fn best<'a>(column: &[&'a SummaryRow], runs: &[&Run]) -> Option<&'a str> {
    let sign = |row: &SummaryRow| if row.direction == Direction::Down { -1.0 } else { 1.0 };
    let competes = |row: &&&SummaryRow| !matches!(row.identity.role, Role::Oracle | Role::SingleModel);
    let mut ranked: Vec<&SummaryRow> = column.iter().filter(competes).copied().collect();
    ranked.sort_by(|left, right| (sign(right) * right.value).total_cmp(&(sign(left) * left.value)));
    let [first, second, ..] = ranked.as_slice() else { return None };
    let side = |row: &SummaryRow| Evidence::of(runs.iter().copied().filter(|run| run.policy == row.policy));
    let (own, other) = (side(first), side(second));
    let difference = Paired::new(Number::new(&own, about(first)), Number::new(&other, about(second))).difference();
    let ends = difference.low.zip(difference.high);
    let ahead = ends.is_some_and(|(low, high)| if sign(first) > 0.0 { low > 0.0 } else { high < 0.0 });
    ahead.then_some(first.policy.as_str())
}

/// What a row of the summary is about.
fn about(row: &SummaryRow) -> About<'_> {
    About { phase: &row.phase, metric: &row.metric, task: &row.task, w_cost: row.w_cost, arm: None }
}
