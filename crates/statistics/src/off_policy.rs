//! Off-policy evaluation: what a policy would have earned, from rows that another one chose.
//!
//! With w = pi(a given x) / p(a given x), the target's probability of the logged choice over the logging one's, r the outcome
//! and m a model of it:
//!
//! - direct method: mean of sum_a pi(a) m(x, a); as good as the model, whatever the propensities;
//! - IPS: mean of w r; unbiased if the propensities are right and every choice of the target can occur in the log;
//! - SNIPS: sum of w r over sum of w; a little biased, usually much less variable (Swaminathan and Joachims 2015);
//! - doubly robust: direct method plus mean of w (r - m); unbiased if either the propensities or the model are right (Dudik,
//!   Langford and Li 2011, arXiv 1103.4601, equations 1 to 4);
//! - self-normalised doubly robust: direct method plus sum of w (r - m) over sum of w;
//! - Switch-DR: doubly robust where w <= lambda, the model elsewhere (Wang, Agarwal and Dudik 2017, arXiv 1612.01205);
//! - DRos: doubly robust with lambda w / (w^2 + lambda) for w (Su et al. 2020, arXiv 1907.09623, optimistic shrinkage);
//! - replay: mean of pi(a) r over mean of pi(a), the rows that target and log agree on (Li et al. 2011, arXiv 1003.5956); right
//!   where the log chose at random with equal chances.
//!
//! lambda of Switch-DR and of DRos is the one of 33 values in equal ratios, or infinity, whose estimated mean squared error is
//! least: the variance of the mean plus the square of the mean of (w - cut w) (r - m) (Su et al. 2020, section 5). Where lambda
//! cuts something off there is no interval, since the bias is estimated and not known.
//!
//! Intervals are by clusters of rows that belong together, such as those of one prompt ([`crate::clustered_mean`]), and m must
//! come from rows of other clusters (cross-fitting is the caller's duty). What the model's own error adds to the direct method
//! is told by the caller, row by row. Nothing is estimated from rows that cannot carry it: see [`OffPolicy::flaw`]. Example:
//! two rows chosen by a fair coin, outcomes 1 and 0, a target that always takes the first's choice: w = 2 and 0, IPS 1, SNIPS 1.

mod shrinkage;
#[cfg(test)]
mod tests;

use crate::interval::{CONFIDENCE, Interval};
use crate::{Clustered, Influence, clustered_mean, t_quantile};
use shrinkage::{Cut, least_error};

/// Name of the intervals over logged rows, where each is a request of its own.
pub const OVER_ROWS: &str = "student-t 95% over logged rows";

/// Name of the intervals over clusters of logged rows.
pub const BY_CLUSTER: &str = "student-t 95% over clusters of logged rows";

/// Said in place of an interval of a shrunken estimate.
const SHRUNKEN: &str = "none (what is cut off is a bias of unknown size)";

/// Said in place of an interval of the direct method where its model may be wrong.
const MODEL_ALONE: &str = "none (the model knows of the task alone, the choices do not)";

/// Said in place of an interval of replay where the log did not choose with equal chances.
const UNEQUAL: &str = "none (the log did not choose with equal chances)";

/// Fewest effective clusters from which anything is estimated.
pub const FEWEST_EFFECTIVE: f64 = 30.0;

/// Least share of all weight that is left without any one cluster, as far as intervals go.
const MOST_OF_ALL: f64 = 0.1;

/// Confidence with which the mean weight must differ from 1 before the propensities are called wrong.
pub const WEIGHT_CONFIDENCE: f64 = 0.999;

/// One logged row as the target policy sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoggedRow {
    /// What moves together: the position of the row's prompt, session or tenant.
    pub cluster: u32,
    /// The target's probability of the logged choice, in [0, 1].
    pub chance: f64,
    /// The target's probability of the logged choice over the logging policy's; finite, not negative.
    pub weight: f64,
    /// The logged outcome.
    pub outcome: f64,
    /// The model's outcome of the logged choice; 0 without a model.
    pub predicted: f64,
    /// The model's outcome of the target's choice, averaged over its probabilities; 0 without a model.
    pub expected: f64,
    /// How much the row moves the mean of `expected` as one of those that the model was made from; none where that is not known,
    /// and then the direct method has no interval.
    pub leverage: Option<f64>,
}

/// Ways to estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// The model alone.
    DirectMethod,
    /// Inverse propensities.
    Ips,
    /// Self-normalised inverse propensities.
    Snips,
    /// The model, corrected by inverse propensities.
    DoublyRobust,
    /// The model, corrected by self-normalised inverse propensities.
    SelfNormalisedRobust,
    /// The model where weights are large, doubly robust elsewhere.
    Switch,
    /// Doubly robust with shrunken weights.
    Shrunken,
    /// The rows on which log and target agree.
    Replay,
}

impl Estimator {
    /// All of them, in the order of tables.
    pub const ALL: [Estimator; 8] = [
        Estimator::DirectMethod,
        Estimator::Ips,
        Estimator::Snips,
        Estimator::DoublyRobust,
        Estimator::SelfNormalisedRobust,
        Estimator::Switch,
        Estimator::Shrunken,
        Estimator::Replay,
    ];

    /// Its short name.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::DirectMethod => "direct",
            Estimator::Ips => "ips",
            Estimator::Snips => "snips",
            Estimator::DoublyRobust => "doubly-robust",
            Estimator::SelfNormalisedRobust => "sndr",
            Estimator::Switch => "switch-dr",
            Estimator::Shrunken => "dros",
            Estimator::Replay => "replay",
        }
    }
}

/// Why no estimate should be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    /// The log holds no choice that the target makes.
    NoSupport,
    /// Too few clusters carry the estimate.
    FewEffective {
        /// Effective sample size.
        effective: f64,
    },
    /// The mean weight is not 1: the propensities are not those of the log, or the target makes choices it never holds.
    MeanWeight {
        /// The mean weight.
        mean: f64,
        /// Half the width of its interval, at 99.9 % confidence.
        half_width: f64,
    },
    /// The propensities of the log as a whole are not those with which it chose.
    Propensities {
        /// Mean weight of the policy that shows it.
        mean: f64,
        /// Half the width of its interval, at 99.9 % confidence over all policies that were looked at.
        half_width: f64,
    },
    /// The policy takes models of which the log says nothing there.
    Hole {
        /// Share of its choices.
        share: f64,
    },
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Flaw::NoSupport => f.write_str("no support: the log holds no choice that the policy makes"),
            Flaw::FewEffective { effective } => {
                write!(f, "too few rows: effective sample size {effective:.1}, at least {FEWEST_EFFECTIVE} are needed")
            }
            Flaw::MeanWeight { mean, half_width } => write!(
                f,
                "mean weight {mean:.3} +- {half_width:.3} is not 1: the propensities are not those of the log, or the \
                 policy makes choices that the log never holds"
            ),
            Flaw::Propensities { mean, half_width } => write!(
                f,
                "the propensities are not those of the log: a mean weight of {mean:.3} +- {half_width:.3} is not 1"
            ),
            Flaw::Hole { share } => write!(
                f,
                "{:.1} % of the policy's choices go to a model of which the log says nothing there",
                100.0 * share
            ),
        }
    }
}

/// A number that is no probability of a choice that was or could be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoProbability {
    /// Of the target; it must lie in [0, 1].
    Target(f64),
    /// Of what was logged; it must lie in (0, 1].
    Propensity(f64),
}

impl std::fmt::Display for NoProbability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoProbability::Target(got) => write!(f, "the target's probability must lie in [0, 1], got {got}"),
            NoProbability::Propensity(got) => write!(f, "the propensity must lie in (0, 1], got {got}"),
        }
    }
}

impl std::error::Error for NoProbability {}

/// Checks a pair of probabilities and forms the weight.
///
/// # Errors
/// When `target` lies outside [0, 1] or `propensity` outside (0, 1].
pub fn weight(target: f64, propensity: f64) -> Result<f64, NoProbability> {
    if !(0.0..=1.0).contains(&target) {
        return Err(NoProbability::Target(target));
    }
    if !(propensity > 0.0 && propensity <= 1.0) {
        return Err(NoProbability::Propensity(propensity));
    }
    Ok(target / propensity)
}

/// The mean of `of` over rows, in an order that does not depend on that of the rows within rounding.
fn mean(rows: &[LoggedRow], of: impl Fn(&LoggedRow) -> f64) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for row in rows {
        // Kahan's: what rounding loses is added to the next value.
        let value = of(row) - lost;
        let next = sum + value;
        lost = (next - sum) - value;
        sum = next;
    }
    sum / rows.len() as f64
}

/// The weights of rows, by cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Clusters.
    pub clusters: u64,
    /// The mean weight; about 1 where the propensities are right and every choice of the target can occur.
    pub mean: f64,
    /// Its standard error; NaN for one cluster.
    pub error: f64,
    /// Effective sample size in clusters, (sum W)^2 / sum W^2 with W a cluster's sum of weights; 0 without support.
    pub effective: f64,
}

impl Weights {
    /// Of (cluster, weight) rows.
    pub fn of(rows: &[(u32, f64)]) -> Weights {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for (at, &(cluster, weight)) in sorted.iter().enumerate() {
            match sums.last_mut() {
                Some(sum) if sorted[at - 1].0 == cluster => *sum = (sum.0 + weight, sum.1 + 1.0),
                _ => sums.push((weight, 1.0)),
            }
        }
        let (count, clusters) = (rows.len() as f64, sums.len() as f64);
        let total: f64 = sums.iter().map(|sum| sum.0).sum();
        let (mean, squares) = (total / count.max(1.0), sums.iter().map(|sum| sum.0 * sum.0).sum::<f64>());
        let off: f64 = sums.iter().map(|sum| (sum.0 - mean * sum.1) / count).map(|off| off * off).sum();
        let error = if clusters < 2.0 { f64::NAN } else { libm::sqrt(off * clusters / (clusters - 1.0)) };
        let effective = if squares > 0.0 { total * total / squares } else { 0.0 };
        Weights { clusters: sums.len() as u64, mean, error, effective }
    }

    /// Half the width of the mean's interval, as one of `comparisons` at 99.9 % confidence together. Infinite for one cluster.
    pub fn half_width(&self, comparisons: usize) -> f64 {
        if self.clusters < 2 {
            return f64::INFINITY;
        }
        let level = 0.5 * (1.0 - WEIGHT_CONFIDENCE) / comparisons.max(1) as f64;
        // Where all weights are equal the mean has no error, and rounding must not make one.
        (t_quantile(1.0 - level, (self.clusters - 1) as f64) * self.error).max(1e-6)
    }
}

/// One target policy and one outcome over the rows of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct OffPolicy {
    rows: u64,
    matched: u64,
    largest: f64,
    weights: Weights,
    /// In the order of [`Estimator::ALL`].
    estimates: Vec<Interval>,
    robust: Clustered,
}

impl OffPolicy {
    /// Estimates from `rows`, whose order does not matter.
    ///
    /// # Panics
    /// If a number is not finite, or the weight negative: [`weight`] refuses what would make it so.
    pub fn of(rows: &[LoggedRow]) -> OffPolicy {
        for row in rows {
            let LoggedRow { weight, outcome, predicted, expected, .. } = *row;
            assert!(weight >= 0.0 && (weight + outcome + predicted + expected).is_finite(), "{row:?} is not finite");
        }
        let ready = Ready::new(rows);
        let weights: Vec<(u32, f64)> = rows.iter().map(|row| (row.cluster, row.weight)).collect();
        OffPolicy {
            rows: rows.len() as u64,
            matched: rows.iter().filter(|row| row.weight > 0.0).count() as u64,
            largest: rows.iter().map(|row| row.weight).fold(0.0, f64::max),
            weights: Weights::of(&weights),
            estimates: Estimator::ALL.map(|estimator| ready.interval(estimator)).to_vec(),
            robust: ready.number(Estimator::DoublyRobust),
        }
    }

    /// Rows entered.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Clusters that they belong to.
    pub fn clusters(&self) -> u64 {
        self.weights.clusters
    }

    /// Rows whose choice the target can make.
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// Effective sample size in clusters; 0 without support.
    pub fn effective(&self) -> f64 {
        self.weights.effective
    }

    /// The largest weight.
    pub fn largest_weight(&self) -> f64 {
        self.largest
    }

    /// The mean weight.
    pub fn mean_weight(&self) -> f64 {
        self.weights.mean
    }

    /// Why the estimates should not be believed; None where nothing speaks against them.
    pub fn flaw(&self) -> Option<Flaw> {
        if self.matched == 0 {
            return Some(Flaw::NoSupport);
        }
        let (Weights { mean, effective, .. }, half_width) = (self.weights, self.weights.half_width(1));
        if (mean - 1.0).abs() > half_width && effective >= FEWEST_EFFECTIVE {
            return Some(Flaw::MeanWeight { mean, half_width });
        }
        (effective < FEWEST_EFFECTIVE).then_some(Flaw::FewEffective { effective })
    }

    /// The estimate with its interval at [`CONFIDENCE`]; NaN without rows, or without support where the estimator needs it.
    pub fn estimate(&self, estimator: Estimator) -> Interval {
        let place = Estimator::ALL.iter().position(|known| *known == estimator).expect("all are listed");
        self.estimates[place]
    }

    /// Standard error of an estimate; NaN where there is none.
    pub fn standard_error(&self, estimator: Estimator) -> f64 {
        let interval = self.estimate(estimator);
        let critical = t_quantile(0.5 + 0.5 * CONFIDENCE, self.weights.clusters.saturating_sub(1) as f64);
        interval.high.map_or(f64::NAN, |high| (high - interval.mean) / critical)
    }

    /// The doubly robust estimate with the influence of every cluster, to be compared with that of another policy.
    pub fn robust(&self) -> &Clustered {
        &self.robust
    }
}

/// Rows with what all estimators need of them.
struct Ready<'a> {
    rows: &'a [LoggedRow],
    /// Clusters, ascending, and the position of each row's among them.
    clusters: Vec<u32>,
    places: Vec<usize>,
    /// Lambda of Switch-DR and of DRos.
    lambdas: [f64; 2],
}

impl<'a> Ready<'a> {
    fn new(rows: &'a [LoggedRow]) -> Ready<'a> {
        let mut clusters: Vec<u32> = rows.iter().map(|row| row.cluster).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let place = |row: &LoggedRow| clusters.binary_search(&row.cluster).expect("every row's cluster is listed");
        let places = rows.iter().map(place).collect();
        let lambdas = [Cut::Switch, Cut::Shrink].map(|cut| least_error(rows, cut));
        Ready { rows, clusters, places, lambdas }
    }

    /// Sums over rows, by cluster: `of(row)` over the number of rows, as the influence on a mean.
    fn by_cluster(&self, of: impl Fn(&LoggedRow) -> f64) -> Influence {
        let mut sums: Influence = self.clusters.iter().map(|&cluster| (cluster, 0.0)).collect();
        let share = 1.0 / self.rows.len() as f64;
        self.rows.iter().zip(&self.places).for_each(|(row, &place)| sums[place].1 += share * of(row));
        sums
    }

    fn lambda(&self, cut: Cut) -> f64 {
        self.lambdas[usize::from(cut == Cut::Shrink)]
    }

    /// A mean of `of` with its influences.
    fn mean(&self, of: impl Fn(&LoggedRow) -> f64) -> Clustered {
        let value = mean(self.rows, &of);
        Clustered { values: vec![value], influences: vec![self.by_cluster(|row| of(row) - value)] }
    }

    /// The mean of `of` plus the ratio of the means of `above` and `below`, with its influences by the delta method. Each part
    /// of the ratio is measured against a ratio that it is not in, as the jackknife does: a few heavy clusters would otherwise
    /// seem to err less than they do.
    fn ratio(
        &self,
        of: impl Fn(&LoggedRow) -> f64,
        above: impl Fn(&LoggedRow) -> f64,
        below: impl Fn(&LoggedRow) -> f64,
    ) -> Clustered {
        let (plain, bottom) = (mean(self.rows, &of), mean(self.rows, &below));
        let ratio = mean(self.rows, &above) / bottom;
        let mut influences = self.by_cluster(|row| (above(row) - ratio * below(row)) / bottom);
        let shares = self.by_cluster(|row| below(row) / bottom);
        let own = self.by_cluster(|row| of(row) - plain);
        for ((influence, share), own) in influences.iter_mut().zip(shares).zip(own) {
            influence.1 = influence.1 / (1.0 - share.1).max(MOST_OF_ALL) + own.1;
        }
        Clustered { values: vec![plain + ratio], influences: vec![influences] }
    }

    fn number(&self, estimator: Estimator) -> Clustered {
        let residual = |row: &LoggedRow| row.outcome - row.predicted;
        match estimator {
            Estimator::DirectMethod => {
                let value = mean(self.rows, |row| row.expected);
                let (count, none) = (self.rows.len() as f64, 0.0);
                let own = |row: &LoggedRow| row.expected - value + count * row.leverage.unwrap_or(none);
                Clustered { values: vec![value], influences: vec![self.by_cluster(own)] }
            }
            Estimator::Ips => self.mean(|row| row.weight * row.outcome),
            Estimator::Snips => self.ratio(|_| 0.0, |row| row.weight * row.outcome, |row| row.weight),
            Estimator::DoublyRobust => self.mean(|row| row.expected + row.weight * residual(row)),
            Estimator::SelfNormalisedRobust => {
                self.ratio(|row| row.expected, |row| row.weight * residual(row), |row| row.weight)
            }
            Estimator::Switch => self.cut(Cut::Switch),
            Estimator::Shrunken => self.cut(Cut::Shrink),
            Estimator::Replay => self.ratio(|_| 0.0, |row| row.chance * row.outcome, |row| row.chance),
        }
    }

    fn cut(&self, cut: Cut) -> Clustered {
        let lambda = self.lambda(cut);
        self.mean(|row| row.expected + cut.weight(row.weight, lambda) * (row.outcome - row.predicted))
    }

    /// Why an estimate has no interval; none where it has one.
    fn unbounded(&self, estimator: Estimator) -> Option<&'static str> {
        match estimator {
            Estimator::DirectMethod => self.rows.iter().any(|row| row.leverage.is_none()).then_some(MODEL_ALONE),
            Estimator::Switch => self.cuts(Cut::Switch).then_some(SHRUNKEN),
            Estimator::Shrunken => self.cuts(Cut::Shrink).then_some(SHRUNKEN),
            Estimator::Replay => self.unequal().then_some(UNEQUAL),
            _ => None,
        }
    }

    /// Whether the chosen lambda changes a weight.
    fn cuts(&self, cut: Cut) -> bool {
        let lambda = self.lambda(cut);
        self.rows.iter().any(|row| (cut.weight(row.weight, lambda) - row.weight).abs() > 1e-9 * row.weight)
    }

    /// Whether propensities of rows that target and log agree on differ.
    fn unequal(&self) -> bool {
        let agreed = || self.rows.iter().filter(|row| row.weight > 0.0).map(|row| row.chance / row.weight);
        let (low, high) = agreed().fold((f64::INFINITY, 0.0_f64), |(low, high), p| (low.min(p), high.max(p)));
        high > low * (1.0 + 1e-5)
    }

    fn interval(&self, estimator: Estimator) -> Interval {
        if self.rows.is_empty() {
            return Interval::unbounded(f64::NAN, "none (0 rows)");
        }
        let number = self.number(estimator);
        let value = number.values[0];
        if !value.is_finite() {
            return Interval::unbounded(f64::NAN, "none (no support)");
        }
        if let Some(reason) = self.unbounded(estimator) {
            return Interval::unbounded(value, reason);
        }
        let own = self.clusters.len() == self.rows.len();
        let found = clustered_mean(&number, (f64::NEG_INFINITY, f64::INFINITY));
        match (found.low.is_some(), own) {
            (false, _) => Interval::unbounded(value, "none (all rows move together)"),
            (true, true) => Interval { method: OVER_ROWS, ..found },
            (true, false) => Interval { method: BY_CLUSTER, ..found },
        }
    }
}

/// What is to be said of two independent estimates of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The interval of their difference lies within the margin.
    Agree,
    /// The interval excludes zero, and does not lie within the margin.
    Disagree,
    /// Neither: the data are too few to say.
    Open,
}

/// Compares two independent estimates, given their `difference`, its standard `error` and the largest difference that does
/// not matter (`margin`), as one of `comparisons` of a family.
///
/// To disagree is to exclude zero at [`CONFIDENCE`] over the whole family (Bonferroni): one false alarm would condemn all. To
/// agree is to lie within the margin at [`CONFIDENCE`] for this comparison alone: all must agree for the family to (an
/// intersection-union test, Berger 1982), which needs no correction.
pub fn agreement(difference: f64, error: f64, margin: f64, comparisons: usize) -> Agreement {
    let half_width = |of: usize| t_quantile(1.0 - (1.0 - CONFIDENCE) / (2.0 * of.max(1) as f64), LARGE_SAMPLE) * error;
    if difference.abs() + half_width(1) <= margin {
        Agreement::Agree
    } else if difference.abs() > half_width(comparisons) {
        Agreement::Disagree
    } else {
        Agreement::Open
    }
}

/// Degrees of freedom at which Student's t is the normal law to six digits.
const LARGE_SAMPLE: f64 = 1e6;
