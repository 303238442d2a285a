//! What is drawn, decided and printed of a result folder, from its parquet files alone.

use crate::failure::Failure;
use crate::files::{read, write};
use crate::output::{print_painted, say, say_damaged};
use report::Verdict;
use store::{Folder, Manifest, Run, SummaryRow};

/// The replicates of `manifest` that are there.
pub(crate) fn runs(folder: &Folder, manifest: &Manifest) -> Result<Vec<Run>, Failure> {
    let (runs, damaged) = experiment::identified_runs(folder, manifest).map_err(Failure::failed)?;
    damaged.iter().for_each(|error| say_damaged(error, "left out; `barp run` computes it again"));
    if runs.is_empty() {
        return Err(Failure::Failed(format!("{}: no cell of the manifest is there", folder.path().display())));
    }
    Ok(runs)
}

/// Writes everything that is drawn from the cells of `manifest`, and prints the short of it.
pub(crate) fn report(folder: &Folder, manifest: &Manifest) -> Result<(), Failure> {
    let runs = runs(folder, manifest)?;
    let rows = report::summary(manifest, &runs).map_err(Failure::failed)?;
    store::write_summary(folder.path(), &rows).map_err(Failure::failed)?;
    let tuning = store::tuning_rows(folder, manifest);
    store::write_tuning(folder.path(), &tuning).map_err(Failure::failed)?;
    let context = report::Context {
        command: format!("barp report {}", folder.path().display()),
        simulated: simulated(manifest),
        experiment: manifest.experiment.clone(),
    };
    let verdicts = decide(folder, &runs)?;
    let material =
        report::Material { rows: &rows, runs: &runs, tuning: &tuning, claims: &verdicts, manifest: Some(manifest) };
    let written = report::write_report(folder.path(), &material, &context).map_err(Failure::failed)?;
    print(folder, manifest, &rows, &verdicts, runs.len());
    say!("{} files of charts in {}", written.charts.len(), folder.path().join("charts").display());
    if let Some(page) = &written.page {
        say!("a page with a preference dial: {}", page.display());
    }
    Ok(())
}

/// The short of a result folder of which `there` cells were read.
pub(crate) fn print(folder: &Folder, manifest: &Manifest, rows: &[SummaryRow], verdicts: &[Verdict], there: usize) {
    if simulated(manifest) {
        say!("simulated: requests were generated, not recorded");
    }
    let (width, colour) = crate::output::shape();
    print_painted(report::terminal(rows, width, colour).trim_end());
    for warning in crate::collapse::warnings(rows).into_iter().chain(crate::unscored::warnings(rows)) {
        say!("{warning}");
    }
    if !verdicts.is_empty() {
        say!("{}", report::in_words(verdicts));
    }
    let missing = manifest.cells.len() - there;
    if missing > 0 {
        say!("{missing} of {} cells are missing from this summary", manifest.cells.len());
    }
    let foreign_files = folder.foreign_files(manifest);
    if foreign_files > 0 {
        let cells = folder.path().join("cells");
        say!("{foreign_files} files in {} are not of this experiment and were left alone", cells.display());
    }
}

fn simulated(manifest: &Manifest) -> bool {
    manifest.environments.iter().any(|environment| environment.simulated)
}

/// Decides the claims in `claims.toml` of `folder`, if there is one, and writes `claims.json`.
pub(crate) fn decide(folder: &Folder, runs: &[Run]) -> Result<Vec<Verdict>, Failure> {
    let verdicts = verdicts(folder, runs)?;
    if !verdicts.is_empty() {
        write(&folder.path().join("claims.json"), &report::claims_json(&verdicts))?;
    }
    Ok(verdicts)
}

/// The claims in `claims.toml` of `folder`, decided; none without it.
pub(crate) fn verdicts(folder: &Folder, runs: &[Run]) -> Result<Vec<Verdict>, Failure> {
    let path = folder.path().join("claims.toml");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let claims = report::parse_claims(&read(&path)?, &path.display().to_string()).map_err(Failure::input)?;
    Ok(report::decide(&claims, runs))
}
