//! Production logs: what policies and routers would have earned, and whether to switch, as `barp log ope` and `barp log decide`
//! print them as JSON.

use super::json;
use deployment::{Artifact, Deployment};
use environments::sources::logged::{Log, LogColumns, LogOptions};
use experiment::log::{
    Decides, EvaluationError, Goal, LoggedRouter, Propensities, Question, Together, evaluate, evaluate_routers, names,
};
use experiment::{Encoding, Progress};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use routing::Preference;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn refuse(path: &Path, error: &dyn std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{}: {error}", path.display()))
}

/// The log with its columns, {"role": "name"}.
fn open(path: &Path, columns: Option<&Bound<'_, PyDict>>) -> PyResult<Log> {
    let columns = match columns {
        None => LogColumns::default(),
        Some(columns) => serde_json::from_value(json::from_python(columns.as_any())?)
            .map_err(|error| PyValueError::new_err(format!("columns: {error}")))?,
    };
    let options = LogOptions { columns, ..LogOptions::default() };
    Log::open(path, &options).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn source(propensities: &str) -> PyResult<Propensities> {
    match propensities {
        "logged" => Ok(Propensities::Logged),
        "shares" => Ok(Propensities::Shares),
        other => Err(PyValueError::new_err(format!("propensities must be `logged` or `shares`, got `{other}`"))),
    }
}

fn together(cluster: &str) -> PyResult<Together> {
    match cluster {
        "prompt" => Ok(Together::Prompt),
        "tenant" => Ok(Together::Tenant),
        other => Err(PyValueError::new_err(format!("cluster must be `prompt` or `tenant`, got `{other}`"))),
    }
}

fn preference(weight: f64) -> PyResult<Preference> {
    Preference::new(weight).map_err(|error| PyValueError::new_err(format!("w_cost: {error}")))
}

fn routers(paths: &[PathBuf], weights: &[Preference], greedy: bool) -> PyResult<Vec<LoggedRouter>> {
    let decides = if greedy { Decides::Greedily } else { Decides::ByProbability };
    let one = |path: &PathBuf| {
        let artifact = Artifact::read(path).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let encoder = artifact.card.encoder.as_ref().map(|card| experiment::open_encoder(&card.name, None));
        let encoder = encoder.transpose().map_err(|error| refuse(path, &error))?;
        let deployment = Deployment::new(artifact, encoder).map_err(|error| refuse(path, &error))?;
        let (name, encoding) = (path.display().to_string(), Encoding::default());
        Ok(LoggedRouter { name, deployment, preferences: weights.to_vec(), decides, encoding })
    };
    paths.iter().map(one).collect()
}

/// What policies by task and routers would have earned on a log, as `barp log ope --json` prints it: a list of dictionaries.
///
/// columns={"role": "name"} says which column is what. Raises ValueError for a log that cannot be read or judged.
#[pyfunction]
#[pyo3(signature = (log, *, policies=None, routers=Vec::new(), w_cost=Vec::new(), greedy=false, columns=None, propensities="logged", cluster="prompt"))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python function")]
pub(super) fn ope<'py>(
    py: Python<'py>,
    log: PathBuf,
    policies: Option<Vec<String>>,
    routers: Vec<PathBuf>,
    w_cost: Vec<f64>,
    greedy: bool,
    columns: Option<&Bound<'py, PyDict>>,
    propensities: &str,
    cluster: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let (from, cluster, path) = (source(propensities)?, together(cluster)?, log);
    let log = open(&path, columns)?;
    let weights = w_cost.into_iter().map(preference).collect::<PyResult<Vec<_>>>()?;
    let routers = self::routers(&routers, &weights, greedy)?;
    let named = policies.unwrap_or_else(|| names(log.models()));
    // A router may be sent to another thread, but not shared.
    let found = py.detach(move || -> Result<Vec<Value>, EvaluationError> {
        let found = evaluate(&log, &named, from, cluster)?;
        let scored = match routers.is_empty() {
            true => Vec::new(),
            false => evaluate_routers(&log, &routers, from, cluster, &Progress::default())?,
        };
        let of_routers = scored.iter().flat_map(|scores| scores.to_json(&found.propensities));
        Ok(found.to_json().into_iter().chain(of_routers).collect())
    });
    json::to_python(py, &Value::from(found.map_err(|error| refuse(&path, &error))?))
}

/// Switch, don't switch, or what log would decide it, as `barp log decide --json` prints it: a dictionary whose "sentence" says it.
///
/// The goal is one of w_cost, quality_at_least and dollars_at_most; without one, fewer dollars at a quality no lower than the
/// incumbent's by the margin. Raises ValueError for a log that cannot be read or judged.
#[pyfunction]
#[pyo3(signature = (log, *, routers=Vec::new(), w_cost=None, quality_at_least=None, dollars_at_most=None, incumbent=None, margin=0.02, greedy=false, columns=None, propensities="logged", cluster="prompt"))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python function")]
pub(super) fn decide<'py>(
    py: Python<'py>,
    log: PathBuf,
    routers: Vec<PathBuf>,
    w_cost: Option<f64>,
    quality_at_least: Option<f64>,
    dollars_at_most: Option<f64>,
    incumbent: Option<String>,
    margin: f64,
    greedy: bool,
    columns: Option<&Bound<'py, PyDict>>,
    propensities: &str,
    cluster: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let goal = match (w_cost, quality_at_least, dollars_at_most) {
        (None, None, None) => Goal::Saving,
        (Some(weight), None, None) => Goal::Reward(preference(weight)?),
        (None, Some(least), None) => Goal::QualityAtLeast(least),
        (None, None, Some(most)) => Goal::DollarsAtMost(most),
        _ => {
            return Err(PyValueError::new_err("at most one of w_cost, quality_at_least and dollars_at_most is a goal"));
        }
    };
    let (propensities, together, path) = (source(propensities)?, together(cluster)?, log);
    let log = open(&path, columns)?;
    let weights: Vec<Preference> = w_cost.map(preference).transpose()?.into_iter().collect();
    let routers = self::routers(&routers, &weights, greedy)?;
    let question = Question { goal, incumbent, margin, propensities, together };
    let decision = py.detach(move || experiment::log::decide(&log, &routers, &question, &Progress::default()));
    json::to_python(py, &decision.map_err(|error| refuse(&path, &error))?.to_json())
}
