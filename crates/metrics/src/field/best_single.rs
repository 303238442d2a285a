//! A router beside the best single model: PerfGain, CostSave and ParetoDist of LLMRouterBench (arXiv 2601.07206).
//!
//! Does: PerfGain is the relative gain in quality of the router's best setting over the best single model; CostSave
//! the largest share of that model's dollars that a setting saves at no less quality; ParetoDist the mean distance of
//! the settings to the nearest point of a frontier. Assumes: all were measured on the same requests. Not verified
//! against the paper: that PerfGain is relative, and the norm of the distance, which here is Euclid's, with dollars
//! divided by those of the dearest single model, quality as it is. The best single model is that of the highest
//! quality, the cheaper of two equals.

use super::{Point, mean};
use crate::{About, Better, about};

/// [`perf_gain`].
pub const PERF_GAIN: About = about(
    "perf_gain",
    "ratio",
    Better::Higher,
    "relative gain in quality of the router's best setting over the best single model (LLMRouterBench)",
);

/// [`cost_save`].
pub const COST_SAVE: About = about(
    "cost_save",
    "share",
    Better::Higher,
    "largest share of the best single model's dollars that a setting saves at no less quality (LLMRouterBench); none where no \
     setting is as good",
);

/// [`pareto_dist`] to the frontier of the settings and the single models together.
pub const PARETO_DIST: About = about(
    "pareto_dist",
    "distance",
    Better::Lower,
    "mean Euclidean distance of the settings to the nearest undominated one of settings and single models, in (dollars over \
     those of the dearest single model, quality) (LLMRouterBench; norm ours)",
);

/// The point of the highest quality, the cheapest of equals; none of no point.
pub fn best_single(singles: &[Point]) -> Option<Point> {
    let order =
        |left: &&Point, right: &&Point| left.quality.total_cmp(&right.quality).then(right.cost.total_cmp(&left.cost));
    singles.iter().max_by(order).copied()
}

/// (best quality of `settings` - best single) / best single; none where that is not above zero.
pub fn perf_gain(settings: &[Point], singles: &[Point]) -> Option<f64> {
    let (own, best) = (best_single(settings)?.quality, best_single(singles)?.quality);
    (best > 0.0).then(|| (own - best) / best)
}

/// Largest 1 - dollars / dollars of the best single model among `settings` that are at least as good; below 0 where they
/// are all dearer.
pub fn cost_save(settings: &[Point], singles: &[Point]) -> Option<f64> {
    relative_cost(settings, singles).map(|relative| 1.0 - relative)
}

/// Dollars of the cheapest of `settings` that is at least as good as the best single model, over that model's dollars. None
/// where none is, or where that model costs nothing.
pub(super) fn relative_cost(settings: &[Point], singles: &[Point]) -> Option<f64> {
    let best = best_single(singles)?;
    let as_good = settings.iter().filter(|point| point.quality >= best.quality);
    let cost = as_good.map(|point| point.cost).reduce(f64::min)?;
    (best.cost > 0.0).then(|| cost / best.cost)
}

/// Mean distance of `settings` to the nearest point of `frontier`, dollars being divided by `scale`. None without points, or
/// where `scale` is not above zero.
pub fn pareto_dist(settings: &[Point], frontier: &[Point], scale: f64) -> Option<f64> {
    if scale <= 0.0 || frontier.is_empty() {
        return None;
    }
    let distance = |from: &Point, to: &Point| libm::hypot((from.cost - to.cost) / scale, from.quality - to.quality);
    let nearest = |from: &Point| frontier.iter().map(|to| distance(from, to)).fold(f64::INFINITY, f64::min);
    mean(&settings.iter().map(nearest).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn gains_are_relative_to_the_best_single_model() {
        let singles = points(&[(4.0, 0.5), (2.0, 0.5), (1.0, 0.25)]);
        assert_eq!(best_single(&singles), Some(Point { cost: 2.0, quality: 0.5 }));
        let settings = points(&[(0.5, 0.4), (1.0, 0.5), (3.0, 0.75)]);
        assert_eq!(perf_gain(&settings, &singles), Some(0.5));
        assert_eq!(cost_save(&settings, &singles), Some(0.5));
        assert_eq!((cost_save(&settings[..1], &singles), perf_gain(&[], &singles)), (None, None));
    }

    #[test]
    fn distance_is_nothing_on_the_frontier_and_scaled_off_it() {
        let frontier = points(&[(1.0, 0.5), (2.0, 0.75)]);
        assert_eq!(pareto_dist(&frontier, &frontier, 2.0), Some(0.0));
        let off = points(&[(1.6, 0.1)]);
        assert!((pareto_dist(&off, &frontier, 2.0).unwrap() - 0.5).abs() < 1e-15);
        assert_eq!((pareto_dist(&off, &[], 2.0), pareto_dist(&off, &frontier, 0.0)), (None, None));
    }
}
