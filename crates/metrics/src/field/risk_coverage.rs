//! Risk and coverage: how wrong a router is on the requests that it is most sure of.
//!
//! Does: the selective risk (mean loss) of the k most confident requests for every k, and its mean over k, the AURC
//! (Geifman and El-Yaniv 2017, arXiv 1705.08500; Geifman et al. 2019, arXiv 1805.08206). Requests of equal confidence
//! count with their mean loss, so that no order of arrival matters. Assumes: larger confidence means surer. Example:
//! losses 0, 1 with confidences .9, .1 have risks 0 and .5.

use super::mean;
use crate::{About, Better, about};

/// [`aurc`].
pub const AURC: About = about(
    "aurc",
    "loss",
    Better::Lower,
    "mean over coverages of the loss (1 - quality) on the requests that the router expects most of (area under the \
     risk-coverage curve)",
);

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covered {
    /// Share of the requests that are answered: the surest.
    pub coverage: f64,
    /// Their mean loss.
    pub risk: f64,
}

/// The curve of (confidence, loss) for each request: N points, coverage 1/N to 1; empty without a request.
pub fn risk_coverage(pairs: &[(f64, f64)]) -> Vec<Covered> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let total = sorted.len() as f64;
    let (mut curve, mut sum) = (Vec::with_capacity(sorted.len()), 0.0);
    for group in sorted.chunk_by(|(left, _), (right, _)| left == right) {
        let share = group.iter().map(|(_, loss)| loss).sum::<f64>() / group.len() as f64;
        for _ in group {
            sum += share;
            let covered = (curve.len() + 1) as f64;
            curve.push(Covered { coverage: covered / total, risk: sum / covered });
        }
    }
    curve
}

/// The mean risk over the points of [`risk_coverage`]; none without a request.
pub fn aurc(pairs: &[(f64, f64)]) -> Option<f64> {
    let risks: Vec<f64> = risk_coverage(pairs).iter().map(|point| point.risk).collect();
    mean(&risks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_that_is_sure_where_it_is_right_has_less_risk() {
        let (good, bad) = ([(0.9, 0.0), (0.1, 1.0)], [(0.1, 0.0), (0.9, 1.0)]);
        assert_eq!((aurc(&good), aurc(&bad)), (Some(0.25), Some(0.75)));
        assert_eq!(risk_coverage(&good)[1], Covered { coverage: 1.0, risk: 0.5 });
    }

    #[test]
    fn equal_confidence_has_the_mean_loss_in_any_order() {
        let (one, other) = ([(0.5, 1.0), (0.5, 0.0)], [(0.5, 0.0), (0.5, 1.0)]);
        assert_eq!((aurc(&one), aurc(&other), aurc(&[])), (Some(0.5), Some(0.5), None));
    }
}
