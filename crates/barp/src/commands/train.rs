//! `barp train`: one policy of an experiment, or on a production log, trained and saved as a router.

use crate::commands::data::log::LogArguments;
use crate::commands::encoding::EncodingArguments;
use crate::commands::run::{plan, read};
use crate::failure::Failure;
use crate::output::say;
use crate::progress;
use clap::Args;
use environments::sources::wide::OnBadRow;
use experiment::{Artifact, EncoderCard, LogTraining, Plan, Spec, TauRule, Training, train_on_log};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Train {
    /// The experiment, a TOML file; or --log
    #[arg(required_unless_present = "log", conflicts_with = "log")]
    config: Option<PathBuf>,
    /// A production log to learn from: parquet, CSV or JSONL (see `barp data describe`)
    #[arg(long)]
    log: Option<PathBuf>,
    /// Label of the policy in CONFIG, or its kind for --log
    #[arg(long)]
    policy: String,
    /// Label of the environment to train on, where CONFIG has several
    #[arg(long, conflicts_with = "log")]
    environment: Option<String>,
    /// With --log, the encoder of its prompts [default: hashed]; else the one that made the features of the environment
    /// [default: the environment's own, where its prompts agree]
    #[arg(long)]
    encoder: Option<String>,
    /// With --log, a TOML file that says which column is what
    #[arg(long, requires = "log")]
    columns: Option<PathBuf>,
    #[command(flatten)]
    reading: LogArguments,
    /// With --log, leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long, requires = "log")]
    drop_bad_rows: bool,
    /// With --log, a parameter of the policy; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, requires = "log")]
    set: Vec<(String, Value)>,
    /// With --log, share of its prompts that are left out to test on
    #[arg(long, default_value_t = 0.2, requires = "log")]
    test_share: f64,
    /// With --log, root of the seeds
    #[arg(long, default_value_t = 1, requires = "log")]
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

/// NAME=VALUE, the value as TOML would have it, or a plain word.
fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("must be NAME=VALUE, got `{text}`"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.into(), value))
}

impl Train {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let artifact = match (&self.config, &self.log) {
            (Some(config), _) => self.on_experiment(config)?,
            (None, Some(log)) => self.on_log(log)?,
            (None, None) => return Err(Failure::Input("CONFIG or --log must say what to learn from".into())),
        };
        artifact.write(&self.out).map_err(Failure::failed)?;
        let card = &artifact.card;
        say!("{}: `{}` trained on {} rows", self.out.display(), card.policy.label, card.data.rows);
        for score in card.scores.iter().filter(|score| score.w_cost.is_none()) {
            let interval = match (score.low, score.high) {
                (Some(low), Some(high)) => format!("[{low:.4}, {high:.4}]"),
                _ => format!("interval: {}", score.method),
            };
            let label = if card.data.simulated { ", simulated" } else { "" };
            say!("{} {:.4} on prompts it was not trained on{label}, {interval}", score.metric, score.value);
        }
        if card.encoder.is_none() {
            say!("it routes embeddings, not text: the encoder of its features is not known (`--encoder` names it)");
        }
        Ok(())
    }

    fn on_experiment(&self, config: &Path) -> Result<Artifact, Failure> {
        if self.encoding.is_given() {
            let problem =
                "`--weights`, `--cache` and `--threads` are for --log: an experiment encodes when it is planned";
            return Err(Failure::Input(problem.into()));
        }
        let file = config.display().to_string();
        let plan = plan(Spec::parse(&read(config)?, &file).map_err(Failure::input)?)?;
        let wanted = Training {
            policy: self.policy.clone(),
            environment: self.environment.clone(),
            encoder: self.encoder_of(&plan)?,
            licence: self.licence.clone(),
            command: format!("barp train {file} --policy {} --out {}", self.policy, self.out.display()),
        };
        plan.train(&wanted).map_err(Failure::input)
    }

    /// The encoder of the environment's features, as far as it can be made sure of.
    fn encoder_of(&self, plan: &Plan) -> Result<Option<EncoderCard>, Failure> {
        plan.encoder_of_features(self.environment.as_deref(), self.encoder.as_deref()).map_err(Failure::input)
    }

    fn on_log(&self, path: &Path) -> Result<Artifact, Failure> {
        let name = self.encoder.as_deref().unwrap_or("hashed");
        let encoder = self.encoding.open(name)?;
        let on_bad_row = if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse };
        let log = self.reading.open(path, self.columns.as_deref(), on_bad_row)?;
        let training = LogTraining {
            policy: self.policy.clone(),
            parameters: Map::from_iter(self.set.iter().cloned()),
            encoder: name.into(),
            seed: self.seed,
            tau: TauRule::default(),
            test_share: self.test_share,
            licence: self.licence.clone(),
            command: format!(
                "barp train --log {} --policy {} --out {}",
                path.display(),
                self.policy,
                self.out.display()
            ),
            encoding: self.encoding.how(name),
            heard: progress::encoding(),
        };
        let learnt = train_on_log(&log, &*encoder, &training).map_err(Failure::input)?;
        say!(
            "{}: {} rows, {} of them without a score, {} left out for the test; {} propensities taken to be the share of \
             the model among the rows of the task",
            path.display(),
            log.len(),
            learnt.unscored,
            learnt.tested,
            learnt.estimated
        );
        Ok(learnt.artifact)
    }
}
