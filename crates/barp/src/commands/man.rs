//! `barp man DIR`: a manual page for each command, made from its definition.

use crate::failure::Failure;
use crate::files::write;
use crate::output::say;
use clap::{Args, Command};
use clap_mangen::Man as Page;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Man {
    /// Where the pages go, for example ~/.local/share/man/man1
    folder: PathBuf,
}

impl Man {
    /// Writes the pages of the program `command`.
    pub(crate) fn run(self, command: Command) -> Result<(), Failure> {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let pages = pages(&command, &self.folder)?;
        say!("{pages} pages in {}", self.folder.display());
        Ok(())
    }
}

/// Writes the pages of `command` and of all that is below it; returns how many.
fn pages(command: &Command, folder: &Path) -> Result<usize, Failure> {
    let page = Page::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text).map_err(Failure::failed)?;
    write(&folder.join(page.get_filename()), &String::from_utf8_lossy(&text))?;
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set());
    shown.map(|below| pages(below, folder)).try_fold(1, |all, below| Ok(all + below?))
}
