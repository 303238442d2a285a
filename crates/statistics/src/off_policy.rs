//! Off-policy evaluation: what a policy would have earned, from rows that another one chose.
//!
//! With w = pi(a given x) / p(a given x), the target's probability of the logged choice over the logging one's, r the outcome
//! and m a model of it (Dudik, Langford and Li 2011, arXiv 1103.4601, equations 1 to 4; Swaminathan and Joachims 2015 for the
//! self-normalised one):
//!
//! - direct method: mean of sum_a pi(a) m(x, a); as good as the model, whatever the propensities;
//! - IPS: mean of w r; unbiased if the propensities are right and every choice of the target can occur in the log;
//! - SNIPS: sum of w r over sum of w; a little biased, usually much less variable;
//! - doubly robust: direct method plus mean of w (r - m); unbiased if either the propensities or the model are right.
//!
//! Intervals treat rows as independent, and m as made from other rows (cross-fitting is the caller's duty). Nothing is
//! estimated from rows that cannot carry it: see [`OffPolicy::flaw`]. Example: two rows chosen by a fair coin, outcomes 1 and
//! 0, a target that always takes the first's choice: w = 2 and 0, IPS 1, SNIPS 1.

#[cfg(test)]
mod tests;

use crate::interval::{CONFIDENCE, Interval, critical};
use crate::t_quantile;

/// Name of the intervals over logged rows.
pub const OVER_ROWS: &str = "student-t 95% over logged rows";

/// Name of the interval of the direct method, which the model's own error widens by an unknown amount.
pub const OVER_ROWS_MODEL: &str = "student-t 95% over logged rows, the model's error not counted";

/// Fewest effective rows from which anything is estimated.
pub const FEWEST_EFFECTIVE: f64 = 30.0;

/// Confidence with which the mean weight must differ from 1 before the propensities are called wrong.
const WEIGHT_CONFIDENCE: f64 = 0.999;

/// One logged row as the target policy sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoggedRow {
    /// The target's probability of the logged choice over the logging policy's; finite, not negative.
    pub weight: f64,
    /// The logged outcome.
    pub outcome: f64,
    /// The model's outcome of the logged choice; 0 without a model.
    pub predicted: f64,
    /// The model's outcome of the target's choice, averaged over its probabilities; 0 without a model.
    pub expected: f64,
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
}

impl Estimator {
    /// All of them, in the order of tables.
    pub const ALL: [Estimator; 4] =
        [Estimator::DirectMethod, Estimator::Ips, Estimator::Snips, Estimator::DoublyRobust];

    /// Its short name.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::DirectMethod => "direct",
            Estimator::Ips => "ips",
            Estimator::Snips => "snips",
            Estimator::DoublyRobust => "doubly-robust",
        }
    }
}

/// Why no estimate should be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flaw {
    /// The log holds no choice that the target makes.
    NoSupport,
    /// Too few rows carry the estimate.
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
    /// The policy takes models of which the rows that outcomes are foretold from say nothing.
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
            Flaw::Hole { share } => write!(
                f,
                "{:.1} % of the policy's choices go to a model of which the log says nothing on that task",
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

/// Running mean and sum of squared deviations (Welford).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    /// Standard error of the mean; at least two values.
    fn error(&self) -> f64 {
        libm::sqrt(self.squares / (self.count - 1) as f64 / self.count as f64)
    }

    fn interval(&self, method: &'static str) -> Interval {
        match self.count {
            0 => Interval::unbounded(f64::NAN, "none (0 rows)"),
            1 => Interval::unbounded(self.mean, "none (1 row)"),
            _ => Interval::around(self.mean, critical_of(self.count) * self.error(), method),
        }
    }
}

fn critical_of(count: u64) -> f64 {
    critical(usize::try_from(count).unwrap_or(usize::MAX))
}

/// One target policy and one outcome, gathered over the rows of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OffPolicy {
    weights: Moments,
    direct: Moments,
    inverse: Moments,
    robust: Moments,
    largest: f64,
    matched: u64,
    /// Sums of w r, w^2, w^2 r, w^2 r^2.
    sums: [f64; 4],
}

impl OffPolicy {
    /// Enters a row.
    ///
    /// # Panics
    /// If a number is not finite, or the weight negative: [`weight`] refuses what would make it so.
    pub fn add(&mut self, row: &LoggedRow) {
        let LoggedRow { weight, outcome, predicted, expected } = *row;
        assert!(weight >= 0.0 && (weight + outcome + predicted + expected).is_finite(), "{row:?} is not finite");
        self.weights.add(weight);
        self.direct.add(expected);
        self.inverse.add(weight * outcome);
        self.robust.add(expected + weight * (outcome - predicted));
        self.largest = self.largest.max(weight);
        self.matched += u64::from(weight > 0.0);
        let squared = weight * weight;
        let terms = [weight * outcome, squared, squared * outcome, squared * outcome * outcome];
        self.sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }

    /// Rows entered.
    pub fn rows(&self) -> u64 {
        self.weights.count
    }

    /// Rows whose choice the target can make.
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// Effective sample size (sum w)^2 / sum w^2; 0 without support.
    pub fn effective(&self) -> f64 {
        let total = self.weights.mean * self.rows() as f64;
        if self.sums[1] > 0.0 { total * total / self.sums[1] } else { 0.0 }
    }

    /// The largest weight.
    pub fn largest_weight(&self) -> f64 {
        self.largest
    }

    /// The mean weight; about 1 where the propensities are right and every choice of the target can occur.
    pub fn mean_weight(&self) -> f64 {
        self.weights.mean
    }

    /// Why the estimates should not be believed; None where nothing speaks against them.
    pub fn flaw(&self) -> Option<Flaw> {
        let effective = self.effective();
        if self.matched == 0 {
            return Some(Flaw::NoSupport);
        }
        let count = self.rows();
        if count >= 2 {
            let quantile = t_quantile(0.5 + 0.5 * WEIGHT_CONFIDENCE, (count - 1) as f64);
            // Where all weights are equal the mean has no error, and rounding must not make one.
            let half_width = (quantile * self.weights.error()).max(1e-6);
            if (self.weights.mean - 1.0).abs() > half_width && effective >= FEWEST_EFFECTIVE {
                return Some(Flaw::MeanWeight { mean: self.weights.mean, half_width });
            }
        }
        (effective < FEWEST_EFFECTIVE).then_some(Flaw::FewEffective { effective })
    }

    /// The estimate with its interval at [`CONFIDENCE`]; NaN without rows, or without support where the estimator needs it.
    pub fn estimate(&self, estimator: Estimator) -> Interval {
        match estimator {
            Estimator::DirectMethod => self.direct.interval(OVER_ROWS_MODEL),
            Estimator::Ips => self.inverse.interval(OVER_ROWS),
            Estimator::DoublyRobust => self.robust.interval(OVER_ROWS),
            Estimator::Snips => self.self_normalised(),
        }
    }

    /// Standard error of an estimate; NaN where there is none.
    pub fn standard_error(&self, estimator: Estimator) -> f64 {
        let interval = self.estimate(estimator);
        interval.high.map_or(f64::NAN, |high| (high - interval.mean) / critical_of(self.rows()))
    }

    /// A ratio of means, its error by the delta method: sqrt(sum w^2 (r - v)^2) / sum w.
    fn self_normalised(&self) -> Interval {
        let [weighted, squared, cross, square] = self.sums;
        let total = self.weights.mean * self.rows() as f64;
        if total <= 0.0 {
            return Interval::unbounded(f64::NAN, "none (no support)");
        }
        let mean = weighted / total;
        if self.rows() < 2 {
            return Interval::unbounded(mean, "none (1 row)");
        }
        let spread = (square - 2.0 * mean * cross + mean * mean * squared).max(0.0);
        Interval::around(mean, critical_of(self.rows()) * libm::sqrt(spread) / total, OVER_ROWS)
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
