//! The preference-conditioned network of BaRP (section 3): pi(a | x, w) = softmax g([h(x); phi(w)]), with its gradient.
//!
//! h(x) is the frozen feature row; phi, a small network on (w_q, w_c), and the head g are trained. The paper states
//! neither sizes nor the form of g: defaults and alternatives are parameters here.

mod saved;

pub(crate) use saved::{ACTOR, restore};

use super::best;
use kernels::softmax_rows;
use network::{Adam, AdamSettings, InputGradient, Mlp, Output, Tape};
use routing::{Arm, Choice, Contexts, Propensity, Round, Router, Saved, Seed, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The decision head g on [h; phi].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// One affine map of [h; phi].
    Linear,
    /// W (U h * V phi): the product of two projections, elementwise; a bilinear form of rank `hidden`.
    Bilinear,
    /// A hidden layer of `hidden` units with ReLU.
    Mlp,
}

/// Sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorShape {
    /// Width d of a feature row.
    pub dimension: usize,
    /// Number of models K.
    pub arms: usize,
    /// Width of both layers of phi.
    pub preference_width: usize,
    /// Form of the head.
    pub head: Head,
    /// Hidden units of the head, or rank of the bilinear form.
    pub hidden: usize,
}

#[derive(Clone, Debug)]
enum HeadNet {
    Joined(Mlp),
    Bilinear { features: Mlp, preference: Mlp, output: Mlp },
}

/// The network and its parameters, frozen as far as this type goes.
#[derive(Clone, Debug)]
pub struct Actor {
    shape: ActorShape,
    phi: Mlp,
    head: HeadNet,
    parameters: Vec<f32>,
}

/// Buffers of a forward and a backward pass; they grow to the batch and stay.
#[derive(Clone, Debug, Default)]
struct Workspace {
    weights: Vec<f32>,
    joined: Vec<f32>,
    product: Vec<f32>,
    slope: Vec<f32>,
    phi: Tape,
    head: Tape,
    features: Tape,
    preference: Tape,
    probabilities: Vec<f32>,
}

/// Rows that a frozen decision evaluates at a time.
const DECISION_ROWS: usize = 256;

impl Actor {
    /// A network with weights drawn from `seed`.
    pub fn new(shape: ActorShape, seed: &Seed) -> Actor {
        let ActorShape { dimension, arms, preference_width, head, hidden } = shape;
        let phi = Mlp::new(&[2, preference_width, preference_width], Output::Relu);
        let joined = dimension + preference_width;
        let head = match head {
            Head::Linear => HeadNet::Joined(Mlp::new(&[joined, arms], Output::Linear)),
            Head::Mlp => HeadNet::Joined(Mlp::new(&[joined, hidden, arms], Output::Linear)),
            Head::Bilinear => HeadNet::Bilinear {
                features: Mlp::new(&[dimension, hidden], Output::Linear),
                preference: Mlp::new(&[preference_width, hidden], Output::Linear),
                output: Mlp::new(&[hidden, arms], Output::Linear),
            },
        };
        let mut actor = Actor { shape, phi, head, parameters: Vec::new() };
        let sizes = actor.sizes();
        actor.parameters = vec![0.0; sizes.iter().sum()];
        let mut generator = seed.stream("weights").at(Round(0));
        let mut rest = actor.parameters.as_mut_slice();
        for (net, size) in actor.head.nets().into_iter().chain([&actor.phi]).zip(sizes) {
            let (own, others) = rest.split_at_mut(size);
            net.initialise(own, || random::uniform(&mut generator));
            rest = others;
        }
        actor
    }

    /// Numbers in the flat parameter vector.
    pub fn parameters(&self) -> usize {
        self.parameters.len()
    }

    /// Sizes of the parts of the parameter vector: the head's networks, then phi.
    fn sizes(&self) -> Vec<usize> {
        self.head.nets().into_iter().chain([&self.phi]).map(Mlp::parameters).collect()
    }

    fn stride(&self) -> usize {
        self.head.output().output_stride()
    }

    /// Fills `work.probabilities` (rows of `stride` numbers) with pi(a | x, w).
    fn forward(&self, contexts: &Contexts<'_>, work: &mut Workspace) {
        work.weights.clear();
        for preference in contexts.preferences() {
            work.weights.extend([preference.quality() as f32, preference.cost() as f32]);
        }
        let (head, phi) = self.parameters.split_at(self.parameters.len() - self.phi.parameters());
        self.phi.forward(phi, &work.weights, &mut work.phi);
        let embedded = self.phi.outputs_of(&work.phi);
        let logits = match &self.head {
            HeadNet::Joined(net) => {
                let width = self.shape.preference_width;
                work.joined.clear();
                for (row, embedded) in embedded.chunks_exact(self.phi.output_stride()).enumerate() {
                    work.joined.extend_from_slice(contexts.feature_row(row));
                    work.joined.extend_from_slice(&embedded[..width]);
                }
                net.forward(head, &work.joined, &mut work.head)
            }
            HeadNet::Bilinear { features, preference, output } => {
                let (by_features, rest) = head.split_at(features.parameters());
                let (by_preference, by_output) = rest.split_at(preference.parameters());
                work.joined.clear();
                rows_of(embedded, self.phi.output_stride(), self.shape.preference_width, &mut work.joined);
                let left = features.forward(by_features, contexts.features(), &mut work.features);
                let right = preference.forward(by_preference, &work.joined, &mut work.preference);
                work.product.clear();
                for (left, right) in
                    left.chunks_exact(features.output_stride()).zip(right.chunks_exact(preference.output_stride()))
                {
                    work.product.extend(left[..features.outputs()].iter().zip(right).map(|(l, r)| l * r));
                }
                output.forward(by_output, &work.product, &mut work.head)
            }
        };
        let (stride, arms) = (self.stride(), self.shape.arms);
        for (row, logits) in logits.chunks_exact_mut(stride).enumerate() {
            for (logit, &up) in logits.iter_mut().zip(contexts.available(row)) {
                *logit = if up { *logit } else { f32::NEG_INFINITY };
            }
            logits[arms..].fill(f32::NEG_INFINITY);
        }
        work.probabilities.clear();
        work.probabilities.extend_from_slice(logits);
        softmax_rows(&mut work.probabilities, stride);
    }

    /// Writes the gradient with respect to all parameters, given that with respect to the logits in `work.head`.
    fn backward(&self, contexts: &Contexts<'_>, work: &mut Workspace, gradient: &mut [f32]) {
        let (head, phi) = self.parameters.split_at(self.parameters.len() - self.phi.parameters());
        let (head_gradient, phi_gradient) = gradient.split_at_mut(head.len());
        let (d, width, stride) = (self.shape.dimension, self.shape.preference_width, self.phi.output_stride());
        let back = self.phi.output_gradient(&mut work.phi);
        match &self.head {
            HeadNet::Joined(net) => {
                let wanted = InputGradient { columns: d..d + width, out: back, stride };
                net.backward(head, &work.joined, &mut work.head, head_gradient, Some(wanted));
            }
            HeadNet::Bilinear { features, preference, output } => {
                let (by_features, rest) = head.split_at(features.parameters());
                let (by_preference, by_output) = rest.split_at(preference.parameters());
                let (features_gradient, rest) = head_gradient.split_at_mut(features.parameters());
                let (preference_gradient, output_gradient) = rest.split_at_mut(preference.parameters());
                let (inner, hidden) = (features.output_stride(), features.outputs());
                let slope = &mut work.slope;
                slope.clear();
                slope.resize(contexts.len() * inner, 0.0);
                let wanted = InputGradient { columns: 0..hidden, out: slope, stride: inner };
                output.backward(by_output, &work.product, &mut work.head, output_gradient, Some(wanted));
                times(slope, preference.outputs_of(&work.preference), features.output_gradient(&mut work.features));
                times(slope, features.outputs_of(&work.features), preference.output_gradient(&mut work.preference));
                features.backward(by_features, contexts.features(), &mut work.features, features_gradient, None);
                let wanted = InputGradient { columns: 0..width, out: back, stride };
                preference.backward(
                    by_preference,
                    &work.joined,
                    &mut work.preference,
                    preference_gradient,
                    Some(wanted),
                );
            }
        }
        self.phi.backward(phi, &work.weights, &mut work.phi, phi_gradient, None);
    }
}

impl Router for Actor {
    /// The most probable arm of each row.
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut work = Workspace::default();
        choices.clear();
        for start in (0..contexts.len()).step_by(DECISION_ROWS) {
            let part = contexts.slice(start..contexts.len().min(start + DECISION_ROWS));
            self.forward(&part, &mut work);
            for (row, probabilities) in work.probabilities.chunks_exact(self.stride()).enumerate() {
                let scores = probabilities.iter().map(|&p| f64::from(p));
                choices.push(Choice::certain(best(scores, part.available(row))));
            }
        }
    }

    /// pi(a | x, w).
    fn probabilities(&self, contexts: &Contexts<'_>, out: &mut Vec<f32>) {
        let mut work = Workspace::default();
        out.clear();
        for start in (0..contexts.len()).step_by(DECISION_ROWS) {
            let part = contexts.slice(start..contexts.len().min(start + DECISION_ROWS));
            self.forward(&part, &mut work);
            rows_of(&work.probabilities, self.stride(), self.shape.arms, out);
        }
    }

    fn save(&self) -> Option<Saved> {
        Some(saved::save(self))
    }
}

impl HeadNet {
    /// The network whose outputs are the logits.
    fn output(&self) -> &Mlp {
        match self {
            HeadNet::Joined(net) | HeadNet::Bilinear { output: net, .. } => net,
        }
    }

    /// Its networks in the order of the parameter vector.
    fn nets(&self) -> Vec<&Mlp> {
        match self {
            HeadNet::Joined(net) => vec![net],
            HeadNet::Bilinear { features, preference, output } => vec![features, preference, output],
        }
    }
}

/// Appends the first `width` numbers of each row of `stride`, without the padding.
fn rows_of(padded: &[f32], stride: usize, width: usize, out: &mut Vec<f32>) {
    for row in padded.chunks_exact(stride) {
        out.extend_from_slice(&row[..width]);
    }
}

fn times(left: &[f32], right: &[f32], out: &mut [f32]) {
    for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
        *out = left * right;
    }
}

/// An [`Actor`] that is being trained by gradient ascent on an objective plus `entropy` times its mean entropy.
#[derive(Clone, Debug)]
pub struct Trainer {
    actor: Actor,
    adam: Adam,
    entropy: f32,
    work: Workspace,
    gradient: Vec<f32>,
    evaluated: Vec<Round>,
    mean_entropy: f64,
}

impl Trainer {
    /// Before the first step; `learning_rate` and the entropy weight beta as in BaRP.
    pub fn new(actor: Actor, learning_rate: f32, entropy: f32) -> Trainer {
        let parameters = actor.parameters();
        Trainer {
            actor,
            adam: Adam::new(AdamSettings::with_rate(learning_rate), parameters),
            entropy,
            work: Workspace::default(),
            gradient: vec![0.0; parameters],
            evaluated: Vec::new(),
            mean_entropy: f64::NAN,
        }
    }

    /// The network as it stands.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Mean entropy of pi over the last batch, in nats; NaN before the first step.
    pub fn mean_entropy(&self) -> f64 {
        self.mean_entropy
    }

    /// pi(a | x, w) of each row, as an iterator over rows of K probabilities.
    pub fn probabilities(&mut self, contexts: &Contexts<'_>) -> impl Iterator<Item = &[f32]> {
        // A round names one visit, so the pass that chose serves the update too while the weights are unchanged.
        if self.evaluated != contexts.rounds() {
            self.actor.forward(contexts, &mut self.work);
            self.evaluated.clear();
            self.evaluated.extend_from_slice(contexts.rounds());
        }
        let arms = self.actor.shape.arms;
        self.work.probabilities.chunks_exact(self.actor.stride()).map(move |row| &row[..arms])
    }

    /// One step of Adam. `ascent(row, probabilities, slope)` writes the gradient of that row's objective with respect to
    /// its K logits; the mean over rows and the entropy bonus are taken here.
    pub fn step(&mut self, contexts: &Contexts<'_>, mut ascent: impl FnMut(usize, &[f32], &mut [f32])) {
        drop(self.probabilities(contexts));
        self.evaluated.clear();
        let (stride, arms) = (self.actor.stride(), self.actor.shape.arms);
        let slopes = self.actor.head.output().output_gradient(&mut self.work.head);
        let scale = -1.0 / contexts.len() as f32;
        let mut total_entropy = 0.0;
        for (row, slope) in slopes.chunks_exact_mut(stride).enumerate() {
            let probabilities = &self.work.probabilities[row * stride..][..arms];
            let slope = &mut slope[..arms];
            ascent(row, probabilities, slope);
            let entropy = entropy(probabilities);
            total_entropy += f64::from(entropy);
            for (slope, &p) in slope.iter_mut().zip(probabilities) {
                // d entropy / d logit_j = -p_j (ln p_j + H)
                let log = if p > 0.0 { libm::logf(p) } else { 0.0 };
                *slope = scale * (*slope - self.entropy * p * (log + entropy));
            }
        }
        self.mean_entropy = total_entropy / contexts.len() as f64;
        self.actor.backward(contexts, &mut self.work, &mut self.gradient);
        self.adam.step(&mut self.actor.parameters, &self.gradient);
    }
}

/// -sum p ln p, in nats.
fn entropy(probabilities: &[f32]) -> f32 {
    let mut sum = 0.0;
    for &p in probabilities {
        if p > 0.0 {
            sum -= p * libm::logf(p);
        }
    }
    sum
}

/// Draws an arm from the probabilities of one row.
pub(crate) fn draw(probabilities: &[f32], generator: &mut random::Generator) -> Choice {
    let arm = random::categorical(generator, probabilities);
    Choice::drawn(Arm::at(arm), Propensity::Exact(probabilities[arm]))
}
