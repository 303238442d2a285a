//! `--set PATH=VALUE`: values of a configuration given on the command line.

use clap::Args;
use experiment::Override;

/// Values in the place of what a configuration says.
#[derive(Args, Clone)]
pub(crate) struct Overrides {
    /// A value in the place of the configuration's, as in `--set policy.barp.epochs=20`, `--set replicates=3` or `--set
    /// 'preferences.test=[0, 0.5]'`; a policy or environment is meant by its name, or else its kind [repeatable]
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) all: Vec<Override>,
}

/// `overrides` as they stand in a command that repeats the run, each with a space before it.
pub(crate) fn said(overrides: &[Override]) -> String {
    overrides.iter().map(|one| format!(" --set {one}")).collect()
}
