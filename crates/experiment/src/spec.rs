//! A configuration as written: one TOML file, parsed strictly, not yet runnable.

mod feedback;
mod overrides;
mod tune;

pub use feedback::{DelayLaw, FeedbackRule, LabelsAt};
pub use overrides::{Override, OverrideError};
pub use tune::TuneRule;

pub(crate) use overrides::Overridden;

use environments::Table;
use routing::{LatencyWeight, Preference, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use settings::{Mistake, Parameters, Place, SpecError, Strict, Written};
use std::path::PathBuf;

/// An experiment as its file states it, defaults filled in except for environments and policies.
///
/// ```
/// use experiment::Spec;
///
/// let config = "name = 'first'\n[[environment]]\nkind = 'calibrated'\n[[policy]]\nkind = 'knn'";
/// let spec = Spec::parse(config, "first.toml").unwrap();
/// assert_eq!((spec.name.as_str(), spec.replicates), ("first", 5));
/// let error = Spec::parse(&format!("replicate = 3\n{config}"), "first.toml").unwrap_err().to_string();
/// assert!(error.contains("unknown key `replicate` (nearest is `replicates`"), "{error}");
/// ```
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
    /// How many settings each policy tries.
    pub tune: TuneRule,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Protocol {
    /// The paper's: learn on a training split, then a frozen greedy policy on one test set at every preference.
    #[serde(rename_all = "kebab-case")]
    TrainThenTest {
        /// Shares of training, validation and test prompts within each task.
        #[schemars(extend("x-rule" = "three shares above 0 that sum to 1"))]
        split: [f64; 3],
        /// Points of the learning curve on the validation split; 0 for none.
        #[schemars(range(max = 100_000))]
        checkpoints: u32,
        /// Which state of the policy is tested.
        select: Select,
    },
    /// A stream of rounds in which the policy chooses and learns.
    #[serde(rename_all = "kebab-case")]
    Online {
        /// Rounds T.
        #[schemars(range(min = 1, max = 1_000_000_000))]
        rounds: u64,
        /// Points of the curves, at most one a round.
        #[schemars(range(min = 1, max = 100_000))]
        checkpoints: u32,
    },
}

/// Which state of a learning policy is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// The last.
    Last,
    /// The checkpoint with the highest mean reward over the preference grid on the validation split; the ledger is
    /// charged for the validation outcomes.
    BestValidation,
}

/// How tau of the reward r = w_q q - w_c min(c / tau, 1) is set. The paper does not say; ours is the 95th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TauRule {
    /// tau as a percentile of the training costs (all prompts x models).
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub tau_percentile: f64,
    /// tau in dollars; overrides the percentile where given.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tau_usd: Option<f64>,
}

/// The table `[latency]`: a third weight in the reward, (1 - w_l) (w_q q - w_c min(c / tau, 1)) - w_l min(l / tau_l, 1). Ours;
/// the paper's reward, without it, is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LatencyRule {
    /// w_l; 0: waiting costs nothing.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub weight: f64,
    /// tau_l as a percentile of the training latencies (all prompts x models).
    #[schemars(range(max = 100.0), extend("exclusiveMinimum" = 0.0))]
    pub tau_percentile: f64,
    /// tau_l in seconds; overrides the percentile where given.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
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
}

impl Parameters for LatencyRule {}

/// Which preferences are trained on and tested at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Preferences {
    /// Distribution of the preference of a training visit.
    pub train: TrainPreferences,
    /// Weights on cost at which the frozen policy is tested.
    #[schemars(with = "Vec<f64>", length(min = 1), inner(range(min = 0.0, max = 1.0)))]
    #[schemars(extend("x-rule" = "a list of one or more weights on cost in [0, 1]"))]
    pub test: Vec<Preference>,
}

/// Distribution of the preference of a training visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// Every protocol with its defaults.
pub(crate) const PROTOCOLS: [(&str, Protocol); 2] = [("train-then-test", TRAIN_THEN_TEST), ("online", ONLINE)];

/// The top of a configuration.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Top {
    /// Name of the experiment; its results go to `results/NAME` unless told otherwise.
    #[schemars(extend("x-rule" = NAME_RULE))]
    name: String,
    /// What it asks, in a sentence.
    #[serde(default)]
    about: String,
    /// Root of the seed tree: everything random follows from it.
    #[serde(default = "one")]
    #[schemars(range(max = i64::MAX))]
    seed: u64,
    /// Independent repetitions.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = MOST_REPLICATES))]
    #[schemars(extend("x-because" = "intervals narrow with the square root of their number: no comparison needs more"))]
    replicates: u32,
    /// How policies learn and are tested, where an environment does not say otherwise.
    #[serde(default)]
    protocol: Map<String, Value>,
    /// How tau of the reward is set.
    #[serde(default)]
    objective: Map<String, Value>,
    /// What waiting is worth.
    #[serde(default)]
    latency: Map<String, Value>,
    /// Which preferences are trained on and tested at.
    #[serde(default)]
    preferences: Map<String, Value>,
    /// How many settings each policy tries; none but those of its own grid unless given.
    #[serde(default)]
    tune: Map<String, Value>,
    /// Worlds to run in; one table may stand for several that differ in one thing.
    #[schemars(length(min = 1), extend("x-rule" = "one or more `[[environment]]` tables"))]
    environment: Vec<Map<String, Value>>,
    /// Policies and references to compare in each of them.
    #[schemars(length(min = 1), extend("x-rule" = "one or more `[[policy]]` tables"))]
    policy: Vec<Map<String, Value>>,
}

/// The kind of an environment that states none.
pub(crate) const DEFAULT_SOURCE: &str = "calibrated";

/// Replicates that an experiment may have: the interval of a mean over so many is 1/160 of what one replicate varies.
const MOST_REPLICATES: u32 = 100_000;

const NAME_RULE: &str = "letters, digits, `-`, `_` and `.`, not starting with `.`";

fn one() -> u64 {
    1
}

fn five() -> u32 {
    5
}

impl Parameters for TauRule {}

impl Parameters for Preferences {
    fn check(&self) -> Result<(), Mistake> {
        let grid = &self.test;
        let twice = grid.iter().enumerate().find(|(position, weight)| grid[..*position].contains(weight));
        let twice = twice.map(|(_, weight)| format!("{} twice", weight.cost()));
        Mistake::unless(twice.is_none(), "test", "weights on cost, each once", twice.unwrap_or_default())
    }
}

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
        Spec::taken(Written::parse(text, file)?)
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

    /// The configuration that a parsed file holds.
    fn taken(Written { table, place }: Written) -> Result<Spec, SpecError> {
        let top: Top = place.read(table)?;
        let section = |key: &str| place.at(key).table(format!("[{key}]"));
        let spec = Spec {
            name: top.name,
            about: top.about,
            seed: top.seed,
            replicates: top.replicates,
            protocol: Protocol::parse(&section("protocol"), top.protocol)?,
            tau: section("objective").section(top.objective)?,
            latency: section("latency").section(top.latency)?,
            preferences: section("preferences").section(top.preferences)?,
            tune: section("tune").section(top.tune)?,
            environments: top.environment,
            policies: top.policy,
            place,
            stand_in: None,
            overridden: None,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let good = !spec.name.is_empty() && spec.name.chars().all(plain) && !spec.name.starts_with('.');
        spec.place.unless(good, "name", NAME_RULE, &spec.name)?;
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
}

impl Protocol {
    /// The protocol that a table states, defaults filled in.
    pub(crate) fn parse(place: &Place, given: Map<String, Value>) -> Result<Protocol, SpecError> {
        let kind = match given.get("kind") {
            None => "train-then-test",
            Some(Value::String(kind)) => kind,
            Some(other) => return Err(place.error(format!("`kind` must be a name, got {other}"))),
        };
        let protocol = place.at("kind").find("protocol", kind, PROTOCOLS)?;
        let strict = Strict {
            defaults: serde_json::to_value(&protocol).expect("defaults are plain"),
            schema: protocol.schema(),
            taken: Vec::new(),
        };
        let all = place.merge(&strict, given, |all| Protocol::read(all).map(|_| ()))?;
        Protocol::read(&all).map_err(|mistake| place.error(mistake))
    }

    fn read(all: &Value) -> Result<Protocol, Mistake> {
        let protocol = Protocol::deserialize(all).map_err(|error| Mistake::Text(error.to_string()))?;
        protocol.check()?;
        Ok(protocol)
    }

    /// The JSON schema of the table of this kind, with the values of this protocol as defaults.
    pub(crate) fn schema(&self) -> Value {
        let all = settings::schema_of::<Protocol>();
        let own = serde_json::to_value(self).expect("defaults are plain");
        let same = |schema: &&Value| schema["properties"]["kind"]["const"] == own["kind"];
        let kinds = all["oneOf"].as_array().into_iter().flatten();
        let mut schema = kinds.into_iter().find(same).expect("every kind has a schema").clone();
        let table = schema.as_object_mut().expect("the schema of a struct is a table");
        table.remove("required");
        table.insert("additionalProperties".into(), Value::Bool(false));
        for (key, default) in own.as_object().into_iter().flatten() {
            table["properties"][key]["default"] = default.clone();
        }
        table["properties"]["kind"]["description"] = "Which protocol.".into();
        table["properties"]["kind"]["x-rule"] = "`train-then-test` or `online`".into();
        schema
    }

    fn check(&self) -> Result<(), Mistake> {
        match self {
            Protocol::TrainThenTest { split, .. } => {
                let sum: f64 = split.iter().sum();
                let good = split.iter().all(|&share| share > 0.0) && (sum - 1.0).abs() < 1e-9;
                Mistake::unless(good, "split", "three shares above 0 that sum to 1", format!("{split:?}"))
            }
            Protocol::Online { rounds, checkpoints } => {
                let good = u64::from(*checkpoints) <= *rounds;
                Mistake::unless(good, "checkpoints", "at least 1 and at most `rounds`", checkpoints)
            }
        }
    }
}
