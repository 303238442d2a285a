//! What a recorded table or a log says about its models before anything is learnt: quality, dollars, oracle shares or shares of
//! the requests, dominance.

use environments::Table;
use environments::sources::logged::{Cell, Survey};
use statistics::off_policy::OVER_ROWS;
use statistics::{Interval, interval_of_sums, mean_interval};
use store::{Direction, SummaryRow};

/// Label of the whole table among the tasks.
const ALL: &str = "all";

/// Label among the models for prompts that none answers.
const NOBODY: &str = "nobody";

/// Phase of what is said of a log, and label among its models for what holds of it as a whole.
const LOG: &str = "log";

/// Means over prompts with 95 % intervals, for each model on all tasks together and on each task, phase `data`:
///
/// - `quality`, score in [0, 1];
/// - `cost_usd`, dollars of a call;
/// - `oracle_share`, share of prompts in [0, 1] on which the model is the cheapest of the best (the first in the table
///   where two cost the same); prompts on which every score is 0 count for the pseudo-model `nobody`, so shares sum to 1.
///
/// The model stands as policy, `name` as environment. A task with one prompt has no interval.
pub fn describe(table: &Table, name: &str) -> Vec<SummaryRow> {
    let mut summary = Vec::new();
    let everything = (ALL, (0..table.len()).collect());
    for (task, rows) in std::iter::once(everything).chain(rows_by_task(table)) {
        let mut push = |model: &str, metric: (&str, &str, Direction), values: Vec<f64>| {
            summary.push(row([name, model, task], metric, &mean_interval(&values), values.len() as u64));
        };
        for (arm, model) in table.models().iter().enumerate() {
            let quality = rows.iter().map(|&row| f64::from(table.quality(row)[arm])).collect();
            push(model, ("quality", "score", Direction::Up), quality);
            let cost = rows.iter().map(|&row| table.cost(row)[arm].0).collect();
            push(model, ("cost_usd", "USD/request", Direction::Down), cost);
        }
        let oracle: Vec<Option<usize>> = rows.iter().map(|&row| cheapest_best(table, row)).collect();
        let models = table.models().iter().map(String::as_str).enumerate().map(|(arm, model)| (Some(arm), model));
        for (arm, model) in models.chain([(None, NOBODY)]) {
            let chosen = oracle.iter().map(|&choice| if choice == arm { 1.0 } else { 0.0 }).collect();
            push(model, ("oracle_share", "share", Direction::None), chosen);
        }
    }
    summary
}

/// The same of a log, of which each row shows one model: means over the requests that it was chosen for, which are not those of
/// another model. Phase `log`, intervals over logged rows, for each model on all tasks together and on each task:
///
/// - `quality`, score in [0, 1], of the rows that have one;
/// - `cost_usd`, dollars of a call;
/// - `logged_share`, share of the requests that it answered, in [0, 1].
///
/// The pseudo-model `log` has the shares of rows that have a prompt, a score, a propensity: `with_prompt`, `with_quality`,
/// `with_propensity`, without an interval, since they were counted.
pub fn describe_log(survey: &Survey, name: &str) -> Vec<SummaryRow> {
    let mut summary = Vec::new();
    let every: Vec<Cell> = (0..survey.models.len()).map(|model| survey.of_model(model)).collect();
    let alone = survey.tasks == [ALL];
    let tasks = survey.tasks.iter().map(String::as_str).zip(&survey.cells).filter(|_| !alone);
    for (task, cells) in std::iter::once((ALL, &every)).chain(tasks) {
        let requests: u64 = cells.iter().map(|cell| cell.rows).sum();
        for (model, cell) in survey.models.iter().zip(cells).filter(|(_, cell)| cell.rows > 0) {
            let mut push = |metric: (&str, &str, Direction), n: u64, sum: f64, squares: f64| {
                if n > 0 {
                    let interval = interval_of_sums(n, sum, squares, OVER_ROWS);
                    summary.push(logged(row([name, model, task], metric, &interval, n)));
                }
            };
            push(("quality", "score", Direction::Up), cell.scored, cell.quality, cell.quality_squared);
            push(("cost_usd", "USD/request", Direction::Down), cell.rows, cell.dollars, cell.dollars_squared);
            let chosen = cell.rows as f64;
            push(("logged_share", "share", Direction::None), requests, chosen, chosen);
        }
    }
    let counted = [
        ("with_prompt", survey.with_prompt),
        ("with_quality", survey.with_quality),
        ("with_propensity", survey.with_propensity),
    ];
    summary.extend(counted.map(|(metric, rows)| {
        let share = rows as f64 / survey.rows as f64;
        let interval = Interval { mean: share, low: None, high: None, method: "none (counted)" };
        logged(row([name, LOG, ALL], (metric, "share", Direction::None), &interval, survey.rows))
    }));
    summary
}

/// Under a phase of its own: what is drawn of a table supposes that all models met the same requests.
fn logged(row: SummaryRow) -> SummaryRow {
    SummaryRow { phase: LOG.into(), ..row }
}

/// For each model, those that are at least as good on average over all prompts, and cheaper on average.
pub fn dominance(table: &Table) -> Vec<(String, Vec<String>)> {
    let rows: Vec<usize> = (0..table.len()).collect();
    let cost = table.mean_cost(&rows);
    let quality: Vec<f64> =
        (0..table.arms()).map(|arm| rows.iter().map(|&row| f64::from(table.quality(row)[arm])).sum()).collect();
    let dominates = |other: usize, arm: usize| quality[other] >= quality[arm] && cost[other] < cost[arm];
    let models = table.models();
    let dominators = |arm: usize| -> Vec<String> {
        (0..models.len()).filter(|&other| dominates(other, arm)).map(|other| models[other].clone()).collect()
    };
    models.iter().enumerate().map(|(arm, model)| (model.clone(), dominators(arm))).collect()
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
    let (quality, cost) = (table.quality(row), table.cost(row));
    let best = quality.iter().copied().fold(0.0, f32::max);
    let arms = (0..quality.len()).filter(|&arm| quality[arm] == best && best > 0.0);
    arms.min_by(|&a, &b| cost[a].0.total_cmp(&cost[b].0))
}

fn row(
    [environment, model, task]: [&str; 3],
    (metric, unit, direction): (&str, &str, Direction),
    interval: &Interval,
    n: u64,
) -> SummaryRow {
    SummaryRow {
        environment: environment.into(),
        policy: model.into(),
        phase: "data".into(),
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
    }
}

/// Here the independent units are prompts, not replicates.
fn method(over_replicates: &str) -> String {
    over_replicates.replace("replicate", "prompt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use environments::TableParts;
    use routing::Dollars;

    /// Models `good` (dear), `poor` (cheap), `twin` (as good as `poor`, dearer).
    fn table() -> Table {
        Table::new(TableParts {
            ids: ["1", "2", "3", "4"].map(str::to_owned).to_vec(),
            tasks: ["code", "empty", "maths"].map(str::to_owned).to_vec(),
            task_of: vec![0, 0, 0, 2],
            models: ["good", "poor", "twin"].map(str::to_owned).to_vec(),
            dimension: 0,
            features: Vec::new(),
            quality: vec![1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.75, 0.0, 0.5],
            cost: [8.0, 1.0, 2.0, 8.0, 2.0, 3.0, 8.0, 1.0, 1.0, 8.0, 4.0, 4.0].map(Dollars).to_vec(),
            ..TableParts::default()
        })
    }

    fn find<'a>(rows: &'a [SummaryRow], model: &str, task: &str, metric: &str) -> &'a SummaryRow {
        let mut matching = rows.iter().filter(|row| row.policy == model && row.task == task && row.metric == metric);
        let row = matching.next().unwrap();
        assert!(matching.next().is_none(), "one row for {model}, {task}, {metric}");
        row
    }

    #[test]
    fn quality_and_dollars_are_means_over_prompts_with_intervals() {
        let rows = describe(&table(), "toy");
        let quality = find(&rows, "good", "code", "quality");
        assert_eq!((quality.value, quality.n, quality.unit.as_str()), (2.0 / 3.0, 3, "score"));
        // Values 1, 1, 0: standard error 1/3, t(0.975, 2) = 4.302653.
        assert!((quality.ci_high.unwrap() - (2.0 + 4.302_652_729_749_464) / 3.0).abs() < 1e-9);
        assert!((quality.ci_low.unwrap() - (2.0 - 4.302_652_729_749_464) / 3.0).abs() < 1e-9);
        assert_eq!(quality.ci_method, "student-t 95% over prompts");
        assert_eq!((quality.environment.as_str(), quality.phase.as_str(), quality.replicates), ("toy", "data", 1));
        let cost = find(&rows, "poor", "all", "cost_usd");
        assert_eq!((cost.value, cost.n, cost.unit.as_str(), cost.direction), (2.0, 4, "USD/request", Direction::Down));
    }

    #[test]
    fn a_task_with_one_prompt_has_no_interval_and_one_without_has_no_row() {
        let rows = describe(&table(), "toy");
        let quality = find(&rows, "twin", "maths", "quality");
        assert_eq!((quality.value, quality.ci_low, quality.ci_high), (0.5, None, None));
        assert_eq!(quality.ci_method, "none (1 prompt)");
        assert!(rows.iter().all(|row| row.task != "empty"));
        assert_eq!(rows.len(), 3 * (3 + 3 + 4), "all, code and maths");
    }

    #[test]
    fn the_oracle_takes_the_cheapest_of_the_best_or_nobody() {
        let rows = describe(&table(), "toy");
        let share = |model, task| find(&rows, model, task, "oracle_share").value;
        assert_eq!(["good", "poor", "twin", NOBODY].map(|model| share(model, ALL)), [0.5, 0.25, 0.0, 0.25]);
        assert_eq!(share("good", "maths"), 1.0);
        assert_eq!(share(NOBODY, "maths"), 0.0);
    }

    #[test]
    fn dominance_needs_a_lower_price_and_no_lower_quality() {
        let named = |model: &str, by: &[&str]| (model.to_owned(), by.iter().map(|by| (*by).to_owned()).collect());
        assert_eq!(dominance(&table()), [named("good", &[]), named("poor", &[]), named("twin", &["poor"])]);
    }
}
