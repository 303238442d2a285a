//! How soon a policy that listens for changes hears one.

use crate::{About, Better, Reading, about};
use routing::words::metric;

/// What [`Detection`] reports, in order; the first of the whole run too.
pub const DETECTION: &[About] = &[
    about(
        "alarms",
        "alarms",
        Better::Neither,
        "changes that the policy says it heard, of any model; in phase 1 all of them are false",
    ),
    about(
        metric::DETECTION_DELAY,
        "rounds",
        Better::Lower,
        "rounds after a change until the first alarm of any model, which may be a false one; the length of the phase if \
         there is none (right-censored)",
    ),
    about(metric::DETECTED, "share", Better::Higher, "1 if there was an alarm, 0 if `detection_delay` is censored"),
];

/// Accumulates the alarms of one policy, in the order of rounds.
pub struct Detection {
    bounds: Vec<u64>,
    known: u64,
    phase: usize,
    /// Alarms and rounds until the first, of each phase.
    phases: Vec<(u64, Option<u64>)>,
}

impl Detection {
    /// Over `rounds` rounds with `changes` between 0 and `rounds`, ascending and distinct.
    pub fn new(changes: &[u64], rounds: u64) -> Detection {
        let bounds: Vec<u64> = [0].iter().chain(changes).chain([&rounds]).copied().collect();
        Detection { phases: vec![(0, None); bounds.len() - 1], bounds, known: 0, phase: 0 }
    }

    /// Hears that after `round` the policy had raised `alarms` alarms; rounds do not fall, nor do alarms.
    pub fn hear(&mut self, round: u64, alarms: u64) {
        while round >= self.bounds[self.phase + 1] {
            self.phase += 1;
        }
        let fresh = alarms - self.known;
        self.known = alarms;
        if fresh > 0 {
            let (count, first) = &mut self.phases[self.phase];
            *count += fresh;
            first.get_or_insert(round + 1 - self.bounds[self.phase]);
        }
    }

    /// What was heard in each phase and in all; delays are NaN in the first phase, before which nothing changed.
    pub fn readings(&self) -> Vec<Reading> {
        let mut all = Vec::new();
        for (phase, &(count, first)) in self.phases.iter().enumerate() {
            let (start, end) = (self.bounds[phase], self.bounds[phase + 1]);
            let after_a_change = |value: f64| if phase > 0 { value } else { f64::NAN };
            let delay = first.unwrap_or(end - start) as f64;
            let detected = if first.is_some() { 1.0 } else { 0.0 };
            let values = [count as f64, after_a_change(delay), after_a_change(detected)];
            let reading = |(about, value)| Reading { about, phase: Some(phase), end, n: end - start, value };
            all.extend(DETECTION.iter().zip(values).map(reading));
        }
        let end = self.bounds[self.phases.len()];
        all.push(Reading { about: &DETECTION[0], phase: None, end, n: end, value: self.known as f64 });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_run_from_the_change_and_are_censored_by_the_next() {
        let mut detection = Detection::new(&[10, 20], 30);
        let alarms = |round| u64::from(round >= 3) + u64::from(round >= 14) + u64::from(round >= 15);
        (0..30).for_each(|round| detection.hear(round, alarms(round)));
        let values: Vec<f64> = detection.readings().iter().map(|reading| reading.value).collect();
        assert!(values[1].is_nan() && values[2].is_nan());
        assert_eq!((values[0], &values[3..]), (1.0, &[2.0, 5.0, 1.0, 0.0, 10.0, 0.0, 3.0][..]));
    }
}
