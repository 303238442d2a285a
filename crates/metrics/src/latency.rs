//! How long the chosen models took to answer, and on how many requests scores stand where some outcomes are missing.
//!
//! Both exist only where the data have latencies or gaps, so they are not among the metrics that every run measures.

use crate::{About, Better, about};
use routing::Seconds;
use routing::words::metric;
use std::collections::BTreeMap;

/// What [`Latencies`] reports, in order.
pub const LATENCY: &[About] = &[
    about(metric::LATENCY, "s", Better::Lower, "mean time until the chosen answers were there, where it was measured"),
    about(
        metric::LATENCY_P95,
        "s",
        Better::Lower,
        "95th percentile of the time until the chosen answers were there (linear between order statistics)",
    ),
];

/// Share of decisions that are not in the scores.
pub const UNSCORED: About = about(
    metric::UNSCORED_SHARE,
    "share",
    Better::Neither,
    "share of requests whose chosen model's outcome nobody recorded: scores leave them out, and nobody is charged for them",
);

/// Accumulates latencies. Recorded worlds repeat their rows, so memory grows with the distinct ones alone.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// Bits of a latency, which order as latencies do, and how often it occurred.
    counts: BTreeMap<u32, u64>,
    sum: f64,
    n: u64,
}

impl Latencies {
    /// Takes in one latency.
    pub fn observe(&mut self, latency: Seconds) {
        // Negative zero is the one latency whose bits are out of order.
        let seconds = latency.0.abs();
        *self.counts.entry(seconds.to_bits()).or_default() += 1;
        self.sum += f64::from(seconds);
        self.n += 1;
    }

    /// The values of [`LATENCY`], and of how many requests; none before the first.
    pub fn readings(&self) -> Option<([f64; 2], u64)> {
        (self.n > 0).then(|| ([self.sum / self.n as f64, self.quantile(0.95)], self.n))
    }

    /// The quantile `fraction` in [0, 1], linear between order statistics.
    fn quantile(&self, fraction: f64) -> f64 {
        let position = fraction * (self.n - 1) as f64;
        let low = position as u64;
        let (low, high) = (self.ranked(low), self.ranked((low + 1).min(self.n - 1)));
        low + position.fract() * (high - low)
    }

    /// The latency of `rank`, from 0.
    fn ranked(&self, rank: u64) -> f64 {
        let mut seen = 0;
        let found = self.counts.iter().find(|(_, count)| {
            seen += **count;
            seen > rank
        });
        found.map_or(f64::NAN, |(&bits, _)| f64::from(f32::from_bits(bits)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_that_of_numpy_with_repeats() {
        let mut latencies = Latencies::default();
        assert!(latencies.readings().is_none());
        [4.0, 0.5, 0.5, 2.0, 1.0, 8.0].map(Seconds).into_iter().for_each(|latency| latencies.observe(latency));
        // numpy.percentile([4, .5, .5, 2, 1, 8], 95) = 7.0
        assert_eq!(latencies.readings(), Some(([16.0 / 6.0, 7.0], 6)));
    }
}
