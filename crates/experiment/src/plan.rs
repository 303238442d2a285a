//! A configuration as runnable: worlds opened, policies checked, cells addressed. Configuration errors end here.

use crate::protocols::FeedbackRule;
use crate::settings::{Place, SpecError};
use crate::shifts::{Moving, feedback_rule, moving};
use crate::spec::{Protocol, Spec};
use encoder::Encoder;
use environments::sources::{Opening, SOURCES, TextEncoder};
use environments::{Environment, REFERENCES, ReferenceEntry};
use policies::{Configured, Information, POLICIES};
use routing::{Arm, Seed};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{CellRecord, EnvironmentRecord, FORMAT, Manifest};

/// Raised when a change of a protocol changes its numbers; part of every cell's address.
const PROTOCOL_REVISION: u32 = 1;

/// An experiment that can run.
pub struct Plan {
    /// The configuration it came from.
    pub spec: Spec,
    /// Its worlds.
    pub environments: Vec<PlannedEnvironment>,
    cells: Vec<PlannedCell>,
}

/// A world with the policies that meet it.
pub struct PlannedEnvironment {
    /// Label in the summary.
    pub label: String,
    /// Kind in the registry of sources.
    pub kind: String,
    /// Its parameters, defaults included.
    pub parameters: Value,
    /// The opened world, moved by its shifts.
    pub world: Arc<dyn Environment>,
    /// Fingerprint of the world without shifts: shifted worlds of one source meet the same requests.
    pub source: String,
    /// Its shifts in order: kind and parameters, defaults included.
    pub shifts: Vec<Value>,
    /// Its shifts as they stand in addresses.
    shift_contents: Vec<Value>,
    /// Tasks that are only tested on, as positions in the world's tasks; empty: in-distribution.
    pub held_out: Vec<usize>,
    /// How policies learn and are tested on it.
    pub protocol: Protocol,
    /// What of the outcomes reaches policies online; none: the chosen model's, at once and as it is.
    pub feedback: Option<FeedbackRule>,
    /// What is compared on it.
    pub policies: Vec<PlannedPolicy>,
}

/// A policy or reference under a label.
pub struct PlannedPolicy {
    /// Label in the summary.
    pub label: String,
    /// What determines its numbers: kind, revision, parameters with defaults, tuning grid.
    pub content: Value,
    /// How to run it.
    pub subject: Subject,
}

/// What is being measured.
pub enum Subject {
    /// A policy, in every setting of its tuning grid (one if it is not tuned).
    Policy(Vec<Configured>),
    /// A line drawn by the environment.
    Reference(&'static ReferenceEntry),
    /// One model for every request.
    Always(Arm),
}

/// One unit of work, addressed by the hash of everything that determines its numbers.
#[derive(Clone, Debug)]
pub struct PlannedCell {
    /// The address.
    pub id: String,
    /// What it is the hash of, as canonical JSON.
    pub inputs: String,
    /// Position in [`Plan::environments`].
    pub environment: usize,
    /// Position in [`PlannedEnvironment::policies`].
    pub policy: usize,
    /// Number of the replicate, from 0.
    pub replicate: u32,
}

impl Spec {
    /// Checks everything and opens the worlds. Reads data files; runs nothing.
    ///
    /// # Errors
    /// [`SpecError`] for an unknown environment, policy or parameter (with the nearest known one), a parameter that breaks
    /// its rule, a data file that cannot be used, or a combination that cannot run.
    pub fn plan(self) -> Result<Plan, SpecError> {
        let mut environments: Vec<PlannedEnvironment> = Vec::new();
        for table in &self.environments {
            let mut environment = self.environment(table.clone())?;
            for policy in &self.policies {
                environment.policies.extend(self.policy(policy.clone(), &environment)?);
            }
            unique(&self.place, "policy", environment.policies.iter().map(|policy| &policy.label))?;
            environments.push(environment);
        }
        self.check_only(&environments)?;
        unique(&self.place, "environment", environments.iter().map(|environment| &environment.label))?;
        let mut cells = Vec::new();
        for (position, environment) in environments.iter().enumerate() {
            for policy in 0..environment.policies.len() {
                for replicate in 0..self.replicates {
                    cells.push(self.cell(environment, position, policy, replicate));
                }
            }
        }
        Ok(Plan { spec: self, environments, cells })
    }

    /// Refuses a policy that asks for an environment that is not there.
    fn check_only(&self, environments: &[PlannedEnvironment]) -> Result<(), SpecError> {
        let known = || environments.iter().map(|environment| (environment.label.as_str(), ()));
        for table in &self.policies {
            let label = table.get("name").or_else(|| table.get("kind")).and_then(Value::as_str).unwrap_or_default();
            let place = self.place.table(format!("[[policy]] {label}"));
            for name in take_names(&place, &mut table.clone(), "only")? {
                place.find("environment", &name, known())?;
            }
        }
        Ok(())
    }

    fn environment(&self, mut table: Map<String, Value>) -> Result<PlannedEnvironment, SpecError> {
        let place = self.place.table("[[environment]]");
        let kind = take_name(&place, &mut table, "kind")?.unwrap_or_else(|| "calibrated".into());
        let label = take_name(&place, &mut table, "name")?.unwrap_or_else(|| kind.clone());
        let place = self.place.table(format!("[[environment]] {label}"));
        let held_out = take_names(&place, &mut table, "held-out")?;
        let shifts = take_tables(&place, &mut table, "shift")?;
        let protocol = match table.remove("protocol") {
            None => self.protocol.clone(),
            Some(Value::Object(given)) => {
                Protocol::parse(&self.place.table(format!("[[environment]] {label}.protocol")), given)?
            }
            Some(other) => return Err(place.error(format!("`protocol` must be a table, got {other}"))),
        };
        let feedback = feedback_rule(&self.place, &label, table.remove("feedback"), &protocol)?;
        let source = place.find("environment", &kind, SOURCES.iter().map(|source| (source.name, source)))?;
        let parameters = place.merge((source.defaults)(), table, source.check)?;
        let world =
            (source.open)(&parameters, &Opening { encoder: &text_encoder }).map_err(|rule| place.error(rule))?;
        let tasks = world.tasks();
        let known = || tasks.iter().enumerate().map(|(position, task)| (task.as_str(), position));
        let held_out: Vec<usize> =
            held_out.iter().map(|task| place.find("task", task, known())).collect::<Result<_, _>>()?;
        place.unless(
            held_out.len() < tasks.len(),
            "held-out",
            "fewer than all tasks",
            format!("{} tasks", tasks.len()),
        )?;
        let source = world.fingerprint();
        let Moving { world, shifts, contents: shift_contents } = moving(&place, shifts, world, &protocol)?;
        let policies = Vec::new();
        Ok(PlannedEnvironment {
            label,
            kind,
            parameters,
            world,
            source,
            shifts,
            shift_contents,
            held_out,
            protocol,
            feedback,
            policies,
        })
    }

    fn policy(
        &self,
        mut table: Map<String, Value>,
        environment: &PlannedEnvironment,
    ) -> Result<Vec<PlannedPolicy>, SpecError> {
        let place = self.place.table("[[policy]]");
        let Some(kind) = take_name(&place, &mut table, "kind")? else {
            return Err(place.error("`kind` is missing: it must be the name of a policy (see `barp list policies`)"));
        };
        let label = take_name(&place, &mut table, "name")?.unwrap_or_else(|| kind.clone());
        let place = self.place.table(format!("[[policy]] {label}"));
        let only = take_names(&place, &mut table, "only")?;
        if !only.is_empty() && !only.contains(&environment.label) {
            return Ok(Vec::new());
        }
        if kind == SINGLE_MODELS {
            place.merge(json!({}), table, |_| Ok(()))?;
            return Ok(single_models(environment.world.models()));
        }
        if let Some(reference) = REFERENCES.iter().find(|reference| reference.name == kind) {
            place.merge(json!({}), table, |_| Ok(()))?;
            let content = json!({ "kind": kind, "revision": reference.revision });
            return Ok(vec![PlannedPolicy { label, content, subject: Subject::Reference(reference) }]);
        }
        let references = REFERENCES.iter().map(|reference| (reference.name, None));
        let known =
            POLICIES.iter().map(|entry| (entry.name, Some(entry))).chain(references).chain([(SINGLE_MODELS, None)]);
        let entry = place.find("policy", &kind, known)?.expect("references were found above");
        let online = matches!(environment.protocol, Protocol::Online { .. });
        if online && entry.information == Information::Full {
            return Err(place.error(format!(
                "policy `{kind}` needs full labels; protocol `online` of environment `{}` reveals chosen outcomes only",
                environment.label
            )));
        }
        let tune = take_grid(&place, &mut table)?;
        if online && !tune.is_empty() {
            return Err(place.error("`tune` needs a validation split; protocol `online` has none"));
        }
        let accepts = |value: &Value| (entry.configure)(value.clone()).map(|_| ()).map_err(|error| error.to_string());
        let parameters = place.merge((entry.defaults)(), table, accepts)?;
        let mut candidates = Vec::new();
        for setting in settings(&tune) {
            let all = place.table(format!("[[policy]] {label}.tune")).merge(parameters.clone(), setting, accepts)?;
            candidates.push((entry.configure)(all).expect("`merge` accepted the table"));
        }
        let content = json!({
            "kind": kind, "revision": entry.revision, "parameters": candidates[0].parameters, "tune": tune,
        });
        Ok(vec![PlannedPolicy { label, content, subject: Subject::Policy(candidates) }])
    }

    fn cell(&self, environment: &PlannedEnvironment, position: usize, policy: usize, replicate: u32) -> PlannedCell {
        let metrics: Vec<Value> =
            metrics::METRICS.iter().map(|metric| json!([metric.about.name, metric.about.version])).collect();
        let held_out: Vec<&String> =
            environment.held_out.iter().map(|&task| &environment.world.tasks()[task]).collect();
        let mut inputs = json!({
            "format": FORMAT,
            "seed": self.seed,
            "replicate": replicate,
            "protocol": environment.protocol,
            "protocol-revision": PROTOCOL_REVISION,
            "tau": self.tau,
            "preferences": self.preferences,
            "metrics": metrics,
            "environment": environment.source,
            "held-out": held_out,
            "policy": environment.policies[policy].content,
        });
        // Only where there are any: worlds that stand still keep their addresses.
        if !environment.shift_contents.is_empty() {
            inputs["shifts"] = environment.shift_contents.clone().into();
            inputs["adaptation"] = metrics::ADAPTATION.iter().map(|about| json!([about.name, about.version])).collect();
        }
        if let Some(feedback) = &environment.feedback {
            inputs["feedback"] = json!(feedback);
        }
        let inputs = canonical(&inputs);
        PlannedCell { id: address(&inputs), inputs, environment: position, policy, replicate }
    }
}

/// Kind that stands for one reference for each model.
const SINGLE_MODELS: &str = "single-models";

fn single_models(models: &[String]) -> Vec<PlannedPolicy> {
    let single = |(position, model): (usize, &String)| PlannedPolicy {
        label: format!("single:{model}"),
        content: json!({ "kind": SINGLE_MODELS, "model": model, "revision": 1 }),
        subject: Subject::Always(Arm::at(position)),
    };
    models.iter().enumerate().map(single).collect()
}

impl Plan {
    /// The units of work: environment-major, then policy, then replicate.
    pub fn cells(&self) -> &[PlannedCell] {
        &self.cells
    }

    /// The environment and the policy of a cell.
    pub fn parts(&self, cell: &PlannedCell) -> (&PlannedEnvironment, &PlannedPolicy) {
        let environment = &self.environments[cell.environment];
        (environment, &environment.policies[cell.policy])
    }

    /// Environment, policy and replicate of a cell, for people.
    pub fn name(&self, cell: &PlannedCell) -> String {
        let (environment, policy) = self.parts(cell);
        format!("{} · {} · replicate {}", environment.label, policy.label, cell.replicate + 1)
    }

    /// The labels of a cell's environment and policy.
    pub(crate) fn labels(&self, cell: &PlannedCell) -> (String, String) {
        let (environment, policy) = self.parts(cell);
        (environment.label.clone(), policy.label.clone())
    }

    /// The seed of everything that a cell's environment does: shared by all policies, so that they meet the same requests.
    pub(crate) fn world_seed(&self, cell: &PlannedCell) -> Seed {
        let (environment, _) = self.parts(cell);
        Seed::root(self.spec.seed)
            .child("environment", &environment.source)
            .child("replicate", &cell.replicate.to_string())
    }

    /// The seed of a cell's policy: by content, so that renaming or reordering policies changes nobody's numbers.
    pub(crate) fn policy_seed(&self, cell: &PlannedCell) -> Seed {
        self.world_seed(cell).child("policy", &canonical(&self.parts(cell).1.content))
    }

    /// The manifest of the experiment, with no cell computed yet.
    pub fn manifest(&self, command: &str) -> Manifest {
        let environment = |environment: &PlannedEnvironment| EnvironmentRecord {
            label: environment.label.clone(),
            fingerprint: environment.world.fingerprint(),
            simulated: environment.world.simulated(),
            models: environment.world.models().to_vec(),
        };
        let cell = |cell: &PlannedCell| {
            let (environment, policy) = self.parts(cell);
            CellRecord {
                id: cell.id.clone(),
                environment: environment.label.clone(),
                policy: policy.label.clone(),
                replicate: cell.replicate,
                ledger: None,
            }
        };
        Manifest {
            format: FORMAT,
            barp: env!("CARGO_PKG_VERSION").into(),
            experiment: self.spec.name.clone(),
            about: self.spec.about.clone(),
            command: command.into(),
            seed: self.spec.seed,
            environments: self.environments.iter().map(environment).collect(),
            cells: self.cells.iter().map(cell).collect(),
        }
    }
}

/// The encoder called `name`, for sources that read texts.
///
/// # Errors
/// What is wrong with the name, with the known ones.
pub fn text_encoder(name: &str) -> Result<TextEncoder, String> {
    let known: Vec<&str> = encoder::ENCODERS.iter().map(|entry| entry.name).collect();
    let found: Option<Box<dyn Encoder>> = encoder::by_name(name);
    let Some(found) = found else {
        return Err(format!("unknown encoder `{name}` (known: {})", known.join(", ")));
    };
    let width = found.width();
    Ok(TextEncoder { width, encode: Box::new(move |text, out| found.encode(text, out)) })
}

fn unique<'a>(place: &Place, what: &str, labels: impl Iterator<Item = &'a String>) -> Result<(), SpecError> {
    let mut labels: Vec<&String> = labels.collect();
    labels.sort();
    match labels.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let rule = format!("two `[[{what}]]` are called `{}`; give one another `name`", pair[0]);
            Err(place.error(rule))
        }
    }
}

pub(crate) fn take_name(place: &Place, table: &mut Map<String, Value>, key: &str) -> Result<Option<String>, SpecError> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(name)) if !name.is_empty() => Ok(Some(name)),
        Some(other) => Err(place.error(format!("`{key}` must be a name, got {other}"))),
    }
}

fn take_names(place: &Place, table: &mut Map<String, Value>, key: &str) -> Result<Vec<String>, SpecError> {
    let given = table.remove(key).unwrap_or_else(|| json!([]));
    serde_json::from_value(given.clone())
        .map_err(|_| place.error(format!("`{key}` must be a list of names, got {given}")))
}

fn take_tables(place: &Place, table: &mut Map<String, Value>, key: &str) -> Result<Vec<Map<String, Value>>, SpecError> {
    let given = table.remove(key).unwrap_or_else(|| json!([]));
    serde_json::from_value(given.clone())
        .map_err(|_| place.error(format!("`{key}` must be a list of tables, got {given}")))
}

/// The `tune` table of a policy: parameter -> values to try on the validation split.
fn take_grid(place: &Place, table: &mut Map<String, Value>) -> Result<Map<String, Value>, SpecError> {
    let rule = |got: &Value| place.error(format!("`tune` must be a table of non-empty lists, got {got}"));
    match table.remove("tune") {
        None => Ok(Map::new()),
        Some(Value::Object(grid)) => match grid.values().find(|values| values.as_array().is_none_or(Vec::is_empty)) {
            None => Ok(grid),
            Some(bad) => Err(rule(bad)),
        },
        Some(other) => Err(rule(&other)),
    }
}

/// Every combination of a tuning grid; one empty setting for an empty grid.
fn settings(grid: &Map<String, Value>) -> Vec<Map<String, Value>> {
    grid.iter().fold(vec![Map::new()], |settings, (key, values)| {
        let values = values.as_array().expect("`take_grid` checked the lists");
        let with = |setting: &Map<String, Value>, value: &Value| {
            let mut setting = setting.clone();
            setting.insert(key.clone(), value.clone());
            setting
        };
        settings.iter().flat_map(|setting| values.iter().map(move |value| with(setting, value))).collect()
    })
}

/// JSON with sorted keys, whatever order the parser kept.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let mut keys: Vec<&String> = table.keys().collect();
            keys.sort();
            let fields: Vec<String> =
                keys.iter().map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&table[*key]))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// The first 80 bits of SHA-256, in hexadecimal.
fn address(inputs: &str) -> String {
    Sha256::digest(inputs.as_bytes()).iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}
