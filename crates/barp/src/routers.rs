//! Saved routers on the command line: written with a word on how good they are, and opened with their encoder.

use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use deployment::{Artifact, Deployment};
use experiment::log::{Decides, LoggedRouter, OVER_BEST_MODEL};
use routing::Preference;
use std::path::{Path, PathBuf};

/// Writes a router to `out`, and says what it was trained on and how well it does.
pub(crate) fn save(artifact: &Artifact, out: &Path) -> Result<(), Failure> {
    let written = store::write_whole(out, &artifact.to_bytes());
    written.map_err(|error| Failure::Failed(format!("{}: {error}", out.display())))?;
    let card = &artifact.card;
    say!("{}: `{}` trained on {} rows", out.display(), card.policy.label, card.data.rows);
    for score in card.scores.iter().filter(|score| score.w_cost.is_none()) {
        let interval = match (score.low, score.high) {
            (Some(low), Some(high)) => format!("[{low:.4}, {high:.4}]"),
            _ => format!("interval: {}", score.method),
        };
        let label = if card.data.simulated { ", simulated" } else { "" };
        say!("{} {:.4} on prompts it was not trained on{label}, {interval}", score.metric, score.value);
    }
    let over = card.scores.iter().find(|score| score.metric == OVER_BEST_MODEL);
    if over.is_some_and(|score| score.low.is_none_or(|low| low <= 0.0)) {
        say!(
            "warning: the router is not shown to be better than the best fixed model at each w_cost: look before you switch"
        );
    }
    if card.encoder.is_none() {
        say!("it routes embeddings, not text: the encoder of its features is not known (`--encoder` names it)");
    }
    Ok(())
}

/// Opens the router at `path` with its encoder, where it has one.
pub(crate) fn open(path: &Path, encoding: &EncodingArguments) -> Result<Deployment, Failure> {
    let artifact = Artifact::read(path).map_err(Failure::input)?;
    let encoder = artifact.card.encoder.as_ref().map(|card| encoding.open(&card.name)).transpose()?;
    Deployment::new(artifact, encoder).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// The routers at `paths`, to be asked about the rows of a log at each weight on cost; none: that of the row.
pub(crate) fn logged(
    paths: &[PathBuf],
    encoding: &EncodingArguments,
    weights: &[Preference],
    decides: Decides,
) -> Result<Vec<LoggedRouter>, Failure> {
    if paths.is_empty() && encoding.is_given() {
        return Err(Failure::Input(
            "`--weights`, `--cache` and `--threads` are for --router: nothing else is encoded".into(),
        ));
    }
    let one = |path: &PathBuf| {
        let name = path.display().to_string();
        let deployment = open(path, encoding)?;
        let encoder = deployment.card().encoder.as_ref().map_or("", |card| card.name.as_str());
        let how = encoding.how(encoder);
        Ok(LoggedRouter { name, deployment, preferences: weights.to_vec(), decides, encoding: how })
    };
    paths.iter().map(one).collect()
}
