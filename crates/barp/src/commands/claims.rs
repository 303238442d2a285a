//! `barp claims DIR`: each claim with its verdict, effect, interval and rule.

use crate::failure::Failure;
use crate::output::say;
use crate::reporting::decide;
use clap::Args;
use std::path::PathBuf;
use store::Folder;

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
