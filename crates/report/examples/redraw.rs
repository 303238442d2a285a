//! Everything a report consists of, from the cells of FROM into TO: `cargo run --release -p report --example redraw -- FROM TO`.
//! This is what `barp report DIR` does, without a word on the terminal.

use std::error::Error;
use std::path::PathBuf;

use report::{Context, Material, Verdict, claims_json, decide, parse_claims, summary, write_report};
use store::{Folder, tuning_rows, write_summary, write_tuning, write_whole};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let from = arguments.next().ok_or("which result folder?")?;
    let to = arguments.next().unwrap_or_else(|| from.clone());
    let folder = Folder::new(&from);
    let manifest = folder.read_manifest()?;
    let runs = folder.runs(&manifest)?;
    let claims = from.join("claims.toml");
    let verdicts: Vec<Verdict> = match claims.is_file() {
        true => decide(&parse_claims(&std::fs::read_to_string(&claims)?, "claims.toml")?, &runs),
        false => Vec::new(),
    };
    let context = Context {
        command: format!("barp report {}", from.display()),
        simulated: manifest.environments.iter().any(|environment| environment.simulated),
        experiment: manifest.experiment.clone(),
    };
    let rows = summary(&manifest, &runs)?;
    Folder::new(&to).write_manifest(&manifest)?;
    write_summary(&to, &rows)?;
    let tuning = tuning_rows(&folder, &manifest);
    write_tuning(&to, &tuning)?;
    write_whole(&to.join("claims.json"), claims_json(&verdicts).as_bytes())?;
    let material = Material { rows: &rows, runs: &runs, tuning: &tuning, claims: &verdicts, manifest: Some(&manifest) };
    write_report(&to, &material, &context)?;
    Ok(())
}
