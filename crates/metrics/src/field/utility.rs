//! Expected utility and maximum utility loss: what a router yields when at each weight its best setting for it is taken.
//!
//! Does: EUM and MUL (Zintgraf et al. 2015, "Quality assessment of MORL algorithms: a utility-based approach"; code in
//! morl-baselines) with the utility (1 - w) quality - w cost, w being the weight on cost. Here `cost` of a point is what the
//! reward subtracts: mean min(dollars / tau, 1), in [0, 1]. Assumes: settings may serve other weights than their own.
//! Example: settings (1, 1) and (0, 0) at weights 0 and 1 have EUM (1 + 0) / 2.

use super::{Point, mean};
use crate::{About, Better, about};

/// [`expected_utility`] over the grid of weights.
pub const EXPECTED_UTILITY: About = about(
    "expected_utility",
    "reward",
    Better::Higher,
    "mean over the grid of weights of the highest reward that any setting of the dial has there (EUM)",
);

/// [`maximum_utility_loss`] against the single models.
pub const MAXIMUM_UTILITY_LOSS: About = about(
    "maximum_utility_loss",
    "reward",
    Better::Lower,
    "greatest reward, over the grid of weights, by which the best single model beats the best setting of the dial (MUL; \
     reference set: the single models)",
);

/// (1 - w) quality - w cost at the weight `w_cost` in [0, 1]. An infinite cost stands for one that is not known: at weight 0
/// it does not matter, elsewhere the point is no candidate.
pub fn utility(w_cost: f64, point: &Point) -> f64 {
    if w_cost == 0.0 { point.quality } else { (1.0 - w_cost) * point.quality - w_cost * point.cost }
}

/// Mean over `weights` of the best utility of `settings`; none where a weight has no candidate, or there is no weight.
pub fn expected_utility(settings: &[Point], weights: &[f64]) -> Option<f64> {
    let best: Option<Vec<f64>> = weights.iter().map(|&weight| best(settings, weight)).collect();
    mean(&best?)
}

/// Greatest loss over `weights` of the best of `settings` against the best of `reference`; below 0 where `settings` are
/// ahead everywhere. None where a weight has no candidate, or there is no weight.
pub fn maximum_utility_loss(settings: &[Point], reference: &[Point], weights: &[f64]) -> Option<f64> {
    let loss = |&weight: &f64| Some(best(reference, weight)? - best(settings, weight)?);
    let losses: Vec<f64> = weights.iter().map(loss).collect::<Option<_>>()?;
    losses.into_iter().reduce(f64::max)
}

fn best(settings: &[Point], weight: f64) -> Option<f64> {
    settings.iter().map(|point| utility(weight, point)).filter(|utility| utility.is_finite()).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn each_weight_takes_the_setting_that_is_best_for_it() {
        let settings = points(&[(1.0, 1.0), (0.0, 0.25)]);
        assert_eq!(expected_utility(&settings, &[0.0, 0.5, 1.0]), Some((1.0 + 0.125 + 0.0) / 3.0));
        let reference = points(&[(0.5, 1.0)]);
        assert_eq!(maximum_utility_loss(&settings, &reference, &[0.0, 0.5]), Some(0.125));
        assert_eq!(maximum_utility_loss(&settings, &settings, &[0.0, 0.5, 1.0]), Some(0.0));
    }

    #[test]
    fn a_setting_of_unknown_cost_stands_at_weight_zero_alone() {
        let settings = points(&[(f64::INFINITY, 1.0), (0.0, 0.25)]);
        assert_eq!(expected_utility(&settings, &[0.0, 0.5]), Some(0.5 * (1.0 + 0.125)));
        assert_eq!(expected_utility(&settings[..1], &[0.0, 0.5]), None);
        assert_eq!(expected_utility(&settings, &[]), None);
    }
}
