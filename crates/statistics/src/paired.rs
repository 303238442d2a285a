//! Two policies that met the same requests: replicate i of one belongs to replicate i of the other.
//!
//! Does: an interval for mean(a) - mean(b) from the t-test on the differences, and one for mean(a) / mean(b) - 1 by
//! Fieller's theorem (Fieller 1954, "Some problems in interval estimation", JRSS B 16): the ratios R whose paired t-test of
//! a - R b against zero is not rejected, so no normality of the ratio itself is assumed and a noisy baseline widens the
//! interval as it must. Assumes: pairs independent of each other and about jointly normal. Example: a policy at .742 beside
//! a baseline at .660 in every replicate has a gain of .124, with an interval of no width.

use crate::interval::{covariance, critical, mean};
use crate::{Contrast, Interval};

/// Name of the interval of [`paired_difference`].
pub const PAIRED: &str = "paired student-t 95% over replicates";

/// Name of the interval of [`ratio_gain_interval`].
pub const FIELLER: &str = "paired Fieller 95% over replicates";

/// mean(a) - mean(b) with its paired interval; `a` and `b` hold one value a replicate, in the same order.
///
/// # Panics
/// When the lengths differ.
pub fn paired_difference(a: &[f64], b: &[f64]) -> Interval {
    assert_eq!(a.len(), b.len(), "pairs need as many values of one as of the other");
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    let interval = crate::mean_interval(&differences);
    Interval { method: if interval.low.is_some() { PAIRED } else { interval.method }, ..interval }
}

/// mean(a) - `ratio` mean(b) with its paired error; none of fewer than two pairs, or where a value is not finite.
///
/// # Panics
/// When the lengths differ.
pub fn paired_contrast(a: &[f64], b: &[f64], ratio: f64) -> Option<Contrast> {
    assert_eq!(a.len(), b.len(), "pairs need as many values of one as of the other");
    let differences: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - ratio * y).collect();
    let (estimate, count) = (mean(&differences), differences.len());
    let error = || libm::sqrt(covariance(&differences, &differences) / count as f64);
    (count > 1 && estimate.is_finite()).then(|| Contrast { estimate, error: error(), freedom: (count - 1) as f64 })
}

/// mean(a) / mean(b) - 1, the relative gain of `a` over `b` (0.1 is ten per cent), with its paired Fieller interval.
///
/// No interval where `b` is not distinguishable from zero or is below it, since a gain then has no meaning.
///
/// # Panics
/// When the lengths differ.
pub fn ratio_gain_interval(a: &[f64], b: &[f64]) -> Interval {
    assert_eq!(a.len(), b.len(), "pairs need as many values of one as of the other");
    let (count, means) = (a.len(), (mean(a), mean(b)));
    let gain = means.0 / means.1 - 1.0;
    match count {
        0 => return Interval::unbounded(gain, "none (0 replicates)"),
        1 => return Interval::unbounded(gain, "none (1 replicate)"),
        _ => {}
    }
    let t = critical(count);
    let scale = t * t / count as f64;
    fieller(means, (scale * covariance(a, a), scale * covariance(a, b), scale * covariance(b, b)), FIELLER)
}

/// The interval of mean_a / mean_b - 1 by `method`, from the two means and their variances and covariance (of a, of both, of b),
/// each times the square of the critical value.
pub(crate) fn fieller(
    (mean_a, mean_b): (f64, f64),
    (var_a, cov, var_b): (f64, f64, f64),
    method: &'static str,
) -> Interval {
    let gain = mean_a / mean_b - 1.0;
    if !gain.is_finite() {
        return Interval::unbounded(gain, "none (a value is not finite)");
    }
    if mean_b <= 0.0 {
        return Interval::unbounded(gain, "none (the baseline is not above zero)");
    }
    // (mean_a - R mean_b)^2 <= var_a - 2 R cov + R^2 var_b, a quadratic in R.
    let square = mean_b * mean_b - var_b;
    if square <= 0.0 {
        return Interval::unbounded(gain, "none (the baseline is not distinguishable from zero)");
    }
    let middle = (mean_a * mean_b - cov) / square;
    let root = libm::sqrt((middle * middle - (mean_a * mean_a - var_a) / square).max(0.0));
    Interval { mean: gain, low: Some(middle - root - 1.0), high: Some(middle + root - 1.0), method }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    const A: [f64; 5] = [0.71, 0.74, 0.69, 0.75, 0.73];
    const B: [f64; 5] = [0.65, 0.66, 0.64, 0.69, 0.66];

    #[test]
    fn a_difference_is_the_t_interval_of_the_differences() {
        let interval = paired_difference(&A, &B);
        let differences = [0.06, 0.08, 0.05, 0.06, 0.07];
        let expected = crate::mean_interval(&differences);
        assert!((interval.mean - 0.064).abs() < 1e-12);
        assert!((interval.low.unwrap() - expected.low.unwrap()).abs() < 1e-12);
        assert_eq!(interval.method, PAIRED);
    }

    #[test]
    fn at_an_end_of_the_interval_the_paired_test_is_on_the_edge() {
        let gain = ratio_gain_interval(&A, &B);
        for end in [gain.low.unwrap(), gain.high.unwrap()] {
            let scaled: Vec<f64> = B.iter().map(|y| (1.0 + end) * y).collect();
            let difference = paired_difference(&A, &scaled);
            let nearest = difference.low.unwrap().abs().min(difference.high.unwrap().abs());
            assert!(nearest < 1e-12, "at {end}: {difference:?}");
        }
        assert!(gain.low.unwrap() < gain.mean && gain.mean < gain.high.unwrap());
    }

    #[test]
    fn a_constant_ratio_has_no_width() {
        let ahead: Vec<f64> = B.iter().map(|y| 1.25 * y).collect();
        let gain = ratio_gain_interval(&ahead, &B);
        assert!((gain.mean - 0.25).abs() < 1e-12);
        assert!(gain.high.unwrap() - gain.low.unwrap() < 1e-6, "{gain:?}");
    }

    #[test]
    fn what_has_no_interval_says_why() {
        let check = |a: &[f64], b: &[f64], reason: &str| {
            let gain = ratio_gain_interval(a, b);
            assert_eq!((gain.low, gain.high), (None, None));
            assert!(gain.method.contains(reason), "{}", gain.method);
        };
        check(&[0.5], &[0.4], "1 replicate");
        check(&[0.5, 0.4], &[-0.5, -0.4], "not above zero");
        check(&[0.5, 0.4, 0.6], &[0.9, -0.8, 0.1], "not distinguishable from zero");
        check(&[0.5, f64::NAN], &[0.9, 0.8], "not finite");
    }

    /// Pairs share a component, as policies that meet the same requests do.
    #[test]
    fn nineteen_in_twenty_gains_are_held() {
        let (experiments, truth) = (20_000, 0.74 / 0.66 - 1.0);
        let mut generator = Seed::root(4).stream("fieller").at(Round(0));
        let mut held = 0;
        for _ in 0..experiments {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..5 {
                let shared = 0.05 * random::normal(&mut generator);
                a.push(0.74 + shared + 0.02 * random::normal(&mut generator));
                b.push(0.66 + shared + 0.02 * random::normal(&mut generator));
            }
            let gain = ratio_gain_interval(&a, &b);
            held += u32::from(gain.low.unwrap() <= truth && truth <= gain.high.unwrap());
        }
        let coverage = f64::from(held) / f64::from(experiments);
        assert!((coverage - 0.95).abs() < 0.005, "{coverage}");
    }
}
