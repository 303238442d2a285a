//! `barp compare DIR`: two policies, paired by replicate.

use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use std::path::PathBuf;
use store::{Folder, Run};

#[derive(Args)]
pub(crate) struct Compare {
    /// A result folder
    folder: PathBuf,
    /// Label of the policy to compare with
    #[arg(long)]
    baseline: String,
    /// Label of the policy in question
    #[arg(long)]
    candidate: String,
    /// Name of the metric, over all tasks
    #[arg(long, default_value = "sweep_reward")]
    metric: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let folder = Folder::new(&self.folder);
        let manifest = folder.read_manifest().map_err(Failure::input)?;
        let runs = crate::reporting::runs(&folder, &manifest)?;
        self.known(&runs)?;
        let mut found = Vec::new();
        for environment in &manifest.environments {
            let label = &environment.label;
            for one in report::compare(&runs, label, &self.metric, &self.candidate, &self.baseline) {
                let difference = one.interval;
                found.push(serde_json::json!({
                    "environment": label, "candidate": self.candidate, "baseline": self.baseline,
                    "metric": self.metric, "w_cost": one.w_cost, "difference": difference.mean,
                    "ci_low": difference.low, "ci_high": difference.high, "ci_method": difference.method,
                    "replicates": one.replicates,
                }));
            }
        }
        if self.json {
            say!("{}", serde_json::to_string_pretty(&found).expect("comparisons are plain"));
            return Ok(());
        }
        if found.is_empty() {
            say!("no replicate has {} of both {} and {}", self.metric, self.candidate, self.baseline);
        }
        for row in &found {
            let weight = row["w_cost"].as_f64().map_or(String::new(), |w| format!(" at w_cost {w}"));
            let number = |key: &str| row[key].as_f64().map_or("none".into(), |value| format!("{value:+.6}"));
            say!(
                "{}: {} of {} minus {}{weight}: {} [{}, {}] ({}, {} replicates)",
                row["environment"].as_str().unwrap_or_default(),
                self.metric,
                self.candidate,
                self.baseline,
                number("difference"),
                number("ci_low"),
                number("ci_high"),
                row["ci_method"].as_str().unwrap_or_default(),
                row["replicates"],
            );
        }
        Ok(())
    }

    /// Refuses policies and metrics that the folder does not have.
    fn known(&self, runs: &[Run]) -> Result<(), Failure> {
        let mut policies: Vec<&str> = runs.iter().map(|run| run.policy.as_str()).collect();
        policies.sort_unstable();
        policies.dedup();
        let quantities = runs.iter().flat_map(|run| run.scores.quantities());
        let made = metrics::field::FIELD.iter().map(|about| about.name).filter(|name| report::is_derived(name));
        let mut metrics: Vec<&str> = quantities.map(|quantity| quantity.metric.as_str()).chain(made).collect();
        metrics.sort_unstable();
        metrics.dedup();
        let names = [
            ("policy", &self.baseline, &policies),
            ("policy", &self.candidate, &policies),
            ("metric", &self.metric, &metrics),
        ];
        for (what, name, known) in names {
            if !known.contains(&name.as_str()) {
                let near =
                    experiment::nearest(name, known).map_or(String::new(), |near| format!("nearest is `{near}`; "));
                let (folder, known) = (self.folder.display(), known.join(", "));
                return Err(Failure::Input(format!("{folder}: unknown {what} `{name}` ({near}known: {known})")));
            }
        }
        Ok(())
    }
}
