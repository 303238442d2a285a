//! Student's t: quantiles, distribution and p-values, from the regularised incomplete beta function.
//!
//! Does: inverts P(T > t) = I_x(v/2, 1/2) / 2 with x = v / (v + t^2) (Abramowitz and Stegun 26.7.1); the continued fraction
//! is theirs too (26.5.8), evaluated by Lentz's method. Assumes: degrees of freedom above zero. Example: the 97.5 % point
//! with 4 degrees of freedom is 2.7764451051977988.

/// The value that a t-distributed variable with `freedom` degrees of freedom (above zero) stays below with
/// `probability`, which lies strictly between 0 and 1.
///
/// # Panics
/// When an argument is outside its range.
pub fn t_quantile(probability: f64, freedom: f64) -> f64 {
    assert!(probability > 0.0 && probability < 1.0, "a quantile needs 0 < probability < 1, not {probability}");
    assert!(freedom > 0.0, "Student's t needs degrees of freedom above zero, not {freedom}");
    if probability < 0.5 {
        return -upper_quantile(probability, freedom);
    }
    upper_quantile(1.0 - probability, freedom)
}

/// P(T <= `t`) for a t-distributed variable with `freedom` degrees of freedom (above zero).
///
/// # Panics
/// When `freedom` is not above zero.
pub fn t_cdf(t: f64, freedom: f64) -> f64 {
    assert!(freedom > 0.0, "Student's t needs degrees of freedom above zero, not {freedom}");
    let tail = upper_tail(t.abs(), freedom);
    if t < 0.0 { tail } else { 1.0 - tail }
}

/// P(|T| >= |`t`|): the two-sided p-value of the statistic `t` with `freedom` degrees of freedom (above zero); 0 for an
/// infinite one.
///
/// # Panics
/// When `freedom` is not above zero.
pub fn two_sided_p(t: f64, freedom: f64) -> f64 {
    assert!(freedom > 0.0, "Student's t needs degrees of freedom above zero, not {freedom}");
    if t.is_infinite() { 0.0 } else { (2.0 * upper_tail(t.abs(), freedom)).min(1.0) }
}

/// The t above which the mass `tail` (at most one half) lies: bisection between a bracket that doubles.
fn upper_quantile(tail: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while upper_tail(high, freedom) > tail {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if upper_tail(middle, freedom) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// P(T > t) for t >= 0.
fn upper_tail(t: f64, freedom: f64) -> f64 {
    let squared = t * t;
    0.5 * regularised_beta(freedom / (freedom + squared), squared / (freedom + squared), 0.5 * freedom, 0.5)
}

/// I_x(a, b), given x and its complement so that neither loses digits.
fn regularised_beta(x: f64, complement: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || complement <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let logarithm = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = libm::exp(logarithm + a * libm::log(x) + b * libm::log(complement));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(complement, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function, by the modified Lentz method.
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const TERMS: u32 = 10_000;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = denominator;
    for term in 1..TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = 1.0 / away_from_zero(1.0 + coefficient * denominator);
            numerator = away_from_zero(1.0 + coefficient / numerator);
            change = denominator * numerator;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.t.ppf, whose value for one degree of freedom (12.706204736432095) is right to ten digits only: there,
    /// and for two, the closed forms are the reference.
    #[test]
    fn quantiles_are_the_published_ones() {
        let check = |probability, freedom, expected: f64| {
            let found = t_quantile(probability, freedom);
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "t({probability}, {freedom}) = {found}");
        };
        check(0.975, 4.0, 2.7764451051977988);
        check(0.975, 19.0, 2.093024054408263);
        check(0.975, 1.0, libm::tan(std::f64::consts::PI * 0.475));
        check(0.025, 4.0, -2.7764451051977988);
        check(0.75, 1.0, 1.0);
        check(0.975, 2.0, 0.95 * libm::sqrt(2.0 / (4.0 * 0.975 * 0.025)));
        check(0.75, 2.0, 0.816496580927726);
        assert!((t_quantile(0.975, 1.0) - 12.706204736432095).abs() < 1e-9);
    }

    #[test]
    fn p_values_are_what_the_quantiles_leave_on_both_sides() {
        for freedom in [1.0, 4.0, 19.0, 300.0] {
            for tail in [0.4, 0.025, 1e-6] {
                let t = t_quantile(1.0 - tail, freedom);
                assert!((two_sided_p(-t, freedom) / (2.0 * tail) - 1.0).abs() < 1e-9, "{freedom} {tail}");
                assert!(
                    (t_cdf(-t, freedom) / tail - 1.0).abs() < 1e-9 && t_cdf(t, freedom) == 1.0 - t_cdf(-t, freedom)
                );
            }
        }
        assert_eq!((two_sided_p(0.0, 3.0), two_sided_p(f64::INFINITY, 3.0), t_cdf(0.0, 3.0)), (1.0, 0.0, 0.5));
    }

    /// Cornish and Fisher's expansion in 1/v (Abramowitz and Stegun 26.7.5).
    #[test]
    fn many_degrees_of_freedom_approach_the_normal() {
        let z = 1.959963984540054;
        for freedom in [1e4, 1e5, 1e6] {
            let (third, fifth) = (z * z * z, z * z * z * z * z);
            let second_order = (5.0 * fifth + 16.0 * third + 3.0 * z) / (96.0 * freedom * freedom);
            let expected = z + (third + z) / (4.0 * freedom) + second_order;
            let found = t_quantile(0.975, freedom);
            assert!((found - expected).abs() < 1e-9, "{freedom}: {found} against {expected}");
        }
    }

    #[test]
    fn quantiles_fall_as_freedom_grows_and_rise_with_probability() {
        let by_freedom: Vec<f64> = (1..200).map(|freedom| t_quantile(0.975, f64::from(freedom))).collect();
        assert!(by_freedom.windows(2).all(|pair| pair[1] < pair[0]));
        let by_probability: Vec<f64> = (1..100).map(|percent| t_quantile(f64::from(percent) / 100.0, 3.0)).collect();
        assert!(by_probability.windows(2).all(|pair| pair[1] > pair[0]));
        assert!(t_quantile(0.5, 3.0).abs() < 1e-15);
    }
}
