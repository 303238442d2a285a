//! Numbers out of whatever Python calls an array, checked for shape and kind.

use numpy::{Element, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What an array must hold.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
    /// Whole numbers.
    Whole,
    /// Numbers of any kind.
    Numbers,
}

/// The numbers of `array`, row-major, and its shape of `axes` axes.
///
/// # Errors
/// A ValueError that begins with `what` and names rule and value.
pub(super) fn numbers<T: Element + Copy>(
    what: &str,
    array: &Bound<'_, PyAny>,
    axes: usize,
    holds: Holds,
) -> PyResult<(Vec<T>, Vec<usize>)> {
    let py = array.py();
    let refuse = |rule: &str, value: String| PyValueError::new_err(format!("{what} must {rule}, got {value}"));
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("asarray", (array,)).map_err(|error| refuse("be an array", error.to_string()))?;
    let shape: Vec<usize> = array.getattr("shape")?.extract()?;
    if shape.len() != axes {
        return Err(refuse(if axes == 1 { "have 1 axis" } else { "have 2 axes" }, shape.len().to_string()));
    }
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    let (allowed, rule) = match holds {
        Holds::Whole => ("iu", "hold whole numbers"),
        Holds::Numbers => ("iuf", "hold numbers"),
    };
    // An empty list has no kind of its own.
    if !allowed.contains(&kind) && !shape.contains(&0) {
        return Err(refuse(rule, format!("dtype {}", array.getattr("dtype")?)));
    }
    let plain = numpy.call_method1("ascontiguousarray", (array, T::get_dtype(py)))?.cast_into::<PyArrayDyn<T>>()?;
    let values = plain.try_readonly().map_err(|error| refuse("be readable", error.to_string()))?;
    Ok((values.as_slice().map_err(|error| refuse("be contiguous", error.to_string()))?.to_vec(), plain.shape().into()))
}

/// Row-major values as an array of `columns` columns.
pub(super) fn rows<'py, T: Element>(
    py: Python<'py>,
    values: Vec<T>,
    columns: usize,
) -> PyResult<Bound<'py, PyArray2<T>>> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    PyArray1::from_vec(py, values).reshape([rows, columns])
}
