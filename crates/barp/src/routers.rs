//! Saved routers on the command line: written with a word on how good they are, and opened with their encoder.

use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use deployment::{Artifact, Card, Deployment, Versus};
use experiment::log::{Decides, LoggedRouter};
use routing::{Dollars, Preference};
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
    against(card).iter().for_each(|line| say!("{line}"));
    if card.encoder.is_none() {
        say!("it routes embeddings, not text: the encoder of its features is not known (`--encoder` names it)");
    }
    Ok(())
}

/// Opens the router at `path` with its encoder, where it has one.
pub(crate) fn open(path: &Path, encoding: &EncodingArguments) -> Result<Deployment, Failure> {
    open_with(path, &[], encoding)
}

/// The same with models that `join` it, each with its list price in dollars.
pub(crate) fn open_with(
    path: &Path,
    join: &[(String, f64)],
    encoding: &EncodingArguments,
) -> Result<Deployment, Failure> {
    let mut artifact = Artifact::read(path).map_err(Failure::input)?;
    for (model, price) in join {
        let joined = deployment::join(artifact, model, Dollars(*price));
        artifact = joined.map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    }
    let encoder = artifact.card.encoder.as_ref().map(|card| encoding.open(&card.name)).transpose()?;
    Deployment::new(artifact, encoder).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// The router beside the best single model at each preference, with a warning where it is not shown to be better.
pub(crate) fn against(card: &Card) -> Vec<String> {
    let Some(first) = card.against.first() else { return Vec::new() };
    let mut lines = vec![format!(
        "{:>6}  {:>8} {:>8}  {:<20} {:<24} {:>5}",
        "w_cost", "router", "fixed", "best fixed model", "95 % of the difference", "n"
    )];
    for versus in &card.against {
        let interval = match (versus.low, versus.high) {
            (Some(low), Some(high)) => format!("[{low:+.4}, {high:+.4}]"),
            _ => "none".into(),
        };
        let warning = versus.warning().map_or(String::new(), |warning| format!("  {warning}"));
        let Versus { w_cost, model, router, fixed, n, .. } = versus;
        lines.push(format!("{w_cost:>6}  {router:>8.4} {fixed:>8.4}  {model:<20} {interval:<24} {n:>5}{warning}"));
    }
    lines.push(format!("mean rewards on prompts that it was not trained on; {}", first.method));
    let not_better = card.against.iter().filter(|versus| versus.warning().is_some()).count();
    if not_better > 0 {
        let all = card.against.len();
        let model = "the best fixed model, chosen on the prompts trained on";
        lines.push(format!(
            "warning: at {not_better} of {all} weights the router is not shown to be better than {model}"
        ));
    }
    lines
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
