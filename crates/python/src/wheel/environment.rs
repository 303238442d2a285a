//! A world written in Python: a function that makes a table of arrays from a seed number.

use super::arrays::{Holds, numbers};
use super::factory::{Factory, named, traceback};
use environments::sources::Pooled;
use environments::{Environment, Table, TableParts};
use experiment::EnvironmentExtension;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use routing::Dollars;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keys of an environment's table that are none of its parameters.
const RESERVED: [&str; 7] = ["kind", "name", "protocol", "feedback", "shift", "shots", "factorial"];

/// Keys of the dict that a world makes.
const KEYS: [&str; 6] = ["features", "quality", "cost", "task", "models", "ids"];

/// The worlds of `environments={"name": make}`.
///
/// # Errors
/// As [`Factory::new`].
pub(super) fn extensions(given: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<EnvironmentExtension>> {
    named(given)?.into_iter().map(|(name, callable)| extension(name, &callable)).collect()
}

fn extension(name: String, callable: &Bound<'_, PyAny>) -> PyResult<EnvironmentExtension> {
    let factory = Arc::new(Factory::new("environment", &name, callable, &RESERVED)?);
    let defaults = factory.defaults.clone();
    let open = move |parameters: &Value| {
        factory.check(parameters)?;
        let content = format!("{} {} {parameters}", factory.title, factory.revision);
        let (factory, parameters) = (Arc::clone(&factory), parameters.clone());
        let make = move |seed: u64| {
            Python::attach(|py| {
                let made = table(py, &factory, seed, &parameters);
                made.map_err(|error| problem(py, &error))
            })
        };
        Ok(Arc::new(Pooled::new(&content, Box::new(make))?) as Arc<dyn Environment>)
    };
    Ok(EnvironmentExtension { name, defaults, open: Box::new(open) })
}

/// A rule that was broken as it is; anything else with its traceback.
fn problem(py: Python<'_>, error: &PyErr) -> String {
    let ours = error.is_instance_of::<PyValueError>(py) && error.traceback(py).is_none();
    if ours { error.value(py).to_string() } else { traceback(py, error) }
}

fn refuse<T>(rule: String) -> PyResult<T> {
    Err(PyValueError::new_err(rule))
}

fn table(py: Python<'_>, factory: &Factory, seed: u64, parameters: &Value) -> PyResult<Table> {
    let made = factory.make(py, seed.into_pyobject(py)?.into_any(), parameters)?;
    let Ok(made) = made.cast::<PyDict>() else {
        return refuse(format!("it must return a dict of arrays, got {}", made.get_type().name()?));
    };
    for key in made.keys() {
        let key = key.str()?.to_string();
        if !KEYS.contains(&key.as_str()) {
            return refuse(format!("unknown array `{key}` (known: {})", KEYS.join(", ")));
        }
    }
    let models: Vec<String> = names(made, "models")?;
    if models.is_empty() || models.len() > usize::from(u16::MAX) {
        return refuse(format!("`models` must be 1 to 65,535 names, got {}", models.len()));
    }
    distinct("models", &models)?;
    let (features, shape) = numbers::<f32>("`features`", &array(made, "features")?, 2, Holds::Numbers)?;
    let (n, dimension) = (shape[0], shape[1]);
    let outcome = |key: &str| -> PyResult<Vec<f64>> {
        let (values, shape) = numbers::<f64>(&format!("`{key}`"), &array(made, key)?, 2, Holds::Numbers)?;
        let rule = format!("n x K = {n} x {}", models.len());
        of_shape(key, &shape, &[n, models.len()], &rule).map(|()| values)
    };
    let (quality, cost) = (outcome("quality")?, outcome("cost")?);
    each("features", &features, dimension, "finite", |x| x.is_finite())?;
    each("quality", &quality, models.len(), "in [0, 1]", |q| (0.0..=1.0).contains(q))?;
    each("cost", &cost, models.len(), "at least 0 dollars", |c| *c >= 0.0 && c.is_finite())?;
    let task = names(made, "task")?;
    of_shape("task", &[task.len()], &[n], &format!("one name for each of {n} rows"))?;
    let tasks: Vec<String> = task.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    if tasks.len() > usize::from(u16::MAX) {
        return refuse(format!("`task` must have at most 65,535 distinct names, got {}", tasks.len()));
    }
    let ids = if made.contains("ids")? { names(made, "ids")? } else { (0..n).map(|row| row.to_string()).collect() };
    of_shape("ids", &[ids.len()], &[n], &format!("one name for each of {n} rows"))?;
    distinct("ids", &ids)?;
    let position = |name: &String| tasks.binary_search(name).expect("it was collected from here") as u16;
    Ok(Table::new(TableParts {
        task_of: task.iter().map(position).collect(),
        quality: quality.into_iter().map(|score| score as f32).collect(),
        cost: cost.into_iter().map(Dollars).collect(),
        ids,
        tasks,
        models,
        dimension,
        features,
        ..TableParts::default()
    }))
}

fn array<'py>(made: &Bound<'py, PyDict>, key: &str) -> PyResult<Bound<'py, PyAny>> {
    match made.get_item(key)? {
        Some(array) => Ok(array),
        None => refuse(format!("array `{key}` is missing")),
    }
}

/// A list, or an array of texts.
fn names(made: &Bound<'_, PyDict>, key: &str) -> PyResult<Vec<String>> {
    let list = array(made, key)?.try_iter()?.enumerate().map(|(row, name)| {
        let name = name?;
        name.extract::<String>().or_else(|_| refuse(format!("`{key}` must hold texts, got {} at {row}", name.repr()?)))
    });
    list.collect()
}

fn distinct(key: &str, names: &[String]) -> PyResult<()> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => refuse(format!("`{key}` must be distinct, got `{}` twice", pair[0])),
        None => Ok(()),
    }
}

fn of_shape(key: &str, shape: &[usize], wanted: &[usize], rule: &str) -> PyResult<()> {
    if shape == wanted {
        return Ok(());
    }
    let got: Vec<String> = shape.iter().map(usize::to_string).collect();
    refuse(format!("`{key}` must be {rule}, got {}", got.join(" x ")))
}

/// Refuses the first number that breaks a rule, with its row and column from 0.
fn each<T: std::fmt::Display>(
    key: &str,
    values: &[T],
    columns: usize,
    rule: &str,
    holds: impl Fn(&T) -> bool,
) -> PyResult<()> {
    match values.iter().position(|value| !holds(value)) {
        None => Ok(()),
        Some(at) => {
            let (row, column) = (at / columns, at % columns);
            refuse(format!("`{key}` must be {rule}, got {} at row {row}, column {column}", values[at]))
        }
    }
}
