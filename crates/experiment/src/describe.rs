//! What a recorded table says about its models before anything is learnt: quality, dollars, oracle shares, dominance; and what
//! is odd about it ([`findings()`]). All of it takes time linear in cells, tasks and models.

mod facts;
mod findings;
mod models;
mod names;
mod prompts;
#[cfg(test)]
mod tests;
mod texts;
mod wording;

pub use findings::findings;
pub use models::free_calls;
pub use texts::Texts;

use environments::Table;
use routing::words::{self, metric, phase};
use statistics::{Interval, mean_interval};
use store::{Direction, Identity, Role, SummaryRow};

/// Label of the whole table among the tasks.
pub(crate) const ALL: &str = words::ALL_TASKS;

/// Label among the models for prompts that none answers.
const NOBODY: &str = "nobody";

/// Means over prompts with 95 % intervals, for each model on all tasks together and on each task, phase `data`:
///
/// - `quality`, score in [0, 1], of the calls that were recorded;
/// - `cost_usd`, dollars of such a call;
/// - `oracle_share`, share of prompts in [0, 1] on which the model is the cheapest of the best (the first in the table
///   where two cost the same); prompts on which every score is 0 count for the pseudo-model `nobody`, so shares sum to 1.
///
/// The model stands as policy, `name` as environment. A task with one prompt has no interval, and a model that answered none of a
/// task's prompts has no quality there.
pub fn describe(table: &Table, name: &str) -> Vec<SummaryRow> {
    let mut summary = Vec::new();
    let everything = (ALL, (0..table.len()).collect());
    for (task, rows) in std::iter::once(everything).chain(rows_by_task(table).filter(|(task, _)| *task != ALL)) {
        let mut push = |model: &str, metric: (&str, &str, Direction), values: Vec<f64>| {
            summary.push(row([name, model, task], metric, &mean_interval(&values), values.len() as u64));
        };
        for (arm, model) in table.models().iter().enumerate() {
            let outcomes = || rows.iter().filter_map(|&row| table.outcome(row, arm));
            let quality: Vec<f64> = outcomes().map(|outcome| f64::from(outcome.quality)).collect();
            if !quality.is_empty() {
                push(model, (metric::QUALITY, "score", Direction::Up), quality);
                let cost = outcomes().map(|outcome| outcome.cost.0).collect();
                push(model, (metric::COST, "USD/request", Direction::Down), cost);
            }
        }
        let oracle: Vec<Option<usize>> = rows.iter().map(|&row| cheapest_best(table, row)).collect();
        let mut share = |arm: Option<usize>, model: &str| {
            let chosen = oracle.iter().map(|&choice| if choice == arm { 1.0 } else { 0.0 }).collect();
            push(model, (metric::ORACLE_SHARE, "share", Direction::None), chosen);
        };
        table.models().iter().enumerate().for_each(|(arm, model)| share(Some(arm), model));
        share(None, NOBODY);
        summary.last_mut().expect("it was just pushed").identity.model = None;
    }
    summary
}

/// For each model, one that is cheaper on average and at least as good: the best of the cheaper ones, the cheapest of those
/// that are equally good. Means are over the prompts that each answered.
pub fn dominators(table: &Table) -> Vec<Option<usize>> {
    let means: Vec<Option<(f64, f64)>> = (0..table.arms()).map(|arm| means(table, arm)).collect();
    let mut order: Vec<usize> = (0..table.arms()).filter(|&arm| means[arm].is_some()).collect();
    let mean = |arm: usize| means[arm].expect("the order holds models that answered something");
    order.sort_by(|&a, &b| mean(a).1.total_cmp(&mean(b).1));
    let mut by = vec![None; table.arms()];
    let mut best: Option<usize> = None;
    // Models of one price do not dominate each other.
    for equal in order.chunk_by(|&a, &b| mean(a).1 == mean(b).1) {
        for &arm in equal {
            by[arm] = best.filter(|&best| mean(best).0 >= mean(arm).0);
        }
        for &arm in equal {
            if best.is_none_or(|best| mean(arm).0 > mean(best).0) {
                best = Some(arm);
            }
        }
    }
    by
}

/// Mean quality and dollars of a model over the prompts that it answered; none without any.
fn means(table: &Table, arm: usize) -> Option<(f64, f64)> {
    let (mut n, mut quality, mut dollars) = (0_u64, 0.0, 0.0);
    for outcome in (0..table.len()).filter_map(|row| table.outcome(row, arm)) {
        n += 1;
        quality += f64::from(outcome.quality);
        dollars += outcome.cost.0;
    }
    (n > 0).then(|| (quality / n as f64, dollars / n as f64))
}

/// The prompts of each task that has any.
fn rows_by_task(table: &Table) -> impl Iterator<Item = (&str, Vec<usize>)> {
    let mut rows = vec![Vec::new(); table.tasks().len()];
    for row in 0..table.len() {
        rows[table.task(row)].push(row);
    }
    table.tasks().iter().map(String::as_str).zip(rows).filter(|(_, rows)| !rows.is_empty())
}

/// The cheapest of the models with the highest score; None when the highest score is 0.
fn cheapest_best(table: &Table, row: usize) -> Option<usize> {
    let outcomes = || (0..table.arms()).filter_map(|arm| table.outcome(row, arm).map(|outcome| (arm, outcome)));
    let best = outcomes().map(|(_, outcome)| outcome.quality).fold(0.0, f32::max);
    let good = outcomes().filter(|(_, outcome)| outcome.quality == best && best > 0.0);
    good.min_by(|(_, a), (_, b)| a.cost.0.total_cmp(&b.cost.0)).map(|(arm, _)| arm)
}

/// A row of what is said of the data called `environment`.
pub(crate) fn row(
    [environment, model, task]: [&str; 3],
    (metric, unit, direction): (&str, &str, Direction),
    interval: &Interval,
    n: u64,
) -> SummaryRow {
    SummaryRow {
        environment: environment.into(),
        policy: model.into(),
        phase: phase::DATA.into(),
        w_cost: None,
        task: task.into(),
        metric: metric.into(),
        unit: unit.into(),
        direction,
        value: interval.mean,
        ci_low: interval.low,
        ci_high: interval.high,
        ci_method: method(interval.method).into(),
        replicates: 1,
        n,
        round: 0,
        arm: None,
        outcomes: 0.0,
        dollars: 0.0,
        tuning_trials: 0,
        identity: Identity { model: Some(model.into()), ..Identity::new("", Role::Data) },
    }
}

/// Here the independent units are prompts, not replicates.
fn method(over_replicates: &str) -> String {
    over_replicates.replace("replicate", "prompt")
}
