//! Running an experiment from Python, as the command `barp run` does.

use super::results::{Results, summary};
use super::{environment, policy};
use experiment::{Done, Extensions, Options, Plan, RunError, Spec};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use store::Folder;

/// How often a run looks whether Ctrl-C was pressed.
const ALERTNESS: Duration = Duration::from_millis(100);

/// Runs an experiment: computes the cells that its folder does not hold yet, and writes the summary.
///
/// config is the path of a TOML file, or TOML itself (a text with a line break). Cells, summary and configuration are the
/// bytes that `barp run` writes. Results go to out, else to results/NAME. threads=0 means one a core; it changes no number.
///
/// policies={"mine": MyPolicy} and environments={"world": make} may be named as kinds in the configuration.
///
/// Raises ValueError for a configuration that cannot run, RuntimeError for cells that failed, with their tracebacks
/// (finished cells are kept), KeyboardInterrupt once the cells in flight are done.
#[pyfunction]
#[pyo3(signature = (config, out=None, *, threads=0, policies=None, environments=None, log_decisions=false))]
pub(super) fn run(
    py: Python<'_>,
    config: &Bound<'_, PyAny>,
    out: Option<PathBuf>,
    threads: usize,
    policies: Option<&Bound<'_, PyDict>>,
    environments: Option<&Bound<'_, PyDict>>,
    log_decisions: bool,
) -> PyResult<Results> {
    let config = Config::read(config)?;
    let plan = config.plan(py, policies, environments)?;
    let out = out.unwrap_or_else(|| Path::new("results").join(&plan.spec.name));
    let command = config.command(&out, policies.is_none() && environments.is_none());
    let options = Options { threads, log_decisions, command, ..Options::default() };
    write(&out.join("config.toml"), plan.resolved().as_bytes())?;
    if let Some(claims) = config.claims()? {
        write(&out.join("claims.toml"), &claims)?;
    }
    let folder = Folder::new(&out);
    let done = py.detach(|| compute(&plan, &folder, &options))?;
    let written = py.detach(|| {
        let rows = summary(&folder, &done.manifest)?;
        store::write_tuning(folder.path(), &store::tuning_rows(&folder, &done.manifest))?;
        store::write_summary(folder.path(), &rows)
    });
    written.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(Results::new(folder, done.manifest))
}

/// Runs the plan beside this thread, which goes on to hear Ctrl-C.
fn compute(plan: &Plan, folder: &Folder, options: &Options) -> PyResult<Done> {
    let stop = AtomicBool::new(false);
    let mut interrupt = None;
    let done = std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        let work = scope.spawn(|| {
            let done = experiment::run(plan, folder, options, &stop, |_| ());
            // Whoever waits is still there: it waits for this.
            drop(sender);
            done
        });
        while let Err(RecvTimeoutError::Timeout) = receiver.recv_timeout(ALERTNESS) as Result<(), RecvTimeoutError> {
            if interrupt.is_none() {
                interrupt = Python::attach(|py| py.check_signals()).err();
                stop.store(interrupt.is_some(), Ordering::Relaxed);
            }
        }
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    match (interrupt, done) {
        (Some(interrupt), _) => Err(interrupt),
        (None, Ok(done)) => Ok(done),
        (None, Err(error @ (RunError::Cells(_) | RunError::Threads(_)))) => {
            Err(PyRuntimeError::new_err(error.to_string()))
        }
        (None, Err(error @ (RunError::Folder(_) | RunError::Vanished { .. }))) => {
            Err(PyOSError::new_err(error.to_string()))
        }
    }
}

/// A configuration as it was given.
pub(super) struct Config {
    /// Its file; none if it was given as text.
    path: Option<PathBuf>,
    text: String,
}

impl Config {
    /// # Errors
    /// An OSError for a file that cannot be read.
    pub(super) fn read(given: &Bound<'_, PyAny>) -> PyResult<Config> {
        if let Some(text) = given.extract::<String>().ok().filter(|text| text.contains('\n')) {
            return Ok(Config { path: None, text });
        }
        let path: PathBuf = given.extract()?;
        let text = std::fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
        Ok(Config { path: Some(path), text })
    }

    /// Its name in messages and commands.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "<text>".into(), |path| path.display().to_string())
    }

    /// # Errors
    /// A ValueError for whatever is wrong with it.
    pub(super) fn plan(
        &self,
        py: Python<'_>,
        policies: Option<&Bound<'_, PyDict>>,
        environments: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Plan> {
        let extensions = Extensions {
            policies: policy::extensions(policies)?,
            environments: environment::extensions(environments)?,
            ..Extensions::default()
        };
        let plan = py.detach(|| Spec::parse(&self.text, &self.name()).and_then(|spec| spec.plan_with(&extensions)));
        plan.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// The claims beside it, if there are any.
    fn claims(&self) -> PyResult<Option<Vec<u8>>> {
        let path = self.path.as_ref().map(|path| path.with_extension("claims.toml")).filter(|path| path.is_file());
        path.map(|path| std::fs::read(&path).map_err(|error| at(&path, &error))).transpose()
    }

    /// What makes the folder again.
    fn command(&self, out: &Path, everything_registered: bool) -> String {
        match &self.path {
            Some(path) if everything_registered => format!("barp run {} --out {}", path.display(), out.display()),
            _ => format!("barp.run({:?}, out={:?}, ...) in Python", self.name(), out.display().to_string()),
        }
    }
}

fn at(path: &Path, error: &std::io::Error) -> PyErr {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display())).into()
}

fn write(path: &Path, bytes: &[u8]) -> PyResult<()> {
    store::write_whole(path, bytes).map_err(|error| at(path, &error))
}
