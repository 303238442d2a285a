//! `barp completions SHELL`: what a shell needs to complete commands and options, made from their definition.

use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use clap_complete::Shell;

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell that is to read it, for example `source <(barp completions bash)`
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script for the program `command`.
    pub(crate) fn run(self, mut command: clap::Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "barp", &mut script);
        say!("{}", String::from_utf8_lossy(&script).trim_end());
        Ok(())
    }
}
