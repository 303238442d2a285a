//! The upper tail of the chi-squared law, from the regularised incomplete gamma function.
//!
//! Does: Q(k/2, x/2) by its series below k/2 + 1 and by its continued fraction above (Abramowitz and Stegun 6.5.29, 6.5.31,
//! Lentz's method). Assumes: degrees of freedom above zero. Example: above 3.841 with 1 degree lies 5 %.

/// P(X > `value`) for a chi-squared variable with `freedom` degrees of freedom (above zero); 1 for values below zero.
///
/// # Panics
/// When `freedom` is not above zero.
pub fn chi_squared_tail(value: f64, freedom: f64) -> f64 {
    assert!(freedom > 0.0, "chi-squared needs degrees of freedom above zero, not {freedom}");
    let (shape, x) = (0.5 * freedom, 0.5 * value);
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 { 1.0 - front * series(shape, x) } else { front * continued_fraction(shape, x) }
}

/// Sum over n of x^n / (a (a + 1) ... (a + n)).
fn series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
    while term > sum * f64::EPSILON {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

fn continued_fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const TERMS: u32 = 10_000;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for term in 1..TERMS {
        let i = f64::from(term);
        let a = -i * (i - shape);
        b += 2.0;
        d = 1.0 / away_from_zero(a * d + b, TINY);
        c = away_from_zero(b + a / c, TINY);
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

fn away_from_zero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual table of the 5 % points.
    #[test]
    fn a_twentieth_lies_above_the_points_of_the_table() {
        for (freedom, point) in [(1.0, 3.841458820694124), (3.0, 7.814727903251179), (20.0, 31.410432844230918)] {
            assert!((chi_squared_tail(point, freedom) - 0.05).abs() < 1e-12, "{freedom}");
        }
    }

    #[test]
    fn two_degrees_are_the_exponential_law() {
        for value in [0.0, 0.5, 2.0, 7.0, 100.0] {
            assert!((chi_squared_tail(value, 2.0) - libm::exp(-0.5 * value)).abs() < 1e-13, "{value}");
        }
    }
}
