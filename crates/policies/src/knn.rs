//! kNN routing: each model's mean quality and cost over the most similar training prompts, plugged into the reward.
//!
//! Cosine similarity, unweighted mean over k neighbours (RouterBench, arXiv 2403.12031, with k of 5, 10 or 40; found hard
//! to beat when tuned by arXiv 2505.12601). Needs every model's outcome on every training prompt.

use crate::learners::plug_in::{Estimate, PlugIn};
use crate::registry::{Configured, Entry, Information, ParameterError, Parameters, Recipe, configure, defaults};
use routing::{Contexts, Objective, TrainingSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const ENTRY: Entry = Entry {
    name: "knn",
    about: "mean quality and cost of the k nearest training prompts, best for the preference",
    paper: "RouterBench, arXiv 2403.12031; arXiv 2505.12601",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<KnnParameters>,
    configure: configure_knn,
};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KnnParameters {
    /// Neighbours averaged over.
    k: usize,
}

impl Default for KnnParameters {
    fn default() -> Self {
        KnnParameters { k: 40 }
    }
}

impl Parameters for KnnParameters {
    fn check(&self) -> Result<(), ParameterError> {
        ParameterError::unless(self.k > 0, "k", "at least 1", self.k)
    }
}

fn configure_knn(given: Value) -> Result<Configured, ParameterError> {
    configure(given, |parameters: KnnParameters| {
        Recipe::Full(Box::new(move |task, training, _| {
            let mut features = training.features().to_vec();
            normalise(&mut features, training.dimension());
            let (training, objective) = (training.clone(), task.objective);
            Box::new(PlugIn(Knn { k: parameters.k, features, training, objective }))
        }))
    })
}

struct Knn {
    k: usize,
    features: Vec<f32>,
    training: TrainingSet,
    objective: Objective,
}

impl Estimate for Knn {
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]) {
        let (d, arms) = (contexts.dimension(), contexts.arms());
        let mut queries = contexts.features().to_vec();
        normalise(&mut queries, d);
        kernels::nearest(&self.features, &queries, d, self.k, |query, found| {
            let share = 1.0 / found.len() as f64;
            for arm in 0..arms {
                let (mut q, mut c) = (0.0, 0.0);
                for neighbour in found {
                    q += f64::from(self.training.quality_row(neighbour.row)[arm]);
                    c += self.objective.penalty(self.training.cost_row(neighbour.row)[arm]);
                }
                quality[query * arms + arm] = q * share;
                penalty[query * arms + arm] = c * share;
            }
        });
    }
}

/// Scales each row of `d` numbers to unit length; a row of zeros stays.
fn normalise(features: &mut [f32], d: usize) {
    for row in features.chunks_exact_mut(d) {
        let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        if length > 0.0 {
            for x in row {
                *x = (f64::from(*x) / length) as f32;
            }
        }
    }
}
