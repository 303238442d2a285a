//! `barp merge DIR...`: shards of one experiment into one folder, by copying cells.

use crate::failure::Failure;
use crate::files::{read, write};
use crate::output::say;
use clap::Args;
use std::path::{Path, PathBuf};
use store::Folder;

#[derive(Args)]
pub(crate) struct Merge {
    /// Result folders of the same experiment
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Where everything goes
    #[arg(long)]
    out: PathBuf,
}

impl Merge {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = |folder: &Path| read(&folder.join("config.toml"));
        let first = config(&self.folders[0])?;
        for other in &self.folders[1..] {
            if config(other)? != first {
                let (one, two) = (self.folders[0].display(), other.display());
                return Err(Failure::Input(format!("{two}: config.toml must equal that of {one}")));
            }
        }
        let sources: Vec<Folder> = self.folders.iter().map(|folder| Folder::new(folder)).collect();
        let mut manifest = sources[0].read_manifest().map_err(Failure::input)?;
        let out = Folder::new(&self.out);
        for cell in &mut manifest.cells {
            out.adopt(&cell.id, &sources).map_err(Failure::failed)?;
            cell.ledger = match out.has(&cell.id) {
                true => Some(out.read_cell(&cell.id).map_err(Failure::failed)?.ledger),
                false => None,
            };
        }
        write(&self.out.join("config.toml"), &first)?;
        if let Some(claims) = self.folders.iter().map(|folder| folder.join("claims.toml")).find(|path| path.is_file()) {
            write(&self.out.join("claims.toml"), &read(&claims)?)?;
        }
        out.write_manifest(&manifest).map_err(Failure::failed)?;
        let there = manifest.cells.iter().filter(|cell| cell.ledger.is_some()).count();
        say!("{there} of {} cells in {}", manifest.cells.len(), self.out.display());
        crate::reporting::report(&out, &manifest)
    }
}
