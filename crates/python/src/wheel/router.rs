//! Saved routers: trained from Python as by `barp train`, deciding as under `barp route`.

use super::arrays::{Holds, numbers, rows};
use super::json;
use super::run::Config;
use deployment::{Artifact, Decision, Deployment, DeploymentError, Prompt};
use experiment::{Encoding, Training};
use numpy::PyArray1;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use routing::{Dollars, Preference, Round};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Trains a policy of an experiment (by its label) and saves it at out as a router with a card, as `barp train` does.
/// Returns the card.
#[pyfunction]
#[pyo3(signature = (config, policy, out, *, environment=None, encoder=None, licence="not stated"))]
pub(super) fn train<'py>(
    config: &Bound<'py, PyAny>,
    policy: &str,
    out: PathBuf,
    environment: Option<String>,
    encoder: Option<&str>,
    licence: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = config.py();
    let config = Config::read(config)?;
    let plan = config.plan(py, None, None)?;
    let refuse = |error: experiment::SpecError| PyValueError::new_err(error.to_string());
    let wanted = Training {
        policy: policy.into(),
        encoder: plan.encoder_of_features(environment.as_deref(), encoder).map_err(refuse)?,
        environment,
        licence: licence.into(),
        command: format!("barp train {} --policy {policy} --out {}", config.name(), out.display()),
    };
    let artifact = py.detach(|| plan.train(&wanted)).map_err(refuse)?;
    let written = store::write_whole(&out, &artifact.to_bytes());
    written.map_err(|error| PyOSError::new_err(format!("{}: {error}", out.display())))?;
    json::to_python(py, &serde_json::to_value(&artifact.card).expect("a card is plain"))
}

/// A router saved by `barp train` or by train: chooses a model for each prompt, as `barp route` does.
///
/// list_prices={"model": dollars} are the prices in force instead of those of training; the models in without cannot be
/// called. Raises ValueError for a file that is no whole router, and for an unknown model.
#[pyclass(frozen, module = "barp")]
pub(super) struct Router {
    /// A router may be sent to another thread, but not used by two at once.
    deployment: Mutex<Deployment>,
}

impl Router {
    fn deployment(&self) -> MutexGuard<'_, Deployment> {
        self.deployment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Router {
    #[new]
    #[pyo3(signature = (path, *, list_prices=None, without=Vec::new()))]
    fn new(path: PathBuf, list_prices: Option<&Bound<'_, PyDict>>, without: Vec<String>) -> PyResult<Router> {
        let artifact = Artifact::read(&path).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let name = path.display();
        let refuse = |error: &dyn std::fmt::Display| PyValueError::new_err(format!("{name}: {error}"));
        let encoder = artifact.card.encoder.as_ref().map(|card| experiment::open_encoder(&card.name, None));
        let encoder = encoder.transpose().map_err(|error| refuse(&error))?;
        let mut deployment = Deployment::new(artifact, encoder).map_err(|error| refuse(&error))?;
        for (model, price) in list_prices.into_iter().flat_map(|prices| prices.iter()) {
            let (model, price): (String, f64) = (model.extract()?, price.extract()?);
            deployment.set_price(&model, Dollars(price)).map_err(|error| refuse(&error))?;
        }
        for model in &without {
            deployment.set_down(model).map_err(|error| refuse(&error))?;
        }
        Ok(Router { deployment: Mutex::new(deployment) })
    }

    /// What the router is: policy, models, encoder, data, scores with intervals, licence, hashes.
    #[getter]
    fn card<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let card = serde_json::to_value(self.deployment().card()).expect("a card is plain");
        json::to_python(py, &card)
    }

    /// Names of the K models, in the order of probabilities.
    #[getter]
    fn models(&self) -> Vec<String> {
        self.deployment().card().models.clone()
    }

    /// Chooses a model for each of n prompts: a list of texts, or an n x d array of embeddings. w_cost is the weight on
    /// cost in [0, 1], one number or one for each prompt. A dict: model (n names), arm (n positions), probabilities (n x K),
    /// predicted_quality and predicted_cost_usd (n; NaN where training bought no outcome of the model).
    fn route<'py>(&self, prompts: &Bound<'py, PyAny>, w_cost: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = prompts.py();
        let (features, n) = self.features(prompts)?;
        let preferences = preferences(w_cost, n)?;
        let decisions = py.detach(|| self.deployment().route(Round(0), &features, &preferences));
        self.routed(py, &decisions)
    }

    fn __repr__(&self) -> String {
        let deployment = self.deployment();
        let card = deployment.card();
        format!("Router `{}` for {}", card.policy.label, card.models.join(", "))
    }
}

impl Router {
    /// The features of n prompts, n x d, and n.
    fn features(&self, prompts: &Bound<'_, PyAny>) -> PyResult<(Vec<f32>, usize)> {
        let py = prompts.py();
        // Whatever Python has to do is done before the lock: it may let another thread run, which may want the router.
        let texts = prompts.extract::<Vec<String>>();
        if texts.is_err() && prompts.is_instance_of::<PyString>() {
            return Err(PyValueError::new_err("prompts must be a list of texts or an n x d array, got one text"));
        }
        let embeddings = match texts {
            Ok(_) => (Vec::new(), vec![0, 0]),
            Err(_) => numbers::<f32>("embeddings", prompts, 2, Holds::Numbers)?,
        };
        let width = embeddings.1[1];
        let prompts: Vec<Prompt<'_>> = match &texts {
            Ok(texts) => texts.iter().map(|text| Prompt::Text(text)).collect(),
            Err(_) => (0..embeddings.1[0]).map(|row| Prompt::Features(&embeddings.0[row * width..][..width])).collect(),
        };
        let own = texts.as_ref().ok();
        let encoded = py.detach(|| {
            let deployment = self.deployment();
            for (row, &prompt) in prompts.iter().enumerate() {
                let problem = |error: DeploymentError| {
                    let problem = error.to_string().replace("`embedding`", "an embedding");
                    PyValueError::new_err(format!("prompt {row}: {problem}"))
                };
                deployment.check(prompt).map_err(problem)?;
            }
            match (own, deployment.encoder()) {
                (Some(texts), Some(encoder)) => experiment::encode_texts(encoder, texts, &Encoding::default(), |_| ())
                    .map_err(|error| PyValueError::new_err(error.to_string())),
                _ => Ok(embeddings.0.clone()),
            }
        });
        encoded.map(|features| (features, prompts.len()))
    }

    fn routed<'py>(&self, py: Python<'py>, decisions: &[Decision]) -> PyResult<Bound<'py, PyDict>> {
        let models = self.models();
        let expected = |of: fn(&policies::Expected) -> f64| {
            let each = decisions.iter().map(|decision| decision.expected.as_ref().map_or(f64::NAN, of));
            PyArray1::from_vec(py, each.collect())
        };
        let routed = PyDict::new(py);
        routed.set_item("model", decisions.iter().map(|one| models[one.arm.index()].as_str()).collect::<Vec<_>>())?;
        routed.set_item("arm", PyArray1::from_vec(py, decisions.iter().map(|one| i64::from(one.arm.0)).collect()))?;
        let probabilities = decisions.iter().flat_map(|one| one.probabilities.iter().copied()).collect();
        routed.set_item("probabilities", rows(py, probabilities, models.len())?)?;
        routed.set_item("predicted_quality", expected(|expected| expected.quality))?;
        routed.set_item("predicted_cost_usd", expected(|expected| expected.cost.0))?;
        Ok(routed)
    }
}

/// One preference for each of `n` prompts.
fn preferences(given: &Bound<'_, PyAny>, n: usize) -> PyResult<Vec<Preference>> {
    let weights = match given.extract::<f64>() {
        Ok(one) => vec![one; n],
        Err(_) => numbers::<f64>("w_cost", given, 1, Holds::Numbers)?.0,
    };
    if weights.len() != n {
        let got = weights.len();
        return Err(PyValueError::new_err(format!(
            "w_cost must be one number, or one for each of {n} prompts, got {got}"
        )));
    }
    let preference = |(row, weight): (usize, f64)| {
        Preference::new(weight).map_err(|error| PyValueError::new_err(format!("w_cost of prompt {row}: {error}")))
    };
    weights.into_iter().enumerate().map(preference).collect()
}
