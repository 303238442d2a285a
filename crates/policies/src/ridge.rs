//! Ridge routing: linear regressions of each model's quality and cost on the features, plugged into the reward.
//!
//! One regularised least-squares fit for each of the 2 K targets, with an unpenalised intercept (the linear counterpart of
//! RouterBench's regressors, arXiv 2403.12031). Needs every model's outcome on every training prompt.

use crate::learners::least_squares::LeastSquares;
use crate::learners::plug_in::{Estimate, PlugIn};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{Contexts, NotRestored, Problem, Router, Saved, Terms, TrainingSet, Values};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "ridge",
    about: "ridge regression of quality and cost on the features, best for the preference",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "RouterBench, arXiv 2403.12031",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<RidgeParameters>,
    schema: schema::<RidgeParameters>,
    configure: configure_ridge,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct RidgeParameters {
    /// Penalty on squared coefficients.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 1e3] }))]
    penalty: f64,
}

impl Default for RidgeParameters {
    fn default() -> Self {
        RidgeParameters { penalty: 1.0 }
    }
}

impl Parameters for RidgeParameters {}

fn configure_ridge(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: RidgeParameters| {
        Recipe::Full(Box::new(move |problem, training, _| {
            Box::new(PlugIn(Ridge::fit(parameters.penalty, problem, training)))
        }))
    })
}

/// Coefficients of K quality and K cost regressions, each d numbers and an intercept.
struct Ridge {
    coefficients: Vec<Vec<f64>>,
}

impl Ridge {
    fn fit(penalty: f64, problem: &Problem, training: &TrainingSet) -> Ridge {
        let arms = training.arms();
        let mut coefficients = vec![Vec::new(); 2 * arms];
        for (answered, models) in training.models_by_answered() {
            // A model of which nothing is known is worth nothing and costs everything, whatever the prompt.
            let constant = |number: f64| [vec![0.0; training.dimension()], vec![number]].concat();
            let fit = |squares: &LeastSquares, arm: usize, term: fn(Terms) -> f64| {
                squares.coefficients(|at| {
                    let terms = training.terms(&problem.objective, answered[at], arm);
                    term(terms.expect("only prompts that the model answered"))
                })
            };
            let rows = answered.iter().map(|&row| training.feature_row(row));
            let squares = (!answered.is_empty()).then(|| LeastSquares::new(rows, penalty));
            for arm in models {
                let [value, cost] = match &squares {
                    None => [constant(Terms::WORST.value), constant(Terms::WORST.penalty)],
                    Some(squares) => [fit(squares, arm, |terms| terms.value), fit(squares, arm, |terms| terms.penalty)],
                };
                (coefficients[arm], coefficients[arms + arm]) = (value, cost);
            }
        }
        Ridge { coefficients }
    }
}

/// Builds it again from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let width = problem.dimension + 1;
    let coefficients = saved.f64("coefficients", &[2 * problem.arms(), width])?;
    Ok(Box::new(PlugIn(Ridge { coefficients: coefficients.chunks_exact(width).map(<[f64]>::to_vec).collect() })))
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

    /// `coefficients`, 2 K x (d + 1): quality of each model, then its cost term; the intercept last.
    fn save(&self) -> Saved {
        let shape = [self.coefficients.len(), self.coefficients.first().map_or(0, Vec::len)];
        Saved::bare(ENTRY.name).with("coefficients", &shape, Values::F64(self.coefficients.concat()))
    }
}
