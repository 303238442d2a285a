//! Cells in parallel, each stored the moment it ends; what happened is a stream of events.

mod stock;

use crate::plan::{Plan, PlannedCell};
use crate::protocols::Log;
use rayon::prelude::*;
use routing::GaveUp;
use routing::words::{self, metric, phase};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use stock::Stock;
use store::{Folder, FrameError, Manifest, Score, Whose};

/// How a plan is run. None of it changes a number. By default every core is used and nothing but scores is stored.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Threads; 0 for one a core.
    pub threads: usize,
    /// (i, n): only every n-th cell, starting with the i-th (from 1).
    pub shard: Option<(usize, usize)>,
    /// Only the cells with these addresses; none: all.
    pub only: Option<BTreeSet<String>>,
    /// Whether every decision is stored with its propensity.
    pub log_decisions: bool,
    /// The command that makes the folder again, for the manifest.
    pub command: String,
    /// Folders whose cells are copied instead of being computed again.
    pub siblings: Vec<Folder>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// This many cells will be computed, this many were there already.
    Started {
        /// To be computed.
        missing: usize,
        /// There already.
        present: usize,
    },
    /// A cell begins.
    CellStarted {
        /// Environment, policy and replicate.
        name: String,
    },
    /// A cell was stored.
    CellDone {
        /// Label of its environment.
        environment: String,
        /// Label of its policy.
        policy: String,
        /// Its mean reward: over the grid of preferences on the test split, or online so far; none where it has neither.
        reward: Option<f64>,
    },
    /// A file of an earlier run is not what was written. It is not used, and what it held is computed again.
    Damaged(
        /// The file, and what is wrong with it.
        String,
    ),
    /// Cells of an earlier run carry no checksum, as they are older than it: they are taken as they are.
    Unsealed {
        /// How many.
        cells: usize,
    },
    /// A cell could not be simulated or stored.
    CellFailed {
        /// Environment, policy and replicate.
        name: String,
        /// Why.
        reason: String,
    },
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// The manifest as written.
    pub manifest: Manifest,
    /// Cells computed now.
    pub computed: usize,
    /// Cells that were there already.
    pub reused: usize,
    /// Cells of other shards that are not there yet.
    pub elsewhere: usize,
    /// Whether `stop` ended the run before all its cells were done.
    pub stopped: bool,
}

/// Why a run failed. Finished cells are kept.
#[derive(Debug)]
pub enum RunError {
    /// The thread pool could not be made.
    Threads(String),
    /// Cells that failed, with their reasons.
    Cells(Vec<(String, String)>),
    /// The folder could not be read or written.
    Folder(FrameError),
    /// Cells that were stored are no longer there: somebody removed them, or the folder, during the run.
    Vanished {
        /// The file of one of them.
        path: PathBuf,
        /// How many.
        cells: usize,
    },
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunError::Threads(reason) => write!(f, "threads: {reason}"),
            RunError::Folder(error) => error.fmt(f),
            RunError::Vanished { path, cells } => {
                let path = path.display();
                write!(f, "{path}: this file was removed during the run, as were those of {cells} stored cells in all")
            }
            RunError::Cells(failed) => {
                write!(f, "{} cells failed:", failed.len())?;
                failed.iter().try_for_each(|(name, reason)| write!(f, "\n  {name}: {reason}"))
            }
        }
    }
}

impl std::error::Error for RunError {}

impl From<FrameError> for RunError {
    fn from(error: FrameError) -> RunError {
        RunError::Folder(error)
    }
}

/// Computes the cells of `plan` that `folder` does not hold yet, or not as they were written. `events` hears of each; once `stop`
/// is set, or a cell cannot be stored, no further cell is begun.
///
/// # Errors
/// [`RunError`]; cells that were finished stay.
pub fn run(
    plan: &Plan,
    folder: &Folder,
    options: &Options,
    stop: &AtomicBool,
    events: impl Fn(Event) + Sync,
) -> Result<Done, RunError> {
    let mut stock = Stock::take(plan, folder, options, &events)?;
    let own = |position: usize| {
        let listed = options.only.as_ref().is_none_or(|only| only.contains(&plan.cells()[position].id));
        listed && options.shard.is_none_or(|(i, n)| position % n == i - 1)
    };
    let (present, missing): (Vec<usize>, Vec<usize>) = (0..plan.cells().len())
        .filter(|position| own(*position))
        .partition(|position| stock.complete(plan, *position, options.log_decisions));
    events(Event::Started { missing: missing.len(), present: present.len() });
    folder.write_manifest(&stock.manifest(plan, &options.command))?;

    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
    let unstorable = AtomicBool::new(false);
    let over = || stop.load(Ordering::Relaxed) || unstorable.load(Ordering::Relaxed);
    let results: Vec<Option<Result<(), (String, String)>>> = pool.install(|| {
        let compute = |position: &usize| {
            let computed = (!over()).then(|| compute(plan, folder, options, &plan.cells()[*position], &events))?;
            Some(computed.map_err(|failed| {
                unstorable.fetch_or(failed.unstorable, Ordering::Relaxed);
                (failed.name, failed.reason)
            }))
        };
        // One cell a task: they differ too much in length to be split in halves.
        missing.par_iter().with_max_len(1).map(compute).collect()
    });
    let failed: Vec<(String, String)> = results.iter().flatten().filter_map(|result| result.clone().err()).collect();
    let done = || missing.iter().zip(&results).filter(|(_, result)| matches!(result, Some(Ok(())))).map(|(at, _)| *at);

    stock.take_again(plan, folder, &missing, &events)?;
    let vanished: Vec<usize> =
        present.iter().copied().chain(done()).filter(|at| !stock.is_there(plan, folder, *at)).collect();
    if let Some(&first) = vanished.first() {
        return Err(RunError::Vanished { path: folder.cell_path(&plan.cells()[first].id), cells: vanished.len() });
    }
    let manifest = stock.manifest(plan, &options.command);
    let written = is_there(folder).and_then(|()| folder.write_manifest(&manifest));
    if !failed.is_empty() {
        return Err(RunError::Cells(failed));
    }
    written?;
    let elsewhere = (0..plan.cells().len()).filter(|at| !own(*at) && manifest.cells[*at].ledger.is_none()).count();
    let stopped = results.iter().any(Option::is_none);
    Ok(Done { computed: done().count(), manifest, reused: present.len(), elsewhere, stopped })
}

/// Why a cell is not there.
struct Failed {
    name: String,
    reason: String,
    /// Whether it was computed and could not be stored, as no other one could.
    unstorable: bool,
}

fn compute(
    plan: &Plan,
    folder: &Folder,
    options: &Options,
    cell: &PlannedCell,
    events: &(impl Fn(Event) + Sync),
) -> Result<(), Failed> {
    let name = plan.name(cell);
    events(Event::CellStarted { name: name.clone() });
    // Decisions that are there are written again with their cell, so that none of another computation stays beside it.
    let log_decisions = options.log_decisions || folder.decisions_path(&cell.id).is_file();
    let log = catch_unwind(AssertUnwindSafe(|| plan.simulate(cell, log_decisions)));
    let log = log.map_err(|panic| (reason(&*panic), false));
    let stored = log.and_then(|log| {
        let reward = headline(&log.cell.scores);
        store(plan, folder, cell, log).map_err(|error| (error.to_string(), true))?;
        Ok(reward)
    });
    match stored {
        Ok(reward) => {
            let (environment, policy) = plan.labels(cell);
            events(Event::CellDone { environment, policy, reward });
            Ok(())
        }
        Err((reason, unstorable)) => {
            events(Event::CellFailed { name: name.clone(), reason: reason.clone() });
            Err(Failed { name, reason, unstorable })
        }
    }
}

/// Refuses to make a folder again that was there when the run began.
fn is_there(folder: &Folder) -> Result<(), FrameError> {
    let path = folder.path().join("manifest.json");
    let gone = "it was removed during the run: nothing is stored any more".to_owned();
    if path.exists() { Ok(()) } else { Err(FrameError { path, message: gone }) }
}

/// Stores a computed cell; its own file comes last, as it says that all is there.
fn store(plan: &Plan, folder: &Folder, cell: &PlannedCell, log: Log) -> Result<(), FrameError> {
    is_there(folder)?;
    let (environment, policy) = plan.labels(cell);
    let whose = Whose { environment: &environment, policy: &policy, replicate: cell.replicate };
    if let Some(decisions) = log.decisions {
        folder.write_decisions(&cell.id, decisions, &whose)?;
    }
    if let Some(rows) = log.tested {
        folder.write_tested(&cell.id, rows, &whose)?;
    }
    folder.write_cell(&cell.id, &cell.inputs, &log.cell)
}

/// The one number of a cell that policies are ranked by while a run goes on.
fn headline(scores: &[Score]) -> Option<f64> {
    let of = |phase: &str, metric: &str| {
        let own = |score: &&Score| {
            score.phase == phase && score.metric == metric && score.task == words::ALL_TASKS && score.arm.is_none()
        };
        scores.iter().rfind(own).map(|score| score.value)
    };
    of(phase::TEST, metric::SWEEP_REWARD).or_else(|| of(phase::ONLINE, metric::REWARD))
}

/// Why a cell was not computed: what its user's code said, or what a panic of ours did.
fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(GaveUp { reason }) = panic.downcast_ref() {
        return reason.clone();
    }
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("without a message"))
}
