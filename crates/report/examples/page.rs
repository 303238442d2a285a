//! `report.html` of a result folder, from its cells: `cargo run --release -p report --example page -- DIR FILE.html`.

use std::error::Error;
use std::path::PathBuf;

use report::{Context, Verdict, decide, page, parse_claims, summarise};
use store::Folder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let place = arguments.next().ok_or("which result folder?")?;
    let target = arguments.next().unwrap_or_else(|| place.join("report.html"));
    let folder = Folder::new(&place);
    let manifest = folder.read_manifest()?;
    let replicates = folder.replicates(&manifest)?;
    let claims = place.join("claims.toml");
    let verdicts: Vec<Verdict> = match claims.is_file() {
        true => decide(&parse_claims(&std::fs::read_to_string(&claims)?)?, &replicates),
        false => Vec::new(),
    };
    let context = Context {
        command: format!("barp report {}", place.display()),
        simulated: manifest.environments.iter().any(|environment| environment.simulated),
        experiment: manifest.experiment.clone(),
    };
    store::write_whole(&target, page(&summarise(&replicates), &context, &verdicts, &manifest).as_bytes())?;
    Ok(())
}
