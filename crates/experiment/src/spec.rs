//! A configuration as written: one TOML file, parsed strictly, not yet runnable.

mod feedback;
mod overrides;

pub use feedback::{DelayLaw, FeedbackRule, LabelsAt};
pub use overrides::{Override, OverrideError};

pub(crate) use overrides::Overridden;

use crate::settings::{Place, SpecError};
use environments::Table;
use routing::{LatencyWeight, Preference, Seconds};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// An experiment as its file states it, defaults filled in except for environments and policies.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Name of the experiment; its results go to `results/<name>` unless told otherwise.
    pub name: String,
    /// What it asks, in a sentence.
    pub about: String,
    /// Root of the seed tree.
    pub seed: u64,
    /// Independent repetitions, at least 1.
    pub replicates: u32,
    /// How policies learn and are tested, where an environment does not say otherwise.
    pub protocol: Protocol,
    /// How tau of the reward is set.
    pub tau: TauRule,
    /// What waiting is worth.
    pub latency: LatencyRule,
    /// Which preferences are trained on and tested at.
    pub preferences: Preferences,
    pub(crate) environments: Vec<Map<String, Value>>,
    pub(crate) policies: Vec<Map<String, Value>>,
    pub(crate) place: Place,
    /// Only of an experiment that was put on other rows.
    pub(crate) stand_in: Option<StandIn>,
    /// Only where values were given beside the file.
    pub(crate) overridden: Option<Overridden>,
}

/// Real rows to run an experiment on.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// A wide table.
    pub file: PathBuf,
    /// Embeddings of its prompts, keyed by `sample_id`.
    pub embeddings: Option<PathBuf>,
    /// Tasks that are only tested on, instead of those that the experiment holds out; none: those of the experiment, and where
    /// the rows lack one of them every third task by name, from the second on.
    pub held_out: Option<Vec<String>>,
}

/// What is held out on rows that an experiment was not written for.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    /// As in [`Recorded::held_out`].
    pub(crate) tasks: Option<Vec<String>>,
}

/// How policies learn and are tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Protocol {
    /// The paper's: learn on a training split, then a frozen greedy policy on one test set at every preference.
    #[serde(rename_all = "kebab-case")]
    TrainThenTest {
        /// Shares of training, validation and test prompts within each task; they sum to 1.
        split: [f64; 3],
        /// Points of the learning curve on the validation split; 0 for none.
        checkpoints: u32,
        /// Which state of the policy is tested.
        select: Select,
    },
    /// A stream of rounds in which the policy chooses and learns.
    #[serde(rename_all = "kebab-case")]
    Online {
        /// Rounds T.
        rounds: u64,
        /// Points of the curves.
        checkpoints: u32,
    },
}

/// Which state of a learning policy is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// The last.
    Last,
    /// The checkpoint with the highest mean reward over the preference grid on the validation split; the ledger is
    /// charged for the validation outcomes.
    BestValidation,
}

/// How tau of the reward r = w_q q - w_c min(c / tau, 1) is set. The paper does not say; ours is the 95th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TauRule {
    /// Percentile of the training costs (all prompts x models), in (0, 100].
    pub tau_percentile: f64,
    /// Dollars; overrides the percentile where given.
    pub tau_usd: Option<f64>,
}

/// The table `[latency]`: a third weight in the reward, (1 - w_l) (w_q q - w_c min(c / tau, 1)) - w_l min(l / tau_l, 1). Ours;
/// the paper's reward, without it, is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LatencyRule {
    /// w_l, in [0, 1); 0: waiting costs nothing.
    pub weight: f64,
    /// tau_l as a percentile of the training latencies (all prompts x models), in (0, 100].
    pub tau_percentile: f64,
    /// tau_l in seconds; overrides the percentile where given.
    pub tau_s: Option<f64>,
}

impl Default for LatencyRule {
    fn default() -> Self {
        LatencyRule { weight: 0.0, tau_percentile: 95.0, tau_s: None }
    }
}

impl LatencyRule {
    /// The weight with tau_l from the training prompts `rows`; none where waiting costs nothing.
    pub(crate) fn weight_on(&self, table: &Table, rows: &[usize]) -> Option<LatencyWeight> {
        let measured = || table.latency_quantile(rows, self.tau_percentile / 100.0).unwrap_or_default();
        let tau = self.tau_s.map_or_else(measured, |seconds| Seconds(seconds as f32));
        (self.weight > 0.0).then_some(LatencyWeight { weight: self.weight, tau })
    }

    fn check(&self, place: &Place) -> Result<(), SpecError> {
        place.unless((0.0..1.0).contains(&self.weight), "weight", "in [0, 1)", self.weight)?;
        let percentile = self.tau_percentile;
        place.unless(percentile > 0.0 && percentile <= 100.0, "tau-percentile", "in (0, 100]", percentile)?;
        match self.tau_s {
            Some(tau) => place.unless(tau > 0.0 && tau.is_finite(), "tau-s", "above 0", tau),
            None => Ok(()),
        }
    }
}

/// Which preferences are trained on and tested at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Preferences {
    /// Distribution of the preference of a training visit.
    pub train: TrainPreferences,
    /// Weights on cost at which the frozen policy is tested.
    pub test: Vec<Preference>,
}

/// Distribution of the preference of a training visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainPreferences {
    /// Uniform on the simplex, Dirichlet(1, 1), as the paper states.
    Uniform,
    /// Uniform over the test grid.
    Grid,
}

const TRAIN_THEN_TEST: Protocol =
    Protocol::TrainThenTest { split: [0.70, 0.15, 0.15], checkpoints: 16, select: Select::Last };
const ONLINE: Protocol = Protocol::Online { rounds: 20_000, checkpoints: 100 };
const TOP: [&str; 10] =
    ["name", "about", "seed", "replicates", "protocol", "objective", "latency", "preferences", "environment", "policy"];

impl Default for TauRule {
    fn default() -> Self {
        TauRule { tau_percentile: 95.0, tau_usd: None }
    }
}

impl Default for Preferences {
    fn default() -> Self {
        let grid = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0].map(|w| Preference::new(w).expect("the grid lies in [0, 1]"));
        Preferences { train: TrainPreferences::Uniform, test: grid.into() }
    }
}

impl Preferences {
    /// Smallest and largest weight on cost of a training visit.
    pub(crate) fn trained_range(&self) -> [f64; 2] {
        match self.train {
            TrainPreferences::Uniform => [0.0, 1.0],
            TrainPreferences::Grid => {
                let weights = || self.test.iter().map(|preference| preference.cost());
                [weights().fold(1.0, f64::min), weights().fold(0.0, f64::max)]
            }
        }
    }
}

impl Spec {
    /// Parses the TOML `text` of the file called `file`.
    ///
    /// # Errors
    /// [`SpecError`] for malformed TOML, an unknown key (with the nearest known one), a missing table or a value that
    /// breaks its rule.
    pub fn parse(text: &str, file: &str) -> Result<Spec, SpecError> {
        Spec::taken(Spec::table(text, file)?, file)
    }

    /// [`Spec::parse`] with `overrides`, in order, in the place of what the file says.
    ///
    /// # Errors
    /// As [`Spec::parse`], and for an override that meets nothing. What an override causes, here or when it is planned, has
    /// `--set` and the override as its place.
    pub fn parse_with(text: &str, file: &str, overrides: &[Override]) -> Result<Spec, SpecError> {
        if overrides.is_empty() {
            return Spec::parse(text, file);
        }
        let (text, file, overrides) = (text.to_owned(), file.to_owned(), overrides.to_vec());
        let overridden = Overridden { text, file, overrides, recorded: None };
        match overridden.with(overridden.overrides.len()) {
            Ok(spec) => Ok(Spec { overridden: Some(overridden), ..spec }),
            Err(error) => Err(overridden.blamed(error, |_| None)),
        }
    }

    fn table(text: &str, file: &str) -> Result<Map<String, Value>, SpecError> {
        toml::from_str(text).map_err(|error| Place::top(file).error(error.to_string().trim_end().to_owned()))
    }

    /// The configuration that a parsed file holds.
    fn taken(table: Map<String, Value>, file: &str) -> Result<Spec, SpecError> {
        let place = Place::top(file);
        let mut top = Top { place: place.clone(), table };
        for key in top.table.keys() {
            place.find("key", key, TOP.map(|known| (known, ())))?;
        }
        let spec = Spec {
            name: top.scalar("name", None, "a name")?,
            about: top.scalar("about", Some(Value::from("")), "a sentence")?,
            seed: top.scalar("seed", Some(Value::from(1)), "a whole number of at least 0")?,
            replicates: top.scalar("replicates", Some(Value::from(5)), "a whole number of at least 1")?,
            protocol: top.protocol()?,
            tau: top.section("objective")?,
            latency: top.section("latency")?,
            preferences: top.section("preferences")?,
            environments: top.list("environment")?,
            policies: top.list("policy")?,
            place,
            stand_in: None,
            overridden: None,
        };
        spec.check()?;
        Ok(spec)
    }

    /// The same experiment on real rows: every environment keeps its name, held-out tasks and shifts, and reads `recorded` instead.
    pub fn on_recorded(mut self, recorded: &Recorded) -> Spec {
        for table in &mut self.environments {
            let kept = ["name", "held-out", "shots", "factorial", "shift", "feedback", "protocol"]
                .map(|key| (key.to_owned(), table.remove(key)));
            *table = kept.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            table.insert("kind".into(), "recorded".into());
            table.insert("file".into(), recorded.file.display().to_string().into());
            if let Some(embeddings) = &recorded.embeddings {
                table.insert("embeddings".into(), embeddings.display().to_string().into());
            }
        }
        self.stand_in = Some(StandIn { tasks: recorded.held_out.clone() });
        if let Some(overridden) = &mut self.overridden {
            overridden.recorded = Some(recorded.clone());
        }
        self
    }

    fn check(&self) -> Result<(), SpecError> {
        let place = &self.place;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let good = !self.name.is_empty() && self.name.chars().all(plain) && !self.name.starts_with('.');
        place.unless(good, "name", "letters, digits, `-`, `_` and `.`, not starting with `.`", &self.name)?;
        place.unless(self.replicates > 0, "replicates", "at least 1", self.replicates)?;
        let objective = place.table("[objective]");
        let percentile = self.tau.tau_percentile;
        objective.unless(percentile > 0.0 && percentile <= 100.0, "tau-percentile", "in (0, 100]", percentile)?;
        if let Some(tau) = self.tau.tau_usd {
            objective.unless(tau > 0.0 && tau.is_finite(), "tau-usd", "above 0", tau)?;
        }
        self.latency.check(&place.table("[latency]"))?;
        let grid = &self.preferences.test;
        place.table("[preferences]").unless(!grid.is_empty(), "test", "at least one weight on cost", "none")
    }
}

impl Protocol {
    /// The protocol that a table states, defaults filled in.
    pub(crate) fn parse(place: &Place, given: Map<String, Value>) -> Result<Protocol, SpecError> {
        let kind = match given.get("kind") {
            None => "train-then-test",
            Some(Value::String(kind)) => kind,
            Some(other) => return Err(place.error(format!("`kind` must be a name, got {other}"))),
        };
        let known = [("train-then-test", TRAIN_THEN_TEST), ("online", ONLINE)];
        let defaults = place.find("protocol", kind, known)?;
        let protocol: Protocol = merge_as(place, serde_json::to_value(defaults).expect("defaults are plain"), given)?;
        protocol.check(place)?;
        Ok(protocol)
    }

    fn check(&self, place: &Place) -> Result<(), SpecError> {
        match self {
            Protocol::TrainThenTest { split, .. } => {
                let sum: f64 = split.iter().sum();
                let good = split.iter().all(|&share| share > 0.0) && (sum - 1.0).abs() < 1e-9;
                place.unless(good, "split", "three shares above 0 that sum to 1", format!("{split:?}"))
            }
            Protocol::Online { rounds, checkpoints } => {
                place.unless(*rounds > 0, "rounds", "at least 1", rounds)?;
                let good = *checkpoints > 0 && u64::from(*checkpoints) <= *rounds;
                place.unless(good, "checkpoints", "at least 1 and at most `rounds`", checkpoints)
            }
        }
    }
}

/// The top table while it is taken apart.
struct Top {
    place: Place,
    table: Map<String, Value>,
}

impl Top {
    fn scalar<T: DeserializeOwned>(&mut self, key: &str, default: Option<Value>, rule: &str) -> Result<T, SpecError> {
        let Some(value) = self.table.remove(key).or(default) else {
            return Err(self.place.error(format!("`{key}` is missing: it must be {rule}")));
        };
        let fail = |_| self.place.error(format!("`{key}` must be {rule}, got {value}"));
        serde_json::from_value(value.clone()).map_err(fail)
    }

    fn subtable(&mut self, key: &str) -> Result<Map<String, Value>, SpecError> {
        match self.table.remove(key) {
            None => Ok(Map::new()),
            Some(Value::Object(table)) => Ok(table),
            Some(other) => Err(self.place.error(format!("`{key}` must be a table, got {other}"))),
        }
    }

    fn section<T: Default + Serialize + DeserializeOwned>(&mut self, key: &str) -> Result<T, SpecError> {
        let given = self.subtable(key)?;
        let defaults = serde_json::to_value(T::default()).expect("defaults are plain");
        merge_as(&self.place.table(format!("[{key}]")), defaults, given)
    }

    fn protocol(&mut self) -> Result<Protocol, SpecError> {
        let given = self.subtable("protocol")?;
        Protocol::parse(&self.place.table("[protocol]"), given)
    }

    fn list(&mut self, key: &str) -> Result<Vec<Map<String, Value>>, SpecError> {
        let missing = || self.place.error(format!("`[[{key}]]` must appear at least once"));
        let Some(Value::Array(items)) = self.table.remove(key) else { return Err(missing()) };
        if items.is_empty() {
            return Err(missing());
        }
        let as_table = |item| match item {
            Value::Object(table) => Ok(table),
            other => Err(self.place.error(format!("`[[{key}]]` must be a table, got {other}"))),
        };
        items.into_iter().map(as_table).collect()
    }
}

fn merge_as<T: DeserializeOwned>(place: &Place, defaults: Value, given: Map<String, Value>) -> Result<T, SpecError> {
    let accepts = |value: &Value| T::deserialize(value).map(|_| ()).map_err(|error| error.to_string());
    let all = place.merge(defaults, given, accepts)?;
    Ok(serde_json::from_value(all).expect("`merge` accepted the table"))
}
