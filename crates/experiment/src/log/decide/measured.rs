//! What a candidate is worth beside the incumbent.

use super::super::error::EvaluationError;
use super::super::evaluate::{Chances, Evaluation, Study};
use super::{Goal, Outcome, Question, WORTH_DOLLARS};
use routing::Dollars;
use statistics::{Clustered, Contrast, Interval, clustered_contrast, clustered_difference, clustered_gain};

/// Scored rows below which a model is not judged, whatever the weights are.
pub(super) const FLOOR: usize = 30;

/// A number of a candidate, and its difference from the incumbent's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The number, with its interval.
    pub own: Interval,
    /// Candidate minus incumbent, paired, by clusters.
    pub difference: Interval,
}

/// The differences of quality and dollars from the incumbent together: an ellipse that holds both with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Difference of quality, and of dollars.
    pub centre: [f64; 2],
    /// Their covariance: of quality, of both, of dollars.
    pub covariance: [f64; 3],
    /// Hotelling's T^2 at 95 %: the squared distance from the centre, in the metric of the covariance, of the edge.
    pub reach: f64,
}

/// Whether a candidate keeps the constraint of the goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is shown to.
    Keeps,
    /// It is shown to break it.
    Breaks,
    /// Neither.
    Open,
}

/// One policy or router beside the incumbent.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Names of policies that choose as it does.
    pub also: Vec<String>,
    /// Why it cannot be judged; none where it can.
    pub refused: Option<String>,
    /// Mean score.
    pub quality: Measured,
    /// Mean dollars of a request.
    pub dollars: Measured,
    /// Mean reward at the goal's weight on cost, where it has one.
    pub reward: Option<Measured>,
    /// Share of the incumbent's dollars that it saves, where its quality is shown to be no lower by the margin.
    pub saving: Option<Interval>,
    /// Quality and dollars together.
    pub region: Option<Region>,
    /// Mean quality if nothing that was not rated was good, and if all of it was.
    pub bounds: Option<[f64; 2]>,
    /// Effective rows behind it.
    pub effective: f64,
    /// Whether it keeps the constraint.
    pub fit: Fit,
    /// P-value against breaking the constraint, two-sided scale.
    pub p_fit: f64,
    /// The gain and its error; none where it cannot be judged, or chooses as the incumbent does.
    pub gain: Option<Contrast>,
    /// By how much the gain may be lower, and higher, because of what was not rated.
    pub slack: [f64; 2],
    /// Whether what was not rated may decide about the constraint.
    pub blind: bool,
    /// Smallest gain that is worth a switch, in the unit of the gain.
    pub worth: f64,
    /// How far the constraint is from its edge, and its error.
    pub room: Option<Contrast>,
}

/// The incumbent with the influence of every cluster.
pub(super) struct Incumbent {
    pub(super) candidate: Candidate,
    pub(super) clusters: u64,
    numbers: Numbers,
}

/// The numbers of a policy.
struct Numbers {
    quality: Evaluation,
    dollars: Evaluation,
    reward: Option<Evaluation>,
    bounds: Option<[f64; 2]>,
}

/// What all candidates are judged by.
pub(super) struct Judge<'a> {
    pub(super) study: &'a Study<'a>,
    pub(super) question: &'a Question,
    pub(super) tau: Dollars,
    /// Whether nothing speaks against ratings that are missing at random.
    pub(super) at_random: bool,
    /// Whether every answer is rated.
    pub(super) all_rated: bool,
}

impl Judge<'_> {
    fn numbers(&self, name: &str, chances: &Chances) -> Result<Numbers, EvaluationError> {
        let evaluate = |outcome| self.study.evaluate(name, chances, outcome);
        let reward = match self.question.goal {
            Goal::Reward(preference) => Some(evaluate(Outcome::Reward { preference, tau: self.tau })?),
            _ => None,
        };
        let filled = |value| -> Result<f64, EvaluationError> {
            Ok(evaluate(Outcome::QualityOr(value))?.gathered.robust().values[0].clamp(0.0, 1.0))
        };
        let bounds = if self.all_rated { None } else { Some([filled(0.0)?, filled(1.0)?]) };
        Ok(Numbers { quality: evaluate(Outcome::Quality)?, dollars: evaluate(Outcome::Dollars)?, reward, bounds })
    }

    /// The incumbent, measured against itself.
    pub(super) fn incumbent(&self, name: &str, chances: &Chances) -> Result<Incumbent, EvaluationError> {
        let numbers = self.numbers(name, chances)?;
        let clusters = numbers.dollars.gathered.clusters();
        Ok(Incumbent { candidate: self.compared(&numbers, &numbers), clusters, numbers })
    }

    /// A candidate, measured against the incumbent.
    pub(super) fn candidate(
        &self,
        name: &str,
        chances: &Chances,
        incumbent: &Incumbent,
    ) -> Result<Candidate, EvaluationError> {
        Ok(self.compared(&self.numbers(name, chances)?, &incumbent.numbers))
    }

    fn compared(&self, own: &Numbers, other: &Numbers) -> Candidate {
        let refused = own.flaw().or_else(|| other.flaw().map(|flaw| format!("the incumbent: {flaw}")));
        let quality = contrast(&own.quality, &other.quality);
        let apart = self.apart(own, other);
        let terms = self.terms(own, other, apart);
        let (fit, p_fit) = terms.fit();
        let same = |gain: &Contrast| gain.error == 0.0 && gain.estimate == 0.0;
        let no_lower = quality.is_some_and(|quality| 2.0 * quality.above(apart[0] - self.question.margin) <= 0.05);
        let saving = || negated(clustered_gain(own.dollars.gathered.robust(), other.dollars.gathered.robust()));
        let another = dollars_differ(own, other);
        Candidate {
            name: own.dollars.policy.clone(),
            also: Vec::new(),
            quality: bounded(number(&own.quality, &other.quality, [0.0, 1.0]), own.bounds, apart),
            dollars: number(&own.dollars, &other.dollars, [0.0, f64::INFINITY]),
            reward: own.reward.as_ref().zip(other.reward.as_ref()).map(|(a, b)| {
                let found = number(a, b, [-1.0, 1.0]);
                bounded(found, own.reward_bounds(), apart.map(|apart| apart * terms.on_quality))
            }),
            saving: (no_lower && another && refused.is_none()).then(saving),
            region: Region::new(own, other),
            bounds: own.bounds,
            effective: own.dollars.gathered.effective(),
            fit,
            p_fit,
            gain: terms.gain.filter(|gain| refused.is_none() && !same(gain)),
            slack: apart.map(|apart| apart * terms.on_quality),
            blind: terms.narrowed != [0.0; 2],
            worth: terms.worth,
            room: terms.room,
            refused,
        }
    }

    /// By how much the difference of quality may be lower, and higher, because of what was not rated.
    fn apart(&self, own: &Numbers, other: &Numbers) -> [f64; 2] {
        // Models whose ratings are missing alike err alike, so that a difference holds where a quality does not.
        let bounds = own.bounds.zip(other.bounds).filter(|_| !self.at_random);
        let Some((own_bounds, bounds)) = bounds else { return [0.0; 2] };
        let measured = own.quality.gathered.robust().values[0] - other.quality.gathered.robust().values[0];
        [(measured - (own_bounds[0] - bounds[1])).max(0.0), (own_bounds[1] - bounds[0] - measured).max(0.0)]
    }

    /// Constraint and gain by the goal.
    fn terms(&self, own: &Numbers, other: &Numbers, apart: [f64; 2]) -> Terms {
        let (margin, spent) = (self.question.margin, other.dollars.gathered.robust().values[0]);
        let quality = contrast(&own.quality, &other.quality);
        let cheaper = contrast(&own.dollars, &other.dollars).map(negative);
        let saves =
            Terms { gain: cheaper, worth: WORTH_DOLLARS * spent, room: None, narrowed: [0.0; 2], on_quality: 0.0 };
        match self.question.goal {
            Goal::Reward(preference) => {
                let gain = own.reward.as_ref().zip(other.reward.as_ref()).and_then(|(a, b)| contrast(a, b));
                Terms { gain, worth: margin, on_quality: preference.quality(), ..saves }
            }
            Goal::Saving => Terms { room: quality.map(|quality| shifted(quality, margin)), narrowed: apart, ..saves },
            Goal::QualityAtLeast(least) => {
                let estimate = own.quality.gathered.robust().values[0];
                let from = |[low, high]: [f64; 2]| [(estimate - low).max(0.0), (high - estimate).max(0.0)];
                let room = alone(&own.quality).map(|own| shifted(own, -least));
                Terms { room, narrowed: own.bounds.map_or([0.0; 2], from), ..saves }
            }
            Goal::DollarsAtMost(most) => {
                let room = alone(&own.dollars).map(|own| shifted(negative(own), most));
                Terms { room, gain: quality, worth: margin, on_quality: 1.0, ..saves }
            }
        }
    }
}

/// Constraint and gain of a candidate.
struct Terms {
    /// How far the constraint is from its edge; none where there is no constraint.
    room: Option<Contrast>,
    /// By how much that may be less, and more, because of what was not rated.
    narrowed: [f64; 2],
    gain: Option<Contrast>,
    /// By how much the gain grows with quality.
    on_quality: f64,
    worth: f64,
}

impl Terms {
    /// Whether the constraint is kept, and the p-value against its being broken.
    fn fit(&self) -> (Fit, f64) {
        let Some(room) = self.room else { return (Fit::Keeps, 0.0) };
        let p_fit = (2.0 * room.above(self.narrowed[0])).min(1.0);
        let breaks = 2.0 * room.below(-self.narrowed[1]) <= 0.05;
        let fit = if p_fit <= 0.05 { Fit::Keeps } else { Fit::Open };
        (if breaks { Fit::Breaks } else { fit }, p_fit)
    }
}

impl Numbers {
    /// Bounds of the reward, from those of quality.
    fn reward_bounds(&self) -> Option<[f64; 2]> {
        let ([least, most], reward) = (self.bounds?, self.reward.as_ref()?);
        let Outcome::Reward { preference, .. } = reward.outcome else { return None };
        let (value, quality) = (reward.gathered.robust().values[0], self.quality.gathered.robust().values[0]);
        Some([least, most].map(|end| value + preference.quality() * (end - quality)))
    }

    fn flaw(&self) -> Option<String> {
        self.dollars.flaw().or_else(|| self.quality.flaw()).map(|flaw| flaw.to_string())
    }
}

fn contrast(a: &Evaluation, b: &Evaluation) -> Option<Contrast> {
    clustered_contrast(a.gathered.robust(), b.gathered.robust(), 1.0)
}

/// A number by itself.
fn alone(evaluation: &Evaluation) -> Option<Contrast> {
    let number = evaluation.gathered.robust();
    clustered_contrast(number, &zero(number), 1.0)
}

fn negative(contrast: Contrast) -> Contrast {
    Contrast { estimate: -contrast.estimate, ..contrast }
}

fn shifted(contrast: Contrast, by: f64) -> Contrast {
    Contrast { estimate: contrast.estimate + by, ..contrast }
}

/// Whether two policies are told apart by their dollars on any cluster.
fn dollars_differ(own: &Numbers, other: &Numbers) -> bool {
    own.dollars.gathered.robust() != other.dollars.gathered.robust()
}

/// The same clusters with a number that is zero.
fn zero(number: &Clustered) -> Clustered {
    let still = |own: &statistics::Influence| own.iter().map(|&(cluster, _)| (cluster, 0.0)).collect();
    Clustered { values: vec![0.0; number.values.len()], influences: number.influences.iter().map(still).collect() }
}

/// Candidate and difference; the interval of what is bounded stays within its bounds.
fn number(own: &Evaluation, other: &Evaluation, [least, most]: [f64; 2]) -> Measured {
    let within = |end: Option<f64>| end.map(|end| end.clamp(least, most));
    let found = own.gathered.estimate(super::super::evaluate::HEADLINE);
    let difference = clustered_difference(own.gathered.robust(), other.gathered.robust());
    Measured { own: Interval { low: within(found.low), high: within(found.high), ..found }, difference }
}

/// Said of an interval where what was not rated may be anything.
const BOUNDED: &str = "95%, whatever was not rated may be all bad or all good";

/// The number where what was not rated may be anything: between `bounds`, and up to `apart` from the measured difference.
fn bounded(number: Measured, bounds: Option<[f64; 2]>, apart: [f64; 2]) -> Measured {
    let Some([least, most]) = bounds else { return number };
    let Measured { own, difference } = number;
    let wider = |interval: Interval, by: [f64; 2]| Interval {
        low: interval.low.map(|low| low - by[0]),
        high: interval.high.map(|high| high + by[1]),
        method: BOUNDED,
        ..interval
    };
    let by = [(own.mean - least).max(0.0), (most - own.mean).max(0.0)];
    let difference = if apart == [0.0; 2] { difference } else { wider(difference, apart) };
    Measured { own: wider(own, by), difference }
}

/// A saving for a gain.
fn negated(gain: Interval) -> Interval {
    Interval { mean: -gain.mean, low: gain.high.map(|high| -high), high: gain.low.map(|low| -low), method: gain.method }
}

impl Region {
    /// From the doubly robust numbers of both; none where one of them does not vary.
    fn new(own: &Numbers, other: &Numbers) -> Option<Region> {
        let minus = |a: &Evaluation, b: &Evaluation| a.gathered.robust().minus(b.gathered.robust());
        let quality_difference = minus(&own.quality, &other.quality);
        let dollars_difference = minus(&own.dollars, &other.dollars);
        let variance = |number: &Clustered, other: &Clustered, ratio: f64| {
            clustered_contrast(number, other, ratio).map(|contrast| contrast.error * contrast.error)
        };
        let of_quality = variance(&quality_difference, &zero(&quality_difference), 1.0)?;
        let of_dollars = variance(&dollars_difference, &zero(&dollars_difference), 1.0)?;
        if of_quality <= 0.0 || of_dollars <= 0.0 {
            return None;
        }
        // Var(q - s d) = Var q - 2 s Cov + s^2 Var d, at the s that makes both parts alike.
        let scale = libm::sqrt(of_quality / of_dollars);
        let together = variance(&quality_difference, &dollars_difference, scale)?;
        let both = (of_quality + scale * scale * of_dollars - together) / (2.0 * scale);
        let freedom = own.dollars.gathered.clusters().checked_sub(2).filter(|freedom| *freedom > 0)? as f64;
        let reach = (freedom + 1.0) * (libm::pow(0.05, -2.0 / freedom) - 1.0);
        let centre = [quality_difference.values[0], dollars_difference.values[0]];
        Some(Region { centre, covariance: [of_quality, both, of_dollars], reach })
    }
}
