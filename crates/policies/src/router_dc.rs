//! RouterDC: prompts and models in one space, trained by two contrastive losses; the most similar model answers.
//!
//! Paper (Chen et al. 2024, arXiv 2409.19886). A query map E sends a prompt x into the space of learnable model vectors k_t;
//! sim is their cosine. For a prompt with scores s_t of the models,
//!
//! - sample-LLM: L = sum over t+ of -log [ e^{sim(E(x), k_t+)} / (e^{sim(E(x), k_t+)} + sum over t- of e^{sim(E(x), k_t-)}) ],
//!   t+ over the K+ models with the highest scores, t- over the K- with the lowest, of which those above .5 are left out;
//! - sample-sample: prompts are grouped by k-means; L = -log of the share of e^{sim(E(x), E(x+))} in the sum of it and of
//!   e^{sim(E(x), E(x-))} over H prompts x- of other groups, x+ being one of the same group, all from the mini-batch;
//! - total: the first plus lambda times the second. Decision: argmax_t sim(E(x), k_t).
//!
//! The paper's, or its public code's: both losses, cosine, K+ = K- = 3 (4 on RouterBench), H = 3, lambda = 1, 1,000 steps of
//! 64 prompts, 8 groups, model vectors from N(0, .78^2), no loss where even a best model scores 0, no temperature in the
//! second loss. Of others who ran it again on frozen features: Adam with 1e-3, temperature .07 in the first loss (the paper: 1).
//! They also set K+ = 5, 5 epochs, batch 1024, H = 30 and 300 groups: all parameters here.
//!
//! Ours: the features are frozen, as for every router here, and E is one affine map on them (the paper trains the encoder,
//! mDeBERTa, by AdamW at 5e-5); k-means on the features themselves (the paper: on a t-SNE of them); equal scores are ranked at
//! random at each visit (the paper's code: by table order); a model never counts against one that scores no better (which
//! only happens with partial credit, or where K+ and K- overlap); the H prompts are drawn with replacement.
//!
//! **The preference.** RouterDC knows none. With `target = "quality"`, as published, it is trained on quality and chooses the
//! same model at every w. (Its RouterBench script can subtract a fixed multiple of the dollars from the score: another router
//! for each multiple.) `target = "reward"` is ours: w is drawn uniformly for each mini-batch and joins the features, E(x, w), and
//! the score is the reward at w, scaled to [0, 1] over the models of the prompt, so that one router serves every preference. It
//! learns which models win most often, as the contrast does, not by how much: where a cheap model is right more often than
//! not, it wins most prompts however much the others lose, and a plug-in of means earns more. Models above .5 are no negatives
//! here either: with all of them the router told the best from the second best and earned less on noisy outcomes (measured).

mod losses;
mod training;

use crate::learners::best;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use kernels::{Left, set_product, transpose};
use network::{Mlp, Output, Tape};
use routing::{Choice, Contexts, NotRestored, Preference, Problem, Router, Saved, Values};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "router-dc",
    about: "model vectors trained by two contrastive losses, the most similar to the prompt answers",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "RouterDC, arXiv 2409.19886",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<RouterDcParameters>,
    schema: schema::<RouterDcParameters>,
    configure: configure_router_dc,
};

/// What the training scores are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Target {
    /// Quality, as published: no preference anywhere.
    Quality,
    /// The reward at a preference that the query map sees (ours).
    Reward,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct RouterDcParameters {
    /// What a model's score on a prompt is: `quality` (paper) or `reward` (ours).
    target: Target,
    /// Width of the space of prompts and models (paper: that of its encoder).
    #[schemars(range(min = 1, max = MOST_UNITS))]
    #[schemars(extend("x-search" = { "choices": [64, 128, 256] }))]
    width: usize,
    /// Gradient steps (paper: 1,000).
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("x-search" = { "log": [250, 2000] }))]
    steps: u32,
    /// Prompts in a gradient step (paper: 64).
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("x-search" = { "choices": [32, 64, 128] }))]
    batch: usize,
    /// Adam's learning rate (paper: AdamW, 5e-5, for the encoder; as run again on frozen features: 1e-3).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-4, 1e-2] }))]
    learning_rate: f64,
    /// Divides cosines in the sample-LLM loss (paper: 1; as run again: .07).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.03, 1.0] }))]
    temperature: f64,
    /// K+, models that a prompt is pulled to (paper: 3; 4 on RouterBench).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "linear": [1, 8] }))]
    top_k: usize,
    /// K-, models that it is pushed from (paper: 3; 4 on RouterBench).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "linear": [1, 8] }))]
    last_k: usize,
    /// lambda, weight of the sample-sample loss (paper: 1).
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "choices": [0.0, 0.5, 1.0, 2.0] }))]
    cluster_weight: f64,
    /// Groups of prompts (paper's code: 8).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "log": [4, 32] }))]
    clusters: usize,
    /// H, prompts of other groups that a prompt is pushed from (paper: 3).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "linear": [1, 8] }))]
    negatives: usize,
}

impl Default for RouterDcParameters {
    fn default() -> Self {
        RouterDcParameters {
            target: Target::Quality,
            width: 128,
            steps: 1000,
            batch: 64,
            learning_rate: 1e-3,
            temperature: 0.07,
            top_k: 3,
            last_k: 3,
            cluster_weight: 1.0,
            clusters: 8,
            negatives: 3,
        }
    }
}

/// Most units of the space that a parameter or a file may ask for.
const MOST_UNITS: usize = 1 << 16;

impl Parameters for RouterDcParameters {}

fn configure_router_dc(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: RouterDcParameters| {
        Recipe::Full(Box::new(move |problem, data, seed| Box::new(training::train(&parameters, problem, data, seed))))
    })
}

/// The query map and the model vectors.
#[derive(Clone, Debug)]
struct RouterDc {
    target: Target,
    width: usize,
    map: Mlp,
    /// The map's parameters, then K model vectors in rows of the map's output stride, zero beyond `width`.
    parameters: Vec<f32>,
}

impl RouterDc {
    fn blank(target: Target, width: usize, problem: &Problem) -> RouterDc {
        let inputs = problem.dimension + if target == Target::Reward { 2 } else { 0 };
        let map = Mlp::new(&[inputs, width], Output::Linear);
        let parameters = vec![0.0; map.parameters() + problem.arms() * map.output_stride()];
        RouterDc { target, width, map, parameters }
    }

    /// Parameters of the map, and the model vectors.
    fn parts(&self) -> (&[f32], &[f32]) {
        self.parameters.split_at(self.map.parameters())
    }

    /// Appends what the map sees of a prompt: its features, and w where the target asks for it.
    fn extend_inputs(&self, features: &[f32], preference: Preference, inputs: &mut Vec<f32>) {
        inputs.extend_from_slice(features);
        if self.target == Target::Reward {
            inputs.extend([preference.quality() as f32, preference.cost() as f32]);
        }
    }
}

impl Router for RouterDc {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        choices.clear();
        let (arms, stride) = (contexts.arms(), self.map.output_stride());
        let (by_map, models) = self.parts();
        let mut units = Units::default();
        units.fill(models, stride);
        let mut columns = vec![0.0; models.len()];
        transpose(&units.rows, stride, &mut columns, arms);
        let mut inputs = Vec::with_capacity(contexts.len() * self.map.inputs());
        for (row, &preference) in contexts.preferences().iter().enumerate() {
            self.extend_inputs(contexts.feature_row(row), preference, &mut inputs);
        }
        let mut tape = Tape::default();
        // A prompt's own length scales its cosines alike.
        let prompts = self.map.forward(by_map, &inputs, &mut tape);
        let mut scores = vec![0.0; contexts.len() * arms];
        set_product(Left::rows(prompts, stride), &columns, &mut scores, arms);
        for (row, scores) in scores.chunks_exact(arms).enumerate() {
            let scores = scores.iter().map(|&score| f64::from(score));
            choices.push(Choice::certain(best(scores, contexts.available(row))));
        }
    }

    /// `parameters`: the map (inputs x width weights, outputs padded with zeros to a multiple of 16, then biases), then K
    /// model vectors, padded alike.
    fn save(&self) -> Option<Saved> {
        let settings = json!({ "target": self.target, "width": self.width });
        let parameters = Values::F32(self.parameters.clone());
        Some(Saved { settings, ..Saved::bare(ENTRY.name) }.with("parameters", &[self.parameters.len()], parameters))
    }
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let given = &saved.settings["target"];
    let target = serde_json::from_value(given.clone())
        .map_err(|_| NotRestored::new("setting `target`", "one of quality, reward", given))?;
    let given = &saved.settings["width"];
    let width = given.as_u64().map(|width| width as usize).filter(|width| (1..=MOST_UNITS).contains(width));
    let width = width.ok_or_else(|| NotRestored::new("setting `width`", format!("from 1 to {MOST_UNITS}"), given))?;
    let mut router = RouterDc::blank(target, width, problem);
    let wanted = [router.parameters.len()];
    router.parameters.copy_from_slice(saved.f32("parameters", &wanted)?);
    Ok(Box::new(router))
}

/// Rows scaled to unit length, and the lengths they had.
#[derive(Clone, Debug, Default)]
struct Units {
    rows: Vec<f32>,
    lengths: Vec<f32>,
}

impl Units {
    /// Replaces all rows by those of `rows`, `stride` numbers each; a row of zeros stays one, of length 1.
    fn fill(&mut self, rows: &[f32], stride: usize) {
        self.rows.clear();
        self.lengths.clear();
        for row in rows.chunks_exact(stride) {
            let squared: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let length = if squared > 0.0 { squared.sqrt() as f32 } else { 1.0 };
            self.lengths.push(length);
            self.rows.extend(row.iter().map(|x| x / length));
        }
    }

    /// Writes the gradient with respect to the rows before scaling, (g - (g . u) u) / length, given that with respect to the
    /// unit rows.
    fn backward(&self, by_unit: &[f32], stride: usize, out: &mut [f32]) {
        let rows = self.rows.chunks_exact(stride).zip(&self.lengths);
        for (((unit, length), by_unit), out) in rows.zip(by_unit.chunks_exact(stride)).zip(out.chunks_exact_mut(stride))
        {
            let along: f32 = unit.iter().zip(by_unit).map(|(u, g)| u * g).sum();
            for ((out, u), g) in out.iter_mut().zip(unit).zip(by_unit) {
                *out = (g - along * u) / length;
            }
        }
    }
}
