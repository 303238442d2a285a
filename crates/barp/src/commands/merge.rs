//! `barp merge DIR...`: shards of one experiment into one folder, by copying cells: everything is checked before anything is copied.

use crate::failure::Failure;
use crate::files::{read, write};
use crate::output::{say, say_damaged};
use clap::Args;
use std::path::{Path, PathBuf};
use store::{CellRecord, Folder, FrameError, Held, Manifest, State, in_parallel};

#[derive(Args)]
pub(crate) struct Merge {
    /// Result folders of the same experiment
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Where everything goes
    #[arg(long)]
    out: PathBuf,
}

/// Missing or damaged cells that are named; the others are counted.
const SHOWN: usize = 5;

impl Merge {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let sources: Vec<Folder> = self.folders.iter().map(|folder| Folder::new(folder)).collect();
        let out = Folder::new(&self.out);
        let first = read(&self.folders[0].join("config.toml"))?;
        let mut manifest = sources[0].read_manifest().map_err(Failure::input)?;
        // Everything is looked at before anything is written.
        let begun = self.out.join("config.toml").is_file() || self.out.join("manifest.json").is_file();
        for other in self.folders[1..].iter().chain(begun.then_some(&self.out)) {
            same_experiment(&self.folders[0], &first, &manifest, other)?;
        }
        let mut all = sources.clone();
        all.extend(begun.then(|| out.clone()));
        let found = in_parallel(&manifest.cells, |cell| find(cell, &all));
        let mut holes = Vec::new();
        for (cell, found) in manifest.cells.iter_mut().zip(found) {
            let found = found?;
            (cell.ledger, cell.chosen, cell.sha256) = (None, None, None);
            found.damaged.iter().for_each(|error| say_damaged(error, "passed over"));
            match found.held {
                None => {
                    holes.push(format!("{} · {} · replicate {}", cell.environment, cell.policy, cell.replicate + 1))
                }
                Some((held, _)) => cell.sha256 = Some(held.hashes),
            }
        }
        for cell in &mut manifest.cells {
            if cell.sha256.take().is_some() {
                let held = taken(&out, &cell.id, &sources)?;
                (cell.ledger, cell.chosen, cell.sha256) = (Some(held.ledger), held.chosen, Some(held.hashes));
            }
        }
        write(&self.out.join("config.toml"), &first)?;
        if let Some(claims) = self.folders.iter().map(|folder| folder.join("claims.toml")).find(|path| path.is_file()) {
            write(&self.out.join("claims.toml"), &read(&claims)?)?;
        }
        out.write_manifest(&manifest).map_err(Failure::failed)?;
        say!("{} of {} cells in {}", manifest.cells.len() - holes.len(), manifest.cells.len(), self.out.display());
        if !holes.is_empty() {
            let more = holes.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            holes.truncate(SHOWN);
            say!("no folder has these cells: {}{more}", holes.join(", "));
        }
        crate::reporting::report(&out, &manifest)
    }
}

/// Refuses `other` unless it is a folder of the experiment `first`, whose configuration and manifest these are.
fn same_experiment(first: &Path, config: &str, manifest: &Manifest, other: &Path) -> Result<(), Failure> {
    let (one, two) = (first.display(), other.display());
    if read(&other.join("config.toml"))? != config {
        return Err(Failure::Input(format!("{two}: config.toml must equal that of {one}")));
    }
    if !other.join("manifest.json").is_file() {
        return Ok(());
    }
    let theirs = Folder::new(other).read_manifest().map_err(Failure::input)?;
    let labels = |cell: &CellRecord| (cell.id.clone(), cell.environment.clone(), cell.policy.clone(), cell.replicate);
    let differs = manifest.cells.iter().zip(&theirs.cells).find(|(one, other)| labels(one) != labels(other));
    if let Some((own, other)) = differs {
        let why = "it was computed on other rows, or by another version of barp";
        let (id, theirs) = (&own.id, &other.id);
        return Err(Failure::Input(format!(
            "{two}: manifest.json must list the cells of {one}: {theirs} where {one} has {id} ({why})"
        )));
    }
    if manifest.cells.len() != theirs.cells.len() {
        let (count, own) = (theirs.cells.len(), manifest.cells.len());
        return Err(Failure::Input(format!("{two}: manifest.json must list the {own} cells of {one}, it has {count}")));
    }
    Ok(())
}

/// The cell `id` in `out`, where it is or comes from one of `sources`.
fn taken(out: &Folder, id: &str, sources: &[Folder]) -> Result<Held, Failure> {
    if !matches!(out.examine(id, None).map_err(Failure::failed)?, State::Whole(_)) {
        out.adopt(id, sources).map_err(Failure::failed)?;
    }
    match out.examine(id, None).map_err(Failure::failed)? {
        State::Whole(held) => Ok(*held),
        State::Damaged(error) => Err(Failure::failed(error)),
        State::Absent => Err(Failure::Failed(format!("{}: it was there a moment ago", out.cell_path(id).display()))),
    }
}

/// What several folders have of a cell.
struct Found {
    /// Where it was found first.
    held: Option<(Held, PathBuf)>,
    damaged: Vec<FrameError>,
}

/// Looks for `cell` in `folders`.
///
/// # Errors
/// When two of them have different cells under its address.
fn find(cell: &CellRecord, folders: &[Folder]) -> Result<Found, Failure> {
    let mut found = Found { held: None, damaged: Vec::new() };
    for folder in folders {
        match folder.examine(&cell.id, None).map_err(Failure::failed)? {
            State::Absent => {}
            State::Damaged(error) => found.damaged.push(error),
            State::Whole(held) => match &found.held {
                Some((known, path)) if known.hashes.cell != held.hashes.cell => {
                    let (one, two) = (folder.cell_path(&cell.id), path.display());
                    let rule = format!("{}: it must equal {two}: the same address, other bytes", one.display());
                    return Err(Failure::Failed(rule));
                }
                Some(_) => {}
                None => found.held = Some((*held, folder.cell_path(&cell.id))),
            },
        }
    }
    Ok(found)
}
