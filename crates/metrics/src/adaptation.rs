//! How a router fares in each phase of a world that moves, and how soon it recovers from a change.
//!
//! A phase lies between two changes of the world; the set of models that are up is the same in all its rounds. It is cut
//! into [`BLOCKS`] blocks and requests into [`INTERVALS`] equal intervals of the weight on cost. The post-change
//! comparator is the clairvoyant of phase and preference: for each interval the one model with the highest reward over
//! the phase. Memory does not grow with the rounds.
//!
//! Where outcomes are missing, requests whose chosen outcome is one of them play no part, and what compares with a fixed
//! model does not exist: its reward is not known for all of the same requests.

use crate::{About, Better, about};
use routing::words::metric;
use routing::{Arm, Preference};

/// Blocks of a phase: recovery is told to a fiftieth of it.
const BLOCKS: u64 = 50;

/// Intervals of the weight on cost.
const INTERVALS: usize = 10;

/// Mean reward by which a block may stay below the comparator and count as recovered, or below the incumbent without
/// violation.
const TOLERANCE: f64 = 0.02;

/// Consecutive blocks that have to be good.
const STAYS: usize = 3;

/// What [`Adaptation`] reports, in order.
pub const ADAPTATION: &[About] = &[
    about(
        metric::PHASE_REGRET,
        "reward",
        Better::Lower,
        "regret against the best model of each request, within the phase",
    ),
    about(
        "phase_static_regret",
        "reward",
        Better::Lower,
        "regret against the best fixed model of the phase at each preference; below 0: routing beats it",
    ),
    about("phase_reward", "reward", Better::Higher, "mean reward within the phase"),
    about("phase_cost_usd", "USD/request", Better::Lower, "mean dollars of the chosen calls within the phase"),
    about(
        metric::RECOVERY_ROUNDS,
        "rounds",
        Better::Lower,
        "rounds after a change until the reward stays within 0.02 of the phase's best fixed model at each preference for \
         three blocks of a fiftieth of the phase; the length of the phase if that never happens (right-censored)",
    ),
    about(metric::RECOVERED, "share", Better::Higher, "1 if the recovery was seen, 0 if `recovery_rounds` is censored"),
    about(
        "incumbent_violations",
        "share",
        Better::Lower,
        "share of the phase's blocks with a mean reward more than 0.02 below that of the incumbent, the best fixed model of \
         the first phase at each preference, over requests for which it is up",
    ),
];

/// What [`Adaptation`] reports of the whole run, in order.
pub const WHOLE: &[About] = &[
    about(
        "static_regret",
        "reward",
        Better::Lower,
        "regret over the run against the best model that is up throughout, fixed at each preference; below 0: beats it",
    ),
    about(
        metric::DYNAMIC_REGRET,
        "reward",
        Better::Lower,
        "regret over the run against the best fixed model of each phase at each preference: the sum of \
         `phase_static_regret`",
    ),
];

/// A decision, with what every model would have earned.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Position in the stream.
    pub round: u64,
    /// The request's preference.
    pub preference: Preference,
    /// Reward obtained, in [-1, 1]; none: nobody recorded the outcome.
    pub reward: Option<f64>,
    /// Dollars of the call, where it was recorded.
    pub dollars: f64,
    /// Reward of each of the K models, whether up or not; NaN: nobody recorded it.
    pub rewards: &'a [f64],
    /// Which of the K models are up.
    pub available: &'a [bool],
}

/// A number about one phase, or about the whole run.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What it is.
    pub about: &'static About,
    /// The phase, from 0; none: the whole run.
    pub phase: Option<usize>,
    /// First round after the phase or run.
    pub end: u64,
    /// Requests it is over.
    pub n: u64,
    /// The number; NaN where it does not exist.
    pub value: f64,
}

/// Accumulates decisions in the order of their rounds, each round once.
pub struct Adaptation {
    /// First round of each phase, and the first after the last.
    bounds: Vec<u64>,
    arms: usize,
    phase: usize,
    current: Sums,
    /// For each interval the best fixed model of the first phase.
    incumbent: Vec<Option<Arm>>,
    whole: Whole,
    /// Requests of the phases that have ended.
    seen: u64,
    readings: Vec<Reading>,
}

/// Sums over the phases that have ended.
struct Whole {
    /// Of each model's reward: intervals x K.
    fixed: Vec<f64>,
    /// Of the reward obtained: intervals.
    obtained: Vec<f64>,
    /// Models that were up in every round.
    up: Vec<bool>,
    /// Of `phase_static_regret`.
    dynamic_regret: f64,
    /// Whether every phase was.
    complete: bool,
}

impl Whole {
    fn new(arms: usize) -> Whole {
        let (fixed, obtained) = (vec![0.0; INTERVALS * arms], vec![0.0; INTERVALS]);
        Whole { fixed, obtained, up: vec![true; arms], dynamic_regret: 0.0, complete: true }
    }

    /// Adds a phase.
    fn add(&mut self, phase: &Sums, static_regret: f64) {
        let arms = self.up.len();
        for interval in 0..INTERVALS {
            for cell in Sums::cells_of(interval) {
                self.obtained[interval] += phase.obtained[cell];
                let rewards = &phase.fixed[cell * arms..][..arms];
                let totals = &mut self.fixed[interval * arms..][..arms];
                totals.iter_mut().zip(rewards).for_each(|(total, reward)| *total += reward);
            }
        }
        self.up.iter_mut().zip(&phase.up).for_each(|(whole, phase)| *whole &= phase);
        self.dynamic_regret += static_regret;
        self.complete &= phase.complete;
    }

    /// NaN where no model was up throughout, or an outcome is missing.
    fn static_regret(&self) -> f64 {
        if !self.complete {
            return f64::NAN;
        }
        let totals = self.fixed.chunks_exact(self.up.len());
        let best = |totals: &[f64]| {
            let up = totals.iter().zip(&self.up).filter(|(_, up)| **up);
            up.map(|(total, _)| *total).reduce(f64::max).unwrap_or(f64::NAN)
        };
        totals.zip(&self.obtained).map(|(totals, obtained)| best(totals) - obtained).sum()
    }
}

/// Sums over one phase.
struct Sums {
    /// Of each model's reward: blocks x intervals x K.
    fixed: Vec<f64>,
    /// Of the reward obtained: blocks x intervals.
    obtained: Vec<f64>,
    /// Requests: blocks x intervals.
    counts: Vec<u64>,
    /// Models that were up in every round so far.
    up: Vec<bool>,
    /// Whether the reward of every model that was up was known in every round.
    complete: bool,
    regret: f64,
    dollars: f64,
}

impl Sums {
    fn new(arms: usize) -> Sums {
        let cells = BLOCKS as usize * INTERVALS;
        Sums {
            fixed: vec![0.0; cells * arms],
            obtained: vec![0.0; cells],
            counts: vec![0; cells],
            up: vec![true; arms],
            complete: true,
            regret: 0.0,
            dollars: 0.0,
        }
    }

    fn clear(&mut self) {
        self.fixed.fill(0.0);
        self.obtained.fill(0.0);
        self.counts.fill(0);
        self.up.fill(true);
        self.complete = true;
        (self.regret, self.dollars) = (0.0, 0.0);
    }

    /// Takes in a request that falls into a `cell`, blocks x intervals.
    fn add(&mut self, cell: usize, visit: &Visit<'_>) {
        let arms = self.up.len();
        self.up.iter_mut().zip(visit.available).for_each(|(always, &up)| *always &= up);
        let Some(obtained) = visit.reward else {
            self.complete = false;
            return;
        };
        let mut best = f64::NEG_INFINITY;
        for (arm, (&reward, &up)) in visit.rewards.iter().zip(visit.available).enumerate() {
            self.fixed[cell * arms + arm] += reward;
            self.complete &= !(up && reward.is_nan());
            best = if up { best.max(reward) } else { best };
        }
        self.obtained[cell] += obtained;
        self.counts[cell] += 1;
        self.regret += best - obtained;
        self.dollars += visit.dollars;
    }

    fn cells_of(interval: usize) -> impl Iterator<Item = usize> {
        (0..BLOCKS as usize).map(move |block| block * INTERVALS + interval)
    }

    /// For each interval the model with the highest reward over the phase.
    fn best_fixed(&self) -> Vec<Option<Arm>> {
        let arms = self.up.len();
        let total = |interval, arm| -> f64 { Sums::cells_of(interval).map(|cell| self.fixed[cell * arms + arm]).sum() };
        let best = |interval: usize| {
            let totals = (0..arms).filter(|&arm| self.up[arm]).map(|arm| (arm, total(interval, arm)));
            totals.reduce(|top, next| if next.1 > top.1 { next } else { top }).map(|(arm, _)| Arm::at(arm))
        };
        (0..INTERVALS).map(best).collect()
    }

    /// Reward of `fixed` less the reward obtained, and the requests, of each block; intervals without a model left out.
    fn gaps(&self, fixed: &[Option<Arm>]) -> Vec<(f64, u64)> {
        let arms = self.up.len();
        let gap_of = |block: usize| {
            let (mut gap, mut count) = (0.0, 0);
            for (interval, arm) in fixed.iter().enumerate() {
                let cell = block * INTERVALS + interval;
                if let Some(arm) = arm.filter(|arm| self.up[arm.index()]) {
                    gap += self.fixed[cell * arms + arm.index()] - self.obtained[cell];
                    count += self.counts[cell];
                }
            }
            (gap, count)
        };
        (0..BLOCKS as usize).map(gap_of).collect()
    }
}

impl Adaptation {
    /// For K models over `rounds` rounds with `changes` between 0 and `rounds`, ascending and distinct.
    pub fn new(arms: usize, changes: &[u64], rounds: u64) -> Adaptation {
        let bounds = [0].iter().chain(changes).chain([&rounds]).copied().collect();
        let incumbent = vec![None; INTERVALS];
        let (current, whole) = (Sums::new(arms), Whole::new(arms));
        Adaptation { bounds, arms, phase: 0, current, incumbent, whole, seen: 0, readings: Vec::new() }
    }

    /// Takes in the decision of the next round.
    ///
    /// # Panics
    /// If there is not one reward and one availability for each model.
    pub fn observe(&mut self, visit: &Visit<'_>) {
        assert_eq!(visit.rewards.len(), self.arms, "one reward for each model");
        let (start, end) = (self.bounds[self.phase], self.bounds[self.phase + 1]);
        let block = (visit.round - start) * BLOCKS / (end - start).max(1);
        let interval = ((visit.preference.cost() * INTERVALS as f64) as usize).min(INTERVALS - 1);
        let cell = block as usize * INTERVALS + interval;
        self.current.add(cell, visit);
        if visit.round + 1 == end {
            self.close();
        }
    }

    /// What was measured of the phases that have ended, and of the whole run once it has.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Measures the phase that has ended and begins the next.
    fn close(&mut self) {
        let (start, end) = (self.bounds[self.phase], self.bounds[self.phase + 1]);
        let sums = &self.current;
        let (seen, best) = (sums.counts.iter().sum::<u64>(), sums.best_fixed());
        let n = seen as f64;
        if self.phase == 0 {
            self.incumbent.clone_from(&best);
        }
        let gaps = sums.gaps(&best);
        let recovery = recovery(&gaps).filter(|_| self.phase > 0);
        let compared = |value: f64| if sums.complete { value } else { f64::NAN };
        let after_a_change = |value: f64| if self.phase > 0 { compared(value) } else { f64::NAN };
        let static_regret = compared(gaps.iter().map(|gap| gap.0).sum());
        let values = [
            sums.regret,
            static_regret,
            sums.obtained.iter().sum::<f64>() / n,
            sums.dollars / n,
            after_a_change(
                recovery.map_or((end - start) as f64, |block| (block as u64 * (end - start)).div_ceil(BLOCKS) as f64),
            ),
            after_a_change(if recovery.is_some() { 1.0 } else { 0.0 }),
            after_a_change(violations(&sums.gaps(&self.incumbent))),
        ];
        let reading = |(about, value)| Reading { about, phase: Some(self.phase), end, n: seen, value };
        self.readings.extend(ADAPTATION.iter().zip(values).map(reading));
        self.whole.add(sums, static_regret);
        self.seen += seen;
        self.current.clear();
        self.phase += 1;
        if self.phase + 1 == self.bounds.len() {
            let values = [self.whole.static_regret(), self.whole.dynamic_regret];
            let reading = |(about, value)| Reading { about, phase: None, end, n: self.seen, value };
            self.readings.extend(WHOLE.iter().zip(values).map(reading));
        }
    }
}

fn good(&(gap, count): &(f64, u64)) -> bool {
    gap <= TOLERANCE * count as f64
}

/// The first block from which on [`STAYS`] blocks are good.
fn recovery(gaps: &[(f64, u64)]) -> Option<usize> {
    gaps.windows(STAYS).position(|blocks| blocks.iter().all(good))
}

/// Share of the blocks with requests that are not good; NaN without any.
fn violations(gaps: &[(f64, u64)]) -> f64 {
    let seen = gaps.iter().filter(|gap| gap.1 > 0);
    seen.clone().filter(|gap| !good(gap)).count() as f64 / seen.count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE_RUN: usize = usize::MAX;

    /// Two models over two phases of 1,000 rounds: model 0 earns 0.5 and then 0.1, model 1 the other way round. The router
    /// takes model 0 until round `turn`, then model 1.
    fn readings(turn: u64) -> Vec<(String, usize, f64)> {
        let mut adaptation = Adaptation::new(2, &[1000], 2000);
        for round in 0..2000 {
            let rewards = if round < 1000 { [0.5, 0.1] } else { [0.1, 0.5] };
            let preference = Preference::new((round % 10) as f64 / 10.0 + 0.05).unwrap();
            let reward = rewards[usize::from(round >= turn)];
            let available = &[true, true];
            adaptation.observe(&Visit {
                round,
                preference,
                reward: Some(reward),
                dollars: 2.0,
                rewards: &rewards,
                available,
            });
        }
        let phase = |reading: &Reading| reading.phase.unwrap_or(WHOLE_RUN);
        let all = adaptation.readings().iter();
        all.map(|reading| (reading.about.name.into(), phase(reading), reading.value)).collect()
    }

    #[track_caller]
    fn check(turn: u64, name: &str, phase: usize, expected: f64) {
        let all = readings(turn);
        let (_, _, value) = all.iter().find(|(known, at, _)| known == name && *at == phase).unwrap();
        assert!((value - expected).abs() < 1e-9, "{name} of phase {phase}: {value} against {expected}");
    }

    #[test]
    fn phases_are_measured_by_themselves() {
        check(1200, "phase_regret", 0, 0.0);
        check(1200, "phase_regret", 1, 200.0 * 0.4);
        check(1200, "phase_static_regret", 1, 200.0 * 0.4);
        check(1200, "phase_reward", 1, 0.1 * 0.2 + 0.5 * 0.8);
        check(1200, "phase_cost_usd", 1, 2.0);
    }

    #[test]
    fn recovery_is_timed_and_censored() {
        check(1200, "recovery_rounds", 1, 200.0);
        check(1200, "recovered", 1, 1.0);
        check(1000, "recovery_rounds", 1, 0.0);
        check(2000, "recovery_rounds", 1, 1000.0);
        check(2000, "recovered", 1, 0.0);
        assert!(readings(1200).iter().any(|(name, phase, value)| name == "recovered" && *phase == 0 && value.is_nan()));
    }

    #[test]
    fn the_whole_run_is_held_against_one_model_and_against_the_best_of_each_phase() {
        // Either model earns 0.6 a pair of rounds over the run; the router that turns at 1,200 earns 0.5 but for 200 rounds.
        check(1200, "static_regret", WHOLE_RUN, 600.0 - (900.0 + 20.0));
        check(1200, "dynamic_regret", WHOLE_RUN, 200.0 * 0.4);
        check(1000, "dynamic_regret", WHOLE_RUN, 0.0);
        check(2000, "static_regret", WHOLE_RUN, 0.0);
    }

    #[test]
    fn the_incumbent_is_the_best_of_the_first_phase() {
        // After the change model 0 is the worse one, so nobody falls below it.
        check(2000, "incumbent_violations", 1, 0.0);
        let mut adaptation = Adaptation::new(2, &[1000], 2000);
        for round in 0..2000 {
            let reward = if round >= 1500 { 0.1 } else { 0.5 };
            let preference = Preference::new(0.5).unwrap();
            let (rewards, available) = (&[0.5, 0.1], &[true, true]);
            adaptation.observe(&Visit { round, preference, reward: Some(reward), dollars: 0.0, rewards, available });
        }
        let last = adaptation.readings().iter().rfind(|reading| reading.phase.is_some()).unwrap();
        assert_eq!((last.about.name, last.value), ("incumbent_violations", 0.5));
    }

    #[test]
    fn a_missing_outcome_leaves_out_its_request_and_every_comparison_with_a_fixed_model() {
        let mut adaptation = Adaptation::new(2, &[10], 20);
        for round in 0..20 {
            let rewards = [0.5, if round == 3 { f64::NAN } else { 0.25 }];
            let (preference, available) = (Preference::new(0.5).unwrap(), &[true, true]);
            let reward = (round != 4).then_some(0.25);
            adaptation.observe(&Visit { round, preference, reward, dollars: 1.0, rewards: &rewards, available });
        }
        let of = |name: &str, phase: Option<usize>| {
            let all = adaptation.readings();
            let reading = all.iter().find(|reading| reading.about.name == name && reading.phase == phase).unwrap();
            (reading.value, reading.n)
        };
        assert_eq!((of("phase_reward", Some(0)), of("phase_regret", Some(0))), ((0.25, 9), (9.0 * 0.25, 9)));
        assert!(of("phase_static_regret", Some(0)).0.is_nan() && of("static_regret", None).0.is_nan());
        assert_eq!(of("phase_static_regret", Some(1)), (2.5, 10), "a phase without gaps is compared");
    }
}
