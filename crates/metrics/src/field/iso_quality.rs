//! What equal quality costs: iso-quality saving and quality-neutral cost (QNC).
//!
//! Does: the saving compares two routers at one quality, each on the non-decreasing concave hull of its settings. QNC is the
//! fewest dollars at which a router is as good as the most accurate single model, as a share of that model's dollars
//! (UniRoute, arXiv 2502.08773), on the line through its undominated settings; the code of ORBIT takes the settings
//! themselves, without a line between them. Assumes: all were measured on the same requests. A quality that is not reached
//! has no cost, so the value does not exist. Example: 0.4 says that 40 % of the best model's dollars buy its quality.

use super::best_single::{best_single, relative_cost};
use super::{Hull, Point, pareto_front};
use crate::{About, Better, about};

/// [`iso_quality_saving`] over the zero router, at the quality of the best single model.
pub const ISO_QUALITY_SAVING: About = about(
    "iso_quality_saving",
    "share",
    Better::Higher,
    "share of the zero router's dollars that the router saves at the quality of the best single model, both on their \
     concave hulls; none where that quality is not reached",
);

/// [`qnc`].
pub const QNC: About = about(
    "qnc",
    "ratio",
    Better::Lower,
    "fewest dollars at which the router is as good as the best single model, over that model's dollars, on the line through \
     its undominated settings (UniRoute); none where it is never as good",
);

/// [`qnc_orbit`].
pub const QNC_ORBIT: About = about(
    "qnc_orbit",
    "ratio",
    Better::Lower,
    "dollars of the cheapest setting that is as good as the best single model, over that model's dollars (ORBIT, code); none \
     where no setting is",
);

/// 1 - c_a(q) / c_b(q) at `quality` q, c being dollars on the hull. None where one of them does not reach q or `b` costs
/// nothing.
pub fn iso_quality_saving(a: &[Point], b: &[Point], quality: f64) -> Option<f64> {
    let (own, other) = (Hull::of(a)?.cost_of(quality)?, Hull::of(b)?.cost_of(quality)?);
    (other > 0.0).then(|| 1.0 - own / other)
}

/// Relative dollars of the best single model's quality on the line through the undominated `settings`.
pub fn qnc(settings: &[Point], singles: &[Point]) -> Option<f64> {
    let (best, front) = (best_single(singles)?, pareto_front(settings));
    let place = front.iter().position(|point| point.quality >= best.quality)?;
    let right = front[place];
    let cost = match place.checked_sub(1).map(|before| front[before]) {
        None => right.cost,
        Some(left) => {
            left.cost + (right.cost - left.cost) * (best.quality - left.quality) / (right.quality - left.quality)
        }
    };
    (best.cost > 0.0).then(|| cost / best.cost)
}

/// Relative dollars of the cheapest of `settings` that is at least as good as the best single model.
pub fn qnc_orbit(settings: &[Point], singles: &[Point]) -> Option<f64> {
    relative_cost(settings, singles)
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn the_line_is_cheaper_than_the_next_setting_and_the_hull_than_the_line() {
        let singles = points(&[(0.5, 0.3), (2.0, 0.6), (4.0, 0.6)]);
        let settings = points(&[(0.5, 0.4), (1.0, 0.5), (1.5, 0.7)]);
        assert!((qnc(&settings, &singles).unwrap() - 0.625).abs() < 1e-15, "1.25 of 2 dollars");
        assert_eq!(qnc_orbit(&settings, &singles), Some(0.75));
        let saving = iso_quality_saving(&settings, &singles, 0.6).unwrap();
        assert!((saving - (1.0 - (0.5 + 2.0 / 3.0) / 2.0)).abs() < 1e-15, "{saving}");
    }

    #[test]
    fn a_quality_that_is_not_reached_has_no_cost() {
        let (low, singles) = (points(&[(0.1, 0.5)]), points(&[(1.0, 0.6)]));
        assert_eq!((qnc(&low, &singles), qnc_orbit(&low, &singles)), (None, None));
        assert_eq!((iso_quality_saving(&low, &singles, 0.6), qnc(&low, &[])), (None, None));
    }
}
