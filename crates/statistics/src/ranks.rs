//! Several policies over common blocks: do their ranks differ, and by how much must two mean ranks differ to be told apart?
//!
//! Does: Friedman's test (Friedman 1937, JASA 32) with ranks averaged over ties, and Nemenyi's critical difference
//! q(alpha, k) sqrt(k (k + 1) / 6 N) of mean ranks, both as in Demsar 2006 (JMLR 7, section 3.2.2). Assumes: blocks that are
//! independent of each other; the chi-squared law of the test needs more than about ten of them. Example: with 14 blocks and
//! 4 policies the critical difference at 5 % is 1.253 (Demsar's example gives 1.25).

use crate::chi_squared_tail;

/// The level of [`friedman`] and of its critical difference.
pub const ALPHA: f64 = 0.05;

/// Blocks with which the chi-squared law of the test is trusted.
pub const FEWEST_BLOCKS: usize = 11;

/// Mean ranks of k policies over N blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// Mean rank of each policy, 1 the best, k the worst.
    pub means: Vec<f64>,
    /// Number of blocks N.
    pub blocks: usize,
    /// Probability of ranks at least this uneven if no policy differed.
    pub p_value: f64,
    /// Least difference of two mean ranks that tells them apart at level [`ALPHA`], all pairs together.
    pub critical_difference: f64,
}

/// Ranks `scores`, one list of N values for each of k policies, larger being better; none for fewer than two policies or
/// blocks.
///
/// # Panics
/// When the lists differ in length.
pub fn friedman(scores: &[Vec<f64>]) -> Option<Ranks> {
    let (k, blocks) = (scores.len(), scores.first().map_or(0, Vec::len));
    assert!(scores.iter().all(|own| own.len() == blocks), "every policy needs a score in every block");
    if k < 2 || blocks < 2 {
        return None;
    }
    let mut sums = vec![0.0; k];
    let mut ties = 0.0;
    for block in 0..blocks {
        let column: Vec<f64> = scores.iter().map(|own| own[block]).collect();
        ties += add_ranks(&column, &mut sums);
    }
    let (count, n) = (k as f64, blocks as f64);
    let middle = 0.5 * (count + 1.0);
    let means: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
    let spread: f64 = means.iter().map(|mean| (mean - middle) * (mean - middle)).sum();
    let whole = count * (count + 1.0) / 12.0 - ties / (12.0 * n * (count - 1.0));
    let p_value = if whole > 1e-12 { chi_squared_tail(n * spread / whole, count - 1.0) } else { 1.0 };
    let critical_difference = nemenyi(k) * libm::sqrt(count * (count + 1.0) / (6.0 * n));
    Some(Ranks { means, blocks, p_value, critical_difference })
}

/// Adds the rank of each value of one block to `sums`, ties sharing their mean rank; returns the sum of t^3 - t over ties.
fn add_ranks(column: &[f64], sums: &mut [f64]) -> f64 {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|&left, &right| column[right].total_cmp(&column[left]));
    let (mut start, mut ties) = (0, 0.0);
    for group in order.chunk_by(|&left, &right| column[left] == column[right]) {
        let size = group.len() as f64;
        let rank = start as f64 + 0.5 * (size + 1.0);
        group.iter().for_each(|&policy| sums[policy] += rank);
        ties += size * size * size - size;
        start += group.len();
    }
    ties
}

/// q(alpha, k): the upper [`ALPHA`] point of the range of `k` standard normal variables, divided by the root of 2.
fn nemenyi(k: usize) -> f64 {
    let (mut low, mut high) = (0.0, 12.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if range_probability(middle, k) < 1.0 - ALPHA { low = middle } else { high = middle }
    }
    0.5 * (low + high) / core::f64::consts::SQRT_2
}

/// P(range of `k` standard normal variables <= `q`) = k times the integral of phi(z) (Phi(z) - Phi(z - q))^(k - 1), by
/// Simpson's rule.
fn range_probability(q: f64, k: usize) -> f64 {
    const STEPS: usize = 800;
    let (from, to) = (-8.5, 8.5 + q);
    let width = (to - from) / STEPS as f64;
    let below = |z: f64| 0.5 * libm::erfc(-z / core::f64::consts::SQRT_2);
    let value = |step: usize| {
        let z = from + width * step as f64;
        let density = libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * core::f64::consts::PI);
        density * libm::pow(below(z) - below(z - q), (k - 1) as f64)
    };
    let weight = |step: usize| match step {
        0 | STEPS => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    k as f64 * width / 3.0 * (0..=STEPS).map(|step| weight(step) * value(step)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Demsar 2006, table 5: the two-tailed Nemenyi test at 5 %.
    #[test]
    fn critical_values_are_those_of_the_table() {
        for (k, expected) in [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (8, 3.031), (10, 3.164)] {
            assert!((nemenyi(k) - expected).abs() < 1e-3, "{k}: {}", nemenyi(k));
        }
    }

    /// Ranked by hand; the statistic with the usual correction for ties, 1 - sum(t^3 - t) / (N (k^3 - k)).
    #[test]
    fn ties_share_their_rank() {
        let scores = [
            vec![9.0, 9.5, 5.0, 8.5, 9.5, 7.5, 8.0, 7.0],
            vec![7.0, 6.5, 7.0, 7.0, 8.5, 7.5, 8.0, 7.0],
            vec![6.0, 8.0, 4.0, 6.0, 7.0, 6.0, 6.0, 4.0],
        ];
        let ranks = friedman(&scores).unwrap();
        assert_eq!(ranks.means, [1.3125, 1.8125, 2.875]);
        // With 2 degrees of freedom the tail at x is exp(-x / 2).
        let statistic = -2.0 * libm::log(ranks.p_value);
        let uncorrected =
            12.0 * 8.0 / (3.0 * 4.0) * [1.3125f64, 1.8125, 2.875].iter().map(|r| (r - 2.0) * (r - 2.0)).sum::<f64>();
        let corrected = uncorrected / (1.0 - 3.0 * 6.0 / (8.0 * (27.0 - 3.0)));
        assert!((statistic - corrected).abs() < 1e-9, "{statistic} {corrected}");
    }

    #[test]
    fn equal_policies_do_not_differ() {
        let ranks = friedman(&[vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]]).unwrap();
        assert_eq!((ranks.means.as_slice(), ranks.p_value), (&[1.5, 1.5][..], 1.0));
    }

    #[test]
    fn too_little_has_no_ranks() {
        assert_eq!(friedman(&[vec![1.0, 2.0]]), None);
        assert_eq!(friedman(&[vec![1.0], vec![2.0]]), None);
    }
}
