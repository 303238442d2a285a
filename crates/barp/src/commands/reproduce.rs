//! `barp reproduce`: the experiments of a paper, from configurations that travel with the program.

use crate::failure::Failure;
use crate::output::say;
use crate::overriding::{Overrides, said};
use crate::running::{Effort, Experiment, interrupt, plan};
use clap::Args;
use experiment::{Override, Recorded, Spec};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Reproduce {
    /// What to reproduce
    #[arg(default_value = "paper")]
    what: String,
    /// A wide table of real rows instead of the embedded benchmark
    #[arg(long)]
    data: Option<PathBuf>,
    /// Embeddings of its prompts, keyed by `sample_id`
    #[arg(long, requires = "data")]
    embeddings: Option<PathBuf>,
    /// Tasks of the rows that are only tested on where an experiment holds tasks out [default: the experiment's own; where the
    /// rows lack one of them, every third task by name, from the second on]
    #[arg(long, requires = "data", value_delimiter = ',')]
    held_out: Option<Vec<String>>,
    /// Result folder [default: results/WHAT, or results/WHAT-DATA]
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    effort: Effort,
}

/// A configuration with its claims, embedded.
struct Part {
    file: &'static str,
    config: &'static str,
    claims: Option<&'static str>,
}

macro_rules! part {
    ($folder:literal, $name:literal) => {
        Part {
            file: concat!("configs/", $folder, "/", $name, ".toml"),
            config: include_str!(concat!("../../../../configs/", $folder, "/", $name, ".toml")),
            claims: None,
        }
    };
    ($folder:literal, $name:literal, claims) => {
        Part {
            claims: Some(include_str!(concat!("../../../../configs/", $folder, "/", $name, ".claims.toml"))),
            ..part!($folder, $name)
        }
    };
}

/// What can be reproduced, and by which configurations, in the order they run.
const REPRODUCTIONS: &[(&str, &[Part])] = &[
    (
        "paper",
        &[
            part!("paper", "tables", claims),
            part!("paper", "preference-sweep"),
            part!("paper", "learners"),
            part!("paper", "head", claims),
            part!("paper", "tau"),
            part!("paper", "entropy"),
            part!("paper", "batch"),
            part!("paper", "learning-rate"),
            part!("paper", "collapse"),
        ],
    ),
    ("price-drift", &[part!("drift", "price-drift", claims)]),
    ("task-shift", &[part!("drift", "task-shift")]),
    ("quality-drop", &[part!("drift", "quality-drop")]),
    ("new-model", &[part!("drift", "new-model")]),
    ("outage", &[part!("drift", "outage")]),
    ("delayed-feedback", &[part!("drift", "delayed-feedback")]),
    ("listed-prices", &[part!("drift", "listed-prices", claims)]),
    ("price-book", &[part!("drift", "price-book")]),
    ("factorial", &[part!("drift", "factorial")]),
    ("leave-one-task-out", &[part!("ablations", "leave-one-task-out")]),
    ("leave-one-model-out", &[part!("ablations", "leave-one-model-out")]),
    ("few-shot", &[part!("ablations", "few-shot")]),
    ("equal-tuning", &[part!("ablations", "equal-tuning")]),
    ("everything-moves", &[part!("drift", "everything-moves")]),
];

impl Reproduce {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let known: Vec<&str> = REPRODUCTIONS.iter().map(|(name, _)| *name).collect();
        let Some((what, parts)) = REPRODUCTIONS.iter().find(|(name, _)| *name == self.what) else {
            let nearest =
                experiment::nearest(&self.what, &known).map_or(String::new(), |near| format!("nearest is `{near}`; "));
            return Err(Failure::Input(format!(
                "unknown reproduction `{}` ({nearest}known: {})",
                self.what,
                known.join(", ")
            )));
        };
        let out = self.out.clone().unwrap_or_else(|| Path::new("results").join(self.folder(what)));
        let recorded = self.recorded();
        meet_somewhere(&self.overrides.all, parts)?;
        let stop = interrupt();
        let mut done: Vec<PathBuf> = Vec::new();
        for part in *parts {
            let overrides: Vec<Override> =
                self.overrides.all.iter().filter(|one| one.meets(part.config, part.file).is_ok()).cloned().collect();
            let spec = Spec::parse_with(part.config, part.file, &overrides).map_err(Failure::input)?;
            let spec = match &recorded {
                None => spec,
                Some(recorded) => spec.on_recorded(recorded),
            };
            let plan = plan(spec)?;
            let folder = out.join(&plan.spec.name);
            say!("\n== {}: {}", plan.spec.name, plan.spec.about);
            let claims = part.claims.map(|claims| without_their_tasks(claims, &plan.stand_ins()));
            for (environment, tasks) in plan.stand_ins() {
                say!("{environment}: these rows are tested on {} instead", tasks.join(", "));
            }
            let experiment = Experiment { plan, claims, command: self.command(what), siblings: done.clone() };
            experiment.compute_and_report(&folder, &self.effort, &stop)?;
            done.push(folder);
        }
        say!("\neverything lies in {}", out.display());
        Ok(())
    }

    fn recorded(&self) -> Option<Recorded> {
        self.data.clone().map(|file| Recorded {
            file,
            embeddings: self.embeddings.clone(),
            held_out: self.held_out.clone(),
        })
    }

    fn folder(&self, what: &str) -> String {
        match self.data.as_deref().and_then(Path::file_stem) {
            None => what.into(),
            Some(stem) => format!("{what}-{}", stem.to_string_lossy()),
        }
    }

    fn command(&self, what: &str) -> String {
        let option = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or(String::new(), |path| format!(" --{name} {}", path.display()))
        };
        let held_out = self.held_out.as_ref().map_or(String::new(), |tasks| format!(" --held-out {}", tasks.join(",")));
        let data = option("data", &self.data) + &option("embeddings", &self.embeddings) + &held_out;
        format!("barp reproduce {what}{data}{}", said(&self.overrides.all))
    }
}

/// Refuses an override that leads nowhere in each of the `parts`; one that does in some of them stands for those.
fn meet_somewhere(overrides: &[Override], parts: &[Part]) -> Result<(), Failure> {
    for one in overrides {
        let mut nowhere = parts.iter().map(|part| one.meets(part.config, part.file));
        let first = nowhere.next().unwrap_or(Ok(()));
        if first.is_err() && nowhere.all(|met| met.is_err()) {
            return first.map_err(Failure::input);
        }
    }
    Ok(())
}

/// The claims, those about an environment that holds out other tasks than the paper's marked as such: what a paper says of
/// its tasks is not decided on others.
fn without_their_tasks(claims: &str, stand_ins: &[(&str, Vec<&str>)]) -> String {
    if stand_ins.is_empty() {
        return claims.to_owned();
    }
    let mut all: toml::Table = toml::from_str(claims).expect("embedded claims are checked by a test");
    for claim in all.get_mut("claim").and_then(toml::Value::as_array_mut).into_iter().flatten() {
        let of = claim.get("environment").and_then(toml::Value::as_str);
        let Some((_, tasks)) = stand_ins.iter().find(|(environment, _)| of == Some(environment)) else { continue };
        let reason =
            format!("it is about the tasks of the paper, and these rows were tested on {} instead", tasks.join(", "));
        let Some(table) = claim.as_table_mut() else { continue };
        table.entry("unavailable").or_insert(reason.into());
    }
    toml::to_string(&all).expect("what was TOML is TOML")
}
