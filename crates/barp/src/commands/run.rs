//! `barp run CONFIG`: compute what is missing, then report.

use crate::failure::Failure;
use crate::files::read;
use crate::overriding::{Overrides, said};
use crate::running::{Effort, Experiment, claims_beside, interrupt, plan};
use clap::Args;
use experiment::Spec;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Run {
    /// The experiment, a TOML file
    config: PathBuf,
    /// Result folder [default: results/NAME]
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    effort: Effort,
}

impl Run {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.config.display().to_string();
        let text = read(&self.config)?;
        let plan = plan(Spec::parse_with(&text, &file, &self.overrides.all).map_err(Failure::input)?)?;
        let out = self.out.unwrap_or_else(|| Path::new("results").join(&plan.spec.name));
        let claims = claims_beside(&self.config, &plan)?;
        let command = format!("barp run {file} --out {}{}", out.display(), said(&self.overrides.all));
        let experiment = Experiment { plan, claims, command, siblings: Vec::new() };
        experiment.compute_and_report(&out, &self.effort, &interrupt())
    }
}
