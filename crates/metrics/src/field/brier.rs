//! Brier score: how far forecasts of quality lie from what came.
//!
//! Does: the mean of (forecast - outcome)^2 (Brier 1950). Assumes: forecasts and outcomes in [0, 1]; outcomes need not be 0
//! or 1. Example: always saying one half of a fair coin has .25.

use super::mean;
use crate::{About, Better, about};

/// [`brier`].
pub const BRIER: About = about(
    "brier",
    "score squared",
    Better::Lower,
    "mean squared difference between the quality that was forecast of the chosen answer and the one obtained",
);

/// The score, in [0, 1], of (forecast, outcome) for each request; none without one.
pub fn brier(pairs: &[(f64, f64)]) -> Option<f64> {
    let squares: Vec<f64> =
        pairs.iter().map(|(forecast, outcome)| (forecast - outcome) * (forecast - outcome)).collect();
    mean(&squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_half_of_a_coin_is_a_quarter_and_knowing_it_is_nothing() {
        assert_eq!(brier(&[(0.5, 1.0), (0.5, 0.0)]), Some(0.25));
        assert_eq!((brier(&[(1.0, 1.0), (0.0, 0.0)]), brier(&[])), (Some(0.0), None));
    }
}
