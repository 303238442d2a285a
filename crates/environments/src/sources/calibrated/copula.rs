//! Grades as cuts of a latent normal score, and the latent correlation that a covariance of grades implies.
//!
//! A model's grade on a prompt is the number of thresholds below its latent score u, a standard normal. For two models with
//! corr(u, u') = rho, Hoeffding's formula and d/d rho P(u > s, u' > t) = phi2(s, t; rho) (Plackett 1954) give
//! `cov(q, q') = sum over cuts (s, t) of step(s) step(t) integral from 0 to rho of phi2(s, t; r) dr`, which rises with rho; so
//! the latent (polychoric) correlation is found by bisection, and the generated covariance of grades is the given one.

use std::f64::consts::{PI, TAU};

/// Furthest threshold: beyond every value that `routing::random::normal` can give.
const FURTHEST: f64 = 9.0;

/// Largest latent correlation that is reported.
const STRONGEST: f64 = 0.995;

/// Abscissae and weights of the ten-point Gauss-Legendre rule on [-1, 1], positive half.
const GAUSS: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// Standard normal density.
pub(super) fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / TAU.sqrt()
}

/// The x with P(standard normal <= x) = `probability`, within [-9, 9].
pub(super) fn quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-FURTHEST, FURTHEST);
    if probability <= 0.0 || probability >= 1.0 {
        return if probability <= 0.0 { low } else { high };
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle / std::f64::consts::SQRT_2) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// One model's grades on a task: where the latent score is cut, and how much each cut adds to the score.
#[derive(Clone, Debug)]
pub(super) struct Cuts {
    /// (threshold, step), ascending; G - 1 of them.
    cuts: Vec<(f64, f64)>,
    /// Mean score.
    pub(super) mean: f64,
    /// Variance of the score.
    pub(super) variance: f64,
}

impl Cuts {
    /// From ascending `grades` and their `probabilities`, which sum to 1.
    pub(super) fn new(grades: &[f64], probabilities: &[f64]) -> Cuts {
        let moment = |power: fn(f64) -> f64| grades.iter().zip(probabilities).map(|(&g, p)| power(g) * p).sum::<f64>();
        let mean = moment(|g| g);
        let variance = (moment(|g| g * g) - mean * mean).max(0.0);
        let mut below = 0.0;
        let cuts = grades
            .windows(2)
            .zip(probabilities)
            .map(|(pair, probability)| {
                below += probability;
                (quantile(below), pair[1] - pair[0])
            })
            .collect();
        Cuts { cuts, mean, variance }
    }

    /// Thresholds, ascending, G - 1.
    pub(super) fn thresholds(&self) -> impl Iterator<Item = f64> + '_ {
        self.cuts.iter().map(|&(threshold, _)| threshold)
    }

    /// cov(score, latent score): the slope of the score on the latent score.
    pub(super) fn slope(&self) -> f64 {
        self.cuts.iter().map(|&(threshold, step)| step * density(threshold)).sum()
    }

    /// Squared correlation of the score with the latent score, in [0, 1): what one graded row tells of the latent one.
    pub(super) fn information(&self) -> f64 {
        let slope = self.slope();
        (slope * slope / self.variance.max(1e-9)).min(1.0)
    }
}

/// Covariance of two models' grades when their latent scores correlate by `rho`.
pub(super) fn covariance(a: &Cuts, b: &Cuts, rho: f64) -> f64 {
    let half = 0.5 * libm::asin(rho);
    let mut total = 0.0;
    for (abscissa, weight) in GAUSS {
        for side in [-abscissa, abscissa] {
            let angle = half * (1.0 + side);
            let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
            total += weight * half * kernel(a, b, sine, 2.0 * cosine * cosine) / (2.0 * PI);
        }
    }
    total
}

fn kernel(a: &Cuts, b: &Cuts, sine: f64, width: f64) -> f64 {
    let mut total = 0.0;
    for &(s, step_a) in &a.cuts {
        for &(t, step_b) in &b.cuts {
            total += step_a * step_b * libm::exp(-(s * s + t * t - 2.0 * s * t * sine) / width);
        }
    }
    total
}

/// The latent correlation, within +-.995, at which the grades' covariance is `target`.
pub(super) fn latent_correlation(a: &Cuts, b: &Cuts, target: f64) -> f64 {
    let (mut low, mut high) = (-STRONGEST, STRONGEST);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if covariance(a, b, middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for (p, x) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.001, -3.090_232_306)] {
            assert!((quantile(p) - x).abs() < 1e-8, "{p}");
        }
        assert_eq!((quantile(0.0), quantile(1.0)), (-9.0, 9.0));
    }

    /// For two cuts at the median, P(both) = 1/4 + asin(rho) / (2 pi) (Sheppard 1899).
    #[test]
    fn the_covariance_of_median_cuts_is_known() {
        let coin = Cuts::new(&[0.0, 1.0], &[0.5, 0.5]);
        for rho in [-0.9, -0.3, 0.0, 0.5, 0.95] {
            assert!((covariance(&coin, &coin, rho) - rho.asin() / TAU).abs() < 1e-9, "{rho}");
        }
    }

    #[test]
    fn the_latent_correlation_is_recovered_from_grades() {
        let a = Cuts::new(&[0.0, 0.25, 0.5, 1.0], &[0.3, 0.2, 0.4, 0.1]);
        let b = Cuts::new(&[0.0, 1.0], &[0.8, 0.2]);
        for rho in [-0.7, 0.1, 0.6] {
            assert!((latent_correlation(&a, &b, covariance(&a, &b, rho)) - rho).abs() < 1e-6, "{rho}");
        }
    }
}
