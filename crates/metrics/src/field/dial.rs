//! Whether the dial turns the way it says: dollars and quality should both fall as the weight on cost rises.
//!
//! Does: the net fall from the smallest weight to the largest, over everything that the number moved on the way, up or down.
//! 1: it never rises; 0: it ends where it began; -1: it never falls. Assumes: values in the order of rising weight. A number
//! that never moves has no direction. Example: 4, 2, 3, 1 falls by 3 of the 5 that it moves: .6.

use crate::{About, Better, about};

/// [`dial_monotonicity`] of mean dollars.
pub const DIAL_COST: About = about(
    "dial_cost",
    "share",
    Better::Higher,
    "net fall of mean dollars from the smallest weight on cost to the largest, over all they moved up and down between; 1: \
     they never rise",
);

/// [`dial_monotonicity`] of mean quality.
pub const DIAL_QUALITY: About = about(
    "dial_quality",
    "share",
    Better::Higher,
    "net fall of mean quality from the smallest weight on cost to the largest, over all it moved up and down between; 1: it \
     never rises",
);

/// (first - last) / sum of |changes| of `values`, in [-1, 1]; none where nothing moves.
pub fn dial_monotonicity(values: &[f64]) -> Option<f64> {
    let moved: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    let fall = values.first()? - values.last()?;
    (moved > 0.0).then(|| (fall / moved).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_that_slips_back_has_less_than_one() {
        assert_eq!(dial_monotonicity(&[4.0, 2.0, 3.0, 1.0]), Some(0.6));
        assert_eq!(dial_monotonicity(&[3.0, 2.0, 2.0, 0.5]), Some(1.0));
        assert_eq!(dial_monotonicity(&[1.0, 2.0]), Some(-1.0));
        assert_eq!((dial_monotonicity(&[2.0, 2.0]), dial_monotonicity(&[])), (None, None));
    }
}
