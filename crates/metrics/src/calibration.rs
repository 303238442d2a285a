//! Whether the rewards that a router expects come true: expected against obtained, in deciles of what was expected.
//!
//! A router that takes the model it expects most of is disappointed on average even where each of its estimates is unbiased,
//! because it looks where they err upwards (the optimizer's curse: Smith and Winkler 2006, doi 10.1287/mnsc.1050.0451).
//! Deciles hold equally many requests, so that none is empty (Nixon et al. 2019, arXiv 1904.01685, section 3). A mean of
//! absolute differences is above 0 even for a perfect router; `calibration_chance` says how much of it that would be.

use crate::{About, Better, about};
use routing::words::metric;

/// Bins of equally many requests.
pub const BINS: usize = 10;

/// What [`Calibration`] reports of all requests, in order.
pub const CALIBRATION: &[About] = &[
    about(metric::EXPECTED_REWARD, "reward", Better::Neither, "mean reward that the router expected of its choices"),
    about(
        "optimism",
        "reward",
        Better::Neither,
        "mean reward that the router expected of its choices less the mean it obtained; above 0: it promised too much",
    ),
    about(
        metric::CALIBRATION_ERROR,
        "reward",
        Better::Lower,
        "mean over deciles of the expected reward of |mean expected - mean obtained|, weighted by requests",
    ),
    about(
        metric::CALIBRATION_CHANCE,
        "reward",
        Better::Neither,
        "`calibration_error` of a perfectly calibrated router on as many requests with the same noise, by chance",
    ),
];

/// Requests of which a router expected about the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Requests.
    pub n: u64,
    /// Mean reward that was expected.
    pub expected: f64,
    /// Mean reward that was obtained.
    pub obtained: f64,
    /// What |expected - obtained| would be by chance: sqrt(2 / pi) standard errors. NaN for a single request.
    pub chance: f64,
}

/// Accumulates what was expected and obtained, 16 bytes for each request.
#[derive(Default)]
pub struct Calibration {
    pairs: Vec<(f64, f64)>,
}

impl Calibration {
    /// Takes in one request: the reward that was expected of the choice, and the one obtained.
    pub fn observe(&mut self, expected: f64, obtained: f64) {
        self.pairs.push((expected, obtained));
    }

    /// Deciles of the expected reward, the lowest first, equally many requests in each but for one; ties in the order of
    /// arrival, so that outcomes do not sort them. Fewer than ten requests have a bin each, none has none.
    pub fn bins(&self) -> Vec<Bin> {
        let mut pairs = self.pairs.clone();
        pairs.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let bins = BINS.min(pairs.len());
        let edge = |bin: usize| bin * pairs.len() / bins;
        (0..bins).map(|bin| summarised(&pairs[edge(bin)..edge(bin + 1)])).collect()
    }

    /// One number for each of [`CALIBRATION`], with the requests behind them; none before the first request.
    pub fn readings(&self) -> Option<([f64; CALIBRATION.len()], u64)> {
        let (bins, n) = (self.bins(), self.pairs.len() as u64);
        let mean = |part: fn(&Bin) -> f64| bins.iter().map(|bin| bin.n as f64 * part(bin)).sum::<f64>() / n as f64;
        let (expected, obtained) = (mean(|bin| bin.expected), mean(|bin| bin.obtained));
        let error = mean(|bin| (bin.expected - bin.obtained).abs());
        (n > 0).then(|| ([expected, expected - obtained, error, mean(|bin| bin.chance)], n))
    }
}

fn summarised(pairs: &[(f64, f64)]) -> Bin {
    let n = pairs.len() as f64;
    let mean = |part: fn(&(f64, f64)) -> f64| pairs.iter().map(part).sum::<f64>() / n;
    let (expected, obtained) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let deviation = |(e, o): &(f64, f64)| ((o - e) - (obtained - expected)) * ((o - e) - (obtained - expected));
    let variance = pairs.iter().map(deviation).sum::<f64>() / (n - 1.0);
    Bin { n: pairs.len() as u64, expected, obtained, chance: (std::f64::consts::FRAC_2_PI * variance / n).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(pairs: impl IntoIterator<Item = (f64, f64)>) -> [f64; 4] {
        let mut calibration = Calibration::default();
        pairs.into_iter().for_each(|(expected, obtained)| calibration.observe(expected, obtained));
        calibration.readings().unwrap().0
    }

    #[test]
    fn a_promise_that_is_too_high_by_a_tenth_is_optimistic_by_a_tenth() {
        let [expected, optimism, error, chance] =
            readings((0..100).map(|i| (0.01 * f64::from(i) + 0.1, 0.01 * f64::from(i))));
        assert!((expected - 0.595).abs() < 1e-12 && (optimism - 0.1).abs() < 1e-12 && (error - 0.1).abs() < 1e-12);
        assert!(chance < 1e-9, "there is no noise: {chance}");
    }

    #[test]
    fn errors_that_cancel_over_all_requests_do_not_cancel_in_the_deciles() {
        let [_, optimism, error, _] = readings((0..100).map(|i| (0.01 * f64::from(i), 0.495)));
        assert!(optimism.abs() < 1e-12 && (error - 0.25).abs() < 1e-12, "{optimism} {error}");
    }

    #[test]
    fn a_calibrated_router_errs_by_chance_alone() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut errors, mut chances) = (0.0, 0.0);
        for _ in 0..200 {
            let draw = |_| {
                let expected = uniform();
                (expected, f64::from(u8::from(uniform() < expected)))
            };
            let [_, _, error, chance] = readings((0..300).map(draw));
            (errors, chances) = (errors + error, chances + chance);
        }
        assert!((errors / chances - 1.0).abs() < 0.05, "{errors} against {chances}");
        assert!(errors / 200.0 > 0.03, "chance is not nothing: {errors}");
    }

    #[test]
    fn bins_are_equally_full_and_ties_stay_in_the_order_of_arrival() {
        let mut calibration = Calibration::default();
        assert_eq!((calibration.bins().len(), calibration.readings().is_none()), (0, true));
        (0..23).for_each(|i| calibration.observe(0.5, f64::from(i)));
        let bins = calibration.bins();
        assert!(bins.iter().all(|bin| (2..=3).contains(&bin.n)) && bins.iter().map(|bin| bin.n).sum::<u64>() == 23);
        assert!(bins.is_sorted_by(|left, right| left.obtained < right.obtained));
    }
}
