//! Hypervolume: the area that a router's settings dominate, down to a stated point of reference.
//!
//! Does: the area of all (dollars, quality) that cost no more than the reference, are no worse than it, and are dominated by
//! a setting: cost is to be small, quality large (Zitzler and Thiele 1999). Assumes: nothing of the order or number of the
//! settings. Example: the setting (1, .5) with the reference (3, 0) has 2 x .5 = 1.

use super::{Point, pareto_front};
use crate::{About, Better, about};

/// [`hypervolume`] with the reference (dollars of the dearest single model, quality 0).
pub const HYPERVOLUME: About = about(
    "hypervolume",
    "score x USD/request",
    Better::Higher,
    "area of (dollars, quality) that the settings dominate; reference point: dollars of the dearest single model, quality 0",
);

/// The dominated area, in dollars times quality; 0 where no setting beats the `reference` in both.
pub fn hypervolume(settings: &[Point], reference: Point) -> f64 {
    let mut area = 0.0;
    let mut below = reference.quality;
    for point in pareto_front(settings).iter().filter(|point| point.cost < reference.cost) {
        if point.quality > below {
            area += (reference.cost - point.cost) * (point.quality - below);
            below = point.quality;
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn dominated_settings_and_those_beyond_the_reference_add_nothing() {
        let reference = Point { cost: 3.0, quality: 0.25 };
        let two = hypervolume(&points(&[(1.0, 0.5), (2.0, 0.75)]), reference);
        assert_eq!(two, 2.0 * 0.25 + 1.0 * 0.25);
        let more = points(&[(2.0, 0.75), (1.5, 0.4), (1.0, 0.5), (4.0, 1.0), (0.5, 0.1)]);
        assert_eq!(hypervolume(&more, reference), two);
        assert_eq!(hypervolume(&[], reference), 0.0);
    }
}
