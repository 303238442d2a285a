//! Reading a result folder, by rows and by columns: `cargo run --release --package barp --example read_results`.
//!
//! Everything that `barp run` leaves is parquet; pandas, polars and duckdb read it as it is.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use barp::experiment::{Options, Spec, run};
use barp::report::summary;
use barp::store::{Column, Folder, read, read_summary, write_summary};
use std::sync::atomic::AtomicBool;

const CONFIG: &str = r#"
name = "to-read"
replicates = 3

[[environment]]
kind = "calibrated"
rows = 400

[[policy]]
kind = "knn"
"#;

/// Makes the folder that is read below; `barp run` does the same, and draws the charts.
fn results(folder: &Folder) -> Result<(), Box<dyn std::error::Error>> {
    let plan = Spec::parse(CONFIG, "read_results.toml")?.plan()?;
    let manifest = run(&plan, folder, &Options::default(), &AtomicBool::new(false), |_| ())?.manifest;
    Ok(write_summary(folder.path(), &summary(&manifest, &folder.runs(&manifest)?)?)?)
}

/// Prints a row of the summary with its interval, and the mean of a column of each cell.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir()?;
    let folder = Folder::new(place.path());
    results(&folder)?;

    // The summary: one row for each number, a mean over replicates with its interval.
    let rows = read_summary(folder.path())?;
    let row = rows.iter().find(|row| &*row.metric == "sweep_reward").ok_or("no policy was tested")?;
    let (low, high) = row.ci_low.zip(row.ci_high).ok_or("three replicates have an interval")?;
    println!("{}: {:.3} [{low:.3}, {high:.3}] {}", row.policy, row.value, row.unit);

    // A cell: the scores of one policy in one replicate, column by column.
    let manifest = folder.read_manifest()?;
    for cell in &manifest.cells {
        let frame = read(&folder.cell_path(&cell.id))?;
        let Some(Column::Real(values)) = frame.column("value") else { return Err("`value` holds numbers".into()) };
        let ledger = cell.ledger.ok_or("the cell was computed")?;
        println!("replicate {}: {} scores, {} outcomes bought", cell.replicate, values.len(), ledger.outcomes);
    }
    Ok(())
}
