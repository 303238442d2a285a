//! Running an experiment from the command line: what it may use, how it is stopped, what is written beside its cells.

use crate::failure::Failure;
use crate::files::{read, remove, write};
use crate::output::{complain, say};
use crate::progress::{self, Progress};
use crate::reporting;
use clap::{Args, ValueEnum};
use experiment::{Done, Extensions, Options, Plan, Spec};
use report::Nameable;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::Folder;

/// What a run may use and keep; none of it changes a number.
#[derive(Args, Clone)]
pub(crate) struct Effort {
    /// Threads; 0 for one a core
    #[arg(long, default_value_t = 0)]
    pub(crate) threads: usize,
    /// Only every N-th cell, starting with the I-th
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Only the cells whose addresses stand in FILE, one a line, as `barp submit` shares them out
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub(crate) cells: Option<PathBuf>,
    /// What to store beside scores
    #[arg(long, value_enum)]
    pub(crate) log: Option<Logged>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Logged {
    /// Every decision with its propensity
    Decisions,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((i, n)) if 1 <= i && i <= n => Ok((i, n)),
        _ => Err(format!("must be I/N with 1 <= I <= N, got `{text}`")),
    }
}

/// Plans an experiment; encoding the prompts of a world can take minutes, so that is shown.
pub(crate) fn plan(spec: Spec) -> Result<Plan, Failure> {
    let extensions = Extensions { progress: progress::encoding(), ..Extensions::default() };
    spec.plan_with(&extensions).map_err(Failure::input)
}

/// Seconds that the cells in flight have after Ctrl-C or SIGTERM: a scheduler kills what is still there after five or more.
const GRACE: u64 = 4;

/// A flag that Ctrl-C and SIGTERM set: no further cell is begun. Cells in flight that are not done within [`GRACE`] are left to
/// the next run; every file stays whole. A second Ctrl-C ends the process at once.
pub(crate) fn interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        complain!(
            "stopping: cells that are not done in {GRACE} s are left to the next run; press Ctrl-C again to stop at once"
        );
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(GRACE));
            complain!("stopped; finished cells are kept, run again to go on");
            std::process::exit(130);
        });
    };
    // Without a handler Ctrl-C ends the process at once, which loses no finished cell either.
    if let Err(error) = ctrlc::set_handler(handler) {
        complain!("warning: Ctrl-C will stop at once: {error}");
    }
    stop
}

/// An experiment with what is written beside its results.
pub(crate) struct Experiment {
    pub(crate) plan: Plan,
    /// Claims to decide, as TOML.
    pub(crate) claims: Option<String>,
    /// The command that makes the folder again.
    pub(crate) command: String,
    /// Result folders whose cells may be taken over instead of being computed again.
    pub(crate) siblings: Vec<PathBuf>,
}

impl Experiment {
    /// Computes the missing cells under `out`, writes the report and prints it.
    pub(crate) fn compute_and_report(self, out: &Path, effort: &Effort, stop: &AtomicBool) -> Result<(), Failure> {
        let folder = Folder::new(out);
        let options = Options {
            threads: effort.threads,
            shard: effort.shard,
            only: effort.cells.as_deref().map(|file| listed(file, &self.plan)).transpose()?,
            log_decisions: effort.log.is_some(),
            command: self.command.clone(),
            siblings: self.siblings.iter().map(|path| Folder::new(path)).collect(),
        };
        write(&out.join("config.toml"), &self.plan.resolved())?;
        match &self.claims {
            Some(claims) => write(&out.join("claims.toml"), claims)?,
            // Those of an earlier run are about another experiment.
            None => ["claims.toml", "claims.json"].iter().try_for_each(|name| remove(&out.join(name)))?,
        }
        let progress = Progress::new(&self.plan.spec.name);
        let done = experiment::run(&self.plan, &folder, &options, stop, |event| progress.hear(event));
        progress.finish();
        let done = done.map_err(Failure::failed)?;
        say!("{}", sentence(&self.plan, &done));
        if done.stopped {
            return Err(Failure::Failed(format!("stopped; run again to go on: {}", self.command)));
        }
        reporting::report(&folder, &done.manifest)
    }
}

/// The addresses in `file`, all of which are of cells of `plan`.
fn listed(file: &Path, plan: &Plan) -> Result<BTreeSet<String>, Failure> {
    let known: BTreeSet<&str> = plan.cells().iter().map(|cell| cell.id.as_str()).collect();
    let mut listed = BTreeSet::new();
    for (number, line) in read(file)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let id = line.trim();
        if !known.contains(id) {
            let place = format!("{}: line {}", file.display(), number + 1);
            return Err(Failure::Input(format!("{place}: `{id}` is no cell of this experiment")));
        }
        listed.insert(id.to_owned());
    }
    Ok(listed)
}

/// The claims beside the configuration `config`, where there are any and all that they name is in `plan`.
pub(crate) fn claims_beside(config: &Path, plan: &Plan) -> Result<Option<String>, Failure> {
    let path = config.with_extension("claims.toml");
    if !path.is_file() {
        return Ok(None);
    }
    let environments = plan.environments.iter();
    let known = Nameable {
        environments: environments.clone().map(|environment| environment.label.clone()).collect(),
        policies: environments.flat_map(|environment| &environment.policies).map(|one| one.label.clone()).collect(),
        metrics: metrics::all().map(|about| about.name.to_owned()).collect(),
        tasks: (!plan.on_other_rows()).then(|| plan.tasks()),
        weights: plan.spec.preferences.test.iter().map(|preference| preference.cost()).collect(),
    };
    let text = read(&path)?;
    report::check_claims(&text, &path.display().to_string(), &known).map_err(Failure::input)?;
    Ok(Some(text))
}

fn sentence(plan: &Plan, done: &Done) -> String {
    let elsewhere = match done.elsewhere {
        0 => String::new(),
        cells => format!(", {cells} left to other shards"),
    };
    format!("{}: {} cells computed, {} were there{elsewhere}", plan.spec.name, done.computed, done.reused)
}
