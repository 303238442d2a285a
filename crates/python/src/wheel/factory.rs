//! A Python callable that a configuration names: its parameters with defaults, and what stands for its code.

use super::json;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Makes policies or tables: called with one argument from the laboratory, and the parameters of its table by name.
pub(super) struct Factory {
    /// For messages, for example "policy `mine`".
    pub(super) title: String,
    /// Every parameter with its default, from the signature.
    pub(super) defaults: Value,
    /// Stands for its code: attribute `revision`, and the hash of its source where Python has it.
    pub(super) revision: Value,
    call: Py<PyAny>,
}

impl Factory {
    /// What `callable`, called `name` among the `what`s, takes beside its first argument. Keys in `reserved` have another
    /// meaning in its table.
    ///
    /// # Errors
    /// A ValueError for parameters without a plain default.
    pub(super) fn new(what: &str, name: &str, callable: &Bound<'_, PyAny>, reserved: &[&str]) -> PyResult<Factory> {
        let title = format!("{what} `{name}`");
        let defaults = Value::Object(defaults(&title, callable, reserved)?);
        let revision = json::from_python(&attribute(callable, "revision")?)
            .map_err(|error| PyValueError::new_err(format!("{title}: `revision` must be a plain value: {error}")))?;
        let revision = json!({ "python": revision, "source": source(callable)? });
        Ok(Factory { title, defaults, revision, call: callable.clone().unbind() })
    }

    /// Calls it.
    pub(super) fn make<'py>(
        &self,
        py: Python<'py>,
        first: Bound<'py, PyAny>,
        parameters: &Value,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.call.bind(py).call((first,), Some(&json::keywords(py, parameters)?))
    }

    /// The whole number above 0 that is its parameter `name`, else its attribute, else `default`.
    ///
    /// # Errors
    /// The rule, for any other value.
    pub(super) fn count(&self, name: &str, parameters: &Value, default: u32) -> Result<u32, String> {
        let given = match parameters.get(name) {
            Some(value) => value.clone(),
            None => Python::attach(|py| json::from_python(&attribute(self.call.bind(py), name)?))
                .map_err(|error: PyErr| error.to_string())?,
        };
        if given.is_null() {
            return Ok(default);
        }
        let count = given.as_u64().and_then(|count| u32::try_from(count).ok()).filter(|&count| count > 0);
        count.ok_or_else(|| format!("`{name}` must be a whole number of at least 1, got {given}"))
    }

    /// Refuses parameters of another type than their default's; None may become anything.
    ///
    /// # Errors
    /// The rule that the first of them breaks.
    pub(super) fn check(&self, parameters: &Value) -> Result<(), String> {
        for (name, default) in self.defaults.as_object().into_iter().flatten() {
            let given = &parameters[name];
            if !default.is_null() && !given.is_null() && kind(given) != kind(default) {
                return Err(format!("`{name}` must be {} like its default {default}, got {given}", kind(default)));
            }
        }
        Ok(())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "None",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// An attribute, None where it is missing.
fn attribute<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    Ok(object.getattr_opt(name)?.unwrap_or_else(|| object.py().None().into_bound(object.py())))
}

/// The parameters after the first, from the signature.
fn defaults(title: &str, callable: &Bound<'_, PyAny>, reserved: &[&str]) -> PyResult<Map<String, Value>> {
    let inspect = callable.py().import("inspect")?;
    let refuse = |rule: String| PyValueError::new_err(format!("{title}: {rule}"));
    let signature = inspect
        .call_method1("signature", (callable,))
        .map_err(|error| refuse(format!("it must be a class or a function: {error}")))?;
    let empty = inspect.getattr("Parameter")?.getattr("empty")?;
    let mut defaults = Map::new();
    for (position, parameter) in signature.getattr("parameters")?.call_method0("values")?.try_iter()?.enumerate() {
        let parameter = parameter?;
        let shown = parameter.str()?;
        let kind: u32 = parameter.getattr("kind")?.extract()?;
        match (position, kind) {
            (0, POSITIONAL_ONLY | POSITIONAL_OR_KEYWORD) => continue,
            (_, POSITIONAL_OR_KEYWORD | KEYWORD_ONLY) => (),
            _ => return Err(refuse(format!("parameter `{shown}` must be written out, with a name and a default"))),
        }
        let name: String = parameter.getattr("name")?.extract()?;
        if reserved.contains(&name.as_str()) {
            return Err(refuse(format!("parameter `{name}` must have another name: its table has that key already")));
        }
        let default = parameter.getattr("default")?;
        if default.is(&empty) {
            return Err(refuse(format!("parameter `{name}` must have a default")));
        }
        let plain = json::from_python(&default);
        let value = plain.map_err(|error| refuse(format!("the default of `{name}` must be a plain value: {error}")))?;
        defaults.insert(name, value);
    }
    Ok(defaults)
}

// `inspect.Parameter.kind`, in the order of Python's documentation.
const POSITIONAL_ONLY: u32 = 0;
const POSITIONAL_OR_KEYWORD: u32 = 1;
const KEYWORD_ONLY: u32 = 3;

/// SHA-256 of the source of a function, or of a class and those it derives from; none where Python has no source.
fn source(callable: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    let py = callable.py();
    let inspect = py.import("inspect")?;
    let parts: Vec<Bound<'_, PyAny>> = match callable.getattr_opt("__mro__")? {
        Some(classes) => classes.try_iter()?.collect::<PyResult<_>>()?,
        None => vec![callable.clone()],
    };
    let mut hash = Sha256::new();
    let mut found = false;
    for part in parts {
        // Built-in classes, and code that was typed at a prompt, have no source.
        if let Ok(text) = inspect.call_method1("getsource", (part,)).and_then(|text| text.extract::<String>()) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
            found = true;
        }
    }
    Ok(found.then(|| routing::hexadecimal(&hash.finalize())))
}

/// The named callables of an argument such as `policies={"mine": MyPolicy}`.
pub(super) fn named<'py>(given: Option<&Bound<'py, PyDict>>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let items = given.into_iter().flat_map(|given| given.iter());
    items.map(|(name, callable)| Ok((name.extract()?, callable))).collect()
}

/// An exception with its traceback, as Python prints it.
pub(super) fn traceback(py: Python<'_>, error: &PyErr) -> String {
    let format = || -> PyResult<String> {
        let lines = py
            .import("traceback")?
            .call_method1("format_exception", (error.get_type(py), error.value(py), error.traceback(py)))?;
        Ok(lines.extract::<Vec<String>>()?.concat().trim_end().to_owned())
    };
    format().unwrap_or_else(|_| error.to_string())
}
