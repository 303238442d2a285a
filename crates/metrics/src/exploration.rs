//! The exploration bill: what was paid for learning rather than for the answer.
//!
//! A request is explored when its choice is not the greedy decision of the same policy with what it knew then; the bill is
//! the difference between the two outcomes. It says nothing of what exploring taught (later choices are better for it), of
//! requests on which exploration happened to take the greedy model, or of outcomes bought beside the chosen one, which
//! stand in the ledger. Sampling from a stochastic policy is exploration; a bad greedy decision is not.

use crate::{About, Better, Reading, about};
use routing::words::metric;

/// What [`Exploration`] reports of each phase and of the whole run, in order.
pub const EXPLORATION: &[About] = &[
    about(
        "exploration_share",
        "share",
        Better::Neither,
        "share of requests whose choice was not the policy's greedy one",
    ),
    about(
        "exploration_usd",
        "USD",
        Better::Lower,
        "sum over explored requests of the dollars paid less those of the greedy choice; below 0: exploring was cheaper",
    ),
    about(
        "exploration_quality",
        "score",
        Better::Lower,
        "sum over explored requests of the greedy choice's score less the one obtained",
    ),
    about(
        "exploration_reward",
        "reward",
        Better::Lower,
        "sum over explored requests of the greedy choice's reward less the one obtained",
    ),
];

/// What [`greedy_regret`] reports.
pub const GREEDY_REGRET: About = about(
    "greedy_regret",
    "reward",
    Better::Lower,
    "regret against the best model of each request that the policy's greedy decisions would have had: the regret less \
     `exploration_reward`; what they knew was still paid for by exploring",
);

/// Regret of the greedy decisions in each phase and in the run, given the `phase_regret` among `readings` and the `bill` of
/// the same run.
pub fn greedy_regret(readings: &[Reading], bill: &[Reading]) -> Vec<Reading> {
    let explored = |phase: Option<usize>| {
        let own = bill.iter().find(|reading| reading.phase == phase && reading.about.name == "exploration_reward");
        own.map_or(0.0, |reading| reading.value)
    };
    let phases = readings.iter().filter(|reading| reading.about.name == metric::PHASE_REGRET);
    let of = |reading: &Reading| Reading {
        about: &GREEDY_REGRET,
        value: reading.value - explored(reading.phase),
        ..*reading
    };
    let mut all: Vec<Reading> = phases.map(of).collect();
    if let Some(&last) = all.last() {
        let value = all.iter().map(|phase| phase.value).sum();
        all.push(Reading { phase: None, n: last.end, value, ..last });
    }
    all
}

/// What one explored request cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Explored {
    /// Dollars paid less those of the greedy choice.
    pub dollars: f64,
    /// Score of the greedy choice less the one obtained.
    pub quality: f64,
    /// Reward of the greedy choice less the one obtained.
    pub reward: f64,
}

/// Accumulates the bill in the order of rounds, each round once.
pub struct Exploration {
    bounds: Vec<u64>,
    phases: Vec<Sums>,
    phase: usize,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    explored: u64,
    bill: Explored,
}

impl Sums {
    fn add(&mut self, explored: u64, bill: &Explored) {
        self.explored += explored;
        self.bill.dollars += bill.dollars;
        self.bill.quality += bill.quality;
        self.bill.reward += bill.reward;
    }

    fn values(&self, n: u64) -> [f64; 4] {
        [self.explored as f64 / n as f64, self.bill.dollars, self.bill.quality, self.bill.reward]
    }
}

impl Exploration {
    /// Over `rounds` rounds with `changes` between 0 and `rounds`, ascending and distinct.
    pub fn new(changes: &[u64], rounds: u64) -> Exploration {
        let bounds: Vec<u64> = [0].iter().chain(changes).chain([&rounds]).copied().collect();
        Exploration { phases: vec![Sums::default(); bounds.len() - 1], bounds, phase: 0 }
    }

    /// Takes in an explored request; rounds do not fall.
    pub fn observe(&mut self, round: u64, bill: &Explored) {
        while round >= self.bounds[self.phase + 1] {
            self.phase += 1;
        }
        self.phases[self.phase].add(1, bill);
    }

    /// The bill of each phase, then that of the run.
    pub fn readings(&self) -> Vec<Reading> {
        let mut whole = Sums::default();
        let mut all = Vec::new();
        let mut push = |phase: Option<usize>, sums: &Sums, (start, end): (u64, u64)| {
            let values = sums.values(end - start);
            let reading = |(about, value)| Reading { about, phase, end, n: end - start, value };
            all.extend(EXPLORATION.iter().zip(values).map(reading));
        };
        for (phase, sums) in self.phases.iter().enumerate() {
            push(Some(phase), sums, (self.bounds[phase], self.bounds[phase + 1]));
            whole.add(sums.explored, &sums.bill);
        }
        push(None, &whole, (0, self.bounds[self.phases.len()]));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_of_the_run_is_the_sum_of_the_phases() {
        let mut exploration = Exploration::new(&[10], 40);
        for (round, dollars) in [(3, 1.0), (9, 2.0), (10, 4.0)] {
            exploration.observe(round, &Explored { dollars, quality: 0.5, reward: -0.25 });
        }
        let of = |name: &str, phase: Option<usize>| {
            let all = exploration.readings();
            all.iter().find(|reading| reading.about.name == name && reading.phase == phase).unwrap().value
        };
        assert_eq!([Some(0), Some(1), None].map(|phase| of("exploration_usd", phase)), [3.0, 4.0, 7.0]);
        let shares = [Some(0), Some(1), None].map(|phase| of("exploration_share", phase));
        assert_eq!(shares, [0.2, 1.0 / 30.0, 0.075]);
        let regret = |phase, value| Reading { about: &crate::ADAPTATION[0], phase: Some(phase), end: 40, n: 20, value };
        let greedy = greedy_regret(&[regret(0, 5.0), regret(1, 1.0)], &exploration.readings());
        let values: Vec<f64> = greedy.iter().map(|reading| reading.value).collect();
        assert_eq!(
            values,
            [5.5, 1.25, 6.75],
            "choices that happened to earn more than the greedy ones lower no regret"
        );
        assert_eq!((of("exploration_quality", None), of("exploration_reward", None)), (1.5, -0.75));
    }
}
