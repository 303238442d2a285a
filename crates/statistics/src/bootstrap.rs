//! Bootstrap by stratum: draw again within each task, and see how far a statistic of all tasks moves.
//!
//! Does: each resample draws from every stratum as many values as it has, with replacement (the stratified bootstrap of
//! rliable, Agarwal et al. 2021, arXiv 2108.13264, section 4.1), so that no task drops out. The percentile interval takes the
//! quantiles of the resampled statistics; BCa (Efron 1987, JASA 82) shifts them by how far the estimate is off their median
//! and by its skewness under the jackknife. Assumes: values of a stratum are independent of each other; at least some tens of
//! them for BCa. Example: with 2,000 resamples the ends lie between the 50th and 51st from below and from above.

use crate::interval::{CONFIDENCE, Interval};
use crate::normal::{normal_cdf, normal_quantile};
use routing::{Round, Stream, random};

/// Name of the interval of [`stratified_bootstrap`].
pub const PERCENTILE: &str = "stratified bootstrap 95% (percentile)";

/// Name of the interval of [`bca_bootstrap`].
pub const BCA: &str = "stratified bootstrap 95% (BCa)";

/// The `statistic` of `strata` with its percentile interval from `resamples` draws. Resample i is made by the generator of
/// round i, so that more resamples begin with the same ones.
///
/// No interval where a stratum or `resamples` is empty.
pub fn stratified_bootstrap(
    strata: &[Vec<f64>],
    resamples: usize,
    stream: &Stream,
    statistic: impl Fn(&[Vec<f64>]) -> f64,
) -> Interval {
    let estimate = statistic(strata);
    if let Some(reason) = refused(strata, resamples, estimate) {
        return Interval::unbounded(estimate, reason);
    }
    let drawn = resampled(strata, resamples, stream, statistic);
    let (low, high) = percentile_ends(&drawn);
    Interval { mean: estimate, low: Some(low), high: Some(high), method: PERCENTILE }
}

/// As [`stratified_bootstrap`], with the ends of BCa. The jackknife leaves out one value at a time, so strata need two.
pub fn bca_bootstrap(
    strata: &[Vec<f64>],
    resamples: usize,
    stream: &Stream,
    statistic: impl Fn(&[Vec<f64>]) -> f64,
) -> Interval {
    let estimate = statistic(strata);
    if let Some(reason) = refused(strata, resamples, estimate) {
        return Interval::unbounded(estimate, reason);
    }
    if strata.iter().any(|stratum| stratum.len() < 2) {
        return Interval::unbounded(estimate, "none (a stratum has one value)");
    }
    let drawn = resampled(strata, resamples, stream, &statistic);
    match bca_ends(estimate, &drawn, &jackknife(strata, statistic)) {
        Some((low, high)) => Interval { mean: estimate, low: Some(low), high: Some(high), method: BCA },
        None => Interval::unbounded(estimate, "none (every resample lies on one side of the estimate)"),
    }
}

fn refused(strata: &[Vec<f64>], resamples: usize, estimate: f64) -> Option<&'static str> {
    if strata.is_empty() || strata.iter().any(Vec::is_empty) {
        return Some("none (a stratum is empty)");
    }
    if resamples == 0 {
        return Some("none (0 resamples)");
    }
    (!estimate.is_finite()).then_some("none (the statistic is not finite)")
}

/// The statistic of each resample.
fn resampled(
    strata: &[Vec<f64>],
    resamples: usize,
    stream: &Stream,
    statistic: impl Fn(&[Vec<f64>]) -> f64,
) -> Vec<f64> {
    let mut drawn: Vec<Vec<f64>> = strata.to_vec();
    let one = |resample: usize| {
        let mut generator = stream.at(Round(resample as u64));
        for (from, to) in strata.iter().zip(&mut drawn) {
            to.iter_mut().for_each(|value| *value = from[random::below(&mut generator, from.len())]);
        }
        statistic(&drawn)
    };
    (0..resamples).map(one).collect()
}

/// For each stratum the statistic without each of its values in turn.
fn jackknife(strata: &[Vec<f64>], statistic: impl Fn(&[Vec<f64>]) -> f64) -> Vec<Vec<f64>> {
    let mut left = strata.to_vec();
    let mut without = |stratum: usize, place: usize| {
        let out = left[stratum].remove(place);
        let value = statistic(&left);
        left[stratum].insert(place, out);
        value
    };
    strata
        .iter()
        .enumerate()
        .map(|(stratum, own)| (0..own.len()).map(|place| without(stratum, place)).collect())
        .collect()
}

/// The ends of the percentile interval at [`CONFIDENCE`] of resampled statistics.
///
/// # Panics
/// When there is none.
pub fn percentile_ends(drawn: &[f64]) -> (f64, f64) {
    let sorted = sorted(drawn);
    let tail = 0.5 - 0.5 * CONFIDENCE;
    (quantile(&sorted, tail), quantile(&sorted, 1.0 - tail))
}

/// The ends of the BCa interval at [`CONFIDENCE`], from the estimate, the resampled statistics and, for each stratum, the
/// statistics without each of its values in turn. None where all resamples lie on one side of the estimate.
///
/// # Panics
/// When there is no resample.
pub fn bca_ends(estimate: f64, drawn: &[f64], jackknife: &[Vec<f64>]) -> Option<(f64, f64)> {
    let sorted = sorted(drawn);
    let below = sorted.partition_point(|value| *value < estimate) + sorted.partition_point(|value| *value <= estimate);
    let bias = normal_quantile(below as f64 / (2 * drawn.len()) as f64);
    let skewness = acceleration(jackknife);
    let end = |tail: f64| {
        let z = bias + normal_quantile(tail);
        quantile(&sorted, normal_cdf(bias + z / (1.0 - skewness * z)))
    };
    let tail = 0.5 - 0.5 * CONFIDENCE;
    bias.is_finite().then(|| (end(tail), end(1.0 - tail)))
}

/// The acceleration of BCa for several samples: sum of influence^3 over 6 (sum of influence^2)^1.5, the influence of a value
/// being (n - 1) / n of what its stratum's jackknife says; 0 where no value has any.
fn acceleration(jackknife: &[Vec<f64>]) -> f64 {
    let (mut squares, mut cubes) = (0.0, 0.0);
    for stratum in jackknife {
        let count = stratum.len() as f64;
        let mean = stratum.iter().sum::<f64>() / count;
        for value in stratum {
            let influence = (count - 1.0) / count * (mean - value);
            squares += influence * influence;
            cubes += influence * influence * influence;
        }
    }
    if squares > 0.0 { cubes / (6.0 * libm::pow(squares, 1.5)) } else { 0.0 }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    assert!(!values.is_empty(), "a quantile needs a value");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The quantile of sorted values, linear between order statistics (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let place = probability * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::Seed;

    fn mean_of_means(strata: &[Vec<f64>]) -> f64 {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        strata.iter().map(mean).sum::<f64>() / strata.len() as f64
    }

    #[test]
    fn a_stratum_without_spread_adds_none() {
        let stream = Seed::root(5).stream("bootstrap");
        let still = stratified_bootstrap(&[vec![0.25; 9], vec![0.75; 9]], 200, &stream, mean_of_means);
        assert_eq!((still.mean, still.low, still.high), (0.5, Some(0.5), Some(0.5)));
        let values: Vec<f64> = (0..9).map(f64::from).collect();
        let moves = stratified_bootstrap(&[vec![0.25; 9], values], 200, &stream, mean_of_means);
        assert!(moves.low.unwrap() < moves.mean && moves.mean < moves.high.unwrap());
    }

    #[test]
    fn nineteen_in_twenty_intervals_hold_the_truth() {
        let (experiments, truth) = (1_500, 0.5);
        let mut generator = Seed::root(6).stream("values").at(Round(0));
        let mut held = [0; 2];
        for experiment in 0..experiments {
            let mut stratum = |centre: f64| (0..40).map(|_| centre + random::normal(&mut generator)).collect();
            let strata: [Vec<f64>; 2] = [stratum(0.0), stratum(1.0)];
            let stream = Seed::root(experiment).stream("bootstrap");
            let intervals = [
                stratified_bootstrap(&strata, 400, &stream, mean_of_means),
                bca_bootstrap(&strata, 400, &stream, mean_of_means),
            ];
            for (held, interval) in held.iter_mut().zip(intervals) {
                *held += u32::from(interval.low.unwrap() <= truth && truth <= interval.high.unwrap());
            }
        }
        for held in held {
            let coverage = f64::from(held) / experiments as f64;
            assert!((coverage - CONFIDENCE).abs() < 0.02, "{coverage}");
        }
    }

    #[test]
    fn what_has_no_interval_says_why() {
        let stream = Seed::root(5).stream("bootstrap");
        let check = |strata: &[Vec<f64>], resamples, reason: &str| {
            let interval = bca_bootstrap(strata, resamples, &stream, mean_of_means);
            assert!(interval.low.is_none() && interval.method.contains(reason), "{}", interval.method);
        };
        check(&[vec![]], 10, "empty");
        check(&[vec![1.0, 2.0]], 0, "0 resamples");
        check(&[vec![1.0]], 10, "one value");
        check(&[vec![f64::NAN, 1.0]], 10, "not finite");
    }
}
