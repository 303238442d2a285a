//! Online ridge regression of the reward for each model, shared by the linear bandits.
//!
//! Each arm keeps A^-1 of A = lambda I + sum z z' and theta = A^-1 sum r z, on z = [h(x); w_q; w_c]: the preference enters
//! as features, so one model serves every w, as in the paper's comparison of learners (section 4.6). Updated exactly by
//! the Sherman-Morrison formula in O(n^2) with n = d + 2.

use super::best;
use routing::random::Generator;
use routing::{
    Arm, Choice, Contexts, Feedback, NotRestored, Objective, Policy, Problem, Router, Saved, Stream, Values,
};

/// Form of a frozen [`LinearArms`].
pub(crate) const LINEAR: &str = "linear";

/// Builds a frozen linear bandit again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    Ok(Box::new(LinearArms::restore(saved, problem)?))
}

#[derive(Clone)]
struct Regression {
    inverse: Vec<f64>,
    theta: Vec<f64>,
}

/// One regression for each of K arms.
#[derive(Clone)]
pub(crate) struct LinearArms {
    arms: Vec<Regression>,
    objective: Objective,
    features: Vec<f64>,
    direction: Vec<f64>,
}

/// Estimated reward of one arm for one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prediction {
    /// theta'z.
    pub(crate) mean: f64,
    /// sqrt(z' A^-1 z): the standard deviation of the mean, up to the noise scale.
    pub(crate) width: f64,
}

impl LinearArms {
    /// Before the first update, with regularisation `lambda` above 0.
    pub(crate) fn new(problem: &Problem, lambda: f64) -> LinearArms {
        let n = problem.dimension + 2;
        let mut inverse = vec![0.0; n * n];
        for i in 0..n {
            inverse[i * n + i] = 1.0 / lambda;
        }
        let regression = Regression { inverse, theta: vec![0.0; n] };
        LinearArms {
            arms: vec![regression; problem.arms()],
            objective: problem.objective,
            features: Vec::new(),
            direction: vec![0.0; n],
        }
    }

    /// Replaces `features` by z of request `row`.
    pub(crate) fn features_of(contexts: &Contexts<'_>, row: usize, features: &mut Vec<f64>) {
        let preference = contexts.preferences()[row];
        features.clear();
        features.extend(contexts.feature_row(row).iter().map(|&x| f64::from(x)));
        features.extend([preference.quality(), preference.cost()]);
    }

    /// theta'z of each arm.
    pub(crate) fn means<'a>(&'a self, features: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.arms.iter().map(|arm| kernels::dot(&arm.theta, features))
    }

    /// theta'z of one arm.
    pub(crate) fn mean(&self, arm: Arm, features: &[f64]) -> f64 {
        kernels::dot(&self.arms[arm.index()].theta, features)
    }

    /// Mean and width of each arm.
    pub(crate) fn predictions<'a>(&'a self, features: &'a [f64]) -> impl Iterator<Item = Prediction> + 'a {
        self.arms.iter().map(|arm| Prediction {
            mean: kernels::dot(&arm.theta, features),
            width: kernels::quadratic(&arm.inverse, features).max(0.0).sqrt(),
        })
    }

    /// Learns the reward of each chosen arm.
    pub(crate) fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let reward = self.objective.reward(contexts.preferences()[row], &feedback.outcome);
            let features = std::mem::take(&mut self.features);
            self.absorb(feedback.arm, &features, reward);
            self.features = features;
        }
    }

    /// Learns that `target` was seen at z = `features` of `arm`; returns how far the estimate before was below it.
    pub(crate) fn absorb(&mut self, arm: Arm, features: &[f64], target: f64) -> f64 {
        self.update(arm, features, target, 1.0)
    }

    /// Unlearns what [`LinearArms::absorb`] was told.
    pub(crate) fn release(&mut self, arm: Arm, features: &[f64], target: f64) {
        self.update(arm, features, target, -1.0);
    }

    /// Adds `sign` times an observation to the sums behind the estimate (Sherman-Morrison).
    fn update(&mut self, arm: Arm, features: &[f64], target: f64, sign: f64) -> f64 {
        let arm = &mut self.arms[arm.index()];
        kernels::multiply_vector(&arm.inverse, features, &mut self.direction);
        let gain = sign / (1.0 + sign * kernels::dot(features, &self.direction));
        let error = target - kernels::dot(&arm.theta, features);
        for (theta, direction) in arm.theta.iter_mut().zip(&self.direction) {
            *theta += gain * error * direction;
        }
        kernels::add_outer(&mut arm.inverse, -gain, &self.direction);
        error
    }

    /// Replaces the estimate of `arm` by the one from sums z z' (n x n) and r z (n), with regularisation `lambda`.
    pub(crate) fn refit(&mut self, arm: usize, outer: &[f64], right: &[f64], lambda: f64) {
        let (n, arm) = (right.len(), &mut self.arms[arm]);
        let mut matrix = outer.to_vec();
        for i in 0..n {
            matrix[i * n + i] += lambda;
        }
        let factor = kernels::Cholesky::new(matrix, n).expect("sums of squares plus lambda are positive definite");
        factor.inverse(&mut arm.inverse);
        kernels::multiply_vector(&arm.inverse, right, &mut arm.theta);
    }

    /// Forgets all that is known of `arm`.
    pub(crate) fn reset(&mut self, arm: Arm, lambda: f64) {
        let (n, arm) = (self.direction.len(), &mut self.arms[arm.index()]);
        arm.theta.fill(0.0);
        arm.inverse.fill(0.0);
        for i in 0..n {
            arm.inverse[i * n + i] = 1.0 / lambda;
        }
    }

    /// The regressions as a router needs them: `theta`, K x (d + 2).
    pub(crate) fn save(&self, form: &str) -> Saved {
        self.save_named("theta", Saved::bare(form))
    }

    /// `saved` with the regressions, K x (d + 2), under `name`.
    pub(crate) fn save_named(&self, name: &str, saved: Saved) -> Saved {
        let (arms, n) = self.shape();
        let theta = self.arms.iter().flat_map(|arm| &arm.theta).copied().collect();
        saved.with(name, &[arms, n], Values::F64(theta))
    }

    /// Regressions that decide as the saved ones did. Their uncertainty was not saved: they cannot explore or go on learning.
    pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<LinearArms, NotRestored> {
        LinearArms::restore_named("theta", saved, problem)
    }

    /// Those that were saved under `name`.
    pub(crate) fn restore_named(name: &str, saved: &Saved, problem: &Problem) -> Result<LinearArms, NotRestored> {
        let n = problem.dimension + 2;
        let theta = saved.f64(name, &[problem.arms(), n])?;
        let regression = |theta: &[f64]| Regression { inverse: Vec::new(), theta: theta.to_vec() };
        Ok(LinearArms {
            arms: theta.chunks_exact(n).map(regression).collect(),
            objective: problem.objective,
            features: Vec::new(),
            direction: vec![0.0; n],
        })
    }

    /// `state` with all of the regressions under `name`: theta, K x n, and A^-1, K x n x n.
    pub(crate) fn keep(&self, name: &str, state: Saved) -> Saved {
        let (arms, n) = self.shape();
        let inverse = self.arms.iter().flat_map(|arm| &arm.inverse).copied().collect();
        self.save_named(&format!("{name}.theta"), state).with(
            &format!("{name}.inverse"),
            &[arms, n, n],
            Values::F64(inverse),
        )
    }

    /// Takes the first `known` regressions over from what [`LinearArms::keep`] put under `name`.
    pub(crate) fn take(&mut self, name: &str, state: &Saved, known: usize) -> Result<(), NotRestored> {
        let n = self.direction.len();
        let theta = state.f64(&format!("{name}.theta"), &[known, n])?;
        let inverse = state.f64(&format!("{name}.inverse"), &[known, n, n])?;
        for ((arm, theta), inverse) in self.arms.iter_mut().zip(theta.chunks_exact(n)).zip(inverse.chunks_exact(n * n))
        {
            arm.theta.copy_from_slice(theta);
            arm.inverse.copy_from_slice(inverse);
        }
        Ok(())
    }

    /// Number of arms K, and length n of z.
    pub(crate) fn shape(&self) -> (usize, usize) {
        (self.arms.len(), self.direction.len())
    }

    /// The reward it estimates.
    pub(crate) fn objective(&self) -> Objective {
        self.objective
    }
}

impl Router for LinearArms {
    /// The arm with the highest estimated reward.
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut features = Vec::new();
        choices.clear();
        for row in 0..contexts.len() {
            LinearArms::features_of(contexts, row, &mut features);
            let arm = best(self.means(&features), contexts.available(row));
            choices.push(Choice::certain(arm).expecting(self.mean(arm, &features)));
        }
    }

    fn rewards(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) -> bool {
        let mut features = Vec::new();
        out.clear();
        for row in 0..contexts.len() {
            LinearArms::features_of(contexts, row, &mut features);
            out.extend(self.means(&features));
        }
        true
    }

    fn save(&self) -> Option<Saved> {
        Some(LinearArms::save(self, LINEAR))
    }
}

/// How a linear bandit explores: the one thing in which they differ.
pub(crate) trait Explore: Send {
    /// Chooses an arm given each arm's estimate of the reward and which arms are up.
    fn explore(&self, arms: &LinearArms, features: &[f64], available: &[bool], generator: &mut Generator) -> Choice;

    /// Replaces `out`, K zeros, by the probability with which each arm is chosen.
    fn probabilities(&self, arms: &LinearArms, features: &[f64], available: &[bool], out: &mut [f64]);
}

/// The chances of an arm that is taken except with probability `explore`, when any available one is.
pub(crate) fn mostly(arm: Arm, explore: f64, available: &[bool], out: &mut [f64]) {
    let share = explore / available.iter().filter(|&&up| up).count() as f64;
    for (out, _) in out.iter_mut().zip(available).filter(|(_, up)| **up) {
        *out = share;
    }
    out[arm.index()] += 1.0 - explore;
}

/// What of the past a linear bandit's estimates rest on.
pub(crate) trait Memory: Send {
    /// Learns the reward of each chosen arm, and forgets what is to be forgotten.
    fn learn(&mut self, arms: &mut LinearArms, contexts: &Contexts<'_>, feedback: &[Feedback]);

    /// Changes that it heard so far, if it listens for any.
    fn alarms(&self) -> Option<u64> {
        None
    }

    /// `state` with what it holds beside the estimates.
    fn keep(&self, state: Saved) -> Saved;

    /// Takes over what [`Memory::keep`] gave when there were `known` arms.
    fn take(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored>;
}

/// Nothing is ever forgotten.
pub(crate) struct Everything;

impl Memory for Everything {
    fn learn(&mut self, arms: &mut LinearArms, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        arms.learn(contexts, feedback);
    }

    fn keep(&self, state: Saved) -> Saved {
        state
    }

    fn take(&mut self, _: &Saved, _: usize) -> Result<(), NotRestored> {
        Ok(())
    }
}

/// A linear bandit that explores by `E` and remembers by `M`.
pub(crate) struct LinearBandit<E, M = Everything> {
    arms: LinearArms,
    explore: E,
    memory: M,
    features: Vec<f64>,
}

impl<E: Explore> LinearBandit<E> {
    /// Before the first request.
    pub(crate) fn new(arms: LinearArms, explore: E) -> LinearBandit<E> {
        LinearBandit::remembering(arms, explore, Everything)
    }
}

impl<E: Explore, M: Memory> LinearBandit<E, M> {
    /// Before the first request, with a memory of its own.
    pub(crate) fn remembering(arms: LinearArms, explore: E, memory: M) -> LinearBandit<E, M> {
        LinearBandit { arms, explore, memory, features: Vec::new() }
    }
}

impl<E: Explore, M: Memory> Router for LinearBandit<E, M> {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        self.arms.decide(contexts, choices);
    }

    fn rewards(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) -> bool {
        self.arms.rewards(contexts, out)
    }
}

impl<E: Explore, M: Memory> Policy for LinearBandit<E, M> {
    fn choose(&mut self, contexts: &Contexts<'_>, random: &Stream, choices: &mut Vec<Choice>) {
        choices.clear();
        for (row, &round) in contexts.rounds().iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let mut generator = random.at(round);
            let available = contexts.available(row);
            choices.push(self.explore.explore(&self.arms, &self.features, available, &mut generator));
        }
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        self.memory.learn(&mut self.arms, contexts, feedback);
    }

    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.arms.clone())
    }

    fn exploration(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) {
        let arms = contexts.arms();
        out.clear();
        out.resize(contexts.len() * arms, 0.0);
        let mut features = Vec::new();
        for (row, out) in out.chunks_exact_mut(arms).enumerate() {
            LinearArms::features_of(contexts, row, &mut features);
            self.explore.probabilities(&self.arms, &features, contexts.available(row), out);
        }
    }

    fn state(&self) -> Option<Saved> {
        Some(self.memory.keep(self.arms.keep(LINEAR, Saved::bare(LINEAR))))
    }

    fn resume(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        self.arms.take(LINEAR, state, known)?;
        self.memory.take(state, known)
    }

    fn alarms(&self) -> Option<u64> {
        self.memory.alarms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{ContextsBuffer, Dollars, Outcome, Preference, Round};

    #[test]
    fn online_updates_equal_the_batch_solution() {
        let problem = Problem { models: vec!["only".into()], dimension: 2, objective: Objective::new(Dollars(1.0)) };
        let mut online = LinearArms::new(&problem, 0.5);
        let (mut matrix, mut right) = (vec![0.0; 16], vec![0.0; 4]);
        for i in 0..4 {
            matrix[i * 5] = 0.5;
        }
        let mut buffer = ContextsBuffer::new(2, 1);
        for i in 0..50_u64 {
            let (x, y) = ((i * 7 % 11) as f32 / 11.0, (i * 5 % 13) as f32 / 13.0);
            let preference = Preference::new(i as f64 % 10.0 / 10.0).unwrap();
            buffer.clear();
            buffer.push(Round(i), &[x, y], preference, &[Dollars(1.0)], &[true]);
            let feedback = Feedback { arm: Arm(0), outcome: Outcome::untimed(x * y, Dollars(f64::from(y))) };
            online.learn(&buffer.view(), &[feedback]);
            let z = [f64::from(x), f64::from(y), preference.quality(), preference.cost()];
            kernels::add_outer(&mut matrix, 1.0, &z);
            let reward = problem.objective.reward(preference, &feedback.outcome);
            for (right, z) in right.iter_mut().zip(z) {
                *right += reward * z;
            }
        }
        kernels::Cholesky::new(matrix, 4).unwrap().solve(&mut right);
        for (theta, batch) in online.arms[0].theta.iter().zip(right) {
            assert!((theta - batch).abs() < 1e-9, "{theta} against {batch}");
        }
    }
}
