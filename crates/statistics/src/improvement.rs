//! How often one policy is ahead of another.
//!
//! Does: the probability of improvement of rliable (Agarwal et al. 2021, arXiv 2108.13264, section 4.4): the mean over tasks
//! of P(X > Y), ties counting one half. There all runs of X are held against all runs of Y (Mann-Whitney); here replicates
//! are paired, because within one both policies met the same requests. Assumes: replicates independent of each other.
//! Example: ahead on all of 7 tasks in every one of 5 replicates is 1, with an interval of no width.

use crate::{Interval, mean_interval};

/// Name of the interval of [`probability_of_improvement`].
pub const IMPROVEMENT: &str = "student-t 95% over replicates, cut at 0 and 1";

/// The share of tasks on which `a` is ahead of `b`, mean over replicates, with its interval. `a` and `b` hold for each
/// replicate the scores by task, larger being better.
///
/// # Panics
/// When a replicate of one has more tasks than that of the other.
pub fn probability_of_improvement(a: &[Vec<f64>], b: &[Vec<f64>]) -> Interval {
    assert_eq!(a.len(), b.len(), "pairs need as many replicates of one as of the other");
    let shares: Vec<f64> = a.iter().zip(b).map(|(a, b)| share(a, b)).collect();
    let interval = mean_interval(&shares);
    let cut = |end: Option<f64>| end.map(|end| end.clamp(0.0, 1.0));
    let method = if interval.low.is_some() { IMPROVEMENT } else { interval.method };
    Interval { low: cut(interval.low), high: cut(interval.high), method, ..interval }
}

fn share(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "pairs need as many tasks of one as of the other");
    let wins = a.iter().zip(b).map(|(a, b)| match a.total_cmp(b) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    });
    wins.sum::<f64>() / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wins_count_one_and_ties_one_half() {
        let a = [vec![0.5, 0.5, 0.9, 0.1], vec![0.6, 0.6, 0.6, 0.6]];
        let b = [vec![0.4, 0.5, 0.8, 0.2], vec![0.5, 0.5, 0.5, 0.5]];
        let ahead = probability_of_improvement(&a, &b);
        assert_eq!(ahead.mean, 0.5 * (0.625 + 1.0));
        assert_eq!(ahead.high, Some(1.0));
        assert_eq!(probability_of_improvement(&b, &a).mean, 1.0 - ahead.mean);
    }

    #[test]
    fn always_ahead_is_one() {
        let (a, b) = (vec![vec![1.0; 7]; 5], vec![vec![0.0; 7]; 5]);
        let ahead = probability_of_improvement(&a, &b);
        assert_eq!((ahead.mean, ahead.low, ahead.high), (1.0, Some(1.0), Some(1.0)));
        assert_eq!(ahead.method, IMPROVEMENT);
    }
}
