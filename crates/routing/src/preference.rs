//! The operator's dial between quality and cost, and the reward it defines.

use crate::{Dollars, Outcome, Seconds};
use serde::{Deserialize, Serialize};

/// A point (w_q, w_c) of the preference simplex: w_q + w_c = 1, both in [0, 1] (BaRP, section 3).
///
/// ```
/// use routing::Preference;
///
/// let preference = Preference::new(0.25).unwrap();
/// assert_eq!((preference.quality(), preference.cost()), (0.75, 0.25));
/// assert_eq!(Preference::new(1.5).unwrap_err().to_string(), "the weight on cost must lie in [0, 1], got 1.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Preference {
    cost: f64,
}

/// The weight on cost was not a number in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutsideSimplex(pub f64);

impl std::fmt::Display for OutsideSimplex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the weight on cost must lie in [0, 1], got {}", self.0)
    }
}

impl std::error::Error for OutsideSimplex {}

impl Preference {
    /// The preference that puts `w_cost` on cost and the rest on quality.
    ///
    /// # Errors
    /// [`OutsideSimplex`] unless `w_cost` is in [0, 1].
    pub fn new(w_cost: f64) -> Result<Preference, OutsideSimplex> {
        if (0.0..=1.0).contains(&w_cost) { Ok(Preference { cost: w_cost }) } else { Err(OutsideSimplex(w_cost)) }
    }

    /// Weight on quality, w_q in [0, 1].
    pub fn quality(self) -> f64 {
        1.0 - self.cost
    }

    /// Weight on cost, w_c in [0, 1].
    pub fn cost(self) -> f64 {
        self.cost
    }
}

impl TryFrom<f64> for Preference {
    type Error = OutsideSimplex;
    fn try_from(w_cost: f64) -> Result<Self, Self::Error> {
        Preference::new(w_cost)
    }
}

impl From<Preference> for f64 {
    fn from(preference: Preference) -> f64 {
        preference.cost
    }
}

/// What is maximised: r = w_q q - w_c min(c / tau, 1) (BaRP, equation for the reward). With a weight on latency
/// r = (1 - w_l) (w_q q - w_c min(c / tau, 1)) - w_l min(l / tau_l, 1), which is ours.
///
/// ```
/// use routing::{Dollars, Objective, Outcome, Preference};
///
/// let objective = Objective::new(Dollars(0.01));
/// let half = Preference::new(0.5).unwrap();
/// assert_eq!(objective.reward(half, &Outcome::untimed(0.75, Dollars(0.005))), 0.5 * 0.75 - 0.5 * 0.5);
/// // A call that costs more than tau counts as fully expensive.
/// assert_eq!(objective.reward(half, &Outcome::untimed(0.75, Dollars(9.0))), 0.5 * 0.75 - 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// The cost at which a call counts as fully expensive, not negative. The paper does not state it: our default is the
    /// 95th percentile of the training costs, which is 0 where nearly all calls are free.
    pub tau: Dollars,
    /// What waiting is worth; none: nothing, as in the paper.
    pub latency: Option<LatencyWeight>,
}

/// How much waiting matters, the same for every request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyWeight {
    /// w_l, in (0, 1).
    pub weight: f64,
    /// The latency at which an answer counts as fully slow; above zero.
    pub tau: Seconds,
}

/// The reward in two terms that do not depend on the preference: r = w_q `value` - w_c `penalty`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Quality, in [0, 1]; less what waiting is worth, if anything.
    pub value: f64,
    /// The cost term min(c / tau, 1), in [0, 1]; with what waiting is worth, if anything.
    pub penalty: f64,
}

impl Terms {
    /// Those of an answer worth nothing that is fully expensive.
    pub const WORST: Terms = Terms { value: 0.0, penalty: 1.0 };

    /// The reward under `preference`.
    pub fn reward(self, preference: Preference) -> f64 {
        preference.quality() * self.value - preference.cost() * self.penalty
    }
}

impl Objective {
    /// The paper's objective.
    pub fn new(tau: Dollars) -> Objective {
        Objective { tau, latency: None }
    }

    /// Reward of one answered request, in [-1, 1].
    ///
    /// # Panics
    /// If latency has a weight and nobody measured it; planning refuses such tables.
    pub fn reward(&self, preference: Preference, outcome: &Outcome) -> f64 {
        self.terms(outcome).reward(preference)
    }

    /// The reward in two terms. Since w_q + w_c = 1, what waiting costs may be taken from both: the reward stays linear in
    /// the preference, and who estimates the terms needs no third estimate.
    ///
    /// # Panics
    /// As [`Objective::reward`].
    pub fn terms(&self, outcome: &Outcome) -> Terms {
        let (value, penalty) = (f64::from(outcome.quality), self.penalty(outcome.cost));
        let Some(LatencyWeight { weight, tau }) = self.latency else { return Terms { value, penalty } };
        let latency = outcome.latency.expect("planning refuses a weight on latency where a call has none");
        let waiting = weight * (f64::from(latency.0) / f64::from(tau.0)).min(1.0);
        Terms { value: (1.0 - weight) * value - waiting, penalty: (1.0 - weight) * penalty + waiting }
    }

    /// The cost term min(c / tau, 1), in [0, 1]; 0 for what is free, even where most calls are and tau is 0 with them.
    pub fn penalty(&self, cost: Dollars) -> f64 {
        if cost.0 == 0.0 { 0.0 } else { (cost.0 / self.tau.0).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reward_is_quality_minus_clipped_cost() {
        let objective = Objective::new(Dollars(0.01));
        let reward = |w, q, c| objective.reward(Preference::new(w).unwrap(), &Outcome::untimed(q, Dollars(c)));
        assert_eq!(reward(0.0, 0.75, 5.0), 0.75);
        assert_eq!(reward(1.0, 0.75, 0.005), -0.5);
        assert_eq!(reward(1.0, 0.75, 5.0), -1.0, "cost above tau counts as tau");
        let free = Objective::new(Dollars(0.0));
        assert_eq!([0.0, 0.1].map(|cost| free.penalty(Dollars(cost))), [0.0, 1.0]);
        assert!((reward(0.2, 1.0, 0.005) - 0.7).abs() < 1e-12);
    }

    #[test]
    fn waiting_costs_its_weight_at_every_preference() {
        let latency = Some(LatencyWeight { weight: 0.2, tau: Seconds(4.0) });
        let objective = Objective { tau: Dollars(0.01), latency };
        let outcome = Outcome { quality: 0.75, cost: Dollars(0.005), latency: Some(Seconds(1.0)) };
        for w in [0.0, 0.3, 1.0] {
            let paper = (1.0 - w) * 0.75 - w * 0.5;
            let reward = objective.reward(Preference::new(w).unwrap(), &outcome);
            assert!((reward - (0.8 * paper - 0.2 * 0.25)).abs() < 1e-12, "{w}: {reward}");
        }
    }

    #[test]
    fn a_weight_outside_the_simplex_is_refused() {
        for w in [-0.1, 1.1, f64::NAN] {
            assert!(Preference::new(w).is_err(), "{w}");
        }
    }
}
