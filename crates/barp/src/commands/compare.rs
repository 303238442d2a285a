//! `barp compare DIR`: two policies, paired by replicate.

use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use std::path::PathBuf;
use store::words::{self, phase};
use store::{Folder, Replicate, Score};

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
        let replicates = folder.replicates(&manifest).map_err(Failure::failed)?;
        self.known(&replicates)?;
        let mut found = Vec::new();
        for environment in &manifest.environments {
            for w_cost in self.weights(&replicates, &environment.label) {
                let (candidate, baseline) = self.paired(&replicates, &environment.label, w_cost);
                if candidate.is_empty() {
                    continue;
                }
                let difference = statistics::paired_difference(&candidate, &baseline);
                found.push(serde_json::json!({
                    "environment": environment.label, "candidate": self.candidate, "baseline": self.baseline,
                    "metric": self.metric, "w_cost": w_cost, "difference": difference.mean, "ci_low": difference.low,
                    "ci_high": difference.high, "ci_method": difference.method, "replicates": candidate.len(),
                }));
            }
        }
        if self.json {
            say!("{}", serde_json::to_string_pretty(&found).expect("comparisons are plain"));
            return Ok(());
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
    fn known(&self, replicates: &[Replicate]) -> Result<(), Failure> {
        let mut policies: Vec<&str> = replicates.iter().map(|replicate| replicate.policy.as_str()).collect();
        policies.sort_unstable();
        policies.dedup();
        let scores = replicates.iter().flat_map(|replicate| &replicate.scores);
        let mut metrics: Vec<&str> = scores.map(|score| score.metric.as_str()).collect();
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

    /// The last score of the metric for each weight on cost, over all tasks, outside of learning curves.
    fn last<'a>(&self, replicate: &'a Replicate, w_cost: Option<f64>) -> Option<&'a Score> {
        let wanted = |score: &&Score| {
            score.metric == self.metric
                && score.w_cost == w_cost
                && score.task == words::ALL_TASKS
                && score.arm.is_none()
                && score.phase != phase::VALIDATION
        };
        replicate.scores.iter().rfind(wanted)
    }

    /// The weights on cost at which the candidate was measured, in order.
    fn weights(&self, replicates: &[Replicate], environment: &str) -> Vec<Option<f64>> {
        let own = replicates.iter().find(|one| one.environment == environment && one.policy == self.candidate);
        let mut weights: Vec<Option<f64>> = Vec::new();
        for score in own.into_iter().flat_map(|replicate| &replicate.scores) {
            if score.metric == self.metric && !weights.contains(&score.w_cost) {
                weights.push(score.w_cost);
            }
        }
        weights
    }

    /// Values of the candidate and of the baseline in the replicates that have both.
    fn paired(&self, replicates: &[Replicate], environment: &str, w_cost: Option<f64>) -> (Vec<f64>, Vec<f64>) {
        let of = |policy: &str, number: u32| {
            let own = replicates
                .iter()
                .find(|one| one.environment == environment && one.policy == policy && one.replicate == number);
            own.and_then(|replicate| self.last(replicate, w_cost)).map(|score| score.value)
        };
        let numbers = replicates.iter().filter(|one| one.environment == environment && one.policy == self.candidate);
        numbers
            .filter_map(|one| Some((of(&self.candidate, one.replicate)?, of(&self.baseline, one.replicate)?)))
            .unzip()
    }
}
