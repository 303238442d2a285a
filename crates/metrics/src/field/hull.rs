//! The frontier of a set of settings: those that no other beats, and the line that mixing two of them reaches.
//!
//! Does: the upper concave hull of (dollars, quality), made non-decreasing (the NDCH of RouterBench, arXiv 2403.12031,
//! section 3): a router that answers a share of the requests at one setting and the rest at another lands on the line between
//! them, and one that may spend more need not. Assumes: finite points. Example: of (1, .5), (1.5, .55), (2, .8), (3, .7) the
//! hull is (1, .5), (2, .8), and stays at .8 from there.

use super::{Point, trapezoids};

/// The settings of which none costs less and is as good, nor costs the same and is better: the cheapest first, quality
/// strictly rising.
pub fn pareto_front(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|left, right| left.cost.total_cmp(&right.cost).then(right.quality.total_cmp(&left.quality)));
    let mut front: Vec<Point> = Vec::with_capacity(sorted.len());
    for point in sorted {
        if front.last().is_none_or(|last| point.quality > last.quality) {
            front.push(point);
        }
    }
    front
}

/// The non-decreasing concave hull of some points.
#[derive(Clone, Debug, PartialEq)]
pub struct Hull {
    /// Its corners, the cheapest first; dollars and quality strictly rise.
    corners: Vec<Point>,
    /// Dollars of the dearest point, dominated or not.
    dearest: f64,
}

impl Hull {
    /// The hull of `points`; none of no point.
    pub fn of(points: &[Point]) -> Option<Hull> {
        let dearest = points.iter().map(|point| point.cost).fold(f64::NEG_INFINITY, f64::max);
        let mut corners: Vec<Point> = Vec::new();
        for point in pareto_front(points) {
            while let [.., before, last] = corners[..]
                && (last.cost - before.cost) * (point.quality - before.quality)
                    >= (last.quality - before.quality) * (point.cost - before.cost)
            {
                corners.pop();
            }
            corners.push(point);
        }
        (!corners.is_empty()).then_some(Hull { corners, dearest })
    }

    /// The corners, the cheapest first.
    pub fn corners(&self) -> &[Point] {
        &self.corners
    }

    /// Dollars of the cheapest point.
    pub fn cheapest(&self) -> f64 {
        self.corners[0].cost
    }

    /// Dollars of the dearest point that was given, on the hull or not.
    pub fn dearest(&self) -> f64 {
        self.dearest
    }

    /// The highest quality.
    pub fn best(&self) -> f64 {
        self.corners[self.corners.len() - 1].quality
    }

    /// The quality that `cost` dollars a request buy; none below the cheapest point.
    pub fn quality_at(&self, cost: f64) -> Option<f64> {
        if cost < self.cheapest() {
            return None;
        }
        let after = self.corners.partition_point(|corner| corner.cost <= cost);
        let left = self.corners[after - 1];
        let rise = |right: &Point| (right.quality - left.quality) * (cost - left.cost) / (right.cost - left.cost);
        Some(left.quality + self.corners.get(after).map_or(0.0, rise))
    }

    /// The fewest dollars a request that buy at least `quality`; none above the best.
    pub fn cost_of(&self, quality: f64) -> Option<f64> {
        let place = self.corners.iter().position(|corner| corner.quality >= quality)?;
        let right = self.corners[place];
        let Some(left) = place.checked_sub(1).map(|before| self.corners[before]) else { return Some(right.cost) };
        Some(left.cost + (right.cost - left.cost) * (quality - left.quality) / (right.quality - left.quality))
    }

    /// The integral of the quality over dollars in [`from`, `to`], of which `from` is not below the cheapest point.
    pub(super) fn area(&self, from: f64, to: f64) -> f64 {
        let at = |cost: f64| (cost, self.quality_at(cost).unwrap_or(f64::NAN));
        let inner = self.corners.iter().filter(|corner| corner.cost > from && corner.cost < to);
        trapezoids(std::iter::once(at(from)).chain(inner.map(|one| (one.cost, one.quality))).chain([at(to)]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn a_hull_leaves_out_what_mixing_two_others_beats() {
        let hull = Hull::of(&points(&[(2.0, 0.8), (1.0, 0.5), (3.0, 0.7), (1.5, 0.55), (1.0, 0.1)])).unwrap();
        assert_eq!(hull.corners(), points(&[(1.0, 0.5), (2.0, 0.8)]));
        assert_eq!((hull.cheapest(), hull.dearest(), hull.best()), (1.0, 3.0, 0.8));
        assert!((hull.quality_at(1.5).unwrap() - 0.65).abs() < 1e-15);
        assert_eq!((hull.quality_at(0.99), hull.quality_at(9.0)), (None, Some(0.8)));
        assert!((hull.cost_of(0.65).unwrap() - 1.5).abs() < 1e-15);
        assert_eq!((hull.cost_of(0.1), hull.cost_of(0.81)), (Some(1.0), None));
        assert_eq!(Hull::of(&[]), None);
    }

    #[test]
    fn of_equally_dear_settings_the_best_is_on_the_front() {
        let front = pareto_front(&points(&[(1.0, 0.4), (1.0, 0.6), (2.0, 0.6), (3.0, 0.7)]));
        assert_eq!(front, points(&[(1.0, 0.6), (3.0, 0.7)]));
    }
}
