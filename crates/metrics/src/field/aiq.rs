//! Average improvement in quality (AIQ): how good a router is on average over what it may cost.
//!
//! Does: the mean height of the non-decreasing concave hull of the router's settings (RouterBench, arXiv 2403.12031), in two
//! forms. The formula averages over the router's own range of dollars. The code of RouterBench (`evaluation/AIQ.py`) prolongs
//! each hull to the dearest setting of all routers that are compared, and divides the area by that many dollars, so that what
//! lies below the router's cheapest setting counts as quality 0. Assumes: dollars above zero. Example: the settings (1, .5),
//! (1.5, .65), (2, .8) have .65 by the formula and .325 by the code.

use super::{Hull, Point};
use crate::{About, Better, about};

/// [`aiq`].
pub const AIQ: About = about(
    "aiq",
    "score",
    Better::Higher,
    "mean quality over the router's own range of dollars, on the non-decreasing concave hull of its settings \
     (RouterBench, formula)",
);

/// [`aiq_routerbench`].
pub const AIQ_ROUTERBENCH: About = about(
    "aiq_routerbench",
    "score",
    Better::Higher,
    "area under the same hull up to the dearest single model (or the router's dearest setting), divided by those dollars, \
     quality 0 below the router's cheapest setting (RouterBench, code)",
);

/// The formula: the mean height of the hull between the cheapest and the dearest setting, in the unit of quality. None
/// where all settings cost the same: one price has no range to average over.
pub fn aiq(settings: &[Point]) -> Option<f64> {
    let hull = Hull::of(settings)?;
    let (from, to) = (hull.cheapest(), hull.dearest());
    (to > from).then(|| hull.area(from, to) / (to - from))
}

/// The code of RouterBench: the area under the hull, prolonged flat to `common` dollars, over `common`. `common` is the
/// dearest setting of everything compared; none where it is not above zero or lies below the end of the hull.
pub fn aiq_routerbench(settings: &[Point], common: f64) -> Option<f64> {
    let hull = Hull::of(settings)?;
    let end = hull.corners()[hull.corners().len() - 1].cost;
    (common > 0.0 && common >= end).then(|| hull.area(hull.cheapest(), common) / common)
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn formula_and_code_differ_below_the_cheapest_setting() {
        let settings = points(&[(1.0, 0.5), (1.5, 0.65), (2.0, 0.8)]);
        assert!((aiq(&settings).unwrap() - 0.65).abs() < 1e-15);
        assert!((aiq_routerbench(&settings, 2.0).unwrap() - 0.325).abs() < 1e-15);
    }

    #[test]
    fn one_price_has_no_average_by_the_formula() {
        let settings = points(&[(1.0, 0.5), (1.0, 0.6)]);
        assert_eq!(aiq(&settings), None);
        assert!((aiq_routerbench(&settings, 4.0).unwrap() - 0.45).abs() < 1e-15);
        assert_eq!((aiq(&[]), aiq_routerbench(&settings, 0.5)), (None, None));
    }
}
