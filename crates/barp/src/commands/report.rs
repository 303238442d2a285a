//! `barp report DIR`: summary, tables, charts and claims from the parquet files alone.

use crate::commands::claims;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use std::path::PathBuf;
use store::{Folder, Manifest};

#[derive(Args)]
pub(crate) struct Report {
    /// A result folder
    folder: PathBuf,
}

impl Report {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let folder = Folder::new(&self.folder);
        let manifest = folder.read_manifest().map_err(Failure::input)?;
        report(&folder, &manifest)
    }
}

/// Writes everything that is drawn from the cells of `manifest`, and prints the short of it.
pub(crate) fn report(folder: &Folder, manifest: &Manifest) -> Result<(), Failure> {
    let runs = folder.runs(manifest).map_err(Failure::failed)?;
    if runs.is_empty() {
        return Err(Failure::Failed(format!("{}: no cell of the manifest is there", folder.path().display())));
    }
    let rows = report::summary(manifest, &runs);
    store::write_summary(folder.path(), &rows).map_err(Failure::failed)?;
    let context = report::Context {
        command: format!("barp report {}", folder.path().display()),
        simulated: manifest.environments.iter().any(|environment| environment.simulated),
        experiment: manifest.experiment.clone(),
    };
    let verdicts = claims::decide(folder, &runs)?;
    let material = report::Material { rows: &rows, runs: &runs, claims: &verdicts, manifest: Some(manifest) };
    let written = report::write_report(folder.path(), &material, &context).map_err(Failure::failed)?;
    if context.simulated {
        say!("simulated: requests were generated, not recorded");
    }
    let (width, colour) = crate::output::shape();
    say!("{}", report::terminal(&rows, width, colour).trim_end());
    for warning in crate::collapse::warnings(&rows) {
        say!("{warning}");
    }
    if !verdicts.is_empty() {
        say!("{}", report::in_words(&verdicts));
    }
    let missing = manifest.cells.len() - runs.len();
    if missing > 0 {
        say!("{missing} of {} cells are missing from this summary", manifest.cells.len());
    }
    let strangers = folder.strangers(manifest);
    if strangers > 0 {
        say!(
            "{strangers} files in {} are not of this experiment and were left alone",
            folder.path().join("cells").display()
        );
    }
    say!("{} files of charts in {}", written.charts.len(), folder.path().join("charts").display());
    if let Some(page) = &written.page {
        say!("a page with a preference dial: {}", page.display());
    }
    Ok(())
}
