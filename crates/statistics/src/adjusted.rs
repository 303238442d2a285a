//! P-values of several tests at once: Holm's for any error at all, Benjamini and Hochberg's for the share of false findings.
//!
//! Does: Holm's step-down (Holm 1979) bounds the chance of one or more false rejections, whatever the dependence; Benjamini
//! and Hochberg's step-up (1995, JRSS B 57) bounds the expected share of false ones among the rejected, for tests that are
//! independent or positively dependent. Assumes: p-values in [0, 1]. An adjusted value is compared with the level itself.
//! Example: .01, .04, .03 are .03, .06, .06 by Holm.

/// Holm's adjusted values, in the order of `p_values`.
///
/// # Panics
/// When one lies outside [0, 1].
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = rising(p_values);
    let (count, mut adjusted, mut highest) = (p_values.len(), vec![0.0; p_values.len()], 0.0_f64);
    for (rank, &place) in order.iter().enumerate() {
        highest = highest.max((count - rank) as f64 * p_values[place]).min(1.0);
        adjusted[place] = highest;
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted values, in the order of `p_values`.
///
/// # Panics
/// When one lies outside [0, 1].
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = rising(p_values);
    let (count, mut adjusted, mut lowest) = (p_values.len(), vec![0.0; p_values.len()], 1.0_f64);
    for (rank, &place) in order.iter().enumerate().rev() {
        lowest = lowest.min(p_values[place] * count as f64 / (rank + 1) as f64);
        adjusted[place] = lowest;
    }
    adjusted
}

/// Places of the values, the smallest first.
fn rising(p_values: &[f64]) -> Vec<usize> {
    assert!(p_values.iter().all(|p| (0.0..=1.0).contains(p)), "p-values lie in [0, 1]: {p_values:?}");
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{found:?} {expected:?}");
    }

    #[test]
    fn holm_multiplies_by_the_tests_that_are_left() {
        close(&holm(&[0.01, 0.04, 0.03]), &[0.03, 0.06, 0.06]);
        close(&holm(&[0.6, 0.7]), &[1.0, 1.0]);
        close(&holm(&[]), &[]);
    }

    #[test]
    fn benjamini_and_hochberg_divide_by_the_rank() {
        close(&benjamini_hochberg(&[0.01, 0.04, 0.03]), &[0.03, 0.04, 0.04]);
        close(&benjamini_hochberg(&[0.9]), &[0.9]);
    }
}
