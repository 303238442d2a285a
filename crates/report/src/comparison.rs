//! Two policies beside each other in one metric, for `barp compare`.

use statistics::Interval;
use store::Run;
use store::words::{self, phase};

use crate::derived::{derived, is_derived};
use crate::evidence::{About, Evidence, Number, Paired};

/// The difference of two policies in a metric at one weight on cost, over all tasks of the test or of the last round.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Weight on cost; none for metrics that span the grid.
    pub w_cost: Option<f64>,
    /// Candidate minus baseline, in the unit of the metric.
    pub interval: Interval,
    /// Replicates in which both were measured.
    pub replicates: usize,
}

/// `candidate` minus `baseline` in `metric` at every weight at which the candidate was measured, outside of learning curves, in
/// one environment; empty where no replicate has both.
pub fn compare(runs: &[Run], environment: &str, metric: &str, candidate: &str, baseline: &str) -> Vec<Difference> {
    let made = is_derived(metric).then(|| {
        let here = runs.iter().filter(|run| run.environment == environment);
        derived(&here.cloned().collect::<Vec<Run>>())
    });
    let runs = made.as_deref().unwrap_or(runs);
    let of = |policy: &str| runs.iter().filter(|run| run.environment == environment && run.policy == policy).collect();
    let [own, other]: [Vec<&Run>; 2] = [of(candidate), of(baseline)];
    let quantities = own.first().map_or(&[][..], |run| run.scores.quantities());
    let mut abouts: Vec<About<'_>> = Vec::new();
    for about in quantities.iter().map(About::of) {
        let wanted = about.metric == metric
            && about.task == words::ALL_TASKS
            && about.arm.is_none()
            && about.phase != phase::VALIDATION;
        if wanted {
            // The last phase that measured it speaks for its weight.
            abouts.retain(|known| known.w_cost != about.w_cost);
            abouts.push(about);
        }
    }
    let [own, other] = [own.iter(), other.iter()].map(|runs| Evidence::of(runs.copied()));
    let difference = |about: About<'_>| {
        let pairs = Paired::new(Number::new(&own, about), Number::new(&other, about));
        let replicates = pairs.readings.len();
        (replicates > 0).then(|| Difference { w_cost: about.w_cost, interval: pairs.difference(), replicates })
    };
    abouts.into_iter().filter_map(difference).collect()
}
