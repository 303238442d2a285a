//! How many replicates or prompts a comparison of two policies needs to see an effect of a given size.
//!
//! Does: the power of a two-sided t-test from the noncentral t law, P(|T| > t) with T = (Z + delta) / S, integrated over the law
//! of S. The difference of two policies varies with their trainings and with the prompts that are tested. Replicates with
//! prompts of their own (a generated world) vary by training^2 + prompt^2 / n each, and the test is the paired one over
//! replicates. Replicates that split one pool of N recorded prompts again share prompts: their mean varies by training^2 / J +
//! prompt^2 (1 / N + (1 / n - 1 / N) / J), which more replicates do not bring below prompt^2 / N, and the test counts prompts.
//! Assumes: differences that are about normal on average, splits drawn independently. Example: an effect of half a standard
//! deviation needs 34 pairs for power .8.

use crate::normal::normal_cdf;
use crate::student::t_quantile;

/// Probability of a rejection where there is no effect.
pub const LEVEL: f64 = 0.05;

/// Probability of a rejection where there is the effect, that a plan asks for.
pub const POWER: f64 = 0.8;

/// Most replicates or prompts that a search looks at.
const MOST: u64 = 1 << 40;

/// Standard deviations of the difference of two policies, in the unit of the effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// From one training to another, had each met infinitely many prompts.
    pub training: f64,
    /// From one prompt to another.
    pub prompt: f64,
}

/// What is tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Trainings of each policy, from 1.
    pub replicates: u64,
    /// Test prompts of each replicate, from 1.
    pub prompts: u64,
    /// Recorded prompts that the test prompts of all replicates are drawn from; none where each replicate has its own.
    pub pool: Option<u64>,
}

impl Spread {
    /// The standard deviation of the mean difference over all replicates of `design`.
    pub fn standard_error(&self, design: Design) -> f64 {
        let (replicates, prompts) = (design.replicates as f64, design.prompts as f64);
        let shared = design.pool.map_or(0.0, |pool| 1.0 / pool as f64);
        let by_prompts = shared + (1.0 / prompts - shared) / replicates;
        libm::sqrt(self.training * self.training / replicates + self.prompt * self.prompt * by_prompts)
    }

    /// The probability with which `design` sees an `effect` at [`LEVEL`]. None where it has no test: a single replicate with
    /// prompts of its own, or a pool of one prompt.
    pub fn power(&self, effect: f64, design: Design) -> Option<f64> {
        let freedom = design.pool.unwrap_or(design.replicates).saturating_sub(1);
        (freedom > 0).then(|| power(effect.abs() / self.standard_error(design), freedom as f64))
    }

    /// The fewest replicates of `design` that see an `effect` above zero at [`LEVEL`] with [`POWER`]. None where no number of
    /// them does, because their prompts are too few.
    pub fn replicates(&self, effect: f64, design: Design) -> Option<u64> {
        least(|replicates| self.sees(effect, Design { replicates, ..design }))
    }

    /// The fewest test prompts of each replicate of `design` that see an `effect` above zero at [`LEVEL`] with [`POWER`],
    /// the pool growing with them. None where no number of them does, because trainings alone differ too much.
    pub fn prompts(&self, effect: f64, design: Design) -> Option<u64> {
        let grown = |prompts: u64| {
            let pool = |pool: u64| (pool as f64 * (prompts as f64 / design.prompts as f64)).round() as u64;
            Design { prompts, pool: design.pool.map(pool), ..design }
        };
        least(|prompts| self.sees(effect, grown(prompts)))
    }

    fn sees(&self, effect: f64, design: Design) -> bool {
        self.power(effect, design).is_some_and(|power| power >= POWER)
    }
}

/// The least number from 1 on that is `enough`, of a property that stays once it is reached.
fn least(enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut high = 1;
    while !enough(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The power of the two-sided paired t-test at [`LEVEL`] with `pairs` (at least 2) and an effect of `standardised` standard
/// deviations of a difference. 1 for an infinite effect.
///
/// # Panics
/// When there are fewer than two pairs.
pub fn paired_power(standardised: f64, pairs: u64) -> f64 {
    assert!(pairs >= 2, "a paired test needs two pairs, not {pairs}");
    power(standardised.abs() * libm::sqrt(pairs as f64), (pairs - 1) as f64)
}

/// P(|T| > t) at the critical t, for a mean that lies `shift` standard errors from zero.
fn power(shift: f64, freedom: f64) -> f64 {
    if shift.is_infinite() {
        return 1.0;
    }
    let critical = t_quantile(1.0 - 0.5 * LEVEL, freedom);
    let beyond = |s: f64| normal_cdf(shift - critical * s) + normal_cdf(-critical * s - shift);
    integral(freedom, critical, beyond).min(1.0)
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
        let design = Design { replicates: 5, prompts: 1, pool: None };
        assert_eq!(Spread { training: 0.5, prompt: 0.0 }.replicates(0.25, design), Some(34));
        assert!(paired_power(0.5, 33) < POWER && paired_power(0.5, 34) >= POWER);
    }

    #[test]
    fn prompts_help_until_trainings_alone_decide() {
        let (spread, design) =
            (Spread { training: 0.01, prompt: 0.4 }, Design { replicates: 5, prompts: 100, pool: None });
        let prompts = spread.prompts(0.02, design).unwrap();
        let seen = |prompts| spread.power(0.02, Design { prompts, ..design }).unwrap();
        assert!(seen(prompts) >= POWER && seen(prompts - 1) < POWER, "{prompts}");
        assert_eq!(Spread { training: 0.05, ..spread }.prompts(0.02, design), None);
    }

    #[test]
    fn splitting_one_pool_again_sees_no_more_than_its_prompts() {
        let spread = Spread { training: 0.0, prompt: 0.4 };
        let design = Design { replicates: 1, prompts: 100, pool: Some(400) };
        let error = |replicates| spread.standard_error(Design { replicates, ..design });
        assert!((error(1) - 0.04).abs() < 1e-15 && error(1_000_000) > 0.02);
        assert_eq!(spread.replicates(0.05, design), None, "400 prompts see .056 at best");
        assert!(spread.replicates(0.06, design).is_some_and(|replicates| replicates > 1));
        let every = Design { prompts: 400, replicates: 9, ..design };
        assert!((spread.standard_error(every) - 0.02).abs() < 1e-15, "the same prompts nine times");
    }

    #[test]
    fn what_does_not_vary_is_seen_at_once_and_one_replicate_has_no_test() {
        let (still, design) =
            (Spread { training: 0.0, prompt: 0.0 }, Design { replicates: 1, prompts: 10, pool: None });
        assert_eq!((still.power(0.1, design), still.replicates(0.1, design)), (None, Some(2)));
    }
}
