//! `barp report DIR`: summary, tables, charts and claims from the parquet files alone.

use crate::failure::Failure;
use crate::reporting::{print, report, runs, verdicts};
use clap::Args;
use std::path::PathBuf;
use store::Folder;

#[derive(Args)]
pub(crate) struct Report {
    /// A result folder
    folder: PathBuf,
    /// Only print the ranking, the frontier and the claims; write nothing
    #[arg(long)]
    terminal: bool,
}

impl Report {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let folder = Folder::new(&self.folder);
        let manifest = folder.read_manifest().map_err(Failure::input)?;
        if !self.terminal {
            return report(&folder, &manifest);
        }
        let runs = runs(&folder, &manifest)?;
        let rows = report::summary(&manifest, &runs).map_err(Failure::failed)?;
        print(&folder, &manifest, &rows, &verdicts(&folder, &runs)?, runs.len());
        Ok(())
    }
}
