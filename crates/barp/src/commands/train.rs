//! `barp train`: one policy of an experiment, trained and saved as a router.

use crate::commands::run::read;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use experiment::{EncoderCard, Plan, Spec, Training};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Train {
    /// The experiment, a TOML file
    config: PathBuf,
    /// Label of the policy to train
    #[arg(long)]
    policy: String,
    /// Label of the environment to train on, where there are several
    #[arg(long)]
    environment: Option<String>,
    /// Encoder that made the features of the environment [default: the environment's own, where its prompts agree]
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
        let plan = Spec::parse(&read(&self.config)?, &file).and_then(Spec::plan).map_err(Failure::input)?;
        let wanted = Training {
            policy: self.policy.clone(),
            environment: self.environment.clone(),
            encoder: self.encoder(&plan)?,
            licence: self.licence,
            command: format!("barp train {file} --policy {} --out {}", self.policy, self.out.display()),
        };
        let artifact = plan.train(&wanted).map_err(Failure::input)?;
        artifact.write(&self.out).map_err(Failure::failed)?;
        let card = &artifact.card;
        say!("{}: `{}` trained on {} prompts", self.out.display(), card.policy.label, card.data.rows);
        for score in card.scores.iter().filter(|score| score.w_cost.is_none()) {
            let ends = |end: Option<f64>| end.map_or("open".into(), |end| format!("{end:.4}"));
            let interval = format!("[{}, {}]", ends(score.low), ends(score.high));
            let label = if card.data.simulated { ", simulated" } else { "" };
            say!("{} {:.4} {interval} on prompts it was not trained on{label}", score.metric, score.value);
        }
        if card.encoder.is_none() {
            say!("it routes embeddings, not text: the encoder of its features is not known (`--encoder` names it)");
        }
        Ok(())
    }

    /// The encoder of the environment's features, as far as it can be made sure of.
    fn encoder(&self, plan: &Plan) -> Result<Option<EncoderCard>, Failure> {
        plan.encoder_of_features(self.environment.as_deref(), self.encoder.as_deref()).map_err(Failure::input)
    }
}
