//! Saved routers: trained from Python as by `barp train`, deciding as under `barp route`, learning as under `barp learn`.

use super::arrays::{Holds, numbers, rows};
use super::json;
use super::run::Config;
use deployment::{Artifact, Decision, Deployment, DeploymentError, Exact, Learner, Prompt, Refused, Request, Told};
use experiment::{Encoding, LearningError, LearningRouter, TextVectors, Training};
use numpy::PyArray1;
use pyo3::exceptions::{PyKeyError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use routing::{Arm, Dollars, Preference, Round, Seed};
use std::path::{Path, PathBuf};
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
/// called. explore_floor in [0, 1] draws decisions, and gives that share of the requests to any model alike; without it they are
/// greedy, and seed is the root of the draws of a router that does not learn. journal=PATH lets it learn: what learn and route are told survives a kill, and save puts it into the router's file.
/// join={"model": dollars} are new models with their list prices. Raises ValueError for a file that is no whole router, for an
/// unknown model, and for a policy that cannot go on learning.
#[pyclass(frozen, module = "barp")]
pub(super) struct Router {
    path: PathBuf,
    /// A router may be sent to another thread, but not used by two at once.
    state: Mutex<State>,
    /// What turns texts into features; encoding does not keep the router from another thread.
    vectors: Option<Mutex<TextVectors<'static>>>,
}

/// A router by what is kept of its requests.
enum State {
    /// With the round of the next draw.
    Frozen(Box<Deployment>, u64),
    Learning(Box<LearningRouter>),
}

impl State {
    fn deployment(&self) -> &Deployment {
        match self {
            State::Frozen(deployment, _) => deployment,
            State::Learning(router) => router.learner().deployment(),
        }
    }
}

impl Router {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a router is opened with.
struct Opening<'a> {
    path: &'a Path,
    prices: Vec<(String, f64)>,
    without: Vec<String>,
    floor: Option<f64>,
    seed: u64,
    journal: Option<PathBuf>,
    join: Vec<(String, f64)>,
}

impl Opening<'_> {
    fn refuse(&self, error: &dyn std::fmt::Display) -> PyErr {
        PyValueError::new_err(format!("{}: {error}", self.path.display()))
    }

    fn deployment(&self) -> PyResult<Deployment> {
        let mut artifact = Artifact::read(self.path).map_err(|error| PyValueError::new_err(error.to_string()))?;
        for (model, price) in &self.join {
            artifact = deployment::join(artifact, model, Dollars(*price)).map_err(|error| self.refuse(&error))?;
        }
        let encoder = artifact.card.encoder.as_ref().map(|card| experiment::open_encoder(&card.name, None));
        let encoder = encoder.transpose().map_err(|error| self.refuse(&error))?;
        let mut deployment = Deployment::new(artifact, encoder).map_err(|error| self.refuse(&error))?;
        for (model, price) in &self.prices {
            deployment.set_price(model, Dollars(*price)).map_err(|error| self.refuse(&error))?;
        }
        for model in &self.without {
            deployment.set_down(model).map_err(|error| self.refuse(&error))?;
        }
        Ok(deployment)
    }

    fn state(&self, mut deployment: Deployment) -> PyResult<State> {
        let Some(journal) = &self.journal else {
            if let Some(floor) = self.floor {
                let seed = Seed::root(self.seed).child("router", &deployment.card().weights_sha256);
                deployment.explore(floor, &seed).map_err(|error| self.refuse(&error))?;
            }
            return Ok(State::Frozen(Box::new(deployment), 0));
        };
        let learner = Learner::new(deployment, self.floor).map_err(|error| self.refuse(&error))?;
        let mut router = LearningRouter::open(learner, self.path, journal).map_err(|error| failed(&error))?;
        if !self.join.is_empty() {
            router.checkpoint().map_err(|error| failed(&error))?;
        }
        Ok(State::Learning(Box::new(router)))
    }
}

fn failed(error: &LearningError) -> PyErr {
    match error {
        LearningError::Line { .. } => PyValueError::new_err(error.to_string()),
        _ => PyOSError::new_err(error.to_string()),
    }
}

fn refused(error: &Refused) -> PyErr {
    match error {
        Refused::Unknown { .. } => PyKeyError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

fn items(given: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<(String, f64)>> {
    given
        .into_iter()
        .flat_map(|given| given.iter())
        .map(|(key, value)| Ok((key.extract()?, value.extract()?)))
        .collect()
}

#[pymethods]
impl Router {
    #[new]
    #[pyo3(signature = (path, *, list_prices=None, without=Vec::new(), explore_floor=None, seed=1, journal=None, join=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python, each with its default")]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        list_prices: Option<&Bound<'_, PyDict>>,
        without: Vec<String>,
        explore_floor: Option<f64>,
        seed: u64,
        journal: Option<PathBuf>,
        join: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Router> {
        let (prices, join) = (items(list_prices)?, items(join)?);
        let opening = Opening { path: &path, prices, without, floor: explore_floor, seed, journal, join };
        let (state, vectors) = py.detach(|| {
            let deployment = opening.deployment()?;
            let vectors = deployment.shared_encoder().map(|encoder| {
                let how = Encoding::usual(encoder.name());
                TextVectors::shared(encoder, &how).map_err(|error| PyOSError::new_err(error.to_string()))
            });
            let vectors = vectors.transpose()?.map(Mutex::new);
            Ok::<_, PyErr>((Mutex::new(opening.state(deployment)?), vectors))
        })?;
        Ok(Router { path, state, vectors })
    }

    /// What the router is: policy, models, encoder, data, scores with intervals, licence, hashes, what it learnt since training.
    #[getter]
    fn card<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let card = serde_json::to_value(self.state().deployment().card()).expect("a card is plain");
        json::to_python(py, &card)
    }

    /// Names of the K models, in the order of probabilities.
    #[getter]
    fn models(&self) -> Vec<String> {
        self.state().deployment().card().models.clone()
    }

    /// Chooses a model for each of n prompts: a list of texts, or an n x d array of embeddings. w_cost is the weight on
    /// cost in [0, 1], one number or one for each prompt. A dict: model (n names), arm (n positions), propensity (n),
    /// probabilities (n x K), predicted_quality and predicted_cost_usd (n; NaN where training bought no outcome of the model).
    /// request_ids (n texts) name the requests of a router that learns, for learn. ranked=True adds ranked: for each prompt the
    /// models that would answer in turn if those before could not be called.
    #[pyo3(signature = (prompts, w_cost, *, request_ids=None, ranked=false))]
    fn route<'py>(
        &self,
        prompts: &Bound<'py, PyAny>,
        w_cost: &Bound<'py, PyAny>,
        request_ids: Option<Vec<String>>,
        ranked: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = prompts.py();
        let (features, n) = self.features(prompts)?;
        let preferences = preferences(w_cost, n)?;
        if let Some(got) = request_ids.as_ref().map(Vec::len).filter(|&got| got != n) {
            return Err(PyValueError::new_err(format!("request_ids must be one for each of {n} prompts, got {got}")));
        }
        let (decisions, ranks) = py.detach(|| {
            let mut state = self.state();
            let decisions = decide(&mut state, &features, &preferences, request_ids)?;
            let d = state.deployment().card().dimension;
            let ranks = |(row, decision): (usize, &Decision)| {
                state.deployment().ranked(&features[row * d..][..d], preferences[row], decision.arm)
            };
            let ranks = ranked.then(|| decisions.iter().enumerate().map(ranks).collect::<Vec<_>>());
            Ok::<_, PyErr>((decisions, ranks))
        })?;
        self.routed(py, &decisions, ranks.as_deref())
    }

    /// Learns what came of a routed request: the quality of the answer in [0, 1], its dollars, and seconds where waiting has a
    /// weight. Outcomes come late and in any order, once each; what this returned from survives a kill. KeyError: no request with
    /// that id waits. ValueError: its outcome was learnt before, or a number is out of range.
    #[pyo3(signature = (request_id, quality, dollars, *, seconds=None))]
    fn learn(
        &self,
        py: Python<'_>,
        request_id: String,
        quality: f64,
        dollars: f64,
        seconds: Option<f64>,
    ) -> PyResult<()> {
        let told =
            Told { id: request_id, quality: Exact(quality), dollars: Exact(dollars), seconds: seconds.map(Exact) };
        py.detach(|| match &mut *self.state() {
            State::Frozen(..) => Err(PyValueError::new_err(NO_JOURNAL)),
            State::Learning(router) => {
                router.learn(told).map_err(|error| failed(&error))?.map_err(|error| refused(&error))?;
                router.sync().map_err(|error| failed(&error))
            }
        })
    }

    /// Puts what was learnt into the router's file (a new file beside it, then renamed), and shortens the journal.
    fn save(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| match &mut *self.state() {
            State::Frozen(..) => Err(PyValueError::new_err(NO_JOURNAL)),
            State::Learning(router) => router.checkpoint().map_err(|error| failed(&error)),
        })
    }

    /// Requests that wait for their outcome.
    #[getter]
    fn waiting(&self) -> usize {
        match &*self.state() {
            State::Frozen(..) => 0,
            State::Learning(router) => router.learner().waiting(),
        }
    }

    fn __repr__(&self) -> String {
        let state = self.state();
        let card = state.deployment().card();
        format!("Router `{}` for {} ({})", card.policy.label, card.models.join(", "), self.path.display())
    }
}

/// What a router without a journal says of learning.
const NO_JOURNAL: &str = "the router must be opened with journal=PATH to go on learning";

/// Decides n requests in their order.
fn decide(
    state: &mut State,
    features: &[f32],
    preferences: &[Preference],
    ids: Option<Vec<String>>,
) -> PyResult<Vec<Decision>> {
    let router = match state {
        State::Frozen(..) if ids.is_some() => return Err(PyValueError::new_err(NO_JOURNAL)),
        State::Frozen(deployment, next) => {
            let first = Round(*next);
            *next += preferences.len() as u64;
            return Ok(deployment.route(first, features, preferences));
        }
        State::Learning(router) => router,
    };
    if let Some(taken) = ids.iter().flatten().find(|id| router.learner().is_taken(id)) {
        return Err(refused(&Refused::Taken { id: taken.clone() }));
    }
    let ids: Vec<Option<String>> =
        ids.map_or_else(|| vec![None; preferences.len()], |ids| ids.into_iter().map(Some).collect());
    let d = router.learner().deployment().card().dimension;
    let mut decisions = Vec::with_capacity(preferences.len());
    for ((id, features), &preference) in ids.into_iter().zip(features.chunks_exact(d)).zip(preferences) {
        let request = Request { id, features: features.to_vec(), preference, about: serde_json::Map::new() };
        let routed = router.route(request).map_err(|error| failed(&error))?;
        decisions.push(routed.map_err(|error| refused(&error))?);
    }
    Ok(decisions)
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
        py.detach(|| self.check(&prompts))?;
        let n = prompts.len();
        let (Ok(texts), Some(vectors)) = (&texts, &self.vectors) else { return Ok((embeddings.0, n)) };
        let encoded = py.detach(|| {
            let mut vectors = vectors.lock().unwrap_or_else(PoisonError::into_inner);
            vectors.encode(texts, |_| ()).map_err(|error| PyOSError::new_err(error.to_string()))
        });
        Ok((encoded?, n))
    }

    fn check(&self, prompts: &[Prompt<'_>]) -> PyResult<()> {
        let state = self.state();
        for (row, &prompt) in prompts.iter().enumerate() {
            let problem = |error: DeploymentError| {
                let problem = error.to_string().replace("`embedding`", "an embedding");
                PyValueError::new_err(format!("prompt {row}: {problem}"))
            };
            state.deployment().check(prompt).map_err(problem)?;
        }
        Ok(())
    }

    fn routed<'py>(
        &self,
        py: Python<'py>,
        decisions: &[Decision],
        ranks: Option<&[Vec<Arm>]>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let models = self.models();
        let expected = |of: fn(&policies::Expected) -> f64| {
            let each = decisions.iter().map(|decision| decision.expected.as_ref().map_or(f64::NAN, of));
            PyArray1::from_vec(py, each.collect())
        };
        let name = |arm: &Arm| models[arm.index()].as_str();
        let routed = PyDict::new(py);
        routed.set_item("model", decisions.iter().map(|one| name(&one.arm)).collect::<Vec<_>>())?;
        routed.set_item("arm", PyArray1::from_vec(py, decisions.iter().map(|one| i64::from(one.arm.0)).collect()))?;
        let propensities = decisions.iter().map(|one| one.propensity).collect();
        routed.set_item("propensity", PyArray1::from_vec(py, propensities))?;
        let probabilities = decisions.iter().flat_map(|one| one.probabilities.iter().copied()).collect();
        routed.set_item("probabilities", rows(py, probabilities, models.len())?)?;
        routed.set_item("predicted_quality", expected(|expected| expected.quality))?;
        routed.set_item("predicted_cost_usd", expected(|expected| expected.cost.0))?;
        if let Some(ranks) = ranks {
            let names = ranks.iter().map(|ranked| ranked.iter().map(name).collect::<Vec<_>>());
            routed.set_item("ranked", names.collect::<Vec<_>>())?;
        }
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
