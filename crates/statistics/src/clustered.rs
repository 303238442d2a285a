//! Intervals where replicates share their prompts: by clusters of prompts and by replicates at once.
//!
//! Does: takes a number as a mean over R replicates, each with the influence of every cluster of prompts on it, and adds two
//! variances. The first is that of the prompts, by clusters across all replicates (Liang and Zeger 1986, "Longitudinal data
//! analysis using generalized linear models", Biometrika 73; for two ways Cameron, Gelbach and Miller 2011, "Robust inference
//! with multiway clustering", JBES 29). The second is that of training: what replicates differ by beyond what their prompts
//! explain, over R, never below zero. Degrees of freedom are Satterthwaite's (1946, "An approximate distribution of estimates
//! of variance components", Biometrics Bulletin 2). Student's t over replicates alone is too narrow there, because replicates
//! that test the same prompts err together.
//!
//! Assumes: clusters are drawn independently from what the number is to hold for, and each moves the number by little.
//! Covers: new prompts, and new trainings on the rows at hand; with one replicate this training on new prompts. It does not
//! cover other rows to train on. `make coverage` shows by simulation how often the intervals hold the truth.

use crate::interval::{CONFIDENCE, mean};
use crate::paired::fieller;
use crate::t_quantile;
use crate::{Contrast, Interval};

/// Name of the interval over several replicates.
pub const CLUSTERED: &str = "95% by prompts and replicates: new prompts, new trainings on these rows";

/// Name of the interval of one replicate.
pub const ONE_TRAINING: &str = "95% by prompts: new prompts, this training";

/// How much each cluster of prompts moves a number, by ascending cluster: for a mean over n prompts, the sum of
/// (value - mean) / n over the prompts of the cluster.
pub type Influence = Vec<(u32, f64)>;

/// A number of R replicates that may share prompts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clustered {
    /// One value a replicate, R.
    pub values: Vec<f64>,
    /// One list a replicate, R: as many entries as the replicate has clusters.
    pub influences: Vec<Influence>,
}

impl Clustered {
    /// `self` minus `other`, which has the same replicates.
    ///
    /// # Panics
    /// When the numbers of replicates differ.
    pub fn minus(&self, other: &Clustered) -> Clustered {
        self.plus(other, -1.0)
    }

    /// The mean of several numbers of the same replicates, such as a macro mean over tasks.
    ///
    /// # Panics
    /// When there is none, or the numbers of replicates differ.
    pub fn mean_of(parts: &[Clustered]) -> Clustered {
        let (share, (first, others)) = (1.0 / parts.len() as f64, parts.split_first().expect("a mean has parts"));
        let mut mean = others.iter().fold(first.clone(), |sum, part| sum.plus(part, 1.0));
        mean.values.iter_mut().for_each(|value| *value *= share);
        mean.influences.iter_mut().flatten().for_each(|(_, value)| *value *= share);
        mean
    }

    /// `self` plus `times` the other, which has the same replicates.
    fn plus(&self, other: &Clustered, times: f64) -> Clustered {
        assert_eq!(self.values.len(), other.values.len(), "pairs need as many values of one as of the other");
        let values = self.values.iter().zip(&other.values).map(|(one, two)| one + times * two).collect();
        let pairs = self.influences.iter().zip(&other.influences);
        Clustered { values, influences: pairs.map(|(one, two)| merged(one, two, times)).collect() }
    }

    fn replicates(&self) -> f64 {
        self.values.len() as f64
    }
}

/// One list plus `times` the other, by ascending cluster.
fn merged(one: &Influence, two: &Influence, times: f64) -> Influence {
    let mut result = Vec::with_capacity(one.len().max(two.len()));
    let (mut left, mut right) = (one.iter().peekable(), two.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (None, None) => return result,
            (Some(&&(cluster, _)), None) | (None, Some(&&(cluster, _))) => cluster,
            (Some(&&(one, _)), Some(&&(two, _))) => one.min(two),
        };
        let own = left.next_if(|(cluster, _)| *cluster == next).map_or(0.0, |(_, value)| *value);
        let other = right.next_if(|(cluster, _)| *cluster == next).map_or(0.0, |(_, value)| *value);
        result.push((next, own + times * other));
    }
}

/// Two parts of a variance or covariance.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Of the prompts.
    prompts: f64,
    /// Of the replicates beyond their prompts, over R; may be below zero.
    training: f64,
}

/// The parts of the covariance of two numbers of the same replicates.
fn covariance(one: &Clustered, two: &Clustered) -> Parts {
    let replicates = one.replicates();
    let [sums, others] = [one, two].map(summed);
    let clusters = sums.iter().zip(&others).filter(|(own, other)| own.1 || other.1).count() as f64;
    let together: f64 = sums.iter().zip(&others).map(|(own, other)| own.0 * other.0).sum();
    let prompts = together * small(clusters) / (replicates * replicates);
    if one.values.len() < 2 {
        return Parts { prompts, training: 0.0 };
    }
    let alone: f64 = one.influences.iter().zip(&two.influences).map(|(own, other)| within(own, other)).sum();
    let shared = (together - alone) / (replicates * (replicates - 1.0));
    let explained = alone / replicates - shared;
    let between = crate::interval::covariance(&one.values, &two.values);
    Parts { prompts, training: (between - explained) / replicates }
}

/// The correction of a sum of squares over `clusters`.
fn small(clusters: f64) -> f64 {
    if clusters > 1.0 { clusters / (clusters - 1.0) } else { f64::NAN }
}

/// For each cluster the sum of its influences over replicates, and whether it is in any.
fn summed(number: &Clustered) -> Vec<(f64, bool)> {
    let last = number.influences.iter().filter_map(|own| own.last()).map(|(cluster, _)| *cluster).max();
    let mut sums = vec![(0.0, false); last.map_or(0, |last| last as usize + 1)];
    for &(cluster, value) in number.influences.iter().flatten() {
        let sum = &mut sums[cluster as usize];
        *sum = (sum.0 + value, true);
    }
    sums
}

/// The sum of products of the clusters that both have.
fn within(one: &Influence, two: &Influence) -> f64 {
    let (mut other, mut sum) = (two.iter().peekable(), 0.0);
    for &(cluster, value) in one {
        while other.next_if(|(next, _)| *next < cluster).is_some() {}
        if let Some(&&(next, found)) = other.peek()
            && next == cluster
        {
            sum += value * found;
        }
    }
    sum
}

/// Clusters of prompts behind a number.
fn clusters(number: &Clustered) -> f64 {
    summed(number).iter().filter(|(_, there)| *there).count() as f64
}

/// Degrees of freedom of the sum of both parts.
fn freedom(parts: Parts, clusters: f64, replicates: f64) -> f64 {
    let training = parts.training.max(0.0);
    let whole = parts.prompts + training;
    if whole <= 0.0 {
        return clusters - 1.0;
    }
    let of_training = if replicates > 1.0 { training * training / (replicates - 1.0) } else { 0.0 };
    whole * whole / (of_training + parts.prompts * parts.prompts / (clusters - 1.0))
}

/// Why there is no interval; none where there may be one.
fn refused(number: &Clustered, mean: f64) -> Option<Interval> {
    let reason = match number.values.len() {
        0 => "none (0 replicates)",
        _ if !mean.is_finite() => "none (a value is not finite)",
        _ if clusters(number) < 2.0 => "none (1 prompt)",
        _ => return None,
    };
    Some(Interval::unbounded(mean, reason))
}

fn method(number: &Clustered) -> &'static str {
    if number.values.len() > 1 { CLUSTERED } else { ONE_TRAINING }
}

/// The mean over replicates with its interval, kept within the `range` of values that the number can have.
///
/// Within a bounded range the interval is Wilson's (1927), with the sample size that gives the same variance, so that a share
/// of 0 is not certain to be 0.
pub fn clustered_mean(number: &Clustered, range: (f64, f64)) -> Interval {
    let mean = mean(&number.values);
    if let Some(refused) = refused(number, mean) {
        return refused;
    }
    let (parts, clusters) = (covariance(number, number), clusters(number));
    let variance = parts.prompts + parts.training.max(0.0);
    let critical = t_quantile(0.5 + 0.5 * CONFIDENCE, freedom(parts, clusters, number.replicates()));
    let interval = match range.0.is_finite() && range.1.is_finite() {
        true => wilson(mean, variance, critical, clusters, range),
        false => (mean - critical * libm::sqrt(variance), mean + critical * libm::sqrt(variance)),
    };
    let (low, high) = (interval.0.max(range.0), interval.1.min(range.1));
    Interval { mean, low: Some(low), high: Some(high), method: method(number) }
}

/// Wilson's interval of a `mean` in `range` with this `variance`: that of a share among as many draws as have it.
fn wilson(mean: f64, variance: f64, critical: f64, clusters: f64, (least, most): (f64, f64)) -> (f64, f64) {
    let width = most - least;
    let share = ((mean - least) / width).clamp(0.0, 1.0);
    let (spread, squared) = (share * (1.0 - share), critical * critical);
    if spread == 0.0 {
        // No prompt moves it: what `clusters` draws would not show.
        let beyond = width * squared / (clusters + squared);
        return if share == 0.0 { (least, least + beyond) } else { (most - beyond, most) };
    }
    if variance == 0.0 {
        return (mean, mean);
    }
    let draws = spread * width * width / variance;
    let middle = (share + squared / (2.0 * draws)) / (1.0 + squared / draws);
    let half = critical / (1.0 + squared / draws) * libm::sqrt(spread / draws + squared / (4.0 * draws * draws));
    (least + width * (middle - half), least + width * (middle + half))
}

/// mean(a) - mean(b) of replicates that both have, with its interval.
///
/// # Panics
/// When the numbers of replicates differ.
pub fn clustered_difference(a: &Clustered, b: &Clustered) -> Interval {
    clustered_mean(&a.minus(b), (f64::NEG_INFINITY, f64::INFINITY))
}

/// mean(a) - `ratio` mean(b) of replicates that both have, with its error; none where there is no interval. What varies, and by
/// how many degrees of freedom, is told at the estimate of the ratio, as [`clustered_gain`] does; `ratio` 1 tests a difference.
///
/// # Panics
/// When the numbers of replicates differ.
pub fn clustered_contrast(a: &Clustered, b: &Clustered, ratio: f64) -> Option<Contrast> {
    assert_eq!(a.values.len(), b.values.len(), "pairs need as many values of one as of the other");
    let (mean_a, mean_b) = (mean(&a.values), mean(&b.values));
    let estimate = mean_a - ratio * mean_b;
    if refused(a, estimate).or_else(|| refused(b, estimate)).is_some() {
        return None;
    }
    let measured = if ratio == 1.0 { 1.0 } else { mean_a / mean_b };
    let parts = [covariance(a, a), covariance(a, b), covariance(b, b)];
    let told = combined(parts, measured);
    let freedom = freedom(told, clusters(a), a.replicates());
    let here = combined(parts, ratio);
    let training = if told.training > 0.0 { here.training } else { 0.0 };
    Some(Contrast { estimate, error: libm::sqrt((here.prompts + training).max(0.0)), freedom })
}

/// The parts of the variance of a - `ratio` b, from those of a, of both and of b.
fn combined([own, both, other]: [Parts; 3], ratio: f64) -> Parts {
    let of = |part: fn(Parts) -> f64| part(own) - 2.0 * ratio * part(both) + ratio * ratio * part(other);
    Parts { prompts: of(|parts| parts.prompts), training: of(|parts| parts.training) }
}

/// mean(a) / mean(b) - 1 of replicates that both have, with the interval of Fieller's theorem: the ratios R whose a - R b is
/// not told from zero.
///
/// No interval where `b` is not distinguishable from zero or is below it, since a gain then has no meaning.
///
/// # Panics
/// When the numbers of replicates differ.
pub fn clustered_gain(a: &Clustered, b: &Clustered) -> Interval {
    assert_eq!(a.values.len(), b.values.len(), "pairs need as many values of one as of the other");
    let (mean_a, mean_b) = (mean(&a.values), mean(&b.values));
    let gain = mean_a / mean_b - 1.0;
    if let Some(refused) = refused(a, gain).or_else(|| refused(b, gain)) {
        return refused;
    }
    let (own, both, other) = (covariance(a, a), covariance(a, b), covariance(b, b));
    let ratio = mean_a / mean_b;
    let parts = combined([own, both, other], ratio);
    let critical = t_quantile(0.5 + 0.5 * CONFIDENCE, freedom(parts, clusters(a), a.replicates()));
    let squared = critical * critical;
    // What training adds is never below zero: the interval without it, or the one with it where that adds.
    let with = if parts.training > 0.0 { 1.0 } else { 0.0 };
    let scaled = |parts: Parts| squared * (parts.prompts + with * parts.training);
    fieller((mean_a, mean_b), (scaled(own), scaled(both), scaled(other)), method(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    const WHOLE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    /// R replicates that test prompts in common: `of(replicate, prompt)` is a value, NaN where it is not tested.
    fn number(replicates: usize, prompts: u32, of: impl Fn(usize, u32) -> f64) -> Clustered {
        let mut number = Clustered::default();
        for replicate in 0..replicates {
            let all = (0..prompts).map(|prompt| (prompt, of(replicate, prompt)));
            let tested: Vec<(u32, f64)> = all.filter(|(_, value)| value.is_finite()).collect();
            let n = tested.len() as f64;
            let mean = tested.iter().map(|(_, value)| value).sum::<f64>() / n;
            number.values.push(mean);
            number.influences.push(tested.into_iter().map(|(prompt, value)| (prompt, (value - mean) / n)).collect());
        }
        number
    }

    fn near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-12)
    }

    #[test]
    fn one_replicate_of_single_prompts_has_the_interval_of_student_over_prompts() {
        let values = [0.3, 0.1, 0.4, 0.15, 0.9];
        let found = clustered_mean(&number(1, 5, |_, prompt| values[prompt as usize]), WHOLE);
        let known = crate::mean_interval(&values);
        assert!(near(found.low, known.low.unwrap()) && near(found.high, known.high.unwrap()), "{found:?} {known:?}");
        assert_eq!(found.method, ONE_TRAINING);
    }

    #[test]
    fn replicates_that_measure_the_same_are_worth_one() {
        let values = [0.3, 0.1, 0.4, 0.15, 0.9];
        let [one, five] =
            [1, 5].map(|count| clustered_mean(&number(count, 5, |_, prompt| values[prompt as usize]), WHOLE));
        assert!(near(five.low, one.low.unwrap()) && near(five.high, one.high.unwrap()), "{one:?} {five:?}");
        assert_eq!(five.method, CLUSTERED);
    }

    #[test]
    fn replicates_of_other_prompts_are_worth_as_many_prompts() {
        // Ten prompts, two of them in each of five replicates; replicates differ by no more than their prompts.
        let values = [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6, 0.45, 0.55];
        let of = |replicate: usize, prompt: u32| {
            if prompt as usize / 2 == replicate { values[prompt as usize] } else { f64::NAN }
        };
        let found = clustered_mean(&number(5, 10, of), WHOLE);
        let squares: f64 = values.iter().map(|value| (value - 0.5) * (value - 0.5)).sum();
        let half = t_quantile(0.975, 9.0) * libm::sqrt(squares / 9.0 / 10.0);
        assert!(near(found.low, 0.5 - half) && near(found.high, 0.5 + half), "{found:?} {half}");
    }

    #[test]
    fn what_moves_together_widens() {
        let values = [0.3, 0.1, 0.4, 0.15, 0.9];
        let single = number(1, 5, |_, prompt| values[prompt as usize]);
        let pair = |from: u32| single.influences[0][from as usize].1 + single.influences[0][from as usize + 2].1;
        let merged = Clustered {
            influences: vec![vec![(0, pair(0)), (1, pair(1)), (4, single.influences[0][4].1)]],
            ..single.clone()
        };
        let width = |interval: Interval| interval.high.unwrap() - interval.low.unwrap();
        assert!(width(clustered_mean(&merged, WHOLE)) > width(clustered_mean(&single, WHOLE)));
    }

    #[test]
    fn a_difference_is_paired_and_a_gain_is_on_the_edge_at_its_ends() {
        let b = number(3, 40, |replicate, prompt| 0.5 + 0.3 * libm::sin(f64::from(prompt) + replicate as f64));
        let a = number(3, 40, |replicate, prompt| 0.62 + 0.3 * libm::sin(f64::from(prompt) + 1.1 * replicate as f64));
        assert!(clustered_difference(&a, &a).low == Some(0.0) && clustered_difference(&a, &a).high == Some(0.0));
        let gain = clustered_gain(&a, &b);
        for end in [gain.low.unwrap(), gain.high.unwrap()] {
            let scale = |number: &Clustered| Clustered {
                values: number.values.iter().map(|value| (1.0 + end) * value).collect(),
                influences: number
                    .influences
                    .iter()
                    .map(|own| own.iter().map(|&(cluster, value)| (cluster, (1.0 + end) * value)).collect())
                    .collect(),
            };
            let difference = clustered_difference(&a, &scale(&b));
            let nearest = difference.low.unwrap().abs().min(difference.high.unwrap().abs());
            assert!(nearest < 2e-3, "degrees of freedom move a little from the estimate to its end: {difference:?}");
        }
        assert!(gain.low.unwrap() < gain.mean && gain.mean < gain.high.unwrap());
        let zero = number(3, 40, |_, prompt| libm::sin(f64::from(prompt)));
        assert!(clustered_gain(&a, &zero).low.is_none());
    }

    #[test]
    fn a_share_keeps_its_range_and_is_not_certain_at_its_ends() {
        let none = clustered_mean(&number(5, 50, |_, _| 0.0), (0.0, 1.0));
        assert!(none.low == Some(0.0) && none.high.unwrap() > 0.05 && none.high.unwrap() < 0.1, "{none:?}");
        let few = clustered_mean(&number(5, 50, |_, prompt| f64::from(u8::from(prompt == 3))), (0.0, 1.0));
        assert!(few.low.unwrap() > 0.0 && few.high.unwrap() < 0.15, "{few:?}");
        let all = clustered_mean(&number(1, 50, |_, _| 1.0), (-1.0, 1.0));
        assert!(all.high == Some(1.0) && all.low.unwrap() < 0.9, "{all:?}");
    }

    #[test]
    fn what_has_no_interval_says_why() {
        assert_eq!(clustered_mean(&Clustered::default(), WHOLE).method, "none (0 replicates)");
        assert_eq!(clustered_mean(&number(2, 1, |_, _| 0.5), WHOLE).method, "none (1 prompt)");
        let gap = Clustered { values: vec![f64::NAN], influences: vec![vec![(0, 0.1), (1, -0.1)]] };
        assert_eq!(clustered_mean(&gap, WHOLE).method, "none (a value is not finite)");
    }

    #[test]
    fn a_macro_mean_is_the_mean_of_its_parts() {
        let [one, two] =
            [0.0, 0.5].map(|shift| number(2, 9, |replicate, prompt| shift + f64::from(prompt) * replicate as f64));
        let mean = Clustered::mean_of(&[one.clone(), two.clone()]);
        assert_eq!(mean.values, [0.25, 0.25 + one.values[1]]);
        let sum: f64 =
            mean.influences[1].iter().zip(&one.influences[1]).map(|(mean, one)| (mean.1 - one.1).abs()).sum();
        assert!(sum < 1e-12);
    }

    /// Prompts in common, trainings that differ, and noise of each decision.
    #[test]
    fn nineteen_in_twenty_intervals_hold_the_truth_where_replicates_share_prompts() {
        for (replicates, tested) in [(1_usize, 60_usize), (5, 60), (5, 15), (20, 15)] {
            let (experiments, mut held) = (4_000, 0);
            for experiment in 0..experiments {
                let mut generator = Seed::root(9).stream("clustered").at(Round(experiment));
                let mut draw = |scale: f64| scale * random::normal(&mut generator);
                let prompts: Vec<f64> = (0..60).map(|_| draw(0.4)).collect();
                let trainings: Vec<f64> =
                    (0..replicates).map(|_| draw(if replicates > 1 { 0.02 } else { 0.0 })).collect();
                let noise: Vec<f64> = (0..60 * replicates).map(|_| draw(0.2)).collect();
                let of = |replicate: usize, prompt: u32| {
                    let place = (prompt as usize + 7 * replicate * tested / 15) % 60;
                    let value = 0.3 + prompts[prompt as usize] + trainings[replicate];
                    if place < tested { value + noise[60 * replicate + prompt as usize] } else { f64::NAN }
                };
                let found = clustered_mean(&number(replicates, 60, of), WHOLE);
                held += u32::from(found.low.unwrap() <= 0.3 && 0.3 <= found.high.unwrap());
            }
            let coverage = f64::from(held) / experiments as f64;
            assert!((0.935..=0.965).contains(&coverage), "{replicates} replicates, {tested} of 60 prompts: {coverage}");
        }
    }
}
