//! Memories that forget: linear estimates for a world that moves.
//!
//! [`Discounted`] weighs the past by age, [`Window`] keeps the last observations, [`Restart`] starts an arm again when its
//! errors say that something changed.

use super::linear::{LinearArms, Memory};
use routing::{Arm, Contexts, Feedback, NotRestored, Saved, Values};

/// Sums behind one arm's estimate: of z z' (n x n) and of r z (n).
struct Sums {
    outer: Vec<f64>,
    right: Vec<f64>,
}

impl Sums {
    fn all(arms: &LinearArms) -> Vec<Sums> {
        let (k, n) = arms.shape();
        (0..k).map(|_| Sums { outer: vec![0.0; n * n], right: vec![0.0; n] }).collect()
    }

    /// Adds `weight` times an observation.
    fn add(&mut self, features: &[f64], target: f64, weight: f64) {
        kernels::add_outer(&mut self.outer, weight, features);
        for (right, feature) in self.right.iter_mut().zip(features) {
            *right += weight * target * feature;
        }
    }

    /// `state` with the sums of every arm: `sums.outer`, K x n x n, and `sums.right`, K x n.
    fn keep_all(all: &[Sums], state: Saved) -> Saved {
        let (arms, n) = (all.len(), all.first().map_or(0, |sums| sums.right.len()));
        let outer = all.iter().flat_map(|sums| &sums.outer).copied().collect();
        let right = all.iter().flat_map(|sums| &sums.right).copied().collect();
        state.with("sums.outer", &[arms, n, n], Values::F64(outer)).with("sums.right", &[arms, n], Values::F64(right))
    }

    /// Takes the sums of the first `known` arms over.
    fn take_all(all: &mut [Sums], state: &Saved, known: usize) -> Result<(), NotRestored> {
        let n = all.first().map_or(0, |sums| sums.right.len());
        let outer = state.f64("sums.outer", &[known, n, n])?;
        let right = state.f64("sums.right", &[known, n])?;
        for ((sums, outer), right) in all.iter_mut().zip(outer.chunks_exact(n * n)).zip(right.chunks_exact(n)) {
            sums.outer.copy_from_slice(outer);
            sums.right.copy_from_slice(right);
        }
        Ok(())
    }

    fn scale(&mut self, factor: f64) {
        self.outer.iter_mut().chain(&mut self.right).for_each(|sum| *sum *= factor);
    }
}

/// An observation of age a counts gamma^a, whatever arm was played in between; regularisation does not fade. Weights fall
/// in steps of `refresh` observations, at which all arms are solved anew: in between updates are exact and of rank one.
pub(crate) struct Discounted {
    sums: Vec<Sums>,
    lambda: f64,
    /// gamma^refresh.
    fade: f64,
    refresh: u64,
    seen: u64,
    features: Vec<f64>,
}

impl Discounted {
    /// Observations between two steps of the weights: with 11 arms of 66 features a round then takes 2 microseconds more.
    const REFRESH: u64 = 512;

    /// Before the first observation; `gamma` in (0, 1].
    pub(crate) fn new(arms: &LinearArms, gamma: f64, lambda: f64) -> Discounted {
        Discounted {
            sums: Sums::all(arms),
            lambda,
            fade: libm::pow(gamma, Discounted::REFRESH as f64),
            refresh: Discounted::REFRESH,
            seen: 0,
            features: Vec::new(),
        }
    }
}

impl Memory for Discounted {
    fn learn(&mut self, arms: &mut LinearArms, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let reward = arms.objective().reward(contexts.preferences()[row], &feedback.outcome);
            arms.absorb(feedback.arm, &self.features, reward);
            self.sums[feedback.arm.index()].add(&self.features, reward, 1.0);
            self.seen += 1;
            if self.seen.is_multiple_of(self.refresh) {
                for (arm, sums) in self.sums.iter_mut().enumerate() {
                    sums.scale(self.fade);
                    arms.refit(arm, &sums.outer, &sums.right, self.lambda);
                }
            }
        }
    }

    fn keep(&self, state: Saved) -> Saved {
        Sums::keep_all(&self.sums, state).with("seen", &[1], Values::F64(vec![self.seen as f64]))
    }

    fn take(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        self.seen = state.count("seen")?;
        Sums::take_all(&mut self.sums, state, known)
    }
}

/// Only the last `width` observations count. The ring that holds them takes width x (n + 2) numbers.
pub(crate) struct Window {
    sums: Vec<Sums>,
    lambda: f64,
    width: usize,
    /// Arm and reward of each observation held, oldest at `next` once the ring is full.
    kept: Vec<(Arm, f64)>,
    /// z of each observation held.
    rows: Vec<f64>,
    next: usize,
    seen: u64,
    features: Vec<f64>,
}

/// Observations that room is made for before they have come; a stream may be shorter than its window.
const MOST_RESERVED: usize = 1 << 16;

impl Window {
    /// Observations between two solutions from the sums, which keep rounding from piling up.
    const REFRESH: u64 = 8192;

    /// Before the first observation; `width` at least 1.
    pub(crate) fn new(arms: &LinearArms, width: usize, lambda: f64) -> Window {
        Window {
            sums: Sums::all(arms),
            lambda,
            width,
            kept: Vec::with_capacity(width.min(MOST_RESERVED)),
            rows: Vec::with_capacity(width.min(MOST_RESERVED) * arms.shape().1),
            next: 0,
            seen: 0,
            features: Vec::new(),
        }
    }

    /// Puts an observation into the ring, the oldest out of it where it is full.
    fn replace_oldest(&mut self, arms: &mut LinearArms, arm: Arm, reward: f64) {
        let n = self.features.len();
        if self.kept.len() < self.width {
            self.kept.push((arm, reward));
            self.rows.extend_from_slice(&self.features);
            return;
        }
        let slot = &mut self.rows[self.next * n..][..n];
        let (old, old_reward) = std::mem::replace(&mut self.kept[self.next], (arm, reward));
        arms.release(old, slot, old_reward);
        self.sums[old.index()].add(slot, old_reward, -1.0);
        slot.copy_from_slice(&self.features);
        self.next = (self.next + 1) % self.width;
    }
}

impl Memory for Window {
    fn learn(&mut self, arms: &mut LinearArms, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let reward = arms.objective().reward(contexts.preferences()[row], &feedback.outcome);
            arms.absorb(feedback.arm, &self.features, reward);
            self.sums[feedback.arm.index()].add(&self.features, reward, 1.0);
            self.replace_oldest(arms, feedback.arm, reward);
            self.seen += 1;
            if self.seen.is_multiple_of(Window::REFRESH) {
                for (arm, sums) in self.sums.iter().enumerate() {
                    arms.refit(arm, &sums.outer, &sums.right, self.lambda);
                }
            }
        }
    }

    /// With the ring as it lies: `ring.arm` and `ring.reward`, w, and `ring.features`, w x n.
    fn keep(&self, state: Saved) -> Saved {
        let (w, n) = (self.kept.len(), self.rows.len().checked_div(self.kept.len()).unwrap_or(0));
        let each = |of: fn(&(Arm, f64)) -> f64| Values::F64(self.kept.iter().map(of).collect());
        Sums::keep_all(&self.sums, state)
            .with("ring.arm", &[w], each(|(arm, _)| f64::from(arm.0)))
            .with("ring.reward", &[w], each(|(_, reward)| *reward))
            .with("ring.features", &[w, n], Values::F64(self.rows.clone()))
            .with("ring.next", &[1], Values::F64(vec![self.next as f64]))
            .with("seen", &[1], Values::F64(vec![self.seen as f64]))
    }

    fn take(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        Sums::take_all(&mut self.sums, state, known)?;
        let w = state.rows("ring.arm", &[])?;
        if w > self.width {
            return Err(NotRestored::new("tensor `ring.arm`", format!("of at most {} rows", self.width), w));
        }
        let n = if w == 0 { 0 } else { self.sums.first().map_or(0, |sums| sums.right.len()) };
        let arms = state.f64("ring.arm", &[w])?;
        let is_known = |&arm: &f64| arm >= 0.0 && arm.fract() == 0.0 && (arm as usize) < known;
        if let Some(unknown) = arms.iter().find(|arm| !is_known(arm)) {
            return Err(NotRestored::new("tensor `ring.arm`", format!("of models below {known}"), unknown));
        }
        let rewards = state.f64("ring.reward", &[w])?;
        self.kept = arms.iter().map(|&arm| Arm(arm as u16)).zip(rewards.iter().copied()).collect();
        self.rows = state.f64("ring.features", &[w, n])?.to_vec();
        self.next = (state.count("ring.next")? as usize) % self.width;
        self.seen = state.count("seen")?;
        Ok(())
    }
}

/// An arm whose prediction errors change their mean is forgotten and learnt again.
pub(crate) struct Restart {
    detectors: Vec<Detector>,
    alarms: u64,
    lambda: f64,
    features: Vec<f64>,
}

impl Restart {
    /// Before the first observation: errors of standard deviation `deviation`, false alarms with probability `delta`.
    pub(crate) fn new(arms: &LinearArms, deviation: f64, delta: f64, lambda: f64) -> Restart {
        let detector = || Detector { deviation, delta, means: Vec::new(), sum: 0.0, count: 0 };
        let detectors = (0..arms.shape().0).map(|_| detector()).collect();
        Restart { detectors, alarms: 0, lambda, features: Vec::new() }
    }
}

impl Memory for Restart {
    fn learn(&mut self, arms: &mut LinearArms, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let reward = arms.objective().reward(contexts.preferences()[row], &feedback.outcome);
            let error = arms.absorb(feedback.arm, &self.features, reward);
            if self.detectors[feedback.arm.index()].hear(error) {
                arms.reset(feedback.arm, self.lambda);
                self.alarms += 1;
            }
        }
    }

    fn alarms(&self) -> Option<u64> {
        Some(self.alarms)
    }

    /// With what each arm's detector heard: `heard.means`, K x [`Detector::BLOCKS`], of which `heard.blocks` (K) count;
    /// `heard.sum` and `heard.count`, K.
    fn keep(&self, state: Saved) -> Saved {
        let each = |of: &dyn Fn(&Detector) -> f64| Values::F64(self.detectors.iter().map(of).collect());
        let padded = |detector: &Detector| {
            let mut means = detector.means.clone();
            means.resize(Detector::BLOCKS, 0.0);
            means
        };
        let arms = self.detectors.len();
        state
            .with(
                "heard.means",
                &[arms, Detector::BLOCKS],
                Values::F64(self.detectors.iter().flat_map(padded).collect()),
            )
            .with("heard.blocks", &[arms], each(&|detector| detector.means.len() as f64))
            .with("heard.sum", &[arms], each(&|detector| detector.sum))
            .with("heard.count", &[arms], each(&|detector| f64::from(detector.count)))
            .with("alarms", &[1], Values::F64(vec![self.alarms as f64]))
    }

    fn take(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        let means = state.f64("heard.means", &[known, Detector::BLOCKS])?;
        let [blocks, sum, count] = ["heard.blocks", "heard.sum", "heard.count"].map(|name| state.f64(name, &[known]));
        let (blocks, sum, count) = (blocks?, sum?, count?);
        self.alarms = state.count("alarms")?;
        for (arm, detector) in self.detectors.iter_mut().enumerate().take(known) {
            let heard = (blocks[arm] as usize).min(Detector::BLOCKS);
            detector.means = means[arm * Detector::BLOCKS..][..heard].to_vec();
            (detector.sum, detector.count) = (sum[arm], count[arm] as u32);
        }
        Ok(())
    }
}

/// The generalised likelihood ratio test for a change of the mean (Besson and Kaufmann 2019, arXiv 1902.01575), Gaussian,
/// on means of blocks of [`Detector::BLOCK`] errors: of the last [`Detector::BLOCKS`] blocks, is there a split after which
/// the mean differs?
struct Detector {
    deviation: f64,
    delta: f64,
    means: Vec<f64>,
    sum: f64,
    count: u32,
}

impl Detector {
    const BLOCK: u32 = 32;
    const BLOCKS: usize = 128;
    /// First blocks, in which an arm still learns and its errors shrink by themselves.
    const WARM_UP: usize = 4;

    /// Takes in one error; true, and forgetting all it heard, when a change is detected.
    fn hear(&mut self, error: f64) -> bool {
        self.sum += error;
        self.count += 1;
        if !self.count.is_multiple_of(Detector::BLOCK) {
            return false;
        }
        if self.count > Detector::BLOCK * Detector::WARM_UP as u32 {
            if self.means.len() == Detector::BLOCKS {
                self.means.remove(0);
            }
            self.means.push(self.sum / f64::from(Detector::BLOCK));
        }
        self.sum = 0.0;
        let changed = self.changed();
        if changed {
            self.means.clear();
            self.count = 0;
        }
        changed
    }

    fn changed(&self) -> bool {
        let n = self.means.len() as f64;
        let total: f64 = self.means.iter().sum();
        let variance = self.deviation * self.deviation / f64::from(Detector::BLOCK);
        let threshold = (1.0 + 1.0 / n) * libm::log(3.0 * n * n.sqrt() / self.delta);
        let mut before = 0.0;
        for (split, mean) in self.means.iter().enumerate() {
            before += mean;
            let (left, right) = (split as f64 + 1.0, n - split as f64 - 1.0);
            if right > 0.0 {
                let gap = before / left - (total - before) / right;
                if left * right / n * gap * gap / (2.0 * variance) > threshold {
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::random::{normal, uniform};
    use routing::{ContextsBuffer, Dollars, Objective, Outcome, Preference, Problem, Round, Seed};

    fn arms() -> LinearArms {
        let objective = Objective::new(Dollars(1.0));
        LinearArms::new(&Problem { models: vec!["a".into(), "b".into()], dimension: 2, objective }, 1.0)
    }

    /// Estimates at one point after `rounds` observations of arm 0 whose quality is 0.9 until `change` and 0.1 after it.
    fn estimate(memory: &mut dyn Memory, arms: &mut LinearArms, rounds: u64, change: u64) -> f64 {
        let mut buffer = ContextsBuffer::new(2, 2);
        let preference = Preference::new(0.0).unwrap();
        let stream = Seed::root(5).stream("noise");
        for round in 0..rounds {
            let x = uniform(&mut stream.at(Round(round))) as f32;
            buffer.clear();
            buffer.push(Round(round), &[x, 1.0 - x], preference, &[Dollars(1.0); 2], &[true; 2]);
            let quality = if round < change { 0.9 } else { 0.1 };
            memory.learn(
                arms,
                &buffer.view(),
                &[Feedback { arm: Arm(0), outcome: Outcome::untimed(quality, Dollars(0.0)) }],
            );
        }
        arms.means(&[0.5, 0.5, 1.0, 0.0]).next().unwrap()
    }

    #[test]
    fn all_that_forget_follow_a_change_that_the_others_average() {
        let mut plain = arms();
        let stale = estimate(&mut super::super::linear::Everything, &mut plain, 8000, 4000);
        assert!((stale - 0.5).abs() < 0.02, "{stale}");
        let mut arms = arms();
        let mut memories: [Box<dyn Memory>; 3] = [
            Box::new(Discounted::new(&arms, 0.998, 1.0)),
            Box::new(Window::new(&arms, 1000, 1.0)),
            Box::new(Restart::new(&arms, 0.3, 0.01, 1.0)),
        ];
        for memory in &mut memories {
            arms.reset(Arm(0), 1.0);
            let fresh = estimate(&mut **memory, &mut arms, 8000, 4000);
            assert!((fresh - 0.1).abs() < 0.02, "{fresh}");
        }
    }

    #[test]
    fn a_window_knows_exactly_its_last_observations() {
        let (mut windowed, mut fresh) = (arms(), arms());
        let old = estimate(&mut Window::new(&windowed.clone(), 300, 1.0), &mut windowed, 900, 600);
        // Observations 600 to 899 alone, at the same features.
        let (mut buffer, stream) = (ContextsBuffer::new(2, 2), Seed::root(5).stream("noise"));
        for round in 600..900 {
            let x = uniform(&mut stream.at(Round(round))) as f32;
            buffer.clear();
            buffer.push(Round(round), &[x, 1.0 - x], Preference::new(0.0).unwrap(), &[Dollars(1.0); 2], &[true; 2]);
            fresh.learn(&buffer.view(), &[Feedback { arm: Arm(0), outcome: Outcome::untimed(0.1, Dollars(0.0)) }]);
        }
        let expected = fresh.means(&[0.5, 0.5, 1.0, 0.0]).next().unwrap();
        assert!((old - expected).abs() < 1e-9, "{old} against {expected}");
    }

    #[test]
    fn without_discount_nothing_is_forgotten() {
        let (mut discounted, mut plain) = (arms(), arms());
        let kept = estimate(&mut Discounted::new(&discounted.clone(), 1.0, 1.0), &mut discounted, 1500, 700);
        let exact = estimate(&mut super::super::linear::Everything, &mut plain, 1500, 700);
        assert!((kept - exact).abs() < 1e-9, "{kept} against {exact}");
    }

    #[test]
    fn the_detector_hears_a_change_and_seldom_anything_else() {
        let mut generator = Seed::root(6).stream("errors").at(Round(0));
        let mut detector = Detector { deviation: 0.3, delta: 0.01, means: Vec::new(), sum: 0.0, count: 0 };
        let alarms = (0..100_000).filter(|_| detector.hear(0.3 * normal(&mut generator))).count();
        assert!(alarms <= 1, "{alarms} false alarms");
        let delay = (0..10_000).position(|_| detector.hear(0.3 + 0.3 * normal(&mut generator)));
        assert!(delay.is_some_and(|delay| delay < 700), "{delay:?}");
    }
}
