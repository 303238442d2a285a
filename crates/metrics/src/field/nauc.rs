//! nAUC of ORBIT: the area under a router's frontier over its own relative cost.
//!
//! Does: what the code of ORBIT is described to compute (its source was not at hand, so the order of these steps is
//! our reading): the undominated settings of the test set, then the point (dollars of the best single model, quality
//! of the last setting of the sweep), all dollars divided by the largest of them, and trapezoids over that line in the
//! order of dollars. Assumes: settings in the order of the sweep, the largest budget last. Below the cheapest setting
//! nothing counts, so a router that starts cheap has more area. Example: settings (1, .5), (2, .8) and a best single
//! model of 4 dollars: (.25, .5), (.5, .8), (1, .8) have .5625.

use super::{Point, best_single, pareto_front, trapezoids};
use crate::{About, Better, about};

/// [`nauc_orbit`].
pub const NAUC_ORBIT: About = about(
    "nauc_orbit",
    "score",
    Better::Higher,
    "area under the undominated settings, prolonged to the best single model's dollars, over dollars relative to the largest \
     of them (ORBIT, code; order of its steps as we read it)",
);

/// The area, in the unit of quality. `settings` stand in the order of the sweep, from the smallest budget to the largest.
/// None without settings or single models, or where everything is free.
pub fn nauc_orbit(settings: &[Point], singles: &[Point]) -> Option<f64> {
    let (best, last) = (best_single(singles)?, settings.last()?);
    let mut line = pareto_front(settings);
    line.push(Point { cost: best.cost, quality: last.quality });
    line.sort_by(|left, right| left.cost.total_cmp(&right.cost));
    let largest = line[line.len() - 1].cost;
    (largest > 0.0).then(|| trapezoids(line.iter().map(|point| (point.cost / largest, point.quality))))
}

#[cfg(test)]
mod tests {
    use super::super::points;
    use super::*;

    #[test]
    fn the_line_is_prolonged_to_the_best_single_model() {
        let settings = points(&[(1.0, 0.5), (2.0, 0.8)]);
        let value = nauc_orbit(&settings, &points(&[(4.0, 0.9), (0.5, 0.1)])).unwrap();
        assert!((value - 0.5625).abs() < 1e-15, "{value}");
        assert_eq!((nauc_orbit(&[], &settings), nauc_orbit(&settings, &[])), (None, None));
    }
}
