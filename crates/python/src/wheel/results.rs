//! A result folder, read as Arrow.

use super::json;
use super::table::Table;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::path::PathBuf;
use store::{CellRecord, Column, Folder, Frame, FrameError, Manifest, Score, SummaryRow};

/// What an experiment left behind: see run and load.
#[pyclass(frozen, module = "barp")]
pub(super) struct Results {
    folder: Folder,
    manifest: Manifest,
}

/// The results in a folder that run or the command `barp run` made; a ValueError where there are none.
#[pyfunction]
pub(super) fn load(folder: PathBuf) -> PyResult<Results> {
    let folder = Folder::new(&folder);
    let manifest = folder.read_manifest().map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(Results { folder, manifest })
}

impl Results {
    pub(super) fn new(folder: Folder, manifest: Manifest) -> Results {
        Results { folder, manifest }
    }

    /// The cells of an environment and a policy, all where none is named; an unknown label is refused.
    fn cells(&self, environment: Option<&str>, policy: Option<&str>) -> PyResult<Vec<&CellRecord>> {
        let cells = || self.manifest.cells.iter();
        check("environment", environment, cells().map(|cell| cell.environment.as_str()))?;
        check("policy", policy, cells().map(|cell| cell.policy.as_str()))?;
        let wanted = |cell: &&CellRecord| {
            environment.is_none_or(|label| cell.environment == label) && policy.is_none_or(|label| cell.policy == label)
        };
        Ok(cells().filter(wanted).collect())
    }
}

/// The rows of summary.parquet, from the cells.
pub(super) fn summary(folder: &Folder, manifest: &Manifest) -> Result<Vec<SummaryRow>, FrameError> {
    let (runs, damaged) = experiment::identified_runs(folder, manifest)?;
    damaged.into_iter().next().map_or(Ok(()), Err)?;
    report::summary(manifest, &runs)
}

#[pymethods]
impl Results {
    /// The folder.
    #[getter]
    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// manifest.json: the experiment, its environments, and its cells with the outcomes and dollars each policy bought.
    #[getter]
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, &serde_json::to_value(&self.manifest).expect("a manifest is plain text and numbers"))
    }

    /// Means over replicates with 95% intervals, one row for each environment, policy, phase, weight on cost, task, metric.
    fn summary(&self, py: Python<'_>) -> PyResult<Table> {
        let rows = py.detach(|| summary(&self.folder, &self.manifest)).map_err(failed)?;
        Ok(Table { frame: Frame::from(&rows[..]) })
    }

    /// Every score of every replicate, labelled by environment, policy and replicate (from 0).
    fn replicates(&self, py: Python<'_>) -> PyResult<Table> {
        let replicates = py.detach(|| self.folder.replicates(&self.manifest)).map_err(failed)?;
        let (mut environment, mut policy, mut number) = (Vec::new(), Vec::new(), Vec::new());
        let mut scores: Vec<Score> = Vec::new();
        for replicate in replicates {
            let n = replicate.scores.len();
            environment.extend(vec![Some(replicate.environment); n]);
            policy.extend(vec![Some(replicate.policy); n]);
            number.extend(vec![Some(u64::from(replicate.replicate)); n]);
            scores.extend(replicate.scores);
        }
        let mut frame = Frame::from(&scores[..]);
        frame.columns.splice(0..0, labels(environment, policy, number));
        Ok(Table { frame })
    }

    /// Every decision with its propensity, of one environment and policy or of all, labelled; a ValueError unless the
    /// experiment was run with log_decisions=True.
    #[pyo3(signature = (environment=None, policy=None))]
    fn decisions(&self, py: Python<'_>, environment: Option<&str>, policy: Option<&str>) -> PyResult<Table> {
        let cells = self.cells(environment, policy)?;
        let logged: Vec<_> = cells.iter().filter(|cell| self.folder.decisions_path(&cell.id).is_file()).collect();
        if logged.is_empty() {
            let path = self.folder.path().display();
            return Err(PyValueError::new_err(format!("{path}: no decisions: run it with log_decisions=True")));
        }
        let mut all: Option<Frame> = None;
        for cell in logged {
            let mut frame = py.detach(|| store::read(&self.folder.decisions_path(&cell.id))).map_err(failed)?;
            let n = frame.rows();
            let number = vec![Some(u64::from(cell.replicate)); n];
            let named = labels(vec![Some(cell.environment.clone()); n], vec![Some(cell.policy.clone()); n], number);
            // Older files do not say whose decisions they are.
            frame.columns.retain(|(column, _)| named.iter().all(|(name, _)| name != column));
            frame.columns.splice(0..0, named);
            match &mut all {
                None => all = Some(frame),
                Some(all) => append(all, frame)?,
            }
        }
        Ok(Table { frame: all.unwrap_or_default() })
    }

    fn __repr__(&self) -> String {
        let Manifest { experiment, cells, .. } = &self.manifest;
        format!("Results of `{experiment}`: {} cells in {}", cells.len(), self.folder.path().display())
    }
}

fn failed(error: FrameError) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

fn check<'a>(what: &str, label: Option<&str>, known: impl Iterator<Item = &'a str>) -> PyResult<()> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    match label.filter(|label| !known.contains(label)) {
        None => Ok(()),
        Some(label) => Err(PyValueError::new_err(format!("unknown {what} `{label}` (known: {})", known.join(", ")))),
    }
}

fn labels(
    environment: Vec<Option<String>>,
    policy: Vec<Option<String>>,
    replicate: Vec<Option<u64>>,
) -> [(String, Column); 3] {
    [
        ("environment".into(), Column::Text(environment)),
        ("policy".into(), Column::Text(policy)),
        ("replicate".into(), Column::Integer(replicate)),
    ]
}

/// Appends the rows of `more`, which has the same columns.
fn append(all: &mut Frame, more: Frame) -> PyResult<()> {
    for ((name, column), (_, more)) in all.columns.iter_mut().zip(more.columns) {
        match (column, more) {
            (Column::Text(cells), Column::Text(more)) => cells.extend(more),
            (Column::Integer(cells), Column::Integer(more)) => cells.extend(more),
            (Column::Real(cells), Column::Real(more)) => cells.extend(more),
            _ => return Err(PyRuntimeError::new_err(format!("column `{name}`: logged decisions differ in type"))),
        }
    }
    Ok(())
}
