//! What is measured of a router's decisions, one file each.
//!
//! A metric reads a stream of judged decisions and reports a number, or one for each model. A new one is a file and a line
//! in [`METRICS`]; every protocol then measures it and every summary carries it. What papers compute of a whole dial stands
//! in [`field`].

mod adaptation;
mod arm_share;
mod beside;
mod budget;
mod calibration;
mod choice_entropy;
mod cost;
mod detection;
mod exploration;
pub mod field;
mod latency;
mod mean;
mod quality;
mod regret;
mod reward;

pub use adaptation::{ADAPTATION, Adaptation, Reading, Visit, WHOLE};
pub use beside::{AGGREGATE, DESCRIPTION, DIAGNOSTICS, FORECAST, SURVIVAL, SWEEP_REWARD};
pub use budget::{BUDGET_USE, budget_use};
pub use calibration::{BINS, Bin, CALIBRATION, Calibration};
pub use detection::{DETECTION, Detection};
pub use exploration::{EXPLORATION, Exploration, Explored, GREEDY_REGRET, greedy_regret};
pub use latency::{LATENCY, Latencies, UNSCORED};

use routing::{Arm, Dollars};

/// A decision with everything that can be said of it in hindsight.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The chosen model.
    pub arm: Arm,
    /// Score of its answer, in [0, 1].
    pub quality: f32,
    /// Dollars of its call.
    pub cost: Dollars,
    /// Reward under the request's preference, in [-1, 1].
    pub reward: f64,
    /// The highest reward any available model would have had, of those recorded.
    pub best_reward: f64,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Larger.
    Higher,
    /// Smaller.
    Lower,
    /// Neither: a description.
    Neither,
}

/// What a metric is.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name in summaries.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// What it measures, in a sentence.
    pub what: &'static str,
    /// Raised when its definition changes; part of every cell's address.
    pub version: u32,
}

/// What [`Adaptation`], [`Exploration`], [`Detection`], [`budget_use`] and [`greedy_regret`] may report, in order.
pub fn adaptation_metrics() -> impl Iterator<Item = &'static About> {
    ADAPTATION.iter().chain(WHOLE).chain(EXPLORATION).chain(DETECTION).chain([&BUDGET_USE, &GREEDY_REGRET])
}

/// Everything that may stand as `metric` in a summary, each once.
pub fn all() -> impl Iterator<Item = &'static About> {
    let beside =
        DIAGNOSTICS.iter().chain(SURVIVAL).chain(&AGGREGATE).chain(DESCRIPTION).chain(&FORECAST).chain(field::FIELD);
    let protocol = CALIBRATION.iter().chain(LATENCY).chain([&UNSCORED]).chain(adaptation_metrics());
    METRICS.iter().map(|entry| &entry.about).chain([&SWEEP_REWARD]).chain(protocol).chain(beside)
}

/// The first version of a metric.
const fn about(name: &'static str, unit: &'static str, better: Better, what: &'static str) -> About {
    About { name, unit, better, what, version: 1 }
}

/// Accumulates judged decisions.
///
/// ```
/// use metrics::{Judged, Metric};
/// use routing::{Arm, Dollars};
///
/// /// The lowest score so far.
/// struct Worst(f64, u64);
///
/// impl Metric for Worst {
///     fn observe(&mut self, judged: &Judged) {
///         (self.0, self.1) = (self.0.min(f64::from(judged.quality)), self.1 + 1);
///     }
///     fn observe_unscored(&mut self, _: Arm) {}
///     fn n(&self) -> u64 {
///         self.1
///     }
///     fn report(&self, emit: &mut dyn FnMut(Option<Arm>, f64)) {
///         emit(None, self.0);
///     }
/// }
///
/// let mut worst = Worst(f64::NAN, 0);
/// for quality in [0.5, 0.25, 1.0] {
///     worst.observe(&Judged { arm: Arm(0), quality, cost: Dollars(0.01), reward: 0.0, best_reward: 0.0 });
/// }
/// worst.report(&mut |arm, value| assert_eq!((arm, value), (None, 0.25)));
/// assert_eq!(worst.n(), 3);
/// ```
pub trait Metric: Send {
    /// Takes in one decision.
    fn observe(&mut self, judged: &Judged);

    /// Takes in a decision for `arm` whose outcome nobody recorded; what is about outcomes leaves it out.
    fn observe_unscored(&mut self, arm: Arm);

    /// Decisions that the value stands on.
    fn n(&self) -> u64;

    /// Passes the value so far to `emit`, with the model it is about if it is about one. NaN before the first decision.
    fn report(&self, emit: &mut dyn FnMut(Option<Arm>, f64));
}

/// A registered metric.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it is.
    pub about: About,
    /// A fresh accumulator for K models.
    pub start: fn(arms: usize) -> Box<dyn Metric>,
}

/// Every metric, in the order of summaries.
pub const METRICS: &[Entry] =
    &[reward::ENTRY, quality::ENTRY, cost::ENTRY, regret::ENTRY, choice_entropy::ENTRY, arm_share::ENTRY];

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_metrics_share_a_name() {
        let mut names: Vec<&str> = super::all().map(|about| about.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
