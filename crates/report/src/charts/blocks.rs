//! Rewards of policies that met the same requests, by task and replicate: what comparisons over tasks are made from.

use std::collections::BTreeMap;
use store::words::{self, metric, phase};

use store::{Role, Run};

use super::Source;
use super::table::{Basis, distinct};
use crate::roster::Roster;

/// Mean reward over the grid of preferences of each policy, in each replicate, on each task.
pub(super) struct Blocks {
    /// Policies, the best mean first; single models are left out.
    pub policies: Vec<String>,
    /// Tasks that every policy was measured on.
    pub tasks: Vec<String>,
    /// By policy, replicate and task.
    pub scores: Vec<Vec<Vec<f64>>>,
    /// What stands behind them, but for the interval.
    pub basis: Basis,
    roster: Roster,
}

/// The blocks of an environment; none for fewer than two policies with the same replicates and tasks.
pub(super) fn blocks(source: &Source<'_>) -> Option<Blocks> {
    let mut measured: BTreeMap<&str, BTreeMap<u32, BTreeMap<&str, Task>>> = BTreeMap::new();
    let runs = source.runs.iter().filter(|run| run.identity.role != Role::SingleModel);
    for run in runs.clone() {
        measured.entry(&run.policy).or_default().insert(run.replicate, by_task(run));
    }
    let order = distinct(runs.clone().map(|run| &run.policy));
    let first = order.iter().map(|policy| &measured[policy.as_str()]).max_by_key(|own| own.len())?;
    let replicates: Vec<u32> = first.keys().copied().collect();
    let tasks: Vec<&str> = first.values().next()?.keys().copied().collect();
    let complete = |own: &BTreeMap<u32, BTreeMap<&str, Task>>| {
        let has = |number: &u32| own.get(number).is_some_and(|found| found.keys().copied().eq(tasks.iter().copied()));
        replicates.iter().all(has)
    };
    measured.retain(|_, own| complete(own));
    let policies: Vec<String> = order.into_iter().filter(|policy| measured.contains_key(policy.as_str())).collect();
    if policies.len() < 2 || tasks.is_empty() {
        return None;
    }
    let scores = |policy: &String| -> Vec<Vec<f64>> {
        measured[policy.as_str()].values().map(|own| own.values().map(Task::mean).collect()).collect()
    };
    let mut ranked: Vec<(String, Vec<Vec<f64>>)> =
        policies.iter().map(|policy| (policy.clone(), scores(policy))).collect();
    ranked.sort_by(|(_, left), (_, right)| mean(right).total_cmp(&mean(left)));
    let requests = || measured.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values).map(|task| task.n);
    let basis = Basis {
        environment: source.runs.first()?.environment.to_string(),
        units: vec![(metric::REWARD.to_owned(), "reward, mean over the grid of preferences".to_owned())],
        methods: Vec::new(),
        replicates: Some((replicates.len() as u64, replicates.len() as u64)),
        n: requests().min().zip(requests().max()),
    };
    let (policies, scores) = ranked.into_iter().unzip();
    let tasks = tasks.into_iter().map(str::to_owned).collect();
    Some(Blocks { policies, tasks, scores, basis, roster: source.roster.clone() })
}

impl Blocks {
    /// The best `most` policies, and the main one wherever it stands.
    pub fn best(mut self, most: usize) -> Blocks {
        let main = self.policies.iter().position(|policy| self.roster.is_main(policy));
        let kept: Vec<usize> = (0..self.policies.len()).filter(|&place| place < most || Some(place) == main).collect();
        self.policies = kept.iter().map(|&place| self.policies[place].clone()).collect();
        self.scores = kept.iter().map(|&place| self.scores[place].clone()).collect();
        self
    }

    /// How many tasks and replicates there are, in words.
    pub fn extent(&self) -> String {
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        format!("{} \u{00d7} {}", many(self.tasks.len(), "task"), many(self.scores[0].len(), "replicate"))
    }
}

/// Rewards on one task over the grid, and the requests behind each.
#[derive(Default)]
pub(super) struct Task {
    sum: f64,
    weights: f64,
    /// Requests on it.
    pub n: u64,
}

impl Task {
    /// Mean reward over the grid of preferences.
    pub fn mean(&self) -> f64 {
        self.sum / self.weights
    }
}

/// What a run earned on the test split by task, the mix of `all` among them.
pub(super) fn rewards(run: &Run) -> BTreeMap<&str, Task> {
    let mut tasks: BTreeMap<&str, Task> = BTreeMap::new();
    for (place, quantity) in run.scores.quantities().iter().enumerate() {
        let own = quantity.metric == metric::REWARD && quantity.phase == phase::TEST && quantity.arm.is_none();
        if own && quantity.w_cost.is_some() {
            let score = run.scores.get(place);
            let task = tasks.entry(&quantity.task).or_default();
            *task = Task { sum: task.sum + score.value, weights: task.weights + 1.0, n: score.n };
        }
    }
    tasks
}

fn by_task(run: &Run) -> BTreeMap<&str, Task> {
    let mut tasks = rewards(run);
    tasks.remove(words::ALL_TASKS);
    tasks
}

fn mean(scores: &[Vec<f64>]) -> f64 {
    let all = || scores.iter().flatten();
    all().sum::<f64>() / all().count().max(1) as f64
}
