//! How many replicates or prompts a paired comparison needs to see an effect of a given size.
//!
//! Does: the power of the two-sided paired t-test from the noncentral t law, P(|T| > t) with T = (Z + delta) / S, integrated over
//! the law of S. The difference of two policies in one replicate varies by sqrt(training^2 + prompt^2 / n): how trainings
//! differ, and which n prompts are tested. Assumes: replicates independent of each other, with prompts of their own, and
//! differences that are about normal. Example: an effect of half a standard deviation needs 34 pairs for power .8.

use crate::student::t_quantile;

/// Probability of a rejection where there is no effect.
pub const LEVEL: f64 = 0.05;

/// Probability of a rejection where there is the effect, that a plan asks for.
pub const POWER: f64 = 0.8;

/// Most pairs that a search looks at.
const MOST: u64 = 1 << 40;

/// How much the difference of two policies varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Standard deviation from one training to another, had each met infinitely many prompts; in the unit of the effect.
    pub training: f64,
    /// Standard deviation of the difference from one prompt to another.
    pub prompt: f64,
}

impl Spread {
    /// The standard deviation of the mean difference of a replicate with `prompts` test prompts.
    pub fn of_replicate(&self, prompts: u64) -> f64 {
        libm::sqrt(self.training * self.training + self.prompt * self.prompt / prompts as f64)
    }

    /// The fewest replicates of `prompts` test prompts each with which an `effect` above zero is seen at [`LEVEL`] with
    /// [`POWER`]. None where they are more than a million million.
    pub fn replicates(&self, effect: f64, prompts: u64) -> Option<u64> {
        let deviation = self.of_replicate(prompts);
        least(2, |replicates| paired_power(effect / deviation, replicates) >= POWER)
    }

    /// The fewest test prompts in each of `replicates` (at least 2) with which an `effect` above zero is seen at [`LEVEL`]
    /// with [`POWER`]. None where no number suffices, because trainings alone differ too much.
    pub fn prompts(&self, effect: f64, replicates: u64) -> Option<u64> {
        let enough = |prompts| paired_power(effect / self.of_replicate(prompts), replicates) >= POWER;
        least(1, enough)
    }
}

/// The least number from `first` on that is `enough`, of a property that stays once it is reached.
fn least(first: u64, enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = first;
    while !enough(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high > first && high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high.max(first))
}

/// The power of the two-sided paired t-test at [`LEVEL`] with `pairs` (at least 2) and an effect of `standardised` standard
/// deviations of a difference. 1 for an infinite effect.
///
/// # Panics
/// When there are fewer than two pairs.
pub fn paired_power(standardised: f64, pairs: u64) -> f64 {
    assert!(pairs >= 2, "a paired test needs two pairs, not {pairs}");
    let freedom = (pairs - 1) as f64;
    let shift = standardised.abs() * libm::sqrt(pairs as f64);
    if shift.is_infinite() {
        return 1.0;
    }
    let critical = t_quantile(1.0 - 0.5 * LEVEL, freedom);
    let above = integral(freedom, critical, |s| below(shift - critical * s));
    (above + integral(freedom, critical, |s| below(-critical * s - shift))).min(1.0)
}

fn below(z: f64) -> f64 {
    crate::normal::normal_cdf(z)
}

/// The mean of `value` over S = sqrt(chi squared / v), by Simpson's rule over nine root-v-ths about 1, beyond which less than
/// 1e-17 lies.
fn integral(freedom: f64, critical: f64, value: impl Fn(f64) -> f64) -> f64 {
    // `value` changes within 1 / critical.
    let steps = 2 * (2_000.0 * critical.max(1.0)).min(200_000.0) as usize;
    let reach = 9.0 / libm::sqrt(freedom);
    let (from, to) = ((1.0 - reach).max(0.0), 1.0 + reach);
    let width = (to - from) / steps as f64;
    let half = 0.5 * freedom;
    let front = core::f64::consts::LN_2 + half * libm::log(half) - libm::lgamma(half);
    let density = |s: f64| match s {
        _ if s > 0.0 => libm::exp(front + (freedom - 1.0) * libm::log(s) - half * s * s),
        _ if freedom == 1.0 => libm::exp(front),
        _ => 0.0,
    };
    let weight = |step: usize| match step {
        _ if step == 0 || step == steps => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let at = |step: usize| from + width * step as f64;
    width / 3.0 * (0..=steps).map(|step| weight(step) * density(at(step)) * value(at(step))).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_effect_the_power_is_the_level() {
        for pairs in [2, 3, 5, 30, 400] {
            assert!((paired_power(0.0, pairs) - LEVEL).abs() < 1e-9, "{pairs}: {}", paired_power(0.0, pairs));
        }
    }

    #[test]
    fn half_a_standard_deviation_needs_34_pairs() {
        let spread = Spread { training: 0.5, prompt: 0.0 };
        assert_eq!(spread.replicates(0.25, 1), Some(34));
        assert!(paired_power(0.5, 33) < POWER && paired_power(0.5, 34) >= POWER);
    }

    #[test]
    fn prompts_help_until_trainings_alone_decide() {
        let spread = Spread { training: 0.01, prompt: 0.4 };
        let prompts = spread.prompts(0.02, 5).unwrap();
        assert!(spread.replicates(0.02, prompts).unwrap() <= 5 && spread.replicates(0.02, prompts - 1).unwrap() > 5);
        assert_eq!(Spread { training: 0.05, prompt: 0.4 }.prompts(0.02, 5), None);
        assert!((spread.of_replicate(1600) - libm::sqrt(2.0) * 0.01).abs() < 1e-15);
    }

    #[test]
    fn differences_that_do_not_vary_need_two_replicates() {
        assert_eq!(Spread { training: 0.0, prompt: 0.0 }.replicates(0.1, 10), Some(2));
    }
}
