//! One number for many runs over many tasks: interquartile mean and optimality gap.
//!
//! Does: both as rliable does (Agarwal et al. 2021, arXiv 2108.13264, section 4.3). The interquartile mean leaves out the lowest and
//! the highest quarter of all run x task scores, whole scores alone, so that neither a lucky run nor an easy task decides.
//! The optimality gap says how far scores fall short of a target on average, what is above it counting as the target.
//! Assumes: scores of one scale. Example: of 1, 2, 3, 100 the interquartile mean is 2.5.
//!
//! rliable draws runs again within each task. With the five runs of most papers such an interval is too short, since a
//! bootstrap of n values has (n - 1) / n of their variance; [`jackknife`] leaves out one run at a time, over all its tasks.

use crate::interval::{Interval, mean_interval};

/// Name of the interval of [`jackknife`].
pub const JACKKNIFE: &str = "jackknife by replicate, student-t 95%";

/// The mean of the middle half of `scores`, in any order: the lowest and highest quarter (rounded down) are left out. NaN of
/// none.
pub fn interquartile_mean(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    let middle = &sorted[cut..sorted.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}

/// `target` less the mean of min(score, `target`): from 0, where every score reaches it. NaN of none.
pub fn optimality_gap(scores: &[f64], target: f64) -> f64 {
    target - scores.iter().map(|score| score.min(target)).sum::<f64>() / scores.len() as f64
}

/// The `statistic` of the scores of all `runs` (for each its scores over tasks) with Student's interval of its pseudo-values, one
/// a run (Tukey 1958). No interval of fewer than two runs.
pub fn jackknife(runs: &[Vec<f64>], statistic: impl Fn(&[f64]) -> f64) -> Interval {
    let estimate = statistic(&runs.concat());
    let count = runs.len() as f64;
    let without = |left_out: usize| {
        let others = runs.iter().enumerate().filter(|(run, _)| *run != left_out);
        statistic(&others.flat_map(|(_, scores)| scores.iter().copied()).collect::<Vec<f64>>())
    };
    let pseudo: Vec<f64> = (0..runs.len()).map(|run| count * estimate - (count - 1.0) * without(run)).collect();
    let spread = mean_interval(&pseudo);
    let shift = estimate - spread.mean;
    match (spread.low, spread.high) {
        (Some(low), Some(high)) => {
            Interval { mean: estimate, low: Some(low + shift), high: Some(high + shift), method: JACKKNIFE }
        }
        _ => Interval::unbounded(estimate, spread.method),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::stratified_bootstrap;
    use routing::{Round, Seed, random};

    /// Five runs over four tasks of their own levels, with what a run has on all tasks, and how often the intervals of the
    /// jackknife and of the stratified bootstrap hold the interquartile mean of many runs.
    #[test]
    fn of_five_runs_the_jackknife_covers_and_the_bootstrap_by_task_does_not() {
        let mut generator = Seed::root(9).stream("runs").at(Round(0));
        let mut run = || -> Vec<f64> {
            let common = 0.1 * random::normal(&mut generator);
            (0..4).map(|task| 0.1 * f64::from(task) + common + 0.1 * random::normal(&mut generator)).collect()
        };
        let truth = interquartile_mean(&(0..40_000).flat_map(|_| run()).collect::<Vec<f64>>());
        let (experiments, mut held) = (1_500_u64, [0_u32; 2]);
        for experiment in 0..experiments {
            let runs: Vec<Vec<f64>> = (0..5).map(|_| run()).collect();
            let tasks: Vec<Vec<f64>> = (0..4).map(|task| runs.iter().map(|run| run[task]).collect()).collect();
            let stream = Seed::root(experiment).stream("bootstrap");
            let intervals = [
                jackknife(&runs, interquartile_mean),
                stratified_bootstrap(&tasks, 200, &stream, |tasks| interquartile_mean(&tasks.concat())),
            ];
            for (held, interval) in held.iter_mut().zip(intervals) {
                *held += u32::from(interval.low.unwrap() <= truth && truth <= interval.high.unwrap());
            }
        }
        let [jackknife, bootstrap] = held.map(|held| f64::from(held) / experiments as f64);
        assert!((jackknife - 0.95).abs() < 0.02, "{jackknife}");
        assert!(bootstrap < 0.85, "{bootstrap}");
    }

    #[test]
    fn the_jackknife_of_a_mean_is_students_interval_of_the_runs() {
        let runs = [vec![0.1, 0.3], vec![0.5, 0.9], vec![0.2, 0.2]];
        let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
        let (found, plain) = (jackknife(&runs, mean), mean_interval(&[0.2, 0.7, 0.2]));
        assert!((found.mean - plain.mean).abs() < 1e-12 && (found.low.unwrap() - plain.low.unwrap()).abs() < 1e-12);
        assert_eq!(jackknife(&runs[..1], mean).low, None);
    }

    #[test]
    fn an_outlier_in_the_upper_quarter_does_not_count() {
        assert_eq!(interquartile_mean(&[100.0, 2.0, 1.0, 3.0]), 2.5);
        assert_eq!(interquartile_mean(&[1.0, 2.0, 6.0]), 3.0, "three scores have no whole quarter to leave out");
        assert!(interquartile_mean(&[]).is_nan());
    }

    #[test]
    fn what_is_above_the_target_counts_as_the_target() {
        assert_eq!(optimality_gap(&[0.5, 2.0], 1.0), 0.25);
        assert_eq!(optimality_gap(&[1.0, 1.5], 1.0), 0.0);
    }
}
