//! `barp verify DIR`: compute a sample of cells again and compare bytes.

use crate::failure::Failure;
use crate::files::read;
use crate::output::say;
use crate::running::plan;
use clap::Args;
use experiment::{Plan, PlannedCell, Spec};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use store::{Folder, Manifest, Whose};

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
        let present: Vec<&PlannedCell> = plan.cells().iter().filter(|cell| folder.has(&cell.id)).collect();
        if present.is_empty() {
            return Err(Failure::Input(format!("{}: it holds no cell of its config.toml", self.folder.display())));
        }
        let count = (present.len() as f64 * self.sample).ceil() as usize;
        let scratch = tempfile::tempdir().map_err(Failure::failed)?;
        let again = Folder::new(scratch.path());
        let mut differing = Vec::new();
        for sampled in 0..count {
            let cell = present[sampled * present.len() / count];
            let mut log = plan.simulate(cell, false);
            if folder.read_cell(&cell.id).is_ok_and(|stored| stored.identity.is_none()) {
                // It is older than roles; its numbers can be compared all the same.
                log.cell.identity = None;
            }
            again.write_cell(&cell.id, &cell.inputs, &log.cell).map_err(Failure::failed)?;
            let mut same = same(&folder.cell_path(&cell.id), &again.cell_path(&cell.id))?;
            // A folder that is older than the rows of test prompts has none.
            if let Some(rows) = log.tested.filter(|_| folder.has_tested(&cell.id)) {
                let record = manifest.cells.iter().find(|record| record.id == cell.id).expect("it is of the plan");
                let (environment, policy) = (&record.environment, &record.policy);
                let whose = Whose { environment, policy, replicate: record.replicate };
                again.write_tested(&cell.id, rows, &whose).map_err(Failure::failed)?;
                same &= self::same(&folder.tested_path(&cell.id), &again.tested_path(&cell.id))?;
            }
            if !same {
                differing.push(format!("{} ({})", cell.id, plan.name(cell)));
            }
        }
        if differing.is_empty() {
            say!("{count} of {} cells computed again: the same bytes", present.len());
            return Ok(());
        }
        Err(Failure::Failed(format!("{} of {count} cells differ: {}", differing.len(), differing.join(", "))))
    }
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
