//! `barp schema`: what editors need to complete and check a configuration.

use crate::failure::Failure;
use crate::output::say;
use clap::Args;

#[derive(Args)]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let schema = serde_json::to_string_pretty(&experiment::config_schema());
        say!("{}", schema.expect("schemas are plain"));
        Ok(())
    }
}
