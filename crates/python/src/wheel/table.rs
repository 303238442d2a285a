//! Columns as Arrow, for whatever reads the PyCapsule protocol: pyarrow, polars, duckdb, pandas.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use store::{Column, Frame};

/// Named columns of equal length: pyarrow.table(x), polars.DataFrame(x) and duckdb read them without copying, by the
/// Arrow C stream interface; to_dict() needs no library.
#[pyclass(frozen, module = "barp")]
pub(super) struct Table {
    pub(super) frame: Frame,
}

#[pymethods]
impl Table {
    /// The Arrow C stream of the columns, in a capsule; `requested_schema` is not heeded, which the protocol allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        // The capsule owns the stream; if no reader releases it, dropping it does.
        PyCapsule::new_with_value(py, self.frame.arrow_stream().map_err(PyValueError::new_err)?, c"arrow_array_stream")
    }

    /// Names of the columns.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.frame.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Column name -> list of its values, None where one is missing.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (name, column) in &self.frame.columns {
            match column {
                Column::Text(cells) => all.set_item(name, cells)?,
                Column::Integer(cells) => all.set_item(name, cells)?,
                Column::Real(cells) => all.set_item(name, cells)?,
                Column::Vectors { width, values } => {
                    all.set_item(name, values.chunks_exact(*width).collect::<Vec<_>>())?;
                }
                Column::Unreadable { flaw, .. } => return Err(PyValueError::new_err(format!("`{name}`: {flaw}"))),
            }
        }
        Ok(all)
    }

    fn __len__(&self) -> usize {
        self.frame.rows()
    }

    fn __repr__(&self) -> String {
        format!("Table of {} rows: {}", self.frame.rows(), self.columns().join(", "))
    }
}
