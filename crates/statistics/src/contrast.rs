//! A number with its error, to be tested against a value.

use crate::student::t_cdf;

/// An estimate whose distance from the truth, in errors, follows Student's t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error, in the same unit; 0 where it does not vary.
    pub error: f64,
    /// Degrees of freedom, above 0.
    pub freedom: f64,
}

impl Contrast {
    /// P-value against the truth being `least` or less: the share of repetitions that would show as much or more.
    pub fn above(&self, least: f64) -> f64 {
        match self.estimate - least {
            // Nothing varies, so what was measured is the truth.
            distance if self.error == 0.0 => {
                if distance > 0.0 {
                    0.0
                } else {
                    1.0
                }
            }
            distance => 1.0 - t_cdf(distance / self.error, self.freedom),
        }
    }

    /// P-value against the truth being `most` or more.
    pub fn below(&self, most: f64) -> f64 {
        Contrast { estimate: -self.estimate, ..*self }.above(-most)
    }

    /// Two-sided p-value against the truth being `value`.
    pub fn differs(&self, value: f64) -> f64 {
        (2.0 * self.above(value).min(self.below(value))).min(1.0)
    }

    /// P-value, on the scale of a two-sided one, against |truth| being `margin` or more: two one-sided tests (Schuirmann 1987).
    pub fn within(&self, margin: f64) -> f64 {
        (2.0 * self.above(-margin).max(self.below(margin))).min(1.0)
    }

    /// P-value, on the same scale, against |truth| being `margin` or less.
    pub fn beyond(&self, margin: f64) -> f64 {
        (2.0 * self.above(margin).min(self.below(-margin))).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy.stats.t.sf(2, 4) and so on.
    #[test]
    fn p_values_are_tails_of_student() {
        let contrast = Contrast { estimate: 0.3, error: 0.1, freedom: 4.0 };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        near(contrast.above(0.1), 0.058_058_261_758_407_8);
        near(contrast.below(0.1), 1.0 - 0.058_058_261_758_407_8);
        near(contrast.differs(0.1), 0.116_116_523_516_815_6);
        near(contrast.differs(0.5), 0.116_116_523_516_815_6);
        near(contrast.within(0.5), 0.116_116_523_516_815_6);
        near(contrast.beyond(0.1), 0.116_116_523_516_815_6);
        assert_eq!((contrast.within(0.3), contrast.beyond(0.3)), (1.0, 1.0));
    }

    #[test]
    fn what_does_not_vary_is_certain() {
        let fixed = Contrast { error: 0.0, estimate: 0.3, freedom: 4.0 };
        assert_eq!((fixed.above(0.2), fixed.above(0.3), fixed.differs(0.3), fixed.within(0.4)), (0.0, 1.0, 1.0, 0.0));
    }
}
