//! The normal law: how much lies below a value, and the value below which so much lies.
//!
//! Does: Phi(z) from the complementary error function; its inverse by halving, which needs no table of coefficients.
//! Assumes: nothing. Example: below 1.959963984540054 lie 97.5 %.

/// P(Z <= `z`) for a standard normal variable.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / core::f64::consts::SQRT_2)
}

/// The value below which `probability` lies; infinite at 0 and 1.
///
/// # Panics
/// When `probability` is outside [0, 1].
pub fn normal_quantile(probability: f64) -> f64 {
    assert!((0.0..=1.0).contains(&probability), "a quantile needs 0 <= probability <= 1, not {probability}");
    if probability == 0.0 || probability == 1.0 {
        return if probability == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // The lower half keeps its digits; 1 - probability is exact above one half.
    if probability > 0.5 {
        return -normal_quantile(1.0 - probability);
    }
    let (mut low, mut high) = (-40.0, 0.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if normal_cdf(middle) < probability { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_table_and_undo_the_law() {
        assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
        assert!(normal_quantile(0.5).abs() < 1e-15);
        for probability in [1e-12, 0.001, 0.2, 0.8, 0.999] {
            let back = normal_cdf(normal_quantile(probability));
            assert!((back / probability - 1.0).abs() < 1e-12, "{probability}: {back}");
        }
        assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
