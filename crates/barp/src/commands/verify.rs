//! `barp verify DIR`: look at every byte of a result folder, and compute a sample of its cells again.

use crate::failure::Failure;
use crate::files::read;
use crate::output::say;
use crate::running::plan;
use clap::Args;
use experiment::{Plan, PlannedCell, Spec};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use store::{CellRecord, Folder, Manifest, Role, State, Whose, in_parallel};

/// Cells that are named; the others are counted.
const SHOWN: usize = 5;

#[derive(Args)]
pub(crate) struct Verify {
    /// A result folder
    folder: PathBuf,
    /// Share of its cells to compute again, in (0, 1]; spread evenly over them
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    sample: f64,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err(format!("must lie in (0, 1], got `{text}`")),
    }
}

impl Verify {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let folder = Folder::new(&self.folder);
        let config = self.folder.join("config.toml");
        let spec = Spec::parse(&read(&config)?, &config.display().to_string());
        let plan = plan(spec.map_err(Failure::input)?)?;
        let manifest = folder.read_manifest().map_err(Failure::failed)?;
        not_of_the_plan(&manifest, &plan)?;
        let mut differing = labels(&manifest, &plan);
        let files = files(&folder, &manifest)?;
        differing.extend(files.differing.iter().cloned());
        differing.extend(drawn(&folder, &manifest)?);
        let present: Vec<&PlannedCell> = plan.cells().iter().filter(|cell| folder.has(&cell.id)).collect();
        if present.is_empty() {
            return Err(Failure::Input(format!("{}: it holds no cell of its config.toml", self.folder.display())));
        }
        if !differing.is_empty() {
            return Err(refusal("things", &differing, manifest.cells.len()));
        }
        say!("{} files have the content that was written{}", files.sealed, files.said());
        let count = (present.len() as f64 * self.sample).ceil() as usize;
        let sample = (0..count).map(|sampled| present[sampled * present.len() / count]);
        let differing = computed_again(&folder, &manifest, &plan, sample)?;
        if differing.is_empty() {
            say!("{count} of {} cells computed again: the same bytes", present.len());
            return Ok(());
        }
        Err(Failure::Failed(format!("{} of {count} cells differ: {}", differing.len(), differing.join(", "))))
    }
}

/// The first of what `differing` says.
fn refusal(what: &str, differing: &[String], cells: usize) -> Failure {
    let shown = differing.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n  ");
    let more =
        if differing.len() > SHOWN { format!("\n  and {} more", differing.len() - SHOWN) } else { String::new() };
    Failure::Failed(format!("{} {what} differ in a folder of {cells} cells:\n  {shown}{more}", differing.len()))
}

/// What `manifest` says of the experiment and of the labels of its cells that the plan says otherwise.
fn labels(manifest: &Manifest, plan: &Plan) -> Vec<String> {
    let planned = plan.manifest(&manifest.command);
    let mut differing = Vec::new();
    let mut compare = |field: &str, same: bool| {
        if !same {
            differing.push(format!("manifest.json: `{field}` is not that of config.toml"));
        }
    };
    compare("experiment", manifest.experiment == planned.experiment);
    compare("about", manifest.about == planned.about);
    compare("seed", manifest.seed == planned.seed);
    compare("environments", manifest.environments == planned.environments);
    compare("cells", manifest.cells.len() == planned.cells.len());
    for (cell, own) in manifest.cells.iter().zip(&planned.cells) {
        let labels = |record: &CellRecord| {
            (record.id.clone(), record.environment.clone(), record.policy.clone(), record.replicate)
        };
        // A manifest that is older than roles tells none.
        let same_role = cell.identity == own.identity || cell.identity.role == Role::Unknown;
        if labels(cell) != labels(own) || !same_role {
            let CellRecord { id, environment, policy, replicate, .. } = cell;
            let own = format!("{} · {} · replicate {}", own.environment, own.policy, own.replicate + 1);
            let told = format!("{environment} · {policy} · replicate {}", replicate + 1);
            differing.push(format!("manifest.json: cell {id} is said to be {told}, where config.toml has {own}"));
        }
    }
    differing
}

/// What was found of the files of all cells.
#[derive(Default)]
struct Files {
    sealed: usize,
    older: usize,
    differing: Vec<String>,
}

impl Files {
    fn said(&self) -> String {
        match self.older {
            0 => String::new(),
            older => format!("; {older} cells are older than checksums"),
        }
    }
}

/// Looks at every byte of the files of the cells of `manifest`: their own checksums, the manifest's, and the bills.
fn files(folder: &Folder, manifest: &Manifest) -> Result<Files, Failure> {
    let mut files = Files::default();
    for (record, state) in
        manifest.cells.iter().zip(in_parallel(&manifest.cells, |cell| folder.examine(&cell.id, None)))
    {
        let path = folder.cell_path(&record.id);
        let mut differs = |what: &str| files.differing.push(format!("{}: {what}", path.display()));
        match state.map_err(Failure::failed)? {
            State::Absent if record.sha256.is_some() => differs("it is missing, and manifest.json has its hash"),
            State::Absent => {}
            State::Damaged(error) => files.differing.push(error.to_string()),
            State::Whole(held) => {
                if record.sha256.as_ref().is_some_and(|hashes| *hashes != held.hashes) {
                    differs("SHA-256 of it, of its test prompts or of its decisions is not that of manifest.json");
                }
                if record.ledger.is_some_and(|ledger| ledger != held.ledger) {
                    differs("its `ledger` is not that of manifest.json");
                }
                if record.sha256.is_some() && record.chosen != held.chosen {
                    differs("what was `chosen` for it is not that of manifest.json");
                }
                match held.sealed {
                    true => {
                        let beside = [&held.hashes.tested, &held.hashes.decisions];
                        files.sealed += 1 + beside.iter().filter(|hash| hash.is_some()).count();
                    }
                    false => files.older += 1,
                }
            }
        }
    }
    Ok(files)
}

/// What of the summary and of the list of trials is not what the cells give.
fn drawn(folder: &Folder, manifest: &Manifest) -> Result<Vec<String>, Failure> {
    let scratch = tempfile::tempdir().map_err(Failure::failed)?;
    let (runs, _) = experiment::identified_runs(folder, manifest).map_err(Failure::failed)?;
    let rows = report::summary(manifest, &runs).map_err(Failure::failed)?;
    store::write_summary(scratch.path(), &rows).map_err(Failure::failed)?;
    store::write_tuning(scratch.path(), &store::tuning_rows(folder, manifest)).map_err(Failure::failed)?;
    let mut differing = Vec::new();
    for name in ["summary.parquet", "summary.csv", "tuning.parquet", "tuning.csv"] {
        let (there, drawn) = (folder.path().join(name), scratch.path().join(name));
        if there.is_file() && !(drawn.is_file() && (same(&there, &drawn)? || same_rows(&there, &drawn))) {
            differing.push(format!("{}: it is not what the cells give; `barp report` draws it again", there.display()));
        }
    }
    Ok(differing)
}

/// Whether two files hold the same rows, though they may have been written by different versions of barp.
fn same_rows(one: &Path, other: &Path) -> bool {
    matches!((store::read(one), store::read(other)), (Ok(one), Ok(other)) if one == other)
}

/// The cells of `sample` that are others when they are computed again.
fn computed_again<'a>(
    folder: &Folder,
    manifest: &Manifest,
    plan: &Plan,
    sample: impl Iterator<Item = &'a PlannedCell>,
) -> Result<Vec<String>, Failure> {
    let scratch = tempfile::tempdir().map_err(Failure::failed)?;
    let again = Folder::new(scratch.path());
    let mut differing = Vec::new();
    for cell in sample {
        let mut log = plan.simulate(cell, false);
        let stored = folder.read_cell(&cell.id).map_err(Failure::failed)?;
        if stored.identity.is_none() {
            // It is older than roles; its numbers can be compared all the same.
            log.cell.identity = None;
        }
        again.write_cell(&cell.id, &cell.inputs, &log.cell).map_err(Failure::failed)?;
        let mut same = same(&folder.cell_path(&cell.id), &again.cell_path(&cell.id))?
            || again.read_cell(&cell.id).is_ok_and(|again| again == stored);
        // A folder that is older than the rows of test prompts has none.
        if let Some(rows) = log.tested.filter(|_| folder.has_tested(&cell.id)) {
            let record = manifest.cells.iter().find(|record| record.id == cell.id).expect("it is of the plan");
            let (environment, policy) = (&record.environment, &record.policy);
            let whose = Whose { environment, policy, replicate: record.replicate };
            again.write_tested(&cell.id, rows, &whose).map_err(Failure::failed)?;
            let (there, own) = (folder.tested_path(&cell.id), again.tested_path(&cell.id));
            same &= self::same(&there, &own)? || same_rows(&there, &own);
        }
        if !same {
            differing.push(format!("{} ({})", cell.id, plan.name(cell)));
        }
    }
    Ok(differing)
}

fn same(one: &Path, other: &Path) -> Result<bool, Failure> {
    let bytes = |path: &Path| std::fs::read(path).map_err(Failure::failed);
    Ok(bytes(one)? == bytes(other)?)
}

/// Refuses a folder whose published cells are not those that its configuration gives now: the data or the program have changed
/// since, and to compute the new ones again would say nothing of what was published.
fn not_of_the_plan(manifest: &Manifest, plan: &Plan) -> Result<(), Failure> {
    let planned: BTreeSet<&str> = plan.cells().iter().map(|cell| cell.id.as_str()).collect();
    let stale: Vec<String> = manifest
        .cells
        .iter()
        .filter(|cell| !planned.contains(cell.id.as_str()))
        .map(|cell| format!("{} ({} · {} · replicate {})", cell.id, cell.environment, cell.policy, cell.replicate + 1))
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    let (count, all) = (stale.len(), manifest.cells.len());
    let shown = stale.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = if count > SHOWN { format!(", and {} more", count - SHOWN) } else { String::new() };
    let why = "the rows, the configuration or the program are others than when they were computed";
    Err(Failure::Failed(format!(
        "{count} of {all} cells of the manifest are not those of config.toml now ({why}): {shown}{more}"
    )))
}
