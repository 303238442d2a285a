//! kNN routing: each model's mean quality and cost over the most similar training prompts, plugged into the reward.
//!
//! Cosine similarity, unweighted mean over k neighbours (RouterBench, arXiv 2403.12031, with k of 5, 10 or 40; found hard
//! to beat when tuned by arXiv 2505.12601). Needs every model's outcome on every training prompt.

use crate::learners::normalise;
use crate::learners::plug_in::{Estimate, PlugIn};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{
    Contexts, Dollars, NotRestored, Objective, Outcomes, Problem, Router, Saved, Terms, TrainingSet, Values,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "knn",
    about: "mean quality and cost of the k nearest training prompts, best for the preference",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "RouterBench, arXiv 2403.12031; arXiv 2505.12601",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<KnnParameters>,
    schema: schema::<KnnParameters>,
    configure: configure_knn,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct KnnParameters {
    /// Neighbours averaged over (RouterBench: 5, 10 or 40).
    #[schemars(range(min = 1, max = 1_000_000))]
    #[schemars(extend("x-search" = { "log": [3, 200] }))]
    k: usize,
}

impl Default for KnnParameters {
    fn default() -> Self {
        KnnParameters { k: 40 }
    }
}

impl Parameters for KnnParameters {}

fn configure_knn(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: KnnParameters| {
        Recipe::Full(Box::new(move |problem, training, _| {
            Box::new(PlugIn(Knn::new(parameters.k, training.clone(), problem.objective)))
        }))
    })
}

struct Knn {
    k: usize,
    features: Vec<f32>,
    training: TrainingSet,
    objective: Objective,
    /// Mean terms of each model over all training prompts: for queries of whose neighbours it answered none.
    overall: Vec<Terms>,
}

impl Knn {
    fn new(k: usize, training: TrainingSet, objective: Objective) -> Knn {
        let mut features = training.features().to_vec();
        normalise(&mut features, training.dimension());
        let overall = training.mean_terms(&objective);
        Knn { k, features, training, objective, overall }
    }
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let (d, arms) = (problem.dimension, problem.arms());
    let given = &saved.settings["k"];
    let k = given.as_u64().filter(|&k| k > 0);
    let k = k.ok_or_else(|| NotRestored::new("setting `k`", "a whole number of at least 1", given))?;
    let rows = saved.rows("features", &[d])?;
    let features = saved.f32("features", &[rows, d])?.to_vec();
    let quality = saved.f32("quality", &[rows, arms])?.to_vec();
    let cost = saved.f64("cost", &[rows, arms])?.iter().copied().map(Dollars).collect();
    let timed = saved.tensors.iter().any(|tensor| tensor.name == "latency");
    let seconds = if timed { saved.f32("latency", &[rows, arms])?.to_vec() } else { Vec::new() };
    let outcomes = Outcomes::from_columns(arms, quality, cost, seconds);
    let training = TrainingSet::from_outcomes(features, outcomes, d);
    Ok(Box::new(PlugIn(Knn::new(k as usize, training, problem.objective))))
}

impl Estimate for Knn {
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]) {
        let (d, arms) = (contexts.dimension(), contexts.arms());
        let mut queries = contexts.features().to_vec();
        normalise(&mut queries, d);
        kernels::nearest(&self.features, &queries, d, self.k, |query, found| {
            for arm in 0..arms {
                let (mut value, mut cost, mut count) = (0.0, 0.0, 0_u32);
                for neighbour in found {
                    let Some(terms) = self.training.terms(&self.objective, neighbour.row, arm) else { continue };
                    value += terms.value;
                    cost += terms.penalty;
                    count += 1;
                }
                let share = 1.0 / f64::from(count);
                let Terms { value, penalty: cost } = match count {
                    0 => self.overall[arm],
                    _ => Terms { value: value * share, penalty: cost * share },
                };
                quality[query * arms + arm] = value;
                penalty[query * arms + arm] = cost;
            }
        });
    }

    /// `features` (n x d), `quality` and `cost` in dollars (both n x K, NaN in a gap) of the training prompts, their
    /// `latency` in seconds where it has a weight, and `k`.
    fn save(&self) -> Saved {
        let (n, d, arms) = (self.training.len(), self.training.dimension(), self.training.arms());
        let outcomes = self.training.outcomes();
        let cost = outcomes.cost().iter().map(|cost| cost.0).collect();
        let saved = Saved { settings: json!({ "k": self.k }), ..Saved::bare(ENTRY.name) }
            .with("features", &[n, d], Values::F32(self.training.features().to_vec()))
            .with("quality", &[n, arms], Values::F32(outcomes.quality().to_vec()))
            .with("cost", &[n, arms], Values::F64(cost));
        match self.objective.latency {
            None => saved,
            Some(_) => saved.with("latency", &[n, arms], Values::F32(outcomes.seconds().to_vec())),
        }
    }
}
