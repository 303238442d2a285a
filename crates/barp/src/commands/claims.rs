//! `barp claims DIR`: each claim with its verdict, effect, interval and rule.

use crate::commands::run::{read, write};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use report::Verdict;
use std::path::PathBuf;
use store::{Folder, Run};

#[derive(Args)]
pub(crate) struct Claims {
    /// A result folder with `claims.toml`
    folder: PathBuf,
    /// Print the verdicts as JSON
    #[arg(long)]
    json: bool,
}

impl Claims {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let folder = Folder::new(&self.folder);
        let manifest = folder.read_manifest().map_err(Failure::input)?;
        let runs = folder.runs(&manifest).map_err(Failure::failed)?;
        let verdicts = decide(&folder, &runs)?;
        if verdicts.is_empty() {
            return Err(Failure::Input(format!("{}: there is no claims.toml", self.folder.display())));
        }
        if self.json {
            say!("{}", report::claims_json(&verdicts).trim_end());
        } else {
            say!("{}", report::in_words(&verdicts));
        }
        Ok(())
    }
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
