//! Cells in parallel, each stored the moment it ends; what happened is a stream of events.

use crate::plan::{Plan, PlannedCell};
use crate::spec::Protocol;
use rayon::prelude::*;
use routing::GaveUp;
use routing::words::{self, metric, phase};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Bought, Folder, FrameError, Manifest, Score, Whose};

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
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunError::Threads(reason) => write!(f, "threads: {reason}"),
            RunError::Folder(error) => error.fmt(f),
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

/// Computes the cells of `plan` that `folder` does not hold yet. `events` hears of each; once `stop` is set no further cell
/// is begun.
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
    if !options.log_decisions {
        for cell in plan.cells() {
            folder.adopt(&cell.id, &options.siblings)?;
        }
    }
    let own = |position: usize| options.shard.is_none_or(|(i, n)| position % n == i - 1);
    let listed = |cell: &PlannedCell| options.only.as_ref().is_none_or(|only| only.contains(&cell.id));
    let mine = plan.cells().iter().enumerate().filter(|(position, _)| own(*position)).map(|(_, cell)| cell);
    let mine = mine.filter(|cell| listed(cell));
    let complete = |cell: &PlannedCell| {
        let (environment, _) = plan.parts(cell);
        let tested = matches!(environment.protocol, Protocol::Online { .. }) || folder.has_tested(&cell.id);
        folder.has(&cell.id) && tested && (!options.log_decisions || folder.decisions_path(&cell.id).is_file())
    };
    let (present, missing): (Vec<&PlannedCell>, Vec<&PlannedCell>) = mine.partition(|cell| complete(cell));
    events(Event::Started { missing: missing.len(), present: present.len() });
    folder.write_manifest(&plan.manifest(&options.command))?;

    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    let pool = pool.map_err(|error| RunError::Threads(error.to_string()))?;
    let results: Vec<Option<Result<(), (String, String)>>> = pool.install(|| {
        let compute = |cell: &&PlannedCell| {
            (!stop.load(Ordering::Relaxed)).then(|| compute(plan, folder, options, cell, &events))
        };
        // One cell a task: they differ too much in length to be split in halves.
        missing.par_iter().with_max_len(1).map(compute).collect()
    });
    let computed = results.iter().filter(|result| matches!(result, Some(Ok(())))).count();
    let failed: Vec<(String, String)> = results.iter().flatten().filter_map(|result| result.clone().err()).collect();

    let mut manifest = plan.manifest(&options.command);
    let mut labelled = BTreeSet::new();
    for cell in &mut manifest.cells {
        if folder.has(&cell.id) {
            if labelled.insert(cell.id.clone()) {
                let whose = Whose { environment: &cell.environment, policy: &cell.policy, replicate: cell.replicate };
                folder.relabel(&cell.id, &whose)?;
            }
            let Bought { ledger, tuning } = folder.read_bought(&cell.id)?;
            (cell.ledger, cell.chosen) = (Some(ledger), tuning.and_then(|tuning| tuning.winner()));
        }
    }
    folder.write_manifest(&manifest)?;
    if !failed.is_empty() {
        return Err(RunError::Cells(failed));
    }
    let absent = manifest.cells.iter().filter(|cell| cell.ledger.is_none()).count();
    let skipped = results.iter().filter(|result| result.is_none()).count();
    Ok(Done { manifest, computed, reused: present.len(), elsewhere: absent - skipped, stopped: skipped > 0 })
}

fn compute(
    plan: &Plan,
    folder: &Folder,
    options: &Options,
    cell: &PlannedCell,
    events: &(impl Fn(Event) + Sync),
) -> Result<(), (String, String)> {
    let name = plan.name(cell);
    events(Event::CellStarted { name: name.clone() });
    let outcome = catch_unwind(AssertUnwindSafe(|| plan.simulate(cell, options.log_decisions)))
        .map_err(|panic| reason(&*panic))
        .and_then(|log| {
            let (environment, policy) = plan.labels(cell);
            let whose = Whose { environment: &environment, policy: &policy, replicate: cell.replicate };
            if let Some(decisions) = log.decisions {
                folder.write_decisions(&cell.id, decisions, &whose).map_err(|error| error.to_string())?;
            }
            if let Some(rows) = log.tested {
                folder.write_tested(&cell.id, rows, &whose).map_err(|error| error.to_string())?;
            }
            folder.write_cell(&cell.id, &cell.inputs, &log.cell).map_err(|error| error.to_string())?;
            Ok(headline(&log.cell.scores))
        });
    match outcome {
        Ok(reward) => {
            let (environment, policy) = plan.labels(cell);
            events(Event::CellDone { environment, policy, reward });
            Ok(())
        }
        Err(reason) => {
            events(Event::CellFailed { name: name.clone(), reason: reason.clone() });
            Err((name, reason))
        }
    }
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
