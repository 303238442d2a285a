//! `barp reproduce`: the experiments of a paper, from configurations that travel with the program.

use crate::commands::run::{Effort, Experiment, interrupt, plan};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use experiment::{Recorded, Spec};
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
    /// Result folder [default: results/WHAT, or results/WHAT-DATA]
    #[arg(long)]
    out: Option<PathBuf>,
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
        let stop = interrupt();
        let mut done: Vec<PathBuf> = Vec::new();
        for part in *parts {
            let spec = Spec::parse(part.config, part.file).map_err(Failure::input)?;
            let spec = match &recorded {
                None => spec,
                Some(recorded) => spec.on_recorded(recorded),
            };
            let plan = plan(spec)?;
            let folder = out.join(&plan.spec.name);
            say!("\n== {}: {}", plan.spec.name, plan.spec.about);
            let experiment = Experiment {
                plan,
                claims: part.claims.map(str::to_owned),
                command: self.command(what),
                siblings: done.clone(),
            };
            experiment.compute_and_report(&folder, &self.effort, &stop)?;
            done.push(folder);
        }
        say!("\neverything lies in {}", out.display());
        Ok(())
    }

    fn recorded(&self) -> Option<Recorded> {
        self.data.clone().map(|file| Recorded { file, embeddings: self.embeddings.clone() })
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
        format!("barp reproduce {what}{}{}", option("data", &self.data), option("embeddings", &self.embeddings))
    }
}
