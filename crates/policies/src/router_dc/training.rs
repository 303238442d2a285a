//! Training of the query map and the model vectors.

use super::losses::{Ranks, gather};
use super::{RouterDc, RouterDcParameters, Target, Units};
use crate::learners::clusters::Clusters;
use crate::learners::{normalise, stretch};
use kernels::{Left, add_product, set_product, transpose};
use network::{Adam, AdamSettings, Tape};
use routing::{Objective, Outcome, Preference, Problem, Round, Seed, Stream, TrainingSet, random};

/// Standard deviation of a model vector's numbers before training (the paper's code).
const SPREAD: f64 = 0.78;

/// Fits a router to full labels.
pub(super) fn train(parameters: &RouterDcParameters, problem: &Problem, data: &TrainingSet, seed: &Seed) -> RouterDc {
    let mut router = RouterDc::blank(parameters.target, parameters.width, problem);
    initialise(&mut router, seed);
    let mut features = data.features().to_vec();
    normalise(&mut features, data.dimension());
    let clusters = Clusters::find(&features, data.dimension(), parameters.clusters, seed);
    let mut adam = Adam::new(AdamSettings::with_rate(parameters.learning_rate as f32), router.parameters.len());
    let mut visits = Visits::new(data, seed);
    let (mut batch, mut work) = (Batch::default(), Workspace::default());
    let (pairs, preferences) = (seed.stream("pairs"), seed.stream("preference"));
    for step in 0..parameters.steps {
        // One for all: with another for each prompt, gathering a group's prompts would teach the map to overlook it.
        let preference = uniform(&preferences, step);
        batch.clear();
        for _ in 0..parameters.batch {
            let (row, visit) = visits.next();
            batch.push(&router, problem.objective, data, (row, preference), &mut visits.draw(visit));
            batch.clusters.push(clusters.of_row[row]);
        }
        let generator = &mut pairs.at(Round(step.into()));
        gradient(&router, parameters, &batch, generator, &mut work);
        adam.step(&mut router.parameters, &work.gradient);
    }
    router
}

/// The preference of a step.
fn uniform(stream: &Stream, step: u32) -> Preference {
    let drawn = random::uniform(&mut stream.at(Round(step.into())));
    Preference::new(drawn).expect("a uniform draw lies in [0, 1)")
}

/// Draws the map as PyTorch does by default, and the model vectors from a normal distribution.
fn initialise(router: &mut RouterDc, seed: &Seed) {
    let (width, stride) = (router.width, router.map.output_stride());
    let (by_map, models) = router.parameters.split_at_mut(router.map.parameters());
    let generator = &mut seed.stream("weights").at(Round(0));
    router.map.initialise(by_map, || random::uniform(generator));
    let generator = &mut seed.stream("weights").at(Round(1));
    for vector in models.chunks_exact_mut(stride) {
        vector[..width].fill_with(|| (SPREAD * random::normal(generator)) as f32);
    }
}

/// Training prompts in a new order for each pass, without end.
struct Visits {
    order: Vec<usize>,
    stream: Stream,
    draws: Stream,
    visit: u64,
}

impl Visits {
    fn new(data: &TrainingSet, seed: &Seed) -> Visits {
        let order = (0..data.len()).collect();
        Visits { order, stream: seed.stream("order"), draws: seed.stream("visit"), visit: 0 }
    }

    /// The next prompt, and how many were visited before.
    fn next(&mut self) -> (usize, u64) {
        let (visit, n) = (self.visit, self.order.len() as u64);
        self.visit += 1;
        if visit.is_multiple_of(n) {
            random::shuffle(&mut self.stream.at(Round(visit / n)), &mut self.order);
        }
        (self.order[(visit % n) as usize], visit)
    }

    /// What a visit draws: the order of equal scores.
    fn draw(&self, visit: u64) -> random::Generator {
        self.draws.at(Round(visit))
    }
}

/// Prompts of one gradient step.
#[derive(Default)]
struct Batch {
    inputs: Vec<f32>,
    /// b x K, NaN for what nobody recorded.
    scores: Vec<f64>,
    /// All models of each prompt by falling score, b x K.
    ranked: Vec<usize>,
    clusters: Vec<usize>,
}

impl Batch {
    fn clear(&mut self) {
        self.inputs.clear();
        self.scores.clear();
        self.ranked.clear();
        self.clusters.clear();
    }

    fn push(
        &mut self,
        router: &RouterDc,
        objective: Objective,
        data: &TrainingSet,
        (row, preference): (usize, Preference),
        generator: &mut random::Generator,
    ) {
        router.extend_inputs(data.feature_row(row), preference, &mut self.inputs);
        let start = self.scores.len();
        let score = |outcome: Option<Outcome>| match (router.target, outcome) {
            (_, None) => f64::NAN,
            (Target::Quality, Some(outcome)) => f64::from(outcome.quality),
            (Target::Reward, Some(outcome)) => objective.reward(preference, &outcome),
        };
        self.scores.extend(data.outcomes().row(row).map(score));
        if router.target == Target::Reward {
            stretch(&mut self.scores[start..]);
        }
        let scores = &self.scores[start..];
        self.ranked.extend(0..scores.len());
        let ranked = &mut self.ranked[start..];
        random::shuffle(generator, ranked);
        ranked.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    }
}

/// Buffers of a gradient step; they grow to the batch and stay.
#[derive(Default)]
struct Workspace {
    tape: Tape,
    prompts: Units,
    models: Units,
    columns: Vec<f32>,
    cosines: Vec<f32>,
    slope: Vec<f32>,
    by_prompt: Vec<f32>,
    by_model: Vec<f32>,
    gradient: Vec<f32>,
}

/// Writes the gradient of the mean total loss of `batch` with respect to all parameters into `work.gradient`.
fn gradient(
    router: &RouterDc,
    parameters: &RouterDcParameters,
    batch: &Batch,
    generator: &mut random::Generator,
    work: &mut Workspace,
) {
    let stride = router.map.output_stride();
    let (by_map, models) = router.parts();
    work.models.fill(models, stride);
    work.prompts.fill(router.map.forward(by_map, &batch.inputs, &mut work.tape), stride);
    resize(&mut work.by_prompt, work.prompts.rows.len());
    pull_to_models(parameters, batch, stride, work);
    if parameters.cluster_weight > 0.0 {
        gather_prompts(parameters, batch, stride, generator, work);
    }
    resize(&mut work.gradient, router.parameters.len());
    let (map_gradient, models_gradient) = work.gradient.split_at_mut(by_map.len());
    work.models.backward(&work.by_model, stride, models_gradient);
    work.prompts.backward(&work.by_prompt, stride, router.map.output_gradient(&mut work.tape));
    router.map.backward(by_map, &batch.inputs, &mut work.tape, map_gradient, None);
}

/// The sample-LLM loss: sets `by_prompt` and `by_model`, gradients with respect to the unit rows of prompts and models.
fn pull_to_models(parameters: &RouterDcParameters, batch: &Batch, stride: usize, work: &mut Workspace) {
    let rows = batch.clusters.len();
    let arms = batch.scores.len() / rows;
    let temperature = parameters.temperature as f32;
    resize(&mut work.columns, arms * stride);
    transpose(&work.models.rows, stride, &mut work.columns, arms);
    resize(&mut work.cosines, rows * arms);
    set_product(Left::rows(&work.prompts.rows, stride), &work.columns, &mut work.cosines, arms);
    for cosine in &mut work.cosines {
        *cosine /= temperature;
    }
    resize(&mut work.slope, rows * arms);
    let ranks = Ranks { top_k: parameters.top_k, last_k: parameters.last_k };
    for (row, slope) in work.slope.chunks_exact_mut(arms).enumerate() {
        let own = row * arms..(row + 1) * arms;
        ranks.pull(&work.cosines[own.clone()], &batch.scores[own.clone()], &batch.ranked[own], slope);
    }
    let scale = 1.0 / (temperature * rows as f32);
    for slope in &mut work.slope {
        *slope *= scale;
    }
    set_product(Left::rows(&work.slope, arms), &work.models.rows, &mut work.by_prompt, stride);
    resize(&mut work.by_model, arms * stride);
    set_product(Left::transposed(&work.slope, arms), &work.prompts.rows, &mut work.by_model, stride);
}

/// The sample-sample loss: adds to `by_prompt`, through both sides of each cosine.
fn gather_prompts(
    parameters: &RouterDcParameters,
    batch: &Batch,
    stride: usize,
    generator: &mut random::Generator,
    work: &mut Workspace,
) {
    let rows = batch.clusters.len();
    let units = &work.prompts.rows;
    resize(&mut work.columns, rows * stride);
    transpose(units, stride, &mut work.columns, rows);
    resize(&mut work.cosines, rows * rows);
    set_product(Left::rows(units, stride), &work.columns, &mut work.cosines, rows);
    resize(&mut work.slope, rows * rows);
    let weight = (parameters.cluster_weight / rows as f64) as f32;
    gather(&work.cosines, &batch.clusters, parameters.negatives, weight, generator, &mut work.slope);
    add_product(Left::rows(&work.slope, rows), units, &mut work.by_prompt, stride);
    add_product(Left::transposed(&work.slope, rows), units, &mut work.by_prompt, stride);
}

/// Makes `values` as long as `length`, all zero.
fn resize(values: &mut Vec<f32>, length: usize) {
    values.clear();
    values.resize(length, 0.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::Dollars;

    fn world(seed: &Seed) -> (Problem, TrainingSet) {
        let generator = &mut seed.stream("world").at(Round(0));
        let features = (0..12 * 5).map(|_| random::normal(generator) as f32).collect();
        let quality = (0..12 * 4).map(|_| random::below(generator, 5) as f32 / 4.0).collect();
        let cost = (0..12 * 4).map(|_| Dollars(random::uniform(generator))).collect();
        let models = (0..4).map(|arm| format!("model-{arm}")).collect();
        let problem = Problem { models, dimension: 5, objective: Objective::new(Dollars(1.0)) };
        (problem, TrainingSet::new(features, quality, cost, 5, 4))
    }

    /// Mean sample-LLM loss of a batch, from its definition, and the inner product of the prompts' cosines with `pairs`.
    fn loss(router: &RouterDc, parameters: &RouterDcParameters, batch: &Batch, pairs: &[f32]) -> f64 {
        let mut tape = Tape::default();
        let (by_map, models) = router.parts();
        let stride = router.map.output_stride();
        let prompts = router.map.forward(by_map, &batch.inputs, &mut tape);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = |a: &[f32], b: &[f32]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        let (mut total, mut gathered) = (0.0, 0.0);
        for (row, prompt) in prompts.chunks(stride).enumerate() {
            for (other, pair) in prompts.chunks(stride).zip(&pairs[row * batch.clusters.len()..]) {
                gathered += f64::from(*pair) * cosine(prompt, other);
            }
            let (scores, ranked) = (&batch.scores[row * 4..][..4], &batch.ranked[row * 4..][..4]);
            let grown = |arm: usize| {
                let model = &models[arm * stride..][..stride];
                libm::exp(cosine(prompt, model) / parameters.temperature)
            };
            for &positive in &ranked[..parameters.top_k] {
                let last = &ranked[4 - parameters.last_k..];
                let negatives = last.iter().filter(|&&arm| scores[arm] <= 0.5 && scores[arm] < scores[positive]);
                let below: f64 = negatives.map(|&arm| grown(arm)).sum();
                if scores[positive] > 0.0 {
                    total -= libm::log(grown(positive) / (grown(positive) + below));
                }
            }
        }
        total / batch.clusters.len() as f64 + gathered
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        for target in [Target::Quality, Target::Reward] {
            let seed = Seed::root(5);
            let (problem, data) = world(&seed);
            let parameters =
                RouterDcParameters { target, width: 6, temperature: 0.5, top_k: 2, ..RouterDcParameters::default() };
            let mut router = RouterDc::blank(target, parameters.width, &problem);
            initialise(&mut router, &seed);
            let (mut visits, mut batch) = (Visits::new(&data, &seed), Batch::default());
            for _ in 0..10 {
                let (row, visit) = visits.next();
                let preference = uniform(&seed.stream("preference"), row as u32);
                batch.push(&router, problem.objective, &data, (row, preference), &mut visits.draw(visit));
                batch.clusters.push(row % 2);
            }
            let mut work = Workspace::default();
            gradient(&router, &parameters, &batch, &mut visits.draw(0), &mut work);
            // Which prompts were drawn, and how their cosines count, as `gather` has it: its own test checks that.
            let pairs = work.slope.clone();
            let step = 1e-2;
            for position in 0..router.parameters.len() {
                let at = |delta: f32| {
                    let mut moved = router.clone();
                    moved.parameters[position] += delta;
                    loss(&moved, &parameters, &batch, &pairs)
                };
                let (numeric, analytic) = (at(step) - at(-step), f64::from(work.gradient[position]));
                let numeric = if padding(&router, position) { 0.0 } else { numeric / f64::from(2.0 * step) };
                assert!((numeric - analytic).abs() < 3e-3, "{target:?} {position}: {numeric} against {analytic}");
            }
        }
    }

    /// Whether a parameter is one of the zeros that fill a row up.
    fn padding(router: &RouterDc, position: usize) -> bool {
        position % router.map.output_stride() >= router.width
    }

    #[test]
    fn the_clusters_loss_turns_prompts_of_one_group_towards_each_other() {
        let seed = Seed::root(6);
        let (problem, data) = world(&seed);
        let similarity = |weight: f64| {
            let parameters = RouterDcParameters {
                cluster_weight: weight,
                clusters: 3,
                batch: 12,
                steps: 300,
                ..RouterDcParameters::default()
            };
            let router = train(&parameters, &problem, &data, &seed);
            let mut features = data.features().to_vec();
            normalise(&mut features, 5);
            let clusters = Clusters::find(&features, 5, 3, &seed).of_row;
            let (mut tape, mut units) = (Tape::default(), Units::default());
            let stride = router.map.output_stride();
            units.fill(router.map.forward(router.parts().0, data.features(), &mut tape), stride);
            let (mut sum, mut pairs) = (0.0, 0.0);
            for a in 0..12 {
                for b in (0..a).filter(|&b| clusters[a] == clusters[b]) {
                    let (a, b) = (&units.rows[a * stride..][..stride], &units.rows[b * stride..][..stride]);
                    sum += a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
                    pairs += 1.0;
                }
            }
            sum / pairs
        };
        let (without, with) = (similarity(0.0), similarity(5.0));
        assert!(with > without + 0.1, "{with} against {without}");
    }
}
