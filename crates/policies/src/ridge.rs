//! Ridge routing: linear regressions of each model's quality and cost on the features, plugged into the reward.
//!
//! One regularised least-squares fit for each of the 2 K targets, with an unpenalised intercept (the linear counterpart of
//! RouterBench's regressors, arXiv 2403.12031). Needs every model's outcome on every training prompt.

use crate::learners::plug_in::{Estimate, PlugIn};
use crate::registry::{Configured, Entry, Information, ParameterError, Parameters, Recipe, configure, defaults};
use kernels::Cholesky;
use routing::{Contexts, Task, TrainingSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const ENTRY: Entry = Entry {
    name: "ridge",
    about: "ridge regression of quality and cost on the features, best for the preference",
    paper: "RouterBench, arXiv 2403.12031",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<RidgeParameters>,
    configure: configure_ridge,
};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RidgeParameters {
    /// Penalty on squared coefficients, above 0.
    penalty: f64,
}

impl Default for RidgeParameters {
    fn default() -> Self {
        RidgeParameters { penalty: 1.0 }
    }
}

impl Parameters for RidgeParameters {
    fn check(&self) -> Result<(), ParameterError> {
        ParameterError::unless(self.penalty > 0.0 && self.penalty.is_finite(), "penalty", "above 0", self.penalty)
    }
}

fn configure_ridge(given: Value) -> Result<Configured, ParameterError> {
    configure(given, |parameters: RidgeParameters| {
        Recipe::Full(Box::new(move |task, training, _| {
            Box::new(PlugIn(Ridge::fit(parameters.penalty, task, training)))
        }))
    })
}

/// Coefficients of K quality and K cost regressions, each d numbers and an intercept.
struct Ridge {
    coefficients: Vec<Vec<f64>>,
}

impl Ridge {
    fn fit(penalty: f64, task: &Task, training: &TrainingSet) -> Ridge {
        let (d, arms) = (training.dimension(), training.arms());
        let width = d + 1;
        let mut rows = Vec::with_capacity(training.len() * width);
        for row in 0..training.len() {
            rows.extend_from_slice(training.feature_row(row));
            rows.push(1.0);
        }
        let mut matrix = kernels::gram(&rows, width);
        for i in 0..d {
            matrix[i * width + i] += penalty;
        }
        let factor = Cholesky::new(matrix, width).expect("a Gram matrix with a penalty is positive definite");
        let target = |row: usize, output: usize| match output.checked_sub(arms) {
            None => f64::from(training.quality_row(row)[output]),
            Some(arm) => task.objective.penalty(training.cost_row(row)[arm]),
        };
        let coefficients = (0..2 * arms).map(|output| {
            let mut right = vec![0.0; width];
            for (row, features) in rows.chunks_exact(width).enumerate() {
                let target = target(row, output);
                for (right, &feature) in right.iter_mut().zip(features) {
                    *right += target * f64::from(feature);
                }
            }
            factor.solve(&mut right);
            right
        });
        Ridge { coefficients: coefficients.collect() }
    }
}

impl Estimate for Ridge {
    fn estimate(&self, contexts: &Contexts<'_>, quality: &mut [f64], penalty: &mut [f64]) {
        let arms = contexts.arms();
        let mut features = Vec::with_capacity(contexts.dimension() + 1);
        for row in 0..contexts.len() {
            features.clear();
            features.extend(contexts.feature_row(row).iter().map(|&x| f64::from(x)));
            features.push(1.0);
            for arm in 0..arms {
                quality[row * arms + arm] = kernels::dot(&self.coefficients[arm], &features);
                penalty[row * arms + arm] = kernels::dot(&self.coefficients[arms + arm], &features);
            }
        }
    }
}
