//! A policy written in Python, as the laboratory sees any other: it can name contexts and the outcomes it paid for.

use super::arrays::{Holds, numbers};
use super::contexts::{Contexts, Feedback, Task};
use super::factory::{Factory, named, traceback};
use experiment::PolicyExtension;
use policies::{Configured, Information, Mistake, Recipe};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use routing::{Arm, Choice, Policy, Propensity, Router, Stream};
use serde_json::Value;
use std::sync::Arc;

/// Keys of a policy's table that are none of its parameters.
const RESERVED: [&str; 5] = ["kind", "name", "only", "sweep", "tune"];

/// Requests between two updates, where a class does not say.
const BATCH: u32 = 32;

/// The policies of `policies={"name": factory}`.
///
/// # Errors
/// A ValueError for a class that lacks a method, and as [`Factory::new`].
pub(super) fn extensions(given: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<PolicyExtension>> {
    named(given)?.into_iter().map(|(name, callable)| extension(name, &callable)).collect()
}

fn extension(name: String, callable: &Bound<'_, PyAny>) -> PyResult<PolicyExtension> {
    let factory = Arc::new(Factory::new("policy", &name, callable, &RESERVED)?);
    if callable.is_instance_of::<pyo3::types::PyType>() {
        for method in ["choose", "learn", "decide"] {
            if !callable.hasattr(method)? {
                let title = &factory.title;
                return Err(PyValueError::new_err(format!("{title}: its class must have the method `{method}`")));
            }
        }
    }
    Ok(PolicyExtension {
        name,
        revision: factory.revision.clone(),
        information: Information::Bandit,
        defaults: factory.defaults.clone(),
        configure: Box::new(move |parameters| configure(&factory, parameters)),
    })
}

fn configure(factory: &Arc<Factory>, parameters: Value) -> Result<Configured, Mistake> {
    factory.check(&parameters).map_err(Mistake::Text)?;
    let epochs = factory.count("epochs", &parameters, 1).map_err(Mistake::Text)?;
    let batch = factory.count("batch", &parameters, BATCH).map_err(Mistake::Text)?;
    let (factory, given) = (Arc::clone(factory), parameters.clone());
    let build = move |task: &routing::Problem, _: &routing::Seed| -> Box<dyn Policy> {
        let made = Python::attach(|py| {
            let first = Task::new(task).into_pyobject(py)?.into_any();
            factory.make(py, first, &given).map(Bound::unbind)
        });
        let object = made.unwrap_or_else(|error| give_up(&factory.title, "making it", &error));
        Box::new(Scripted { object, title: factory.title.clone(), models: task.models.clone() })
    };
    Ok(Configured { parameters, recipe: Recipe::Bandit { epochs, batch: batch as usize, build: Box::new(build) } })
}

/// An object with `choose`, `learn` and `decide`.
struct Scripted {
    object: Py<PyAny>,
    /// For messages.
    title: String,
    models: Vec<String>,
}

impl Scripted {
    /// Calls a method, fills `choices` from what it returns.
    fn ask(&self, method: &str, contexts: &routing::Contexts<'_>, random: Option<&Stream>, choices: &mut Vec<Choice>) {
        let asked = Python::attach(|py| {
            let seen = Contexts::new(py, contexts, random)?;
            let answer = self.object.bind(py).call_method1(method, (seen,))?;
            choices.clear();
            if random.is_none() {
                choices.extend(self.arms(method, &answer, contexts)?.into_iter().map(Choice::certain));
                return Ok(());
            }
            let pair = answer.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
            let Some(pair) = pair else {
                let rule = format!("`{method}` must return (arms, propensities), got {}", answer.repr()?);
                return Err(PyValueError::new_err(rule));
            };
            let arms = self.arms(method, &pair.get_item(0)?, contexts)?;
            let propensities = propensities(method, &pair.get_item(1)?, arms.len())?;
            let choice = |(arm, propensity)| Choice::drawn(arm, Propensity::Exact(propensity));
            choices.extend(arms.into_iter().zip(propensities).map(choice));
            Ok(())
        });
        asked.unwrap_or_else(|error: PyErr| give_up(&self.title, method, &error));
    }

    /// One model that is up for each request.
    fn arms(&self, method: &str, given: &Bound<'_, PyAny>, contexts: &routing::Contexts<'_>) -> PyResult<Vec<Arm>> {
        let what = format!("the arms that `{method}` returns");
        let refuse = |rule: String| PyValueError::new_err(format!("{what} must {rule}"));
        let (arms, _) = numbers::<i64>(&what, given, 1, Holds::Whole)?;
        if arms.len() != contexts.len() {
            return Err(refuse(format!("be one for each of {} requests, got {}", contexts.len(), arms.len())));
        }
        let arm = |(row, &given): (usize, &i64)| {
            let arm = usize::try_from(given).ok().filter(|&arm| arm < self.models.len());
            let Some(arm) = arm else {
                return Err(refuse(format!("lie in 0..{}, got {given} at row {row}", self.models.len())));
            };
            if contexts.available(row)[arm] {
                return Ok(Arm::at(arm));
            }
            Err(refuse(format!("be available, got {arm} (`{}`) at row {row}", self.models[arm])))
        };
        arms.iter().enumerate().map(arm).collect()
    }
}

fn propensities(method: &str, given: &Bound<'_, PyAny>, requests: usize) -> PyResult<Vec<f32>> {
    let what = format!("the propensities that `{method}` returns");
    let (given, _) = numbers::<f64>(&what, given, 1, Holds::Numbers)?;
    let refuse = |rule: String| Err(PyValueError::new_err(format!("{what} must {rule}")));
    if given.len() != requests {
        return refuse(format!("be one for each of {requests} requests, got {}", given.len()));
    }
    // In single precision, as they are kept: a positive number may round to zero.
    let good = |&p: &f64| p as f32 > 0.0 && p as f32 <= 1.0;
    match given.iter().position(|p| !good(p)) {
        Some(row) => refuse(format!("lie in (0, 1], got {} at row {row}", given[row])),
        None => Ok(given.into_iter().map(|p| p as f32).collect()),
    }
}

impl Router for Scripted {
    fn decide(&self, contexts: &routing::Contexts<'_>, choices: &mut Vec<Choice>) {
        self.ask("decide", contexts, None, choices);
    }
}

impl Policy for Scripted {
    fn choose(&mut self, contexts: &routing::Contexts<'_>, random: &Stream, choices: &mut Vec<Choice>) {
        self.ask("choose", contexts, Some(random), choices);
    }

    fn learn(&mut self, contexts: &routing::Contexts<'_>, feedback: &[routing::Feedback]) {
        let learnt = Python::attach(|py| {
            let seen = (Contexts::new(py, contexts, None)?, Feedback::new(py, feedback));
            self.object.bind(py).call_method1("learn", seen).map(|_| ())
        });
        learnt.unwrap_or_else(|error| give_up(&self.title, "learn", &error));
    }

    /// A deep copy: what is learnt later must not reach it.
    fn freeze(&self) -> Box<dyn Router> {
        let copied = Python::attach(|py| {
            py.import("copy")?.call_method1("deepcopy", (self.object.bind(py),)).map(Bound::unbind)
        });
        let object = copied.unwrap_or_else(|error| give_up(&self.title, "copying it", &error));
        Box::new(Scripted { object, title: self.title.clone(), models: self.models.clone() })
    }
}

/// Ends the cell as the user's error, with the traceback.
fn give_up(title: &str, doing: &str, error: &PyErr) -> ! {
    routing::give_up(Python::attach(|py| format!("{title}, {doing}: {}", traceback(py, error))))
}
