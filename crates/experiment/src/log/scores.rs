//! What a router would have earned on logged requests that another one decided: off-policy estimates for its card.

use super::rows::Rows;
use deployment::Scored;
use routing::words::metric;
use routing::{ContextsBuffer, Dollars, Preference, Problem, Round, Router};
use statistics::off_policy::{Estimator, LoggedRow, OffPolicy, weight};
use statistics::{Clustered, clustered_mean};

/// Metric of a card: mean reward over the grid minus that of the best fixed model at each weight on cost.
pub const OVER_BEST_MODEL: &str = "reward_over_best_model";

/// The outcome of a row.
type Outcome<'a> = &'a dyn Fn(usize) -> f64;

/// Rows that are decided at a time.
const ROWS: usize = 512;

/// Self-normalised estimates of reward, quality and dollars on `rows` at each preference of `grid`, and of the mean reward
/// over the grid. Where the rows cannot carry an estimate its method says why, and there is no interval.
pub(crate) fn log_scores(
    router: &dyn Router,
    problem: &Problem,
    prices: &[Dollars],
    rows: &Rows,
    grid: &[Preference],
) -> Vec<Scored> {
    let (mut scores, mut rewards, clusters) = (Vec::new(), Vec::new(), rows.clusters());
    for &preference in grid {
        let decided = decided(router, prices, rows, preference);
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

/// Mean reward over the grid of the router minus that of the best fixed model at each weight on cost, which is chosen on the rows
/// trained on: doubly robust on the test rows, with each model's mean reward in training as the outcome model.
pub(crate) fn over_best_model(
    router: &dyn Router,
    problem: &Problem,
    prices: &[Dollars],
    (train, test): (&Rows, &Rows),
    grid: &[Preference],
) -> Scored {
    let (clusters, mut parts, mut flaw) = (test.clusters(), Vec::new(), None);
    for &preference in grid {
        let reward = |rows: &Rows, row: usize| problem.objective.reward(preference, &rows.feedback[row].outcome);
        let means = mean_by_arm(train, prices.len(), &|row| reward(train, row));
        let best = (0..means.len()).max_by(|&a, &b| means[a].total_cmp(&means[b])).unwrap_or_default();
        let choices = choices(router, prices, test, preference);
        let against = |chosen: &dyn Fn(usize) -> usize| {
            let logged = |row: usize| {
                let (arm, propensity) = (test.feedback[row].arm.index(), f64::from(test.propensities[row]));
                let chance = f64::from(u8::from(arm == chosen(row)));
                LoggedRow {
                    cluster: clusters[row],
                    chance,
                    weight: weight(chance, propensity).expect("a log's propensities lie in (0, 1]"),
                    outcome: reward(test, row),
                    predicted: means[arm],
                    expected: means[chosen(row)],
                    leverage: None,
                }
            };
            OffPolicy::of(&(0..test.len()).map(logged).collect::<Vec<_>>())
        };
        let [own, fixed] = [against(&|row| choices[row]), against(&|_| best)];
        flaw = flaw.or(own.flaw()).or(fixed.flaw());
        parts.push(own.robust().minus(fixed.robust()));
    }
    let found = clustered_mean(&Clustered::mean_of(&parts), (f64::NEG_INFINITY, f64::INFINITY));
    let believed = |end: Option<f64>| end.filter(|_| flaw.is_none());
    Scored {
        metric: OVER_BEST_MODEL.into(),
        unit: "reward".into(),
        w_cost: None,
        value: found.mean,
        low: believed(found.low),
        high: believed(found.high),
        method: flaw
            .map_or_else(|| format!("off-policy doubly-robust, {}", found.method), |flaw| format!("none ({flaw})")),
        n: test.len() as u64,
        replicates: 1,
    }
}

/// Self-normalised mean of `of` over the rows of each model; -infinity for a model without any.
fn mean_by_arm(rows: &Rows, arms: usize, of: &dyn Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); arms];
    for (row, feedback) in rows.feedback.iter().enumerate() {
        let (sum, share) = (&mut sums[feedback.arm.index()], 1.0 / f64::from(rows.propensities[row]));
        *sum = (sum.0 + share * of(row), sum.1 + share);
    }
    sums.into_iter().map(|(sum, all)| if all > 0.0 { sum / all } else { f64::NEG_INFINITY }).collect()
}

/// The weight of each row for a router that decides at `preference`: one over its propensity where both chose alike, else 0.
fn decided(router: &dyn Router, prices: &[Dollars], rows: &Rows, preference: Preference) -> Vec<f64> {
    let weigh = |(row, choice): (usize, usize)| {
        let target = if choice == rows.feedback[row].arm.index() { 1.0 } else { 0.0 };
        weight(target, f64::from(rows.propensities[row])).expect("a log's propensities lie in (0, 1]")
    };
    choices(router, prices, rows, preference).into_iter().enumerate().map(weigh).collect()
}

/// The model that a router decides on at `preference`, of each row.
fn choices(router: &dyn Router, prices: &[Dollars], rows: &Rows, preference: Preference) -> Vec<usize> {
    let (up, all) = (vec![true; prices.len()], 0..rows.len());
    let mut buffer = ContextsBuffer::new(rows.dimension, prices.len());
    let (mut choices, mut chosen) = (Vec::new(), Vec::with_capacity(rows.len()));
    for start in all.step_by(ROWS) {
        buffer.clear();
        let part = start..rows.len().min(start + ROWS);
        part.for_each(|row| buffer.push(Round(row as u64), rows.row(row), preference, prices, &up));
        router.decide(&buffer.view(), &mut choices);
        chosen.extend(choices.iter().map(|choice| choice.arm.index()));
    }
    chosen
}
