//! The operator's dial between quality and cost, and the reward it defines.

use crate::Dollars;
use serde::{Deserialize, Serialize};

/// A point (w_q, w_c) of the preference simplex: w_q + w_c = 1, both in [0, 1] (BaRP, section 3).
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

/// What is maximised: r = w_q q - w_c min(c / tau, 1) (BaRP, equation for the reward).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The cost at which a call counts as fully expensive; above zero. The paper does not state it: our default is the
    /// 95th percentile of the training costs.
    pub tau: Dollars,
}

impl Objective {
    /// Reward of one answered request: `quality` in [0, 1], `cost` in dollars of that call; the result is in [-1, 1].
    pub fn reward(&self, preference: Preference, quality: f32, cost: Dollars) -> f64 {
        preference.quality() * f64::from(quality) - preference.cost() * self.penalty(cost)
    }

    /// The cost term min(c / tau, 1), in [0, 1].
    pub fn penalty(&self, cost: Dollars) -> f64 {
        (cost.0 / self.tau.0).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reward_is_quality_minus_clipped_cost() {
        let objective = Objective { tau: Dollars(0.01) };
        let reward = |w, q, c| objective.reward(Preference::new(w).unwrap(), q, Dollars(c));
        assert_eq!(reward(0.0, 0.75, 5.0), 0.75);
        assert_eq!(reward(1.0, 0.75, 0.005), -0.5);
        assert_eq!(reward(1.0, 0.75, 5.0), -1.0, "cost above tau counts as tau");
        assert!((reward(0.2, 1.0, 0.005) - 0.7).abs() < 1e-12);
    }

    #[test]
    fn a_weight_outside_the_simplex_is_refused() {
        for w in [-0.1, 1.1, f64::NAN] {
            assert!(Preference::new(w).is_err(), "{w}");
        }
    }
}
