//! Scores of all replicates to one row each, with an interval.

use std::collections::BTreeMap;

use statistics::Interval;
use store::{FrameError, Label, Manifest, Measurement, Quantity, Run, SummaryRow, in_parallel};

use crate::derived::{aggregates, derived};
use crate::effects::effects;
use crate::evidence::{About, Evidence};
use crate::survival;

/// Policies whose rows are in memory twice.
const BLOCK: usize = 64;

/// The rows of summary.parquet: [`summarise`], the metrics of the field that are made of the same scores, those of all replicates
/// and tasks together, and the effects of the shifts of each factorial of `manifest`.
///
/// # Errors
/// As [`summarise`].
pub fn summary(manifest: &Manifest, runs: &[Run]) -> Result<Vec<SummaryRow>, FrameError> {
    let mut rows = summarise(runs)?;
    rows.extend(summarise(&derived(runs))?);
    rows.extend(aggregates(runs));
    rows.extend(effects(manifest, runs));
    Ok(rows)
}

/// One row for each (environment, policy, phase, point of a curve, w_cost, task, arm, metric), in the order in which they
/// first appear: the mean over replicates with its interval, which is Student's over replicates where each has its own prompts, and by
/// prompts and replicates where they share them or there is one; round, n, outcomes and dollars averaged; the most
/// tuning trials.
///
/// A value that is not finite is a measurement that does not exist in that replicate (a quality no router reached) and
/// counts as one replicate fewer; where none exists the row is left out. Right-censored times have no mean; their curves and
/// medians follow at the end.
///
/// Policies are summarised one by one, so that beside the runs and the rows little memory is needed.
///
/// # Errors
/// When the rows of test prompts are there and cannot be read.
pub fn summarise(runs: &[Run]) -> Result<Vec<SummaryRow>, FrameError> {
    let mut policies: BTreeMap<(&Label, &Label), Vec<usize>> = BTreeMap::new();
    for (position, run) in runs.iter().enumerate() {
        policies.entry((&run.environment, &run.policy)).or_default().push(position);
    }
    let mut policies: Vec<Vec<usize>> = policies.into_values().collect();
    policies.sort();
    let longest = |own: &Vec<usize>| own.iter().map(|&run| runs[run].scores.len()).max().unwrap_or(0);
    let mut rows: Vec<Placed> = Vec::with_capacity(policies.iter().map(longest).sum());
    for block in policies.chunks(BLOCK) {
        for own in in_parallel(block, |own| policy(runs, own)) {
            rows.extend(own?);
        }
    }
    if !rows.is_sorted_by_key(|one| one.place) {
        rows.sort_by_key(|one| one.place);
    }
    let mut rows: Vec<SummaryRow> = rows.into_iter().map(|one| one.row).collect();
    rows.extend(survival::rows(runs));
    Ok(rows)
}

/// Where a number stands: position of its run, and of its score in it.
type Place = (usize, usize);

/// A row with the place of its first finite number.
struct Placed {
    place: Place,
    row: SummaryRow,
}

/// The rows of one policy in one environment, whose runs are `own`.
fn policy(runs: &[Run], own: &[usize]) -> Result<Vec<Placed>, FrameError> {
    let side = Evidence::of(own.iter().map(|&run| &runs[run]));
    let position = |run: usize| own.iter().position(|one| *one == run).expect("places are of these runs");
    let first = &runs[own[0]].scores;
    let mut methods = BTreeMap::new();
    let mut rows = Vec::new();
    let mut close = |places: &[Place]| {
        let score = |&(run, position): &Place| runs[run].scores.get(position);
        if places.first().is_some_and(|place| survival::is_censored(&score(place).metric)) {
            return;
        }
        let there: Vec<Place> = places.iter().copied().filter(|place| score(place).value.is_finite()).collect();
        let Some(&place) = there.first() else { return };
        let scores: Vec<Measurement<'_>> = there.iter().map(score).collect();
        let values: Vec<f64> = scores.iter().map(|score| score.value).collect();
        let places: Vec<usize> = there.iter().map(|&(run, _)| position(run)).collect();
        let interval = side.interval(&About::of(scores[0].quantity), &places, &values);
        rows.push(Placed { place, row: row(&runs[place.0], &scores, &interval, &mut methods) });
    };
    // The rule: all replicates measured the same in the same order.
    if own.iter().all(|&run| runs[run].scores.alike(first)) {
        let mut places = Vec::with_capacity(own.len());
        for position in 0..first.len() {
            places.clear();
            places.extend(own.iter().map(|&run| (run, position)));
            close(&places);
        }
    } else {
        groups(runs, own).iter().for_each(|places| close(places));
    }
    side.failure().map_or(Ok(rows), Err)
}

/// What two scores must share to be replicates of one another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    phase: &'a str,
    /// Which measurement of its kind in the replicate, from 0: replicates with a few prompts more or less are measured at
    /// slightly different rounds, but equally often.
    point: usize,
    /// Bits of the weight: equal weights were written by the same configuration.
    w_cost: Option<u64>,
    task: &'a str,
    arm: Option<&'a str>,
    metric: &'a str,
}

impl<'a> Key<'a> {
    /// The key of the first measurement of its kind.
    fn new(quantity: &'a Quantity) -> Key<'a> {
        Key {
            phase: &quantity.phase,
            point: 0,
            w_cost: quantity.w_cost.map(f64::to_bits),
            task: &quantity.task,
            arm: quantity.arm.as_deref(),
            metric: &quantity.metric,
        }
    }
}

/// The places of each key, in the order of the first finite one; for replicates that did not all measure the same.
fn groups(runs: &[Run], own: &[usize]) -> Vec<Vec<Place>> {
    let mut groups: BTreeMap<Key<'_>, Vec<Place>> = BTreeMap::new();
    for &run in own {
        let mut seen: BTreeMap<Key<'_>, usize> = BTreeMap::new();
        for (position, quantity) in runs[run].scores.quantities().iter().enumerate() {
            let key = Key::new(quantity);
            let point = seen.entry(key).or_default();
            groups.entry(Key { point: *point, ..key }).or_default().push((run, position));
            *point += 1;
        }
    }
    let finite = |&(run, position): &Place| runs[run].scores.get(position).value.is_finite();
    let mut groups: Vec<Vec<Place>> = groups.into_values().collect();
    groups.sort_by_key(|places| places.iter().copied().find(finite));
    groups
}

fn row(
    run: &Run,
    scores: &[Measurement<'_>],
    interval: &Interval,
    methods: &mut BTreeMap<&'static str, Label>,
) -> SummaryRow {
    let mean = |part: fn(&Measurement<'_>) -> f64| scores.iter().map(part).sum::<f64>() / scores.len() as f64;
    let first = scores[0].quantity;
    SummaryRow {
        environment: run.environment.clone(),
        policy: run.policy.clone(),
        identity: run.identity.clone(),
        phase: first.phase.clone(),
        w_cost: first.w_cost,
        task: first.task.clone(),
        metric: first.metric.clone(),
        unit: first.unit.clone(),
        direction: first.direction,
        value: interval.mean,
        ci_low: interval.low,
        ci_high: interval.high,
        ci_method: methods.entry(interval.method).or_insert_with(|| Label::from(interval.method)).clone(),
        replicates: scores.len() as u64,
        n: mean(|score| score.n as f64).round() as u64,
        round: mean(|score| score.standing.round as f64).round() as u64,
        arm: first.arm.clone(),
        outcomes: mean(|score| score.standing.outcomes as f64),
        dollars: mean(|score| score.standing.dollars),
        tuning_trials: scores.iter().map(|score| score.standing.tuning_trials).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Direction, Identity, Replicate, Score};

    fn summarise(replicates: &[Replicate]) -> Vec<SummaryRow> {
        super::summarise(&Run::of(replicates)).unwrap()
    }

    fn score(metric: &str, value: f64, n: u64) -> Score {
        Score {
            phase: "test".into(),
            round: 0,
            w_cost: Some(0.2),
            task: "all".into(),
            arm: None,
            metric: metric.into(),
            unit: "score".into(),
            direction: Direction::Up,
            value,
            n,
            outcomes: 10 * n,
            dollars: 0.5,
            tuning_trials: n,
        }
    }

    fn replicate(number: u32, scores: Vec<Score>) -> Replicate {
        let identity = Identity::new("lin-ucb", store::Role::Learner);
        Replicate { environment: "e".into(), policy: "p".into(), identity, replicate: number, scores }
    }

    #[test]
    fn replicates_meet_in_the_order_of_their_first_appearance() {
        let rows = summarise(&[
            replicate(0, vec![score("reward", 0.4, 10), score("quality", 0.7, 10)]),
            replicate(1, vec![score("quality", 0.9, 13), score("reward", 0.6, 13)]),
        ]);
        let found: Vec<(&str, f64, u64, u64)> =
            rows.iter().map(|row| (row.metric.as_str(), row.value, row.replicates, row.n)).collect();
        assert_eq!(found, [("reward", 0.5, 2, 12), ("quality", 0.8, 2, 12)]);
        assert_eq!((rows[0].outcomes, rows[0].tuning_trials), (115.0, 13));
        let half_width = 12.706204736174694 * 0.1;
        assert!((rows[0].ci_low.unwrap() - (0.5 - half_width)).abs() < 1e-9, "{:?}", rows[0]);
        assert_eq!(rows[0].ci_high, Some(1.0), "no reward is above 1");
    }

    #[test]
    fn rows_that_differ_in_any_key_stay_apart() {
        let plain = score("reward", 0.4, 10);
        let others = vec![
            Score { w_cost: None, ..plain.clone() },
            Score { arm: Some("gpt".into()), ..plain.clone() },
            Score { task: "mbpp".into(), ..plain.clone() },
            Score { phase: "validation".into(), ..plain.clone() },
            plain,
        ];
        assert_eq!(summarise(&[replicate(0, others)]).len(), 5);
    }

    #[test]
    fn points_of_a_curve_meet_by_their_order() {
        let curve =
            |rounds: [u64; 2]| rounds.map(|round| Score { round, ..score("reward", round as f64, 10) }).to_vec();
        let rows = summarise(&[replicate(0, curve([10, 100])), replicate(1, curve([12, 104]))]);
        let found: Vec<(u64, f64, u64)> = rows.iter().map(|row| (row.round, row.value, row.replicates)).collect();
        assert_eq!(found, [(11, 11.0, 2), (102, 102.0, 2)]);
    }

    #[test]
    fn a_value_that_does_not_exist_is_one_replicate_fewer() {
        let rows = summarise(&[
            replicate(0, vec![score("qnc", f64::NAN, 5), score("gone", f64::INFINITY, 5)]),
            replicate(1, vec![score("qnc", 0.5, 5), score("gone", f64::NAN, 5)]),
        ]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].replicates, rows[0].ci_method.as_str()), (1, "none (1 replicate)"));
    }
}
