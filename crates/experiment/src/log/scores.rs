//! What a router would have earned on logged requests that another one decided: off-policy estimates for its card.

use super::rows::Rows;
use deployment::Scored;
use routing::words::metric;
use routing::{ContextsBuffer, Dollars, Preference, Problem, Round, Router};
use statistics::off_policy::{Estimator, LoggedRow, OffPolicy, weight};

/// The outcome of a row.
type Outcome<'a> = &'a dyn Fn(usize) -> f64;

/// Rows that are decided at a time.
const ROWS: usize = 512;

/// Self-normalised estimates of reward, quality and dollars on `rows` at each preference of `grid`, and of the mean reward
/// over the grid, at list prices and with the models that `day` has. Where the rows cannot carry an estimate its method says why, and there is no interval.
pub(crate) fn log_scores(
    router: &dyn Router,
    problem: &Problem,
    day: (&[Dollars], &[bool]),
    rows: &Rows,
    grid: &[Preference],
) -> Vec<Scored> {
    let (mut scores, mut rewards, clusters) = (Vec::new(), Vec::new(), rows.clusters());
    for &preference in grid {
        let decided = decided(router, day, rows, preference);
        let outcomes: [(&str, &str, Outcome<'_>); 3] = [
            (metric::REWARD, "reward", &|row| problem.objective.reward(preference, &rows.feedback[row].outcome)),
            (metric::QUALITY, "quality", &|row| f64::from(rows.feedback[row].outcome.quality)),
            (metric::COST, "US dollars", &|row| rows.feedback[row].outcome.cost.0),
        ];
        for (metric, unit, outcome) in outcomes {
            let logged = |(row, &weight): (usize, &f64)| LoggedRow {
                cluster: clusters[row],
                chance: weight * f64::from(rows.propensities[row]),
                weight,
                outcome: outcome(row),
                predicted: 0.0,
                expected: 0.0,
                leverage: None,
            };
            let gathered = OffPolicy::of(&decided.iter().enumerate().map(logged).collect::<Vec<_>>());
            let score = scored(metric, unit, preference, &gathered);
            if metric == metric::REWARD {
                rewards.push(score.value);
            }
            scores.push(score);
        }
    }
    // Without support there is no number; JSON has no word for that.
    scores.retain(|score| score.value.is_finite());
    let value = rewards.iter().sum::<f64>() / rewards.len() as f64;
    if value.is_finite() {
        let method = "none (mean of the estimates at each w_cost, which share their rows)".into();
        let (metric, unit, n) = (metric::SWEEP_REWARD.into(), "reward".into(), rows.len() as u64);
        scores.push(Scored { metric, unit, w_cost: None, value, low: None, high: None, method, n, replicates: 1 });
    }
    scores
}

fn scored(metric: &str, unit: &str, preference: Preference, gathered: &OffPolicy) -> Scored {
    let interval = gathered.estimate(Estimator::Snips);
    let flaw = gathered.flaw();
    let believed = |end: Option<f64>| end.filter(|_| flaw.is_none());
    Scored {
        metric: metric.into(),
        unit: unit.into(),
        w_cost: Some(preference.cost()),
        value: interval.mean,
        low: believed(interval.low),
        high: believed(interval.high),
        method: flaw.map_or_else(
            || format!("off-policy {}, {}", Estimator::Snips.name(), interval.method),
            |flaw| format!("none ({flaw})"),
        ),
        n: gathered.rows(),
        replicates: 1,
    }
}

/// The weight of each row for a router that decides at `preference`: one over its propensity where both chose alike, else 0.
fn decided(router: &dyn Router, day: (&[Dollars], &[bool]), rows: &Rows, preference: Preference) -> Vec<f64> {
    let weigh = |(row, choice): (usize, usize)| {
        let target = if choice == rows.feedback[row].arm.index() { 1.0 } else { 0.0 };
        weight(target, f64::from(rows.propensities[row])).expect("a log's propensities lie in (0, 1]")
    };
    choices(router, day, rows, preference).into_iter().enumerate().map(weigh).collect()
}

/// The model that a router decides on at `preference`, of each row.
pub(super) fn choices(
    router: &dyn Router,
    (prices, up): (&[Dollars], &[bool]),
    rows: &Rows,
    preference: Preference,
) -> Vec<usize> {
    let all = 0..rows.len();
    let mut buffer = ContextsBuffer::new(rows.dimension, prices.len());
    let (mut choices, mut chosen) = (Vec::new(), Vec::with_capacity(rows.len()));
    for start in all.step_by(ROWS) {
        buffer.clear();
        let part = start..rows.len().min(start + ROWS);
        part.for_each(|row| buffer.push(Round(row as u64), rows.row(row), preference, prices, up));
        router.decide(&buffer.view(), &mut choices);
        chosen.extend(choices.iter().map(|choice| choice.arm.index()));
    }
    chosen
}
