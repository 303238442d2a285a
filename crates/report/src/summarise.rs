//! Scores of all replicates to one row each, with an interval.

use std::collections::BTreeMap;

use crate::survival;
use statistics::mean_interval;
use store::{Replicate, Score, SummaryRow};

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
    fn new(score: &'a Score) -> Key<'a> {
        Key {
            phase: &score.phase,
            point: 0,
            w_cost: score.w_cost.map(f64::to_bits),
            task: &score.task,
            arm: score.arm.as_deref(),
            metric: &score.metric,
        }
    }
}

/// One row for each (environment, policy, phase, point of a curve, w_cost, task, arm, metric), in the order in which they
/// first appear: the mean over replicates with its Student-t interval; round, n, outcomes and dollars averaged; the most
/// tuning trials.
///
/// A value that is not finite is a measurement that does not exist in that replicate (a quality no router reached) and
/// counts as one replicate fewer; where none exists the row is left out. Right-censored times have no mean; their curves and
/// medians follow at the end.
pub fn summarise(replicates: &[Replicate]) -> Vec<SummaryRow> {
    let mut siblings: BTreeMap<(&str, &str), Siblings<'_>> = BTreeMap::new();
    let mut groups: Vec<(&Replicate, Vec<&Score>)> = Vec::new();
    for replicate in replicates {
        let own = siblings.entry((&replicate.environment, &replicate.policy)).or_default();
        own.keys(replicate);
        let measured = |score: &Score| score.value.is_finite() && !survival::is_censored(&score.metric);
        for (score, key) in replicate.scores.iter().zip(&own.layout).filter(|(score, _)| measured(score)) {
            let group = own.groups[*key].get_or_insert(groups.len());
            if *group == groups.len() {
                groups.push((replicate, Vec::new()));
            }
            groups[*group].1.push(score);
        }
    }
    let mut rows: Vec<SummaryRow> = groups.into_iter().map(|(replicate, scores)| row(replicate, &scores)).collect();
    rows.extend(survival::rows(replicates));
    rows
}

/// What the replicates of one policy in one environment measured so far.
#[derive(Default)]
struct Siblings<'a> {
    /// Number of each key, in the order of their first appearance.
    numbers: BTreeMap<Key<'a>, usize>,
    /// The group of each key, once a finite value was measured.
    groups: Vec<Option<usize>>,
    /// The replicate seen last, and the number of the key of each of its scores.
    last: Option<&'a Replicate>,
    layout: Vec<usize>,
}

impl<'a> Siblings<'a> {
    /// Brings `layout` to `replicate`: as it was where the same things were measured in the same order, which is the rule.
    fn keys(&mut self, replicate: &'a Replicate) {
        let before = self.last.replace(replicate);
        let same = |last: &Replicate| {
            let keys = |replicate: &'a Replicate| replicate.scores.iter().map(Key::new);
            last.scores.iter().map(Key::new).eq(keys(replicate))
        };
        if before.is_some_and(same) {
            return;
        }
        let mut seen: BTreeMap<Key<'a>, usize> = BTreeMap::new();
        self.layout.clear();
        for score in &replicate.scores {
            let key = Key::new(score);
            let point = seen.entry(key).or_default();
            let fresh = self.groups.len();
            let number = *self.numbers.entry(Key { point: *point, ..key }).or_insert(fresh);
            *point += 1;
            if number == fresh {
                self.groups.push(None);
            }
            self.layout.push(number);
        }
    }
}

fn row(replicate: &Replicate, scores: &[&Score]) -> SummaryRow {
    let values: Vec<f64> = scores.iter().map(|score| score.value).collect();
    let interval = mean_interval(&values);
    let mean = |part: fn(&Score) -> f64| scores.iter().map(|score| part(score)).sum::<f64>() / scores.len() as f64;
    let first = scores[0];
    SummaryRow {
        environment: replicate.environment.clone(),
        policy: replicate.policy.clone(),
        phase: first.phase.clone(),
        w_cost: first.w_cost,
        task: first.task.clone(),
        metric: first.metric.clone(),
        unit: first.unit.clone(),
        direction: first.direction,
        value: interval.mean,
        ci_low: interval.low,
        ci_high: interval.high,
        ci_method: interval.method.to_owned(),
        replicates: scores.len() as u64,
        n: mean(|score| score.n as f64).round() as u64,
        round: mean(|score| score.round as f64).round() as u64,
        arm: first.arm.clone(),
        outcomes: mean(|score| score.outcomes as f64),
        dollars: mean(|score| score.dollars),
        tuning_trials: scores.iter().map(|score| score.tuning_trials).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Direction;

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
        Replicate { environment: "e".into(), policy: "p".into(), replicate: number, scores }
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
        assert!((rows[0].ci_high.unwrap() - (0.5 + half_width)).abs() < 1e-9, "{:?}", rows[0]);
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
