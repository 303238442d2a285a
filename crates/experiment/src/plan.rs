//! A configuration as runnable: worlds opened, policies checked, cells addressed. Configuration errors end here.

mod address;
mod bill;
mod checkpoints;
mod decided;
mod environment;
mod given;
mod identity;
mod policy;
mod resolve;
mod shifts;
mod split;
mod splits;
mod sweep;
mod tested;
mod tuning;
mod variants;

pub use bill::Bill;
pub use decided::Decisions;

pub(crate) use address::canonical;
pub(crate) use checkpoints::Checkpoints;
pub(crate) use decided::{ABOUT as DECISIONS_FILE_ABOUT, DecisionsFile};
pub use identity::identified_runs;
pub(crate) use split::Split;
use split::{HeldOut, split};
use splits::Splits;
pub use tested::Tested;

use crate::extensions::Extensions;
use crate::spec::{FeedbackRule, Protocol, Spec};
use crate::written::{PolicyTable, WrittenPolicy};
use environments::{Environment, ReferenceEntry, Table};
use policies::Configured;
use routing::{Arm, Seed};
use serde_json::Value;
use settings::{Place, SpecError};
use std::sync::Arc;
use store::{CellRecord, EnvironmentRecord, FORMAT, Factors, Identity, Manifest};

/// An experiment that can run.
///
/// ```
/// use experiment::Spec;
///
/// let config = "name = 'first'\nreplicates = 3\n[[environment]]\nkind = 'calibrated'\n\
///               [[policy]]\nkind = 'knn'\n[[policy]]\nkind = 'oracle'";
/// let plan = Spec::parse(config, "first.toml").unwrap().plan().unwrap();
/// assert_eq!(plan.cells().len(), 6);
/// assert_eq!(plan.name(&plan.cells()[0]), "calibrated · knn · replicate 1");
/// // A policy keeps its cells when others join it: each is addressed by its own content.
/// let more = Spec::parse(&format!("{config}\n[[policy]]\nkind = 'ridge'"), "first.toml").unwrap().plan().unwrap();
/// assert_eq!(more.cells()[0].id, plan.cells()[0].id);
/// ```
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
    /// Name of the table it comes from; its label where the table stands for one environment.
    pub group: String,
    /// Position of that table in the configuration.
    pub(crate) written: usize,
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
    /// Prompts of each held-out task that are trained on nevertheless; none: held-out tasks are tested on whole.
    pub shots: Option<u64>,
    /// Splits that a file gives, instead of drawn ones.
    splits: Option<Splits>,
    /// Its place in a factorial of shifts, if it has one.
    pub factors: Option<Factors>,
    /// How policies learn and are tested on it.
    pub protocol: Protocol,
    /// What of the outcomes reaches policies online; none: the chosen model's, at once and as it is.
    pub feedback: Option<FeedbackRule>,
    /// What is compared on it.
    pub policies: Vec<PlannedPolicy>,
}

impl PlannedEnvironment {
    /// Training, validation and test rows of a replicate, whose `table` and whose seed `world` it is: given by a file, else drawn
    /// by `shares`.
    pub(crate) fn split(&self, table: &Table, shares: [f64; 3], replicate: u32, world: &Seed) -> Split {
        if let Some(splits) = &self.splits {
            return splits.of(replicate).clone();
        }
        split(table, shares, &HeldOut { tasks: &self.held_out, shots: self.shots }, &world.stream("split"))
    }
}

/// A policy or reference under a label.
pub struct PlannedPolicy {
    /// Label in the summary.
    pub label: String,
    /// Its kind and its part in the comparison, whatever its label.
    pub identity: Identity,
    /// What determines its numbers: kind, revision, parameters with defaults, and what is tuned: the grid, or the list of the
    /// settings that were drawn.
    pub content: Value,
    /// How to run it.
    pub subject: Subject,
}

impl PlannedPolicy {
    /// The parameters of which it tries several values, by name.
    pub fn tuned(&self) -> Vec<&str> {
        let tune = &self.content["tune"];
        let setting = if tune.is_array() { &tune[0] } else { tune };
        setting.as_object().into_iter().flat_map(|setting| setting.keys().map(String::as_str)).collect()
    }

    /// The values that `candidate`, one of its settings, has for the parameters that are tuned.
    pub(crate) fn setting(&self, candidate: &Configured) -> Value {
        self.tuned().into_iter().map(|key| (key.to_owned(), candidate.parameters[key].clone())).collect()
    }
}

/// What is being measured.
pub enum Subject {
    /// A policy, in every setting that it tries (one if it is not tuned).
    Policy(Vec<Configured>),
    /// A line drawn by the environment.
    Reference(&'static ReferenceEntry),
    /// One model for every request.
    Always(Arm),
    /// A router made elsewhere, by its decisions.
    Decided(Decisions),
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
        self.plan_with(&Extensions::default())
    }

    /// [`Spec::plan`], with policies and environments beside the registered ones.
    ///
    /// # Errors
    /// As [`Spec::plan`], and for an extension whose name is registered.
    pub fn plan_with(mut self, extensions: &Extensions) -> Result<Plan, SpecError> {
        let overridden = self.overridden.take();
        match (self.planned(extensions), overridden) {
            (Err(error), Some(overridden)) => Err(overridden.blamed(error, |spec| spec.planned(extensions).err())),
            (planned, _) => planned,
        }
    }

    fn planned(mut self, extensions: &Extensions) -> Result<Plan, SpecError> {
        extensions.check(&self.place)?;
        let policies = self.written_policies()?;
        let mut environments: Vec<PlannedEnvironment> = Vec::new();
        for (written, table) in self.environments.iter().enumerate() {
            for mut environment in self.environments_of(written, table.clone(), extensions)? {
                for policy in &policies {
                    environment.policies.extend(self.policy(policy.clone(), &environment, extensions)?);
                }
                unique(&self.place, "policy", environment.policies.iter().map(|policy| &policy.label))?;
                environments.push(environment);
            }
        }
        check_only(&policies, &environments)?;
        self.policies = policies.into_iter().map(|policy| policy.table).collect();
        unique(&self.place, "environment", environments.iter().map(|environment| &environment.label))?;
        let count = environments.iter().map(|environment| environment.policies.len()).sum::<usize>();
        let count = count.saturating_mul(self.replicates as usize);
        let rule =
            format!("at most {MOST_CELLS} cells in an experiment (each is held with what its address is made of)");
        self.place.unless(count <= MOST_CELLS, "replicates", &rule, count)?;
        let mut cells = Vec::with_capacity(count);
        for (position, environment) in environments.iter().enumerate() {
            for policy in 0..environment.policies.len() {
                cells.extend(self.cells(environment, position, policy));
            }
        }
        Ok(Plan { spec: self, environments, cells })
    }
}

/// Cells that an experiment may have, about 2 kB each.
const MOST_CELLS: usize = 1_000_000;

/// Refuses a policy that asks for an environment that is not there.
fn check_only(policies: &[WrittenPolicy], environments: &[PlannedEnvironment]) -> Result<(), SpecError> {
    let names = |environment: &PlannedEnvironment| [environment.label.clone(), environment.group.clone()];
    let mut names: Vec<String> = environments.iter().flat_map(names).collect();
    names.dedup();
    let known = || names.iter().map(|name| (name.as_str(), ()));
    for WrittenPolicy { place, table } in policies {
        let PolicyTable { only, .. } = place.take(&mut table.clone())?;
        for name in only {
            place.at("only").find("environment", &name, known())?;
        }
    }
    Ok(())
}

/// Refuses two tables of the list `what` with one label.
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

impl Spec {
    /// The seed of a replicate of the environment whose fingerprint without shifts is `source`.
    fn world_seed(&self, source: &str, replicate: u32) -> Seed {
        Seed::root(self.seed).child("environment", source).child("replicate", &replicate.to_string())
    }
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

    /// Environments that hold out other tasks than their configuration names, because it was put on other rows: the label of
    /// each, and the tasks it holds out instead.
    pub fn stand_ins(&self) -> Vec<(&str, Vec<&str>)> {
        let mut found = Vec::new();
        for environment in &self.environments {
            let tasks = environment.world.tasks();
            let held: Vec<&str> = environment.held_out.iter().map(|&task| tasks[task].as_str()).collect();
            let written = self.spec.environments[environment.written].get("held-out").and_then(Value::as_array);
            let Some(written) = written else { continue };
            if self.spec.stand_in.is_some() && written.iter().filter_map(Value::as_str).ne(held.iter().copied()) {
                found.push((environment.label.as_str(), held));
            }
        }
        found
    }

    /// Environment, policy and replicate of a cell, for people.
    pub fn name(&self, cell: &PlannedCell) -> String {
        let (environment, policy) = self.parts(cell);
        format!("{} · {} · replicate {}", environment.label, policy.label, cell.replicate + 1)
    }

    /// Whether it was put on other rows than its configuration names.
    pub fn on_other_rows(&self) -> bool {
        self.spec.stand_in.is_some()
    }

    /// Names of the tasks of all environments, each once.
    pub fn tasks(&self) -> Vec<String> {
        let all = self.environments.iter().flat_map(|environment| environment.world.tasks());
        all.fold(Vec::new(), |mut tasks, task| {
            if !tasks.contains(task) {
                tasks.push(task.clone());
            }
            tasks
        })
    }

    /// The labels of a cell's environment and policy.
    pub(crate) fn labels(&self, cell: &PlannedCell) -> (String, String) {
        let (environment, policy) = self.parts(cell);
        (environment.label.clone(), policy.label.clone())
    }

    /// The seed of everything that a cell's environment does: shared by all policies, so that they meet the same requests.
    pub(crate) fn world_seed(&self, cell: &PlannedCell) -> Seed {
        self.spec.world_seed(&self.parts(cell).0.source, cell.replicate)
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
            factors: environment.factors.clone(),
        };
        let cell = |cell: &PlannedCell| {
            let (environment, policy) = self.parts(cell);
            CellRecord {
                id: cell.id.clone(),
                environment: environment.label.clone(),
                policy: policy.label.clone(),
                identity: policy.identity.clone(),
                replicate: cell.replicate,
                ledger: None,
                chosen: None,
                sha256: None,
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
