//! Times until an event, some of them only known to be longer: the survival curve and its median.
//!
//! Does: S(t) = prod over event times t_i <= t of (1 - d_i / n_i) (Kaplan and Meier 1958); intervals on the scale of
//! log(-log S) with Greenwood's variance sum d_i / (n_i (n_i - d_i)); for the median those of Brookmeyer and Crowley 1982:
//! all times at which the interval of S holds 1/2. Assumes: censoring says nothing of the time. Example: the 21 remission
//! times of Freireich et al. 1963 have the median 23 weeks, from 13.

use crate::Interval;

/// Name of the intervals of [`kaplan_meier`].
pub const KAPLAN_MEIER: &str = "kaplan-meier, greenwood log-log 95% over replicates";

/// The 97.5 % point of the standard normal distribution.
const NORMAL: f64 = 1.959_963_984_540_054;

/// A time, and whether the event was seen then; otherwise it is only known not to have come by then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime {
    /// At least 0.
    pub time: f64,
    /// False: right-censored.
    pub seen: bool,
}

/// The curve from `time` on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Where the curve falls, or where somebody is censored.
    pub time: f64,
    /// Lives that last at least until `time`.
    pub at_risk: usize,
    /// S(time), with its interval; none where S is 0 or 1.
    pub survival: Interval,
}

/// The estimated curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// One step for each distinct time, ascending, after S(0) = 1.
    pub steps: Vec<Step>,
    /// The first time at which S is at most 1/2; none where it never is. Its upper end is open where the data do not bound it.
    pub median: Option<Interval>,
}

/// The survival curve of `lives`.
///
/// # Panics
/// If a time is negative or not finite.
pub fn kaplan_meier(lives: &[Lifetime]) -> Survival {
    assert!(lives.iter().all(|life| life.time >= 0.0 && life.time.is_finite()), "times are finite and at least 0");
    let mut times: Vec<f64> = lives.iter().map(|life| life.time).collect();
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    let (mut survival, mut variance) = (1.0, 0.0);
    let step = |time: f64| {
        let at_risk = lives.iter().filter(|life| life.time >= time).count();
        let events = lives.iter().filter(|life| life.seen && life.time == time).count();
        let (n, d) = (at_risk as f64, events as f64);
        survival *= 1.0 - d / n;
        variance += if events < at_risk { d / (n * (n - d)) } else { 0.0 };
        Step { time, at_risk, survival: band(survival, variance) }
    };
    let steps: Vec<Step> = times.into_iter().map(step).collect();
    Survival { median: median(&steps), steps }
}

/// S^exp(+-z s / |log S|), with s^2 Greenwood's sum.
fn band(survival: f64, variance: f64) -> Interval {
    if survival <= 0.0 || survival >= 1.0 {
        return Interval::unbounded(survival, "none (all or none are left)");
    }
    let logarithm = libm::log(survival);
    let spread = libm::exp(NORMAL * variance.sqrt() / -logarithm);
    let (low, high) = (libm::exp(logarithm * spread), libm::exp(logarithm / spread));
    Interval { mean: survival, low: Some(low), high: Some(high), method: KAPLAN_MEIER }
}

fn median(steps: &[Step]) -> Option<Interval> {
    let first =
        |below: &dyn Fn(&Interval) -> bool| steps.iter().find(|step| below(&step.survival)).map(|step| step.time);
    let mean = first(&|survival| survival.mean <= 0.5)?;
    // Where nobody is left the curve itself is the lower end, and nothing bounds it from above.
    let low = first(&|survival| survival.low.unwrap_or(survival.mean) <= 0.5);
    let high = first(&|survival| survival.high.is_some_and(|high| high <= 0.5));
    Some(Interval { mean, low, high, method: KAPLAN_MEIER })
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    fn lives(seen: &[f64], censored: &[f64]) -> Vec<Lifetime> {
        let of = |times: &[f64], seen| times.iter().map(move |&time| Lifetime { time, seen }).collect::<Vec<_>>();
        [of(seen, true), of(censored, false)].concat()
    }

    /// Weeks of remission under 6-MP (Freireich et al. 1963); values of R's survfit(conf.type = "log-log").
    #[test]
    fn the_remission_times_of_1963() {
        let seen = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let censored = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        let curve = kaplan_meier(&lives(&seen, &censored));
        for (time, at_risk, survival, low, high) in [
            (6.0, 21, 0.857, 0.620, 0.952),
            (7.0, 17, 0.807, 0.563, 0.923),
            (10.0, 15, 0.753, 0.503, 0.889),
            (13.0, 12, 0.690, 0.432, 0.849),
            (22.0, 7, 0.538, 0.268, 0.747),
            (23.0, 6, 0.448, 0.188, 0.680),
            (35.0, 1, 0.448, 0.188, 0.680),
        ] {
            let step = curve.steps.iter().find(|step| step.time == time).unwrap();
            assert_eq!(step.at_risk, at_risk, "at week {time}");
            let found = (step.survival.mean, step.survival.low.unwrap(), step.survival.high.unwrap());
            for (found, expected) in [(found.0, survival), (found.1, low), (found.2, high)] {
                assert!((found - expected).abs() < 0.0006, "week {time}: {found} against {expected}");
            }
        }
        let median = curve.median.unwrap();
        assert_eq!((median.mean, median.low, median.high), (23.0, Some(13.0), None));
    }

    #[test]
    fn without_censoring_it_is_the_empirical_distribution() {
        let curve = kaplan_meier(&lives(&[5.0, 1.0, 2.0, 4.0], &[]));
        let survival: Vec<f64> = curve.steps.iter().map(|step| step.survival.mean).collect();
        assert_eq!(survival, [0.75, 0.5, 0.25, 0.0]);
        assert_eq!(curve.median.unwrap().mean, 2.0);
        assert_eq!(curve.steps[3].survival.low, None);
    }

    #[test]
    fn what_is_never_seen_has_no_median_and_what_is_seen_at_once_has_the_least() {
        let never = kaplan_meier(&lives(&[], &[7.0, 7.0]));
        assert_eq!((never.steps.len(), never.steps[0].survival.mean, never.median), (1, 1.0, None));
        let at_once = kaplan_meier(&lives(&[0.0, 0.0], &[])).median.unwrap();
        assert_eq!((at_once.mean, at_once.low, at_once.high), (0.0, Some(0.0), None));
        assert_eq!(kaplan_meier(&[]).steps, []);
    }

    /// Exponential lives under independent exponential censoring: about 95 of 100 intervals hold S(1) = 1/e.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut generator = Seed::root(4).stream("lives").at(Round(0));
        let mut exponential = |mean: f64| -mean * libm::log(1.0 - random::uniform(&mut generator));
        let (mut held, experiments) = (0, 2000);
        for _ in 0..experiments {
            let mut life = || {
                let (event, end) = (exponential(1.0), exponential(2.0));
                Lifetime { time: event.min(end), seen: event <= end }
            };
            let curve = kaplan_meier(&(0..40).map(|_| life()).collect::<Vec<_>>());
            let at_one = curve.steps.iter().rfind(|step| step.time <= 1.0).unwrap().survival;
            let truth = libm::exp(-1.0);
            held += usize::from(at_one.low.is_some_and(|low| low <= truth) && at_one.high.unwrap() >= truth);
        }
        let coverage = held as f64 / f64::from(experiments);
        assert!((coverage - 0.95).abs() < 0.015, "{coverage}");
    }
}
