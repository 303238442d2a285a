//! The score of RouterArena: accuracy and cost in one number.
//!
//! Does: C = (log2 200 - log2 c) / (log2 200 - log2 .0044), c being dollars of 1,000 requests, and the weighted
//! harmonic mean S = (1 + b) A C / (b A + C) with b = .1 (RouterArena, code). Assumes: c at most 200 dollars; dearer
//! requests have no score, because the mean has a pole there. Below .0044 dollars C exceeds 1, as in the code.
//! Example: accuracy .7396 at 10.02 dollars has 64.32.

use crate::{About, Better, about};

/// [`arena_score`].
pub const ARENA_SCORE: About = about(
    "arena_score",
    "points",
    Better::Higher,
    "100 (1 + b) A C / (b A + C), b = 0.1: A is quality, C = (log2 200 - log2 c) / (log2 200 - log2 0.0044), c dollars of \
     1,000 requests (RouterArena)",
);

/// Dollars of 1,000 requests at which C is 0.
const DEAREST: f64 = 200.0;
/// Dollars of 1,000 requests at which C is 1.
const CHEAPEST: f64 = 0.0044;
/// The weight b of accuracy in the denominator.
const WEIGHT: f64 = 0.1;

/// The score, mostly in [0, 100], of `accuracy` in [0, 1] at `dollars` a request. None where requests are free or dearer than
/// the scale, and where neither accuracy nor C is above zero.
pub fn arena_score(accuracy: f64, dollars: f64) -> Option<f64> {
    let per_thousand = 1000.0 * dollars;
    if per_thousand <= 0.0 {
        return None;
    }
    let span = libm::log2(DEAREST) - libm::log2(CHEAPEST);
    let cheapness = (libm::log2(DEAREST) - libm::log2(per_thousand)) / span;
    let below = WEIGHT * accuracy + cheapness;
    (cheapness >= 0.0 && below > 0.0).then(|| 100.0 * (1.0 + WEIGHT) * accuracy * cheapness / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_board_is_the_published_one() {
        let score = arena_score(0.7396, 0.01002).unwrap();
        assert_eq!(format!("{score:.2}"), "64.32");
    }

    #[test]
    fn a_free_request_has_no_logarithm_and_no_score() {
        assert_eq!(arena_score(0.7, 0.0), None);
        assert_eq!(arena_score(0.0, 0.2), None, "at 200 dollars C is 0 too");
        assert_eq!(arena_score(0.0, 0.01), Some(0.0));
        assert_eq!(arena_score(0.7, 0.3), None, "300 dollars for 1,000 requests are beyond the scale");
    }
}
