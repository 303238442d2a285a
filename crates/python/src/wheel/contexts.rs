//! What a policy in Python may see: the public facts of a task and of requests, and the outcomes of its own choices.

use super::arrays::rows;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use routing::random::{Generator, uniform};
use routing::{Dollars, Objective, Outcome, Preference, Seconds, Stream};
use std::sync::{Mutex, PoisonError};

/// Public facts before the first round: models (list of K names), dimension (width d of a feature row), tau_usd (dollars at
/// which a call counts as fully expensive).
#[pyclass(frozen, module = "barp")]
pub(super) struct Task {
    #[pyo3(get)]
    models: Vec<String>,
    #[pyo3(get)]
    dimension: usize,
    #[pyo3(get)]
    tau_usd: f64,
    objective: Objective,
}

impl Task {
    pub(super) fn new(task: &routing::Problem) -> Task {
        Task {
            models: task.models.clone(),
            dimension: task.dimension,
            tau_usd: task.objective.tau.0,
            objective: task.objective,
        }
    }
}

#[pymethods]
impl Task {
    /// Reward (1 - w_cost) quality - w_cost min(cost / tau, 1) of one answered request, in [-1, 1]; where the experiment
    /// weighs latency, `latency_s` is needed and enters as well.
    #[pyo3(signature = (w_cost, quality, cost_usd, latency_s=None))]
    fn reward(&self, w_cost: f64, quality: f32, cost_usd: f64, latency_s: Option<f32>) -> PyResult<f64> {
        let preference = Preference::new(w_cost).map_err(|error| PyValueError::new_err(error.to_string()))?;
        if self.objective.latency.is_some() && latency_s.is_none() {
            return Err(PyValueError::new_err("`latency_s` must be given: the experiment weighs latency, got None"));
        }
        let outcome = Outcome { quality, cost: Dollars(cost_usd), latency: latency_s.map(Seconds) };
        Ok(self.objective.reward(preference, &outcome))
    }

    /// It cannot be changed, so that a copy of a policy may share it.
    fn __deepcopy__<'py>(slf: Bound<'py, Self>, memo: Bound<'py, PyAny>) -> Bound<'py, Self> {
        let _ = memo;
        slf
    }

    fn __repr__(&self) -> String {
        format!("Task(models={:?}, dimension={}, tau_usd={})", self.models, self.dimension, self.tau_usd)
    }
}

/// What is public about n requests when the decision falls. Arrays are copies: rounds (n), features (n x d, float32),
/// preferences (n, the weight on cost w_c in [0, 1]), list_prices (n x K dollars of a typical request), available (n x K).
#[pyclass(frozen, module = "barp")]
pub(super) struct Contexts {
    #[pyo3(get)]
    rounds: Py<PyArray1<u64>>,
    #[pyo3(get)]
    features: Py<PyArray2<f32>>,
    #[pyo3(get)]
    preferences: Py<PyArray1<f64>>,
    #[pyo3(get)]
    list_prices: Py<PyArray2<f64>>,
    #[pyo3(get)]
    available: Py<PyArray2<bool>>,
    len: usize,
    /// One generator for each request; none where nothing may be drawn.
    generators: Option<Mutex<Vec<Generator>>>,
}

impl Contexts {
    /// A copy of `contexts`, with the policy's own randomness where it may draw.
    pub(super) fn new(py: Python<'_>, contexts: &routing::Contexts<'_>, random: Option<&Stream>) -> PyResult<Contexts> {
        let (n, arms) = (contexts.len(), contexts.arms());
        let preferences = contexts.preferences().iter().map(|preference| preference.cost()).collect();
        let prices = (0..n).flat_map(|row| contexts.list_prices(row)).map(|price| price.0).collect();
        let available = (0..n).flat_map(|row| contexts.available(row)).copied().collect();
        let generators = |stream: &Stream| contexts.rounds().iter().map(|&round| stream.at(round)).collect();
        Ok(Contexts {
            rounds: PyArray1::from_vec(py, contexts.rounds().iter().map(|round| round.0).collect()).unbind(),
            features: rows(py, contexts.features().to_vec(), contexts.dimension())?.unbind(),
            preferences: PyArray1::from_vec(py, preferences).unbind(),
            list_prices: rows(py, prices, arms)?.unbind(),
            available: rows(py, available, arms)?.unbind(),
            len: n,
            generators: random.map(|stream| Mutex::new(generators(stream))),
        })
    }
}

#[pymethods]
impl Contexts {
    /// The next k numbers of each request, n x k, uniform on [0, 1). They are the policy's only randomness: a function of
    /// the experiment's seed, the policy and the round, the same for any batch size and number of threads. Only in choose.
    fn uniform<'py>(&self, py: Python<'py>, k: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let Some(generators) = &self.generators else {
            return Err(PyValueError::new_err(
                "`uniform` must be called in `choose`: `learn` and `decide` draw nothing",
            ));
        };
        let mut generators = generators.lock().unwrap_or_else(PoisonError::into_inner);
        let draws: Vec<f64> = generators
            .iter_mut()
            .flat_map(|generator| (0..k).map(|_| uniform(generator)).collect::<Vec<_>>())
            .collect();
        PyArray1::from_vec(py, draws).reshape([self.len, k])
    }

    fn __len__(&self) -> usize {
        self.len
    }

    fn __repr__(&self) -> String {
        format!("Contexts of {} requests", self.len)
    }
}

/// Outcomes of the chosen models, one for each request, and of no others: arms (n), quality (n, in [0, 1]), cost (n,
/// dollars), latency (n, seconds, NaN where nobody measured it). Requests whose outcome nobody recorded are left out.
#[pyclass(frozen, module = "barp")]
pub(super) struct Feedback {
    #[pyo3(get)]
    arms: Py<PyArray1<i64>>,
    #[pyo3(get)]
    quality: Py<PyArray1<f32>>,
    #[pyo3(get)]
    cost: Py<PyArray1<f64>>,
    #[pyo3(get)]
    latency: Py<PyArray1<f32>>,
    len: usize,
}

impl Feedback {
    pub(super) fn new(py: Python<'_>, feedback: &[routing::Feedback]) -> Feedback {
        let arms = feedback.iter().map(|one| i64::from(one.arm.0)).collect();
        let latency = |one: &routing::Feedback| one.outcome.latency.map_or(f32::NAN, |latency| latency.0);
        Feedback {
            arms: PyArray1::from_vec(py, arms).unbind(),
            quality: PyArray1::from_vec(py, feedback.iter().map(|one| one.outcome.quality).collect()).unbind(),
            cost: PyArray1::from_vec(py, feedback.iter().map(|one| one.outcome.cost.0).collect()).unbind(),
            latency: PyArray1::from_vec(py, feedback.iter().map(latency).collect()).unbind(),
            len: feedback.len(),
        }
    }
}

#[pymethods]
impl Feedback {
    fn __len__(&self) -> usize {
        self.len
    }

    fn __repr__(&self) -> String {
        format!("Feedback on {} requests", self.len)
    }
}
