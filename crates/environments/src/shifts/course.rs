//! How strong a shift is at each round: the one thing that abrupt, gradual and cyclic changes differ in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

/// Strength s(t) in [0, 1] of a shift over the rounds t.
///
/// Nothing before `from`. Then, with `period` P > 0, (1 - cos(2 pi (t - from) / P)) / 2; with `rise` R > 0,
/// min((t - from) / R, 1); else 1 at once. From `until` on it falls back to 0, linearly over `fall` rounds or at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// First round at which the shift acts.
    pub from: u64,
    /// First round at which it acts no longer, or begins to fall; none: it stays.
    pub until: Option<u64>,
    /// Rounds it takes to full strength; 0: abrupt.
    pub rise: u64,
    /// Rounds it takes from full strength back to none; 0: abrupt.
    pub fall: u64,
    /// Rounds of a full cycle; 0: not cyclic.
    pub period: u64,
}

impl Course {
    /// At full strength in every round of `from..until`.
    pub fn step(from: u64, until: Option<u64>) -> Course {
        Course { from, until, rise: 0, fall: 0, period: 0 }
    }

    /// Refuses a course without strength in any of the first `rounds` rounds, unless it says so itself by ending where it
    /// begins.
    pub(super) fn begins_within(&self, rounds: u64) -> Result<(), Mistake> {
        let Course { from, until, rise, fall, period } = *self;
        before_the_end("from", from, rounds)?;
        let first_half = [from, from + 1, from.saturating_add(rise), from.saturating_add(period / 2)];
        let ends = until.into_iter().flat_map(|until| [until.saturating_sub(1), until]);
        let mut strongest = first_half.into_iter().chain(ends).chain([rounds - 1]);
        if until == Some(from) || strongest.any(|round| round < rounds && self.strength(round) > 0.0) {
            return Ok(());
        }
        let never = format!("or the shift has no strength in any of the {rounds} rounds");
        let end = until.map_or(rounds, |until| until.min(rounds));
        if period == 1 {
            Mistake::unless(false, "period", &format!("0 or at least 2, {never}"), 1)
        } else if fall == 0 && until.is_some_and(|until| until < rounds) {
            let rule = format!("at least `from` + 2 = {}, {never}", from + 2);
            Mistake::unless(false, "until", &rule, end)
        } else {
            let rule = format!("at least 2 rounds before round {end}, {never}");
            Mistake::unless(false, "from", &rule, from)
        }
    }

    /// s(t), in [0, 1].
    pub fn strength(&self, round: u64) -> f64 {
        if round < self.from {
            return 0.0;
        }
        if let Some(past) = self.until.and_then(|until| round.checked_sub(until)) {
            return if past < self.fall { 1.0 - past as f64 / self.fall as f64 } else { 0.0 };
        }
        let since = round - self.from;
        if self.period > 0 {
            let angle = (since % self.period) as f64 / self.period as f64 * std::f64::consts::TAU;
            0.5 * (1.0 - libm::cos(angle))
        } else if since < self.rise {
            since as f64 / self.rise as f64
        } else {
            1.0
        }
    }

    /// Rounds at which it begins, is complete, begins to end and has ended.
    pub(super) fn changes(&self) -> Vec<u64> {
        let ends = self.until.into_iter().flat_map(|until| [until, until + self.fall]);
        [self.from, self.from + self.rise].into_iter().chain(ends).collect()
    }

    /// First round, and first round after the last, at which it acts.
    pub(super) fn span(&self) -> (u64, u64) {
        (self.from, self.until.map_or(u64::MAX, |until| until.saturating_add(self.fall)))
    }
}

impl Parameters for Course {
    /// Refuses courses that contradict themselves.
    fn check(&self) -> Result<(), Mistake> {
        let Course { from, until, rise, fall, period } = *self;
        let steady = period == 0 || rise + fall == 0;
        Mistake::unless(steady, "period", "0 where `rise` or `fall` is given", period)?;
        let Some(until) = until else {
            return Mistake::unless(fall == 0, "fall", "0 without `until`", fall);
        };
        Mistake::unless(until >= from, "until", &format!("at least `from` = {from}"), until)?;
        let span = until - from;
        Mistake::unless(rise <= span, "rise", &format!("at most `until` - `from` = {span}"), rise)
    }
}

/// The rule that `round`, the value of `field`, is one of the first `rounds` rounds.
pub(super) fn before_the_end(field: &str, round: u64, rounds: u64) -> Result<(), Mistake> {
    let rule = format!("below `rounds` = {rounds} of the protocol, or the shift never happens");
    Mistake::unless(round < rounds, field, &rule, round)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_follow_the_closed_form() {
        let ramp = Course { from: 10, until: Some(30), rise: 10, fall: 4, period: 0 };
        let expected =
            [(9, 0.0), (10, 0.0), (15, 0.5), (20, 1.0), (29, 1.0), (30, 1.0), (32, 0.5), (34, 0.0), (99, 0.0)];
        for (round, strength) in expected {
            assert_eq!(ramp.strength(round), strength, "round {round}");
        }
        let cycle = Course { period: 8, ..Course::step(4, None) };
        for (round, strength) in [(3, 0.0), (4, 0.0), (6, 0.5), (8, 1.0), (12, 0.0), (16, 1.0)] {
            assert!((cycle.strength(round) - strength).abs() < 1e-12, "round {round}");
        }
        assert_eq!(Course::step(5, Some(7)).strength(6), 1.0);
        assert_eq!(Course::step(5, Some(7)).strength(7), 0.0);
    }

    #[test]
    fn courses_that_contradict_themselves_are_refused() {
        let plain = Course::step(10, Some(30));
        for (course, field) in [
            (Course { until: Some(9), ..plain }, "`until`"),
            (Course { rise: 21, ..plain }, "`rise`"),
            (Course { period: 5, fall: 1, ..plain }, "`period`"),
            (Course { until: None, fall: 1, ..plain }, "`fall`"),
        ] {
            assert!(course.check().unwrap_err().to_string().starts_with(field), "{course:?}");
        }
    }

    #[test]
    fn a_course_without_strength_in_its_rounds_is_refused_and_no_other() {
        let plain = Course::step(10, None);
        let never = |course: &Course, rounds: u64| (0..rounds).all(|round| course.strength(round) == 0.0);
        let untils = [None, Some(10), Some(11), Some(12), Some(15)];
        for until in untils {
            for (rise, fall, period) in [(0, 0, 0), (1, 0, 0), (2, 0, 0), (1, 3, 0), (0, 0, 1), (0, 0, 2), (0, 0, 9)] {
                let course = Course { until, rise, fall, period, ..plain };
                for rounds in (1..20).filter(|_| course.check().is_ok()) {
                    let said = course.begins_within(rounds);
                    let empty = until == Some(10) && rounds > 10;
                    assert_eq!(said.is_err(), never(&course, rounds) && !empty, "{course:?}, {rounds}: {said:?}");
                }
            }
        }
    }
}
