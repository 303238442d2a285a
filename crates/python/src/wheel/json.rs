//! Plain values between Python and the laboratory, by way of JSON: numbers keep every bit.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

/// A Python value as JSON.
///
/// # Errors
/// What Python says of a value that JSON cannot hold: an object, NaN, an infinity.
pub(super) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let strict = PyDict::new(value.py());
    strict.set_item("allow_nan", false)?;
    let text: String = value.py().import("json")?.call_method("dumps", (value,), Some(&strict))?.extract()?;
    Ok(serde_json::from_str(&text).expect("Python writes JSON"))
}

/// JSON as a Python value.
pub(super) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}

/// A table as keyword arguments.
pub(super) fn keywords<'py>(py: Python<'py>, table: &Value) -> PyResult<Bound<'py, PyDict>> {
    Ok(to_python(py, table)?.cast_into::<PyDict>()?)
}
