//! What a log says about its models before anything is learnt: quality, dollars, shares of the requests.

use crate::describe::{ALL, row};
use environments::sources::logged::{Cell, Survey};
use routing::words::metric;
use statistics::off_policy::OVER_ROWS;
use statistics::{Interval, interval_of_sums};
use store::{Direction, SummaryRow};

/// Phase of what is said of a log, and label among its models for what holds of it as a whole.
const LOG: &str = "log";

/// Means of a log, of which each row shows one model: over the requests that it was chosen for, which are not those of
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
    let tasks = survey.tasks.iter().map(String::as_str).zip(&survey.cells).filter(|(task, _)| *task != ALL);
    for (task, cells) in std::iter::once((ALL, &every)).chain(tasks) {
        let requests: u64 = cells.iter().map(|cell| cell.rows).sum();
        for (model, cell) in survey.models.iter().zip(cells).filter(|(_, cell)| cell.rows > 0) {
            let mut push = |metric: (&str, &str, Direction), n: u64, sum: f64, squares: f64| {
                if n > 0 {
                    let interval = interval_of_sums(n, sum, squares, OVER_ROWS);
                    summary.push(logged(row([name, model, task], metric, &interval, n)));
                }
            };
            push((metric::QUALITY, "score", Direction::Up), cell.scored, cell.quality, cell.quality_squared);
            push((metric::COST, "USD/request", Direction::Down), cell.rows, cell.dollars, cell.dollars_squared);
            let chosen = cell.rows as f64;
            push((metric::LOGGED_SHARE, "share", Direction::None), requests, chosen, chosen);
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
        let mut row = logged(row([name, LOG, ALL], (metric, "share", Direction::None), &interval, survey.rows));
        row.identity.model = None;
        row
    }));
    summary
}

/// Under a phase of its own: what is drawn of a table supposes that all models met the same requests.
fn logged(row: SummaryRow) -> SummaryRow {
    SummaryRow { phase: LOG.into(), ..row }
}
