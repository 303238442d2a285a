//! MLP routing: a small network estimates each model's quality and cost, plugged into the reward.
//!
//! RouterBench's MLP router (arXiv 2403.12031): hidden layers (100) or (100, 100), ReLU, squared error, Adam with 1e-3,
//! batch 200, at most 200 passes, stopped when the training loss no longer falls (scikit-learn's `MLPRegressor`). Needs every
//! model's outcome on every training prompt.
//!
//! Ours: one network for all models instead of one each, so that they share what the hidden layers find (`networks =
//! "one-a-model"` is RouterBench's way, K times as slow); it estimates the cost term min(c / tau, 1) too, where RouterBench
//! takes a mean price; outputs are differences from the training means; the passes are a fixed number, to be tuned, in place of
//! a rule on the training loss, and there is no weight decay (scikit-learn: 1e-4 over the batch size).

use crate::learners::plug_in::{Estimate, PlugIn};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use network::{Adam, AdamSettings, Mlp, Output, Tape};
use routing::{Contexts, NotRestored, Problem, Round, Router, Saved, Seed, TrainingSet, Values, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "mlp",
    about: "a small network's estimates of quality and cost, best for the preference",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "RouterBench, arXiv 2403.12031",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<MlpParameters>,
    schema: schema::<MlpParameters>,
    configure: configure_mlp,
};

/// Who shares hidden layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Networks {
    /// All models (ours).
    Shared,
    /// None: each model has a network (RouterBench).
    OneAModel,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct MlpParameters {
    /// Units of each hidden layer (paper: 100, or 100 and 100).
    #[schemars(length(min = 1, max = MOST_LAYERS), inner(range(min = 1, max = MOST_UNITS)), extend("x-rule" = rule()))]
    #[schemars(extend("x-search" = { "choices": [[50], [100], [200], [100, 100]] }))]
    hidden: Vec<usize>,
    /// `shared` by all models (ours) or `one-a-model` (paper).
    networks: Networks,
    /// Passes over the training prompts (paper: at most 200).
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("x-search" = { "log": [5, 100] }))]
    epochs: u32,
    /// Prompts in a gradient step (paper: 200).
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("x-search" = { "choices": [50, 100, 200] }))]
    batch: usize,
    /// Adam's learning rate (paper: 1e-3).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-4, 1e-2] }))]
    learning_rate: f64,
}

impl Default for MlpParameters {
    fn default() -> Self {
        MlpParameters { hidden: vec![100], networks: Networks::Shared, epochs: 40, batch: 200, learning_rate: 1e-3 }
    }
}

/// Most units of one layer, and most hidden layers, that a parameter or a file may ask for.
const MOST_UNITS: usize = 1 << 16;
const MOST_LAYERS: usize = 16;

/// Whether such a network can be built.
fn buildable(hidden: &[usize]) -> bool {
    (1..=MOST_LAYERS).contains(&hidden.len()) && hidden.iter().all(|units| (1..=MOST_UNITS).contains(units))
}

/// What `hidden` must be.
fn rule() -> String {
    format!("a list of 1 to {MOST_LAYERS} layers of 1 to {MOST_UNITS} units")
}

impl Parameters for MlpParameters {}

fn configure_mlp(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: MlpParameters| {
        Recipe::Full(Box::new(move |problem, training, seed| {
            Box::new(PlugIn(Regressors::fit(&parameters, problem, training, seed)))
        }))
    })
}

/// One network with 2 K outputs, or K networks with two: qualities first, then cost terms, as differences from `means`.
#[derive(Clone)]
struct Regressors {
    hidden: Vec<usize>,
    net: Mlp,
    /// Parameters of each network.
    parameters: Vec<Vec<f32>>,
    /// Mean target of each of the 2 K estimates.
    means: Vec<f64>,
}

impl Regressors {
    /// Untrained, all parameters zero.
    fn blank(hidden: &[usize], networks: Networks, problem: &Problem) -> Regressors {
        let (count, outputs) = match networks {
            Networks::Shared => (1, 2 * problem.arms()),
            Networks::OneAModel => (problem.arms(), 2),
        };
        let widths: Vec<usize> = [problem.dimension].iter().chain(hidden).chain([&outputs]).copied().collect();
        let net = Mlp::new(&widths, Output::Linear);
        let parameters = vec![vec![0.0; net.parameters()]; count];
        Regressors { hidden: hidden.to_vec(), net, parameters, means: vec![0.0; 2 * problem.arms()] }
    }

    fn fit(parameters: &MlpParameters, problem: &Problem, training: &TrainingSet, seed: &Seed) -> Regressors {
        let mut fitted = Regressors::blank(&parameters.hidden, parameters.networks, problem);
        let (arms, weights, order) = (training.arms(), seed.stream("weights"), seed.stream("order"));
        // NaN where nobody recorded the outcome.
        let target = |row: usize, output: usize| match training.terms(&problem.objective, row, output % arms) {
            None => f64::NAN,
            Some(terms) => [terms.value, terms.penalty][output / arms],
        };
        for (arm, terms) in training.mean_terms(&problem.objective).into_iter().enumerate() {
            (fitted.means[arm], fitted.means[arms + arm]) = (terms.value, terms.penalty);
        }
        for network in 0..fitted.parameters.len() {
            let generator = &mut weights.at(Round(network as u64));
            fitted.net.initialise(&mut fitted.parameters[network], || random::uniform(generator));
            let outputs = fitted.outputs(network);
            let mut targets = Vec::with_capacity(training.len() * outputs.len());
            for row in 0..training.len() {
                targets.extend(outputs.iter().map(|&output| (target(row, output) - fitted.means[output]) as f32));
            }
            descend(parameters, &fitted.net, &mut fitted.parameters[network], training, &targets, &order);
        }
        fitted
    }

    /// Which of the 2 K estimates a network makes, in the order of its outputs.
    fn outputs(&self, network: usize) -> Vec<usize> {
        let arms = self.means.len() / 2;
        if self.parameters.len() == 1 { (0..2 * arms).collect() } else { vec![network, arms + network] }
    }
}

/// Minimises half the squared error of `net` against `targets` (n x outputs, NaN: none), averaged over the prompts of a
/// batch.
fn descend(
    settings: &MlpParameters,
    net: &Mlp,
    parameters: &mut [f32],
    training: &TrainingSet,
    targets: &[f32],
    order_stream: &routing::Stream,
) {
    let (stride, outputs) = (net.output_stride(), net.outputs());
    let mut adam = Adam::new(AdamSettings::with_rate(settings.learning_rate as f32), parameters.len());
    let (mut tape, mut gradient) = (Tape::default(), vec![0.0; parameters.len()]);
    let mut order: Vec<usize> = (0..training.len()).collect();
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for epoch in 0..settings.epochs {
        random::shuffle(&mut order_stream.at(Round(epoch.into())), &mut order);
        for rows in order.chunks(settings.batch) {
            inputs.clear();
            inputs.extend(rows.iter().flat_map(|&row| training.feature_row(row)));
            errors.clear();
            errors.extend_from_slice(net.forward(parameters, &inputs, &mut tape));
            let slopes = net.output_gradient(&mut tape).chunks_exact_mut(stride);
            for ((&row, slope), estimate) in rows.iter().zip(slopes).zip(errors.chunks_exact(stride)) {
                let wanted = &targets[row * outputs..][..outputs];
                for ((slope, estimate), wanted) in slope.iter_mut().zip(estimate).zip(wanted) {
                    *slope = if wanted.is_nan() { 0.0 } else { (estimate - wanted) / rows.len() as f32 };
                }
            }
            net.backward(parameters, &inputs, &mut tape, &mut gradient, None);
            adam.step(parameters, &gradient);
        }
    }
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let given = &saved.settings["hidden"];
    let hidden: Option<Vec<usize>> = serde_json::from_value(given.clone()).ok();
    let hidden = hidden.filter(|hidden| buildable(hidden));
    let hidden = hidden.ok_or_else(|| NotRestored::new("setting `hidden`", rule(), given))?;
    let given = &saved.settings["networks"];
    let networks = serde_json::from_value(given.clone())
        .map_err(|_| NotRestored::new("setting `networks`", "one of shared, one-a-model", given))?;
    let mut regressors = Regressors::blank(&hidden, networks, problem);
    let (count, each) = (regressors.parameters.len(), regressors.net.parameters());
    let flat = saved.f32("parameters", &[count, each])?;
    regressors.parameters = flat.chunks_exact(each).map(<[f32]>::to_vec).collect();
    regressors.means.copy_from_slice(saved.f64("means", &[2 * problem.arms()])?);
    Ok(Box::new(PlugIn(regressors)))
}

impl Estimate for Regressors {
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]) {
        let (arms, stride) = (contexts.arms(), self.net.output_stride());
        let mut tape = Tape::default();
        for (network, parameters) in self.parameters.iter().enumerate() {
            let outputs = self.outputs(network);
            let estimates = self.net.forward(parameters, contexts.features(), &mut tape);
            for (row, estimates) in estimates.chunks_exact(stride).enumerate() {
                for (&output, &estimate) in outputs.iter().zip(estimates.iter()) {
                    let value = self.means[output] + f64::from(estimate);
                    match output.checked_sub(arms) {
                        None => quality[row * arms + output] = value,
                        Some(arm) => penalty[row * arms + arm] = value,
                    }
                }
            }
        }
    }

    /// `parameters`, networks x parameters (each layer's weights inputs x outputs, outputs padded with zeros to a multiple of
    /// 16, then biases), and `means` of the 2 K targets.
    fn save(&self) -> Saved {
        let networks = if self.parameters.len() == 1 { Networks::Shared } else { Networks::OneAModel };
        let shape = [self.parameters.len(), self.net.parameters()];
        let settings = json!({ "hidden": self.hidden, "networks": networks });
        Saved { settings, ..Saved::bare(ENTRY.name) }
            .with("parameters", &shape, Values::F32(self.parameters.concat()))
            .with("means", &[self.means.len()], Values::F64(self.means.clone()))
    }
}
