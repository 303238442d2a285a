//! The zero router: mixing single models without reading the prompt. A router is of use only above it.
//!
//! Does: the mean quality by which the router's hull lies above the hull of the single models, over the dollars that
//! both have: from where the later of the two begins to the dearest point of either, both being flat after their best
//! (the zero router is RouterBench's, arXiv 2403.12031; this mean is ours). Assumes: both were measured on the same
//! requests. Example: a router that always takes the best single model gains 0 there.

use super::{Hull, Point};
use crate::{About, Better, about};

/// [`zero_router_gain`].
pub const ZERO_ROUTER_GAIN: About = about(
    "zero_router_gain",
    "score",
    Better::Higher,
    "mean quality by which the router's hull lies above that of the single models at equal dollars; at or below 0 it is of \
     no use",
);

/// Mean of (router - zero router) over the dollars that both have, in the unit of quality. None where that is a single
/// price or nothing.
pub fn zero_router_gain(settings: &[Point], singles: &[Point]) -> Option<f64> {
    let (router, zero) = (Hull::of(settings)?, Hull::of(singles)?);
    let from = router.cheapest().max(zero.cheapest());
    let to = router.dearest().max(zero.dearest());
    (to > from).then(|| (router.area(from, to) - zero.area(from, to)) / (to - from))
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn single_models_themselves_gain_nothing_and_a_router_above_gains_its_lead() {
        let singles = points(&[(1.0, 0.4), (3.0, 0.8)]);
        assert_eq!(zero_router_gain(&singles, &singles), Some(0.0));
        let above = points(&[(1.0, 0.5), (3.0, 0.9)]);
        assert!((zero_router_gain(&above, &singles).unwrap() - 0.1).abs() < 1e-15);
        assert!((zero_router_gain(&points(&[(2.0, 0.5)]), &singles).unwrap() + 0.2).abs() < 1e-15);
        assert_eq!(zero_router_gain(&points(&[(3.0, 0.8)]), &singles), None);
    }
}
