//! What several tests need: a toy world, real rows where they are, runs in a scratch folder, the built program.

use environments::{Batch, Table, TableParts};
use experiment::{Options, Plan, Spec};
use policies::{Entry, Recipe};
use routing::{Dollars, Objective, Policy, Preference, Problem, Round, Router, Seed, random};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use store::{Folder, Manifest, Replicate};

/// The file `name` of the shared real rows; None, loudly, where it is absent.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("SKIPPED: real rows are absent: {}", path.display());
    None
}

/// A world that is easy to learn: prompts fall into as many clusters as there are models, model k answers its own cluster
/// well and others badly, and dearer models have higher numbers.
pub(crate) struct Toy {
    pub(crate) table: Table,
    pub(crate) problem: Problem,
    pub(crate) seed: Seed,
    prices: Vec<Dollars>,
}

impl Toy {
    const ROWS: usize = 400;

    pub(crate) fn new(dimension: usize, arms: usize) -> Toy {
        Toy::with(dimension, arms, |cluster, arm| arm == cluster)
    }

    /// The same prompts where the second model answers all of them well and the others none: a policy that does not read
    /// prompts can learn it.
    pub(crate) fn one_best(dimension: usize, arms: usize) -> Toy {
        Toy::with(dimension, arms, |_, arm| arm == 1)
    }

    /// `good` says whether prompts of a cluster are answered well by a model.
    fn with(dimension: usize, arms: usize, good: impl Fn(usize, usize) -> bool) -> Toy {
        let seed = Seed::root(11);
        let generator = &mut seed.stream("toy").at(Round(0));
        let models: Vec<String> = (0..arms).map(|arm| format!("model-{arm}")).collect();
        let mut parts = TableParts {
            ids: (0..Toy::ROWS).map(|row| row.to_string()).collect(),
            tasks: (0..arms).map(|arm| format!("task-{arm}")).collect(),
            models: models.clone(),
            dimension,
            ..TableParts::default()
        };
        for row in 0..Toy::ROWS {
            let cluster = row % arms;
            parts.task_of.push(cluster as u16);
            for column in 0..dimension {
                let centre = if column == cluster { 1.0 } else { 0.0 };
                parts.features.push(centre + 0.1 * random::normal(generator) as f32);
            }
            for arm in 0..arms {
                parts.quality.push(if good(cluster, arm) { 0.9 } else { 0.2 });
                parts.cost.push(Dollars(0.001 * (1 + arm) as f64));
            }
        }
        let objective = Objective::new(Dollars(0.02));
        let prices = (0..arms).map(|arm| Dollars(0.001 * (1 + arm) as f64)).collect();
        Toy { table: Table::new(parts), problem: Problem { models, dimension, objective }, seed, prices }
    }

    /// Requests of the given rounds: rows in turn, preferences drawn by round.
    pub(crate) fn refill(&self, rounds: Range<u64>, batch: &mut Batch) {
        self.refill_from(0, rounds, batch);
    }

    /// The same rounds with the prompts that stand `later` rows later.
    fn refill_from(&self, later: usize, rounds: Range<u64>, batch: &mut Batch) {
        batch.clear();
        let preferences = self.seed.stream("preference");
        for round in rounds.map(Round) {
            let preference = Preference::new(random::uniform(&mut preferences.at(round))).unwrap();
            let row = (round.0 as usize + later) % self.table.len();
            let up = vec![true; self.table.arms()];
            batch.push_row(round, &self.table, row, preference, &self.prices, &up);
        }
    }

    pub(crate) fn batch(&self, rounds: Range<u64>) -> Batch {
        let mut batch = Batch::new(self.table.dimension(), self.table.arms());
        self.refill(rounds, &mut batch);
        batch
    }

    /// The rounds of [`Toy::batch`], each with a prompt of another cluster.
    pub(crate) fn other_prompts(&self, rounds: Range<u64>) -> Batch {
        let mut batch = Batch::new(self.table.dimension(), self.table.arms());
        self.refill_from(1, rounds, &mut batch);
        batch
    }

    /// The policy of `entry` before its first round.
    ///
    /// # Panics
    /// If it does not learn from bandit feedback.
    pub(crate) fn bandit(&self, entry: &Entry) -> Box<dyn Policy> {
        let configured = (entry.configure)((entry.defaults)()).unwrap();
        let Recipe::Bandit { build, .. } = configured.recipe else { panic!("`{}` is not a bandit", entry.name) };
        build(&self.problem, &self.seed)
    }

    /// The router of `entry` after it has learnt what it can from this world.
    pub(crate) fn trained(&self, entry: &Entry, rounds: u64) -> Box<dyn Router> {
        match (entry.configure)((entry.defaults)()).unwrap().recipe {
            Recipe::Fixed(build) => build(&self.problem, &self.seed),
            Recipe::Full(fit) => {
                let rows: Vec<usize> = (0..self.table.len()).collect();
                fit(&self.problem, &self.table.training_set(&rows), &self.seed)
            }
            Recipe::Bandit { batch: size, build, .. } => {
                let mut policy = build(&self.problem, &self.seed);
                let stream = self.seed.stream("choice");
                let mut batch = self.batch(0..0);
                let mut choices = Vec::new();
                let mut revealed = environments::Revealed::new(self.problem.dimension, self.problem.arms());
                for start in (0..rounds).step_by(size) {
                    self.refill(start..start + size as u64, &mut batch);
                    policy.choose(&batch.contexts(), &stream, &mut choices);
                    let (contexts, feedback) = batch.reveal(&choices, &mut routing::Ledger::default(), &mut revealed);
                    policy.learn(&contexts, feedback);
                }
                policy.freeze()
            }
        }
    }

    /// Mean reward of a router over the whole table.
    pub(crate) fn reward(&self, router: &dyn Router) -> f64 {
        let batch = self.batch(0..self.table.len() as u64);
        let mut choices = Vec::new();
        router.decide(&batch.contexts(), &mut choices);
        let reward = |(row, choice): (usize, &routing::Choice)| {
            let arm = choice.arm.index();
            let preference = batch.contexts().preferences()[row];
            self.problem.objective.reward(preference, &batch.outcome(row, arm).unwrap())
        };
        choices.iter().enumerate().map(reward).sum::<f64>() / choices.len() as f64
    }
}

/// The plan of a configuration that must be right.
pub(crate) fn plan(toml: &str) -> Plan {
    Spec::parse(toml, "test.toml").and_then(Spec::plan).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a plan to its end in `folder`, decisions logged.
pub(crate) fn run(plan: &Plan, folder: &Path, threads: usize) -> Manifest {
    let options = Options { threads, log_decisions: true, command: "test".into(), ..Options::default() };
    let done = experiment::run(plan, &Folder::new(folder), &options, &AtomicBool::new(false), |_| ());
    done.unwrap_or_else(|error| panic!("{error}")).manifest
}

/// Runs a configuration in a scratch folder and reads its cells.
pub(crate) fn results(toml: &str) -> Vec<Replicate> {
    let folder = tempfile::tempdir().unwrap();
    let manifest = run(&plan(toml), folder.path(), 0);
    Folder::new(folder.path()).replicates(&manifest).unwrap()
}

/// The program, built as these tests were.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.ancestors().nth(2).unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "barp", "--target-dir"]).arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(), "barp must build");
        profile.join("barp")
    })
}

/// Runs the program with `arguments` in `folder`.
pub(crate) fn barp(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).current_dir(folder).output().unwrap()
}

/// Puts `bytes` at `path`.
pub(crate) fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    store::write_whole(path, bytes.as_ref()).unwrap();
}

/// What the program prints when it ends well.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = barp(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Relative path -> bytes of every file under `folder` that ends in `ending`.
pub(crate) fn files(folder: &Path, ending: &str) -> BTreeMap<String, Vec<u8>> {
    fn walk(top: &Path, folder: &Path, ending: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(top, &path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(top).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, ending, &mut found);
    found
}
