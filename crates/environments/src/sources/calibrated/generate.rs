//! One request as a pure function of stream and round.
//!
//! A prompt of task t has a length l, visible factors v and hidden factors z, all standard normal. Model m's latent score is
//! u = g l + B v + L z + (own luck), cut into grades; its log dollars follow a l + (own spread); the features are the task's
//! centre + A v + A_l l + large nuisances in a few directions + noise in all, scaled to unit length. So what features can tell of an outcome passes
//! through the task, v and l alone.

use super::copula::Cuts;
use super::parameters::{Calibration, MAX_FACTORS, NUISANCES, TaskCalibration};
use crate::Request;
use routing::{Dollars, Round, Seed, Stream, random};

/// The calibration made ready to draw from, at one feature width.
#[derive(Clone, Debug)]
pub(super) struct Generator {
    tasks: Vec<TaskGenerator>,
    /// Share of the tasks up to and including each.
    cumulative: Vec<f64>,
    /// Directions of visible factors, length and nuisances, (v + 1 + NUISANCES) x d, orthonormal, orthogonal to the centres.
    axes: Vec<f32>,
    dimension: usize,
    factors: usize,
}

#[derive(Clone, Debug)]
struct TaskGenerator {
    centre: Vec<f32>,
    /// Feature scale of each visible factor, of length, and of each nuisance.
    amplitudes: Vec<f32>,
    /// Standard deviation of the noise on each axis.
    noise: f32,
    grades: Vec<f32>,
    models: Vec<ModelGenerator>,
}

#[derive(Clone, Debug)]
struct ModelGenerator {
    /// Where the latent score is cut, one for each grade but the lowest.
    thresholds: Vec<f64>,
    /// On visible factors, length, hidden factors, own luck: squares sum to 1.
    loadings: Vec<f64>,
    log_dollars: f64,
    on_length: f64,
    own_spread: f64,
}

impl Generator {
    /// Prepares a checked calibration for feature rows of width `dimension`, which must hold centres and signals.
    pub(super) fn new(calibration: &Calibration, dimension: usize) -> Generator {
        let first = &calibration.tasks[0];
        let (centres, visible) = (first.centre.len(), first.visible[0].len());
        let basis = orthonormal(centres + visible + 1 + NUISANCES, dimension);
        let (places, axes) = basis.split_at(centres * dimension);
        let total: f64 = calibration.tasks.iter().map(|task| task.weight).sum();
        let mut below = 0.0;
        let cumulative = calibration.tasks.iter().map(|task| {
            below += task.weight / total;
            below
        });
        let cumulative = cumulative.collect();
        let prepare = |task| TaskGenerator::new(task, calibration, places, dimension);
        Generator {
            tasks: calibration.tasks.iter().map(prepare).collect(),
            cumulative,
            axes: axes.iter().map(|&x| x as f32).collect(),
            dimension,
            factors: 1 + visible + first.hidden[0].len(),
        }
    }

    /// Replaces `out` by the request of `round`, of the task that the stream draws. No allocation once `out` has held one.
    pub(super) fn request(&self, requests: &Stream, round: Round, out: &mut Request) {
        self.request_of(self.task(requests, round), requests, round, out);
    }

    /// The task that the stream draws at `round`.
    pub(super) fn task(&self, requests: &Stream, round: Round) -> usize {
        let position = random::uniform(&mut requests.at(round));
        self.cumulative.iter().position(|&share| position < share).unwrap_or(self.tasks.len() - 1)
    }

    /// As [`Generator::request`], of a given task.
    pub(super) fn request_of(&self, task: usize, requests: &Stream, round: Round, out: &mut Request) {
        let mut generator = requests.at(round);
        random::uniform(&mut generator); // The draw that chooses the task.
        let mut normal = || random::normal(&mut generator);
        let mut state = [0.0; MAX_FACTORS];
        let state = &mut state[..self.factors];
        state.fill_with(&mut normal);
        let chosen = &self.tasks[task];
        out.task = task as u16;
        chosen.outcomes(state, normal, out);
        self.place(chosen, state, || random::uniform(&mut generator), out);
    }

    /// Writes the features of a prompt whose factors are `state`.
    fn place(&self, task: &TaskGenerator, state: &[f64], mut uniform: impl FnMut() -> f64, out: &mut Request) {
        out.features.clear();
        out.features.extend(task.centre.iter().map(|&centre| centre + task.noise * bell(uniform())));
        let shown = &state[..task.amplitudes.len() - NUISANCES];
        for (at, (axis, amplitude)) in self.axes.chunks_exact(self.dimension).zip(&task.amplitudes).enumerate() {
            let step = amplitude * shown.get(at).map_or_else(|| bell(uniform()), |&factor| factor as f32);
            out.features.iter_mut().zip(axis).for_each(|(feature, axis)| *feature += step * axis);
        }
        let square: f64 = out.features.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let scale = (1.0 / square.sqrt()) as f32;
        out.features.iter_mut().for_each(|x| *x *= scale);
    }
}

impl TaskGenerator {
    fn new(task: &TaskCalibration, calibration: &Calibration, places: &[f64], dimension: usize) -> TaskGenerator {
        let mut centre = vec![0.0; dimension];
        for (place, coordinate) in places.chunks_exact(dimension).zip(&task.centre) {
            centre.iter_mut().zip(place).for_each(|(x, axis)| *x += coordinate * axis);
        }
        let mut shares = vec![calibration.visible_amplitude; task.visible[0].len()];
        shares.push(task.length_amplitude);
        shares.extend([calibration.nuisance_amplitude; NUISANCES]);
        let left = 1.0 - shares.iter().map(|share| share * share).sum::<f64>();
        TaskGenerator {
            centre: centre.iter().map(|&x| x as f32).collect(),
            amplitudes: shares.iter().map(|share| (share * task.scatter.sqrt()) as f32).collect(),
            noise: (task.scatter * left / dimension as f64).sqrt() as f32,
            grades: task.grades.iter().map(|&grade| grade as f32).collect(),
            models: (0..task.dollars.len()).map(|model| ModelGenerator::new(task, model)).collect(),
        }
    }

    /// Writes every model's grade and dollars; `normal` gives each model's own luck, then each model's own spread of dollars.
    fn outcomes(&self, state: &[f64], mut normal: impl FnMut() -> f64, out: &mut Request) {
        let length = state[self.amplitudes.len() - 1 - NUISANCES];
        out.quality.clear();
        out.quality.extend(self.models.iter().map(|model| {
            let (own, shared) = model.loadings.split_last().expect("the last loading is the model's own luck");
            let common: f64 = shared.iter().zip(state).map(|(loading, factor)| loading * factor).sum();
            let latent = common + own * normal();
            self.grades[model.thresholds.iter().filter(|&&threshold| latent > threshold).count()]
        }));
        out.cost.clear();
        out.cost.extend(self.models.iter().map(|model| {
            Dollars(libm::exp(model.log_dollars + model.on_length * length + model.own_spread * normal()))
        }));
    }
}

impl ModelGenerator {
    fn new(task: &TaskCalibration, model: usize) -> ModelGenerator {
        let total: f64 = task.grade_probabilities[model].iter().sum();
        let probabilities: Vec<f64> = task.grade_probabilities[model].iter().map(|p| p / total).collect();
        let mut loadings = task.visible[model].clone();
        loadings.push(task.quality_on_length[model]);
        loadings.extend(&task.hidden[model]);
        loadings.push((1.0 - task.shared(model)).max(0.0).sqrt());
        let (deviation, on_length) = (task.log_dollars_deviation[model], task.dollars_on_length[model]);
        ModelGenerator {
            thresholds: Cuts::new(&task.grades, &probabilities).thresholds().collect(),
            loadings,
            log_dollars: mean_log_dollars(task, model),
            on_length: deviation * on_length,
            own_spread: deviation * (1.0 - on_length * on_length).max(0.0).sqrt(),
        }
    }
}

/// Mean of model `model`'s log dollars: a log-normal amount with this mean and the task's deviation averages `dollars`.
pub(super) fn mean_log_dollars(task: &TaskCalibration, model: usize) -> f64 {
    libm::log(task.dollars[model]) - 0.5 * task.log_dollars_deviation[model] * task.log_dollars_deviation[model]
}

/// A bell-shaped number of mean 0 and variance 1 from one uniform one: the sum of the three 17-bit numbers it is made of.
/// Not normal in the tails (none beyond 3), which noise over many axes does not show, and twenty times cheaper.
fn bell(uniform: f64) -> f32 {
    const PART: u64 = (1 << 17) - 1;
    let bits = (uniform * (1u64 << 51) as f64) as u64;
    let sum = (bits & PART) + (bits >> 17 & PART) + (bits >> 34);
    (sum as f32 / PART as f32 - 1.5) * 2.0
}

/// `count` orthonormal directions in `dimension` axes, fixed for all time: no task or factor sits on an axis of its own.
fn orthonormal(count: usize, dimension: usize) -> Vec<f64> {
    let stream = Seed::root(0).child("calibrated", "directions").stream("axes");
    let mut basis: Vec<f64> = Vec::with_capacity(count * dimension);
    for direction in 0..count {
        let mut generator = stream.at(Round(direction as u64));
        let mut axis: Vec<f64> = (0..dimension).map(|_| random::normal(&mut generator)).collect();
        for earlier in basis.chunks_exact(dimension) {
            let along: f64 = axis.iter().zip(earlier).map(|(a, b)| a * b).sum();
            axis.iter_mut().zip(earlier).for_each(|(a, b)| *a -= along * b);
        }
        let length = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
        basis.extend(axis.iter().map(|a| a / length));
    }
    basis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_orthonormal() {
        let basis = orthonormal(5, 12);
        for (i, a) in basis.chunks_exact(12).enumerate() {
            for (j, b) in basis.chunks_exact(12).enumerate() {
                let product: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_bell_has_mean_zero_and_variance_one() {
        let mut generator = Seed::root(3).stream("bell").at(Round(0));
        let draws: Vec<f64> = (0..200_000).map(|_| f64::from(bell(random::uniform(&mut generator)))).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.01, "{variance}");
    }
}
