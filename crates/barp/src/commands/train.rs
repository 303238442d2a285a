//! `barp train`: one policy of an experiment, trained and saved as a router.

use crate::failure::Failure;
use crate::files::read;
use crate::routers::save;
use crate::running::plan;
use clap::Args;
use experiment::{Spec, Training};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Train {
    /// The experiment, a TOML file; of a log see `barp log train`
    config: PathBuf,
    /// Label of the policy
    #[arg(long)]
    policy: String,
    /// Label of the environment to train on, where CONFIG has several
    #[arg(long)]
    environment: Option<String>,
    /// The encoder that made the features of the environment [default: the environment's own, where its prompts agree]
    #[arg(long)]
    encoder: Option<String>,
    /// Terms under which the router may be used, for its card
    #[arg(long, default_value = "not stated")]
    licence: String,
    /// The router, a file to write
    #[arg(long)]
    out: PathBuf,
}

impl Train {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.config.display().to_string();
        let plan = plan(Spec::parse(&read(&self.config)?, &file).map_err(Failure::input)?)?;
        let encoder = plan.encoder_of_features(self.environment.as_deref(), self.encoder.as_deref());
        let wanted = Training {
            policy: self.policy.clone(),
            environment: self.environment.clone(),
            encoder: encoder.map_err(Failure::input)?,
            licence: self.licence.clone(),
            command: format!("barp train {file} --policy {} --out {}", self.policy, self.out.display()),
        };
        save(&plan.train(&wanted).map_err(Failure::input)?, &self.out)
    }
}
