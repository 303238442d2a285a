//! The metrics that papers on routing report, as pure functions of what a router's dial gives.
//!
//! Nothing here observes decisions: a function takes points of (dollars, quality), shares or arrays by prompt, and gives a
//! number, or none where the definition has none. A number that does not exist is never 0. Where a paper and the code beside
//! it differ, each has a name of its own. Values are finite unless a function says otherwise; the order of points has no
//! meaning unless it says so.

mod aiq;
mod arena;
mod best_single;
mod brier;
mod collapse;
mod dial;
mod hull;
mod hypervolume;
mod iso_quality;
mod nauc;
mod risk_coverage;
mod router_eval;
mod task_mean;
mod two_models;
mod utility;
mod zero_router;

pub use aiq::{AIQ, AIQ_ROUTERBENCH, aiq, aiq_routerbench};
pub use arena::{ARENA_SCORE, arena_score};
pub use best_single::{COST_SAVE, PARETO_DIST, PERF_GAIN, best_single, cost_save, pareto_dist, perf_gain};
pub use brier::{BRIER, brier};
pub use collapse::{ROUTING_COLLAPSE, routing_collapse};
pub use dial::{DIAL_COST, DIAL_QUALITY, dial_monotonicity};
pub use hull::{Hull, pareto_front};
pub use hypervolume::{HYPERVOLUME, hypervolume};
pub use iso_quality::{ISO_QUALITY_SAVING, QNC, QNC_ORBIT, iso_quality_saving, qnc, qnc_orbit};
pub use nauc::{NAUC_ORBIT, nauc_orbit};
pub use risk_coverage::{AURC, Covered, aurc, risk_coverage};
pub use router_eval::{
    ROUTER_EVAL_EP, ROUTER_EVAL_EP_DRAWN, ROUTER_EVAL_MU, ROUTER_EVAL_VB, router_eval_ep, router_eval_ep_drawn,
    router_eval_mu, router_eval_vb,
};
pub use task_mean::{TASK_MEAN_QUALITY, TASK_MEAN_REWARD, task_mean};
pub use two_models::{
    APGR, APGR_ROUTELLM, CPT_50, CPT_50_ROUTELLM, CPT_80, CPT_80_ROUTELLM, PGR, Pair, Split, apgr, apgr_routellm, cpt,
    cpt_routellm, pgr,
};
pub use utility::{EXPECTED_UTILITY, MAXIMUM_UTILITY_LOSS, expected_utility, maximum_utility_loss, utility};
pub use zero_router::{ZERO_ROUTER_GAIN, zero_router_gain};

use crate::About;

/// What one setting of a router costs and yields: both are means over the same requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Dollars of a request, from 0.
    pub cost: f64,
    /// Score of a request, larger being better, mostly in [0, 1].
    pub quality: f64,
}

/// Every metric of this module, in the order of summaries.
pub const FIELD: &[About] = &[
    AIQ,
    AIQ_ROUTERBENCH,
    ZERO_ROUTER_GAIN,
    HYPERVOLUME,
    EXPECTED_UTILITY,
    MAXIMUM_UTILITY_LOSS,
    ISO_QUALITY_SAVING,
    QNC,
    QNC_ORBIT,
    NAUC_ORBIT,
    PERF_GAIN,
    COST_SAVE,
    PARETO_DIST,
    PGR,
    APGR,
    APGR_ROUTELLM,
    CPT_50,
    CPT_80,
    CPT_50_ROUTELLM,
    CPT_80_ROUTELLM,
    ARENA_SCORE,
    ROUTER_EVAL_MU,
    ROUTER_EVAL_VB,
    ROUTER_EVAL_EP,
    ROUTER_EVAL_EP_DRAWN,
    ROUTING_COLLAPSE,
    BRIER,
    AURC,
    DIAL_COST,
    DIAL_QUALITY,
    TASK_MEAN_REWARD,
    TASK_MEAN_QUALITY,
];

/// Those of [`FIELD`] that a train-then-test cell measures at each weight, since they need every model's outcome or each request.
pub const TESTED: &[About] = &[ROUTING_COLLAPSE, AURC, ROUTER_EVAL_EP_DRAWN];

/// Area under the line through `points` (abscissa, ordinate) in their order, by trapezoids.
fn trapezoids(points: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let mut points = points.into_iter();
    let Some(mut last) = points.next() else { return 0.0 };
    let mut area = 0.0;
    for (x, y) in points {
        area += 0.5 * (x - last.0) * (y + last.1);
        last = (x, y);
    }
    area
}

/// The mean, in order; none of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Points for tests, from (dollars, quality).
#[cfg(test)]
fn points(pairs: &[(f64, f64)]) -> Vec<Point> {
    pairs.iter().map(|&(cost, quality)| Point { cost, quality }).collect()
}
