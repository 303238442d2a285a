//! A mean over replicates with its interval.

use std::sync::OnceLock;

use crate::t_quantile;

/// Share of repeated experiments whose interval holds the truth.
pub const CONFIDENCE: f64 = 0.95;

/// Name of the interval of [`mean_interval`].
pub const STUDENT: &str = "student-t 95% over replicates";

/// An estimate with the ends of its interval, all in the unit of the values it was made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub mean: f64,
    /// Lower end; none where the data do not bound it.
    pub low: Option<f64>,
    /// Upper end; none where the data do not bound it.
    pub high: Option<f64>,
    /// How it was made, or `none (...)` with the reason.
    pub method: &'static str,
}

impl Interval {
    /// An estimate whose data do not bound it, with the reason.
    pub(crate) fn unbounded(mean: f64, reason: &'static str) -> Interval {
        Interval { mean, low: None, high: None, method: reason }
    }

    /// `mean` give or take `half_width`.
    pub(crate) fn around(mean: f64, half_width: f64, method: &'static str) -> Interval {
        Interval { mean, low: Some(mean - half_width), high: Some(mean + half_width), method }
    }
}

/// The mean of `values`, one a replicate, with its Student-t interval at [`CONFIDENCE`].
///
/// A single replicate has a mean and no interval; none has the mean NaN; a value that is not finite makes the mean so.
pub fn mean_interval(values: &[f64]) -> Interval {
    let mean = mean(values);
    match values.len() {
        0 => Interval::unbounded(mean, "none (0 replicates)"),
        1 => Interval::unbounded(mean, "none (1 replicate)"),
        _ if !mean.is_finite() => Interval::unbounded(mean, "none (a value is not finite)"),
        count => {
            let error = libm::sqrt(covariance(values, values) / count as f64);
            Interval::around(mean, critical(count) * error, STUDENT)
        }
    }
}

/// The mean of `count` values with its Student-t interval at [`CONFIDENCE`], from their sum and the sum of their squares: for
/// values that are too many to be kept. `method` says what the values are.
///
/// One value has a mean and no interval, none has the mean NaN.
pub fn interval_of_sums(count: u64, sum: f64, squares: f64, method: &'static str) -> Interval {
    let mean = sum / count as f64;
    match count {
        0 => Interval::unbounded(mean, "none (0 rows)"),
        1 => Interval::unbounded(mean, "none (1 row)"),
        _ => {
            let variance = ((squares - sum * mean) / (count - 1) as f64).max(0.0);
            let critical = critical(usize::try_from(count).unwrap_or(usize::MAX));
            Interval::around(mean, critical * libm::sqrt(variance / count as f64), method)
        }
    }
}

/// The arithmetic mean, summed in order; NaN when empty.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample covariance of two columns of equal length of at least 2, with divisor n - 1.
pub(crate) fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum::<f64>() / (a.len() - 1) as f64
}

/// The two-sided critical value for `count` replicates (at least 2); each is worked out once.
pub(crate) fn critical(count: usize) -> f64 {
    static KNOWN: [OnceLock<f64>; 1024] = [const { OnceLock::new() }; 1024];
    let quantile = || t_quantile(0.5 + 0.5 * CONFIDENCE, (count - 1) as f64);
    KNOWN.get(count).map_or_else(quantile, |known| *known.get_or_init(quantile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    /// scipy.stats.t.interval(.95, 4, loc=3, scale=sqrt(2.5 / 5)).
    #[test]
    fn sums_have_the_interval_of_their_values() {
        let values = [0.25, 1.0, 0.0, 0.75, 0.5];
        let of = |values: &[f64]| {
            let squares = values.iter().map(|value| value * value).sum();
            interval_of_sums(values.len() as u64, values.iter().sum(), squares, "x")
        };
        let (whole, found) = (mean_interval(&values), of(&values));
        assert!((found.mean - whole.mean).abs() < 1e-15 && (found.low.unwrap() - whole.low.unwrap()).abs() < 1e-12);
        assert!((found.high.unwrap() - whole.high.unwrap()).abs() < 1e-12);
        assert_eq!((of(&[0.5]).mean, of(&[0.5]).low), (0.5, None));
        assert!(of(&[]).mean.is_nan());
    }

    #[test]
    fn one_to_five_is_three_give_or_take_1_963() {
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(interval.mean, 3.0);
        assert!((interval.low.unwrap() - 1.0367568385224392).abs() < 1e-12, "{interval:?}");
        assert!((interval.high.unwrap() - 4.963243161477561).abs() < 1e-12, "{interval:?}");
        assert_eq!(interval.method, STUDENT);
    }

    #[test]
    fn critical_values_are_quantiles_for_few_and_for_many() {
        for count in [2, 3, 64, 65, 300] {
            assert_eq!(critical(count), t_quantile(0.5 + 0.5 * CONFIDENCE, (count - 1) as f64), "{count}");
        }
    }

    #[test]
    fn what_has_no_interval_says_why() {
        assert_eq!(mean_interval(&[0.25]), Interval::unbounded(0.25, "none (1 replicate)"));
        assert_eq!(mean_interval(&[]).method, "none (0 replicates)");
        assert_eq!(mean_interval(&[1.0, f64::NAN]).method, "none (a value is not finite)");
    }

    #[test]
    fn the_interval_moves_and_scales_with_its_values() {
        let values = [0.3, 0.1, 0.4, 0.15];
        let scaled: Vec<f64> = values.iter().map(|value| 10.0 * value - 3.0).collect();
        let (plain, scaled) = (mean_interval(&values), mean_interval(&scaled));
        assert!((scaled.low.unwrap() - (10.0 * plain.low.unwrap() - 3.0)).abs() < 1e-12);
        assert!((scaled.high.unwrap() - (10.0 * plain.high.unwrap() - 3.0)).abs() < 1e-12);
    }

    #[test]
    fn nineteen_in_twenty_intervals_hold_the_truth() {
        let (experiments, truth) = (20_000, 0.7);
        for replicates in [2, 5, 20] {
            let mut generator = Seed::root(3).stream("coverage").at(Round(replicates));
            let held = (0..experiments)
                .filter(|_| {
                    let values: Vec<f64> =
                        (0..replicates).map(|_| truth + 2.0 * random::normal(&mut generator)).collect();
                    let interval = mean_interval(&values);
                    interval.low.unwrap() <= truth && truth <= interval.high.unwrap()
                })
                .count();
            let coverage = held as f64 / f64::from(experiments);
            assert!((coverage - CONFIDENCE).abs() < 0.005, "{replicates} replicates: {coverage}");
        }
    }
}
