//! Avengers-Pro: prompts are clustered, each model is scored in each cluster, and the best over the nearest clusters answers.
//!
//! Paper (arXiv 2508.12631): k-means on embeddings, k = 60; in cluster j model i has mean quality p and mean cost q, both
//! scaled to [0, 1] over the models of the cluster, and the score alpha p~ + (1 - alpha) (1 - q~); the model with the highest
//! score over the clusters nearest to the prompt answers. Trained on nothing but means; needs every model's outcome on every
//! training prompt.
//!
//! alpha is the weight on quality, w_q, of the request: the paper has one alpha for a whole run. Ours as well: scores of the
//! nearest clusters are averaged, 3 of them (the public code: 3, weighted by similarity and rank), nearest by inner product
//! with features of unit length (as its code), costs are the cost terms min(c / tau, 1), scaled from the cheapest to the
//! dearest model (its code: from 0), and k-means starts once (its code: ten times, keeping the tightest).
//!
//! **What w means differs.** Scaled within each cluster, one unit of quality trades against one of cost at another rate than in
//! the reward, so at a given w this router is not trying to maximise what is measured. `scale = "reward"` is ours: the same
//! means without the scaling, plugged into the reward; it tells what reward it expects.

use crate::learners::clusters::Clusters;
use crate::learners::plug_in::{Estimate, PlugIn};
use crate::learners::{normalise, stretch};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{Choice, Contexts, NotRestored, Problem, Router, Saved, Seed, TrainingSet, Values};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "avengers-pro",
    about: "each model's quality and efficiency in the clusters nearest to the prompt, weighed by the preference",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "Avengers-Pro, arXiv 2508.12631",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<AvengersParameters>,
    schema: schema::<AvengersParameters>,
    configure: configure_avengers,
};

/// What quality and cost are measured in before they are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Scale {
    /// From the worst to the best model of the cluster (paper).
    Cluster,
    /// As they stand in the reward (ours).
    Reward,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct AvengersParameters {
    /// Clusters of the training prompts (paper: 60).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "log": [10, 100] }))]
    clusters: usize,
    /// Clusters averaged over, the nearest ones (public code: 3).
    #[schemars(range(min = 1, max = 10_000))]
    #[schemars(extend("x-search" = { "linear": [1, 5] }))]
    nearest: usize,
    /// Scale of quality and cost: `cluster` (paper) or `reward` (ours).
    scale: Scale,
}

impl Default for AvengersParameters {
    fn default() -> Self {
        AvengersParameters { clusters: 60, nearest: 3, scale: Scale::Cluster }
    }
}

impl Parameters for AvengersParameters {}

fn configure_avengers(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: AvengersParameters| {
        Recipe::Full(Box::new(move |problem, training, seed| {
            Profiles::fit(&parameters, problem, training, seed).into_router()
        }))
    })
}

/// What each model did in each cluster.
struct Profiles {
    scale: Scale,
    nearest: usize,
    dimension: usize,
    /// k x d.
    centres: Vec<f32>,
    /// Mean quality, k x K, scaled.
    quality: Vec<f64>,
    /// Mean cost term, k x K, scaled.
    penalty: Vec<f64>,
}

impl Profiles {
    fn fit(parameters: &AvengersParameters, problem: &Problem, training: &TrainingSet, seed: &Seed) -> Profiles {
        let AvengersParameters { scale, nearest, clusters } = *parameters;
        let (dimension, arms) = (training.dimension(), training.arms());
        let mut features = training.features().to_vec();
        normalise(&mut features, dimension);
        let Clusters { centres, of_row } = Clusters::find(&features, dimension, clusters, seed);
        let count = centres.len() / dimension;
        let (mut quality, mut penalty) = (vec![0.0; count * arms], vec![0.0; count * arms]);
        let mut answers = vec![0_u32; count * arms];
        for (row, cluster) in of_row.into_iter().enumerate() {
            for arm in 0..arms {
                let Some(terms) = training.terms(&problem.objective, row, arm) else { continue };
                let cell = cluster * arms + arm;
                answers[cell] += 1;
                quality[cell] += terms.value;
                penalty[cell] += terms.penalty;
            }
        }
        // Where a model answered no prompt of a cluster, its mean over all has to do.
        let overall = training.mean_terms(&problem.objective);
        for (cell, &count) in answers.iter().enumerate() {
            let mean = |sum: f64, overall: f64| if count > 0 { sum / f64::from(count) } else { overall };
            quality[cell] = mean(quality[cell], overall[cell % arms].value);
            penalty[cell] = mean(penalty[cell], overall[cell % arms].penalty);
        }
        if scale == Scale::Cluster {
            quality.chunks_exact_mut(arms).chain(penalty.chunks_exact_mut(arms)).for_each(stretch);
        }
        Profiles { scale, nearest, dimension, centres, quality, penalty }
    }

    fn into_router(self) -> Box<dyn Router> {
        match self.scale {
            Scale::Cluster => Box::new(Scaled(PlugIn(self))),
            Scale::Reward => Box::new(PlugIn(self)),
        }
    }
}

/// Decides as the paper: w_q p~ - w_c q~ ranks models as alpha p~ + (1 - alpha) (1 - q~) does, and is no reward.
struct Scaled(PlugIn<Profiles>);

impl Router for Scaled {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        self.0.decide(contexts, choices);
        for choice in choices {
            choice.expected_reward = None;
        }
    }

    fn save(&self) -> Option<Saved> {
        self.0.save()
    }
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let (dimension, arms) = (problem.dimension, problem.arms());
    let given = &saved.settings["scale"];
    let scale = serde_json::from_value(given.clone())
        .map_err(|_| NotRestored::new("setting `scale`", "one of cluster, reward", given))?;
    let given = &saved.settings["nearest"];
    let nearest = given.as_u64().filter(|&nearest| nearest > 0);
    let nearest =
        nearest.ok_or_else(|| NotRestored::new("setting `nearest`", "a whole number of at least 1", given))?;
    let count = saved.rows("centres", &[dimension])?;
    if count == 0 {
        return Err(NotRestored::new("tensor `centres`", "of at least one row", count));
    }
    let profiles = Profiles {
        scale,
        nearest: nearest as usize,
        dimension,
        centres: saved.f32("centres", &[count, dimension])?.to_vec(),
        quality: saved.f64("quality", &[count, arms])?.to_vec(),
        penalty: saved.f64("penalty", &[count, arms])?.to_vec(),
    };
    Ok(profiles.into_router())
}

impl Estimate for Profiles {
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]) {
        let (d, arms) = (self.dimension, contexts.arms());
        let mut queries = contexts.features().to_vec();
        normalise(&mut queries, d);
        kernels::nearest(&self.centres, &queries, d, self.nearest, |query, found| {
            let share = 1.0 / found.len() as f64;
            for arm in 0..arms {
                let mean = |of: &[f64]| found.iter().map(|near| of[near.row * arms + arm]).sum::<f64>() * share;
                quality[query * arms + arm] = mean(&self.quality);
                penalty[query * arms + arm] = mean(&self.penalty);
            }
        });
    }

    /// `centres` (k x d), and `quality` and `penalty` of each model in each cluster (k x K), on the `scale` named.
    fn save(&self) -> Saved {
        let count = self.centres.len() / self.dimension;
        let shape = [count, self.quality.len() / count];
        Saved { settings: json!({ "nearest": self.nearest, "scale": self.scale }), ..Saved::bare(ENTRY.name) }
            .with("centres", &[count, self.dimension], Values::F32(self.centres.clone()))
            .with("quality", &shape, Values::F64(self.quality.clone()))
            .with("penalty", &shape, Values::F64(self.penalty.clone()))
    }
}
