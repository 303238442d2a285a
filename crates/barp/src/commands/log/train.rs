//! `barp log train`: one policy, trained on a production log and saved as a router.

use super::reading::LogSource;
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use crate::progress;
use crate::routers::save;
use clap::Args;
use experiment::TauRule;
use experiment::log::{LogTraining, train_on_log};
use serde_json::{Map, Value};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct TrainOnLog {
    #[command(flatten)]
    source: LogSource,
    /// Kind of the policy (`barp list policies`)
    #[arg(long)]
    policy: String,
    /// A parameter of the policy; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, Value)>,
    /// Encoder of the prompts
    #[arg(long, default_value = "hashed")]
    encoder: String,
    /// Share of the prompts that are left out to test on
    #[arg(long, default_value_t = 0.2)]
    test_share: f64,
    /// A model that is retired: its rows teach, and the router never chooses it; may be repeated
    #[arg(long, value_name = "MODEL")]
    without: Vec<String>,
    /// Root of the seeds
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    encoding: EncodingArguments,
    /// Terms under which the router may be used, for its card
    #[arg(long, default_value = "not stated")]
    licence: String,
    /// The router, a file to write
    #[arg(long)]
    out: PathBuf,
}

/// NAME=VALUE, the value as JSON would have it, or a plain word.
fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("must be NAME=VALUE, got `{text}`"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.into(), value))
}

impl TrainOnLog {
    pub(super) fn run(self) -> Result<(), Failure> {
        let encoder = self.encoding.open(&self.encoder)?;
        let log = self.source.open()?;
        let (file, out) = (self.source.shown(), self.out.display());
        let training = LogTraining {
            policy: self.policy.clone(),
            parameters: Map::from_iter(self.set.iter().cloned()),
            encoder: self.encoder.clone(),
            seed: self.seed,
            tau: TauRule::default(),
            test_share: self.test_share,
            without: self.without.clone(),
            licence: self.licence.clone(),
            command: format!("barp log train {file} --policy {} --out {out}", self.policy),
            encoding: self.encoding.how(&self.encoder),
            progress: progress::encoding(),
        };
        let learnt = train_on_log(&log, &*encoder, &training).map_err(Failure::input)?;
        say!(
            "{file}: {} rows, {} of them without a score, {} left out for the test; {} propensities taken to be the share of \
             the model among the rows of the task",
            log.len(),
            learnt.unscored,
            learnt.tested,
            learnt.estimated
        );
        save(&learnt.artifact, &self.out)
    }
}
