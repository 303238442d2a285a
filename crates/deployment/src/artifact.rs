//! A trained router as one file: its weights, and a card that says what it is, what it learnt from and how well it did.
//!
//! The file is safetensors: tensors for the router and for its forecast, and the card as JSON in the metadata.

use crate::prompt_set::PromptSet;
use crate::tensors::{NotTensors, read_tensors, tensors_hash, write_tensors};
use policies::Forecast;
use routing::{
    Dollars, LatencyWeight, Ledger, NotRestored, Objective, Policy, Problem, Router, Saved, Seconds, Tensor,
    hexadecimal,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Raised when files of an older version can no longer be read.
const FORMAT: u32 = 1;

/// What a router is and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Version of this layout.
    pub format: u32,
    /// Version of barp that trained it.
    pub barp: String,
    /// The command that trained it.
    pub command: String,
    /// The policy that it was trained by.
    pub policy: PolicyCard,
    /// Names of the K models, in the order of every list of this card.
    pub models: Vec<String>,
    /// Width d of a feature row.
    pub dimension: usize,
    /// tau of the reward w_q q - w_c min(c / tau, 1), dollars.
    pub tau_usd: f64,
    /// What waiting was worth in training; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyCard>,
    /// Dollars of a typical request of each model, as in training; what a router sees unless told other prices.
    pub list_prices_usd: Vec<f64>,
    /// Smallest and largest weight on cost that it was trained for.
    pub w_cost: [f64; 2],
    /// Models that are retired: they taught the router, and are never chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// What turns a prompt into features; none where features came from elsewhere, so that text cannot be routed.
    pub encoder: Option<EncoderCard>,
    /// What it learnt from.
    pub data: DataCard,
    /// SHA-256 of the resolved configuration or of the training options.
    pub config_sha256: String,
    /// Root of the seed tree.
    pub seed: u64,
    /// Outcomes and dollars that training bought, and settings tried.
    pub ledger: Ledger,
    /// How well it does on prompts that it was not trained on.
    pub scores: Vec<Scored>,
    /// Terms of use, as whoever trained it stated them.
    pub licence: String,
    /// How the router is built again: kind and settings.
    pub form: String,
    /// Settings of that form.
    pub settings: Value,
    /// SHA-256 of all tensors.
    pub weights_sha256: String,
    /// SHA-256 of this card as text with 64 zeros in this place, so that no score can be edited; empty in a file that is older
    /// than this key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub card_sha256: String,
    /// What it learnt after its training; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<LearningCard>,
    /// The router against the best single model on prompts that it was not trained on, at each preference; empty in a file that
    /// is older than this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Versus>,
}

/// What a router learnt from feedback after its training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningCard {
    /// `weights_sha256` of the router as training left it.
    pub origin: String,
    /// Requests that it routed.
    pub routed: u64,
    /// Outcomes of those that it learnt.
    pub learnt: u64,
    /// Number of the last entry of its journal that is in its weights.
    pub folded: u64,
    /// Models that joined after training, in the order in which they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
}

/// A router against one model for all prompts, on the same prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versus {
    /// Weight on cost.
    pub w_cost: f64,
    /// The model that earns most for every prompt at this preference, chosen on the prompts trained on.
    pub model: String,
    /// Mean reward of the router.
    pub router: f64,
    /// Mean reward of the model.
    pub fixed: f64,
    /// Lower end of the 95 % interval of the difference, where there is one.
    pub low: Option<f64>,
    /// Upper end of that interval.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: String,
    /// Rows behind the difference.
    pub n: u64,
}

impl Versus {
    /// What is to be said of the router beside the model; none where the router is better.
    pub fn warning(&self) -> Option<&'static str> {
        match (self.low, self.high) {
            (Some(low), _) if low > 0.0 => None,
            (_, Some(high)) if high < 0.0 => Some("worse than the best fixed model"),
            (Some(_), Some(_)) => Some("not shown to be better than the best fixed model"),
            _ => Some("not known to be better than the best fixed model"),
        }
    }
}

/// What a card is hashed with in the place of its own hash.
const UNHASHED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How much waiting mattered in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyCard {
    /// Weight w_l of the reward (1 - w_l) (w_q q - w_c min(c / tau, 1)) - w_l min(l / tau_l, 1), in (0, 1).
    pub weight: f64,
    /// tau_l, seconds.
    pub tau_s: f32,
}

impl LatencyCard {
    /// The card of an objective; none where waiting costs nothing.
    pub fn of(objective: &Objective) -> Option<LatencyCard> {
        objective.latency.map(|latency| LatencyCard { weight: latency.weight, tau_s: latency.tau.0 })
    }
}

/// A policy by its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyCard {
    /// Label in its configuration.
    pub label: String,
    /// Kind, revision, parameters, and what was tuned.
    pub content: Value,
    /// The setting that tuning chose, value of each tuned parameter: this router was made with it. None where nothing was
    /// tuned, and in a file that is older than this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Value>,
}

/// The encoder of a router's prompts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderCard {
    /// Name in `barp list encoders`.
    pub name: String,
    /// Identifies its content: another one gives other features.
    pub fingerprint: String,
}

/// What a router learnt from; a card spells it as one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum LearntFrom {
    /// A log, so that only its held-out rows may score the router: `log`.
    Log,
    /// An environment: its kind and its label.
    Environment(String),
}

/// A log, as a card spells it.
const LOG: &str = "log";

impl From<String> for LearntFrom {
    fn from(text: String) -> LearntFrom {
        if text == LOG { LearntFrom::Log } else { LearntFrom::Environment(text) }
    }
}

impl From<LearntFrom> for String {
    fn from(source: LearntFrom) -> String {
        source.to_string()
    }
}

impl std::fmt::Display for LearntFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LearntFrom::Log => LOG,
            LearntFrom::Environment(name) => name,
        })
    }
}

/// What a router learnt from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCard {
    /// What it learnt from.
    pub source: LearntFrom,
    /// Hash of its content.
    pub fingerprint: String,
    /// Whether it was generated rather than recorded.
    pub simulated: bool,
    /// Prompts or log rows trained on.
    pub rows: u64,
    /// Which prompts of a log it was not trained on; none where it did not learn from a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
}

/// Which prompts of a log were left out, wherever and in whatever log they are met again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOut {
    /// How they are told from the others; [`HeldOut::RULE`].
    pub rule: String,
    /// Share of the prompts that were left out, in (0, 1).
    pub share: f64,
    /// The prompts that were trained on, by their hashes.
    pub trained_on: PromptSet,
}

impl HeldOut {
    /// A prompt's side is drawn from the card's seed and the prompt alone.
    pub const RULE: &str = "drawn by prompt from the seed, 1";
}

/// A score with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// Name of the metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Weight on cost; none where the metric spans the grid.
    pub w_cost: Option<f64>,
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval, where there is one.
    pub low: Option<f64>,
    /// Upper end of the interval, where there is one.
    pub high: Option<f64>,
    /// How the interval was made.
    pub method: String,
    /// Requests in each estimate.
    pub n: u64,
    /// Independent repetitions.
    pub replicates: u64,
}

/// Why a router's file cannot be used.
#[derive(Debug)]
pub struct ArtifactError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: ArtifactProblem,
}

/// What can be wrong with a router's file.
#[derive(Debug)]
pub enum ArtifactProblem {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It holds no tensors of a router.
    Tensors(NotTensors),
    /// Its card is not JSON, or lacks something.
    Card(serde_json::Error),
    /// A field of its card breaks a rule.
    Field(CardFlaw),
    /// Its weights are not those that its card has the hash of.
    Changed {
        /// Hash that the card states.
        stated: String,
        /// Hash of the weights.
        found: String,
    },
    /// Its card is not the one that it has the hash of.
    CardChanged {
        /// Hash that the card states.
        stated: String,
        /// Hash of the card.
        found: String,
    },
    /// Its weights are not those of its form.
    Weights(NotRestored),
}

/// A field of a card that breaks a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct CardFlaw {
    /// Name of the field.
    pub field: &'static str,
    /// What it must be.
    pub rule: String,
    /// What it is.
    pub value: String,
}

impl std::fmt::Display for CardFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CardFlaw { field, rule, value } = self;
        write!(f, "`{field}` must be {rule}, got {value}")
    }
}

impl std::fmt::Display for ArtifactProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ArtifactProblem::Unreadable(error) => error.fmt(f),
            ArtifactProblem::Tensors(error) => error.fmt(f),
            ArtifactProblem::Card(error) => write!(f, "its card: {error}"),
            ArtifactProblem::Field(flaw) => write!(f, "its card: {flaw}"),
            ArtifactProblem::Changed { stated, found } => {
                write!(f, "it is corrupt: `weights_sha256` must be that of its weights, {found}, got {stated}")
            }
            ArtifactProblem::CardChanged { stated, found } => {
                write!(f, "its card was changed: `card_sha256` must be that of the card, {found}, got {stated}")
            }
            ArtifactProblem::Weights(error) => error.fmt(f),
        }
    }
}

impl std::fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for ArtifactError {}

/// A trained router with its card.
pub struct Artifact {
    /// What it is.
    pub card: Card,
    /// What decides.
    pub router: Box<dyn Router>,
    /// What is told beside a decision; none where nothing was bought.
    pub forecast: Option<Forecast>,
    /// What its policy needs to go on learning; none where it cannot.
    pub state: Option<Saved>,
}

/// What stands before the names of the tensors of [`Artifact::state`].
const STATE: &str = "learning.";

impl Artifact {
    /// Joins a router with its card, whose form, settings and hash are taken from the router, and with the `state` of its policy.
    /// None if the router cannot be saved.
    pub fn new(
        card: Card,
        router: Box<dyn Router>,
        forecast: Option<Forecast>,
        state: Option<Saved>,
    ) -> Option<Artifact> {
        let mut artifact = Artifact { card, router, forecast, state };
        let saved = artifact.saved()?;
        artifact.card.weights_sha256 = tensors_hash(&saved.tensors);
        (artifact.card.form, artifact.card.settings) = (saved.form, saved.settings);
        artifact.card.format = FORMAT;
        artifact.card.card_sha256 = artifact.card.hash();
        Some(artifact)
    }

    fn saved(&self) -> Option<Saved> {
        let mut saved = self.router.save()?;
        saved.tensors.extend(self.forecast.iter().flat_map(Forecast::save));
        let state = self.state.iter().flat_map(|state| &state.tensors);
        saved.tensors.extend(state.map(|tensor| Tensor { name: format!("{STATE}{}", tensor.name), ..tensor.clone() }));
        Some(saved)
    }

    /// The policy as it stood when the file was written, to go on learning bit for bit.
    ///
    /// # Errors
    /// [`NotRestored`] for a policy that cannot go on, naming those that can, and for a file without its state.
    pub fn policy(&self) -> Result<Box<dyn Policy>, NotRestored> {
        let known = self.card.models.len();
        self.policy_among(&self.card.problem(), known)
    }

    fn policy_among(&self, problem: &Problem, known: usize) -> Result<Box<dyn Policy>, NotRestored> {
        let none = Saved::bare(&self.card.form);
        policies::resume(&self.card.policy.content, self.state.as_ref().unwrap_or(&none), problem, known)
    }

    /// The same with `model` after the others, of which nothing is known but its list price: the policy meets it as it met the
    /// others at first.
    ///
    /// # Errors
    /// As [`Artifact::policy`].
    pub(crate) fn with_model(self, model: &str, price: Dollars) -> Result<Artifact, NotRestored> {
        let known = self.card.models.len();
        let mut card = self.card.clone();
        card.models.push(model.into());
        card.list_prices_usd.push(price.0);
        card.learning_mut().joined.push(model.into());
        let policy = self.policy_among(&card.problem(), known)?;
        let forecast = self.forecast.map(|forecast| forecast.with_unknown());
        Ok(Artifact::learnt(card, &*policy, forecast))
    }

    /// The file of `policy` as it stands now.
    pub(crate) fn learnt(card: Card, policy: &dyn Policy, forecast: Option<Forecast>) -> Artifact {
        let artifact = Artifact::new(card, policy.freeze(), forecast, policy.state());
        artifact.expect("a policy that goes on learning has a router that can be saved")
    }

    /// The file that [`Artifact::read`] reads; equal routers give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let saved = self.saved().expect("`new` saved it before");
        let card = Card { card_sha256: self.card.hash(), ..self.card.clone() };
        write_tensors(&card.text(), &saved.tensors)
    }

    /// Reads the file at `path`; the router decides bit for bit as the one that was written.
    ///
    /// # Errors
    /// [`ArtifactError`] for a file that is torn, changed, of another version or not a router of barp.
    pub fn read(path: &Path) -> Result<Artifact, ArtifactError> {
        let bytes = std::fs::read(path).map_err(ArtifactProblem::Unreadable);
        let artifact = bytes.and_then(|bytes| Artifact::from_bytes(&bytes));
        artifact.map_err(|problem| ArtifactError { path: path.into(), problem })
    }

    /// What [`Artifact::to_bytes`] gave, checked as by [`Artifact::read`].
    ///
    /// # Errors
    /// [`ArtifactProblem`] as by [`Artifact::read`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Artifact, ArtifactProblem> {
        let (text, tensors) = read_tensors(bytes).map_err(ArtifactProblem::Tensors)?;
        let value: Value = serde_json::from_str(&text).map_err(ArtifactProblem::Card)?;
        let flaw = |field, rule: String, value: String| ArtifactProblem::Field(CardFlaw { field, rule, value });
        if value["format"] != FORMAT {
            return Err(flaw("format", FORMAT.to_string(), value["format"].to_string()));
        }
        let card: Card = serde_json::from_value(value).map_err(ArtifactProblem::Card)?;
        let hash = tensors_hash(&tensors);
        if hash != card.weights_sha256 {
            return Err(ArtifactProblem::Changed { stated: card.weights_sha256, found: hash });
        }
        if !card.card_sha256.is_empty() {
            let found = text_hash(&text.replacen(&card.card_sha256, UNHASHED, 1));
            if found != card.card_sha256 {
                return Err(ArtifactProblem::CardChanged { stated: card.card_sha256, found });
            }
        }
        card.check().map_err(ArtifactProblem::Field)?;
        let problem = card.problem();
        let (mut state, tensors): (Vec<Tensor>, Vec<Tensor>) =
            tensors.into_iter().partition(|tensor| tensor.name.starts_with(STATE));
        state.iter_mut().for_each(|tensor| tensor.name.replace_range(..STATE.len(), ""));
        let state = (!state.is_empty()).then(|| Saved { tensors: state, ..Saved::bare(&card.form) });
        let saved = Saved { form: card.form.clone(), settings: card.settings.clone(), tensors };
        let forecast = Forecast::restore(&saved, &problem).map_err(ArtifactProblem::Weights)?;
        let router = policies::restore(&saved, &problem).map_err(ArtifactProblem::Weights)?;
        Ok(Artifact { card, router, forecast, state })
    }
}

fn text_hash(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

impl Card {
    /// Which of the K models are not retired.
    pub fn available(&self) -> Vec<bool> {
        self.models.iter().map(|model| !self.without.contains(model)).collect()
    }

    /// The problem that its router was trained for.
    pub fn problem(&self) -> Problem {
        let weight = |card: &LatencyCard| LatencyWeight { weight: card.weight, tau: Seconds(card.tau_s) };
        let objective = Objective { tau: Dollars(self.tau_usd), latency: self.latency.as_ref().map(weight) };
        Problem { models: self.models.clone(), dimension: self.dimension, objective }
    }

    /// What it learnt after training, which begins now if it has not.
    pub(crate) fn learning_mut(&mut self) -> &mut LearningCard {
        let origin = self.weights_sha256.clone();
        let none = LearningCard { origin, routed: 0, learnt: 0, folded: 0, joined: Vec::new() };
        self.learning.get_or_insert(none)
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a card is plain")
    }

    fn hash(&self) -> String {
        text_hash(&Card { card_sha256: UNHASHED.to_owned(), ..self.clone() }.text())
    }

    fn check(&self) -> Result<(), CardFlaw> {
        let rule = |field, rule: &str, value: String| Err(CardFlaw { field, rule: rule.into(), value });
        if self.models.is_empty() || self.models.len() > usize::from(u16::MAX) {
            return rule("models", "1 to 65,535 names", format!("{} names", self.models.len()));
        }
        let prices = &self.list_prices_usd;
        if prices.len() != self.models.len() || prices.iter().any(|&price| price < 0.0) {
            return rule("list_prices_usd", "one price of at least 0 for each model", format!("{prices:?}"));
        }
        if !self.available().contains(&true) {
            return rule("without", "not all of the models", format!("{:?}", self.without));
        }
        if self.tau_usd < 0.0 {
            return rule("tau_usd", "at least 0", self.tau_usd.to_string());
        }
        if let Some(latency) = self.latency.as_ref().filter(|card| !(card.weight > 0.0 && card.weight < 1.0)) {
            return rule("latency.weight", "in (0, 1)", latency.weight.to_string());
        }
        if self.dimension == 0 {
            return rule("dimension", "at least 1", "0".into());
        }
        match &self.data.held_out {
            Some(held_out) if held_out.rule != HeldOut::RULE => {
                return rule("held_out.rule", &format!("`{}`", HeldOut::RULE), format!("`{}`", held_out.rule));
            }
            _ => {}
        }
        Ok(())
    }
}
