//! `barp plan CONFIG`: cells, and what they would buy. Nothing is run.

use crate::commands::run::{plan, read};
use crate::failure::Failure;
use crate::output::say;
use crate::table::aligned;
use clap::Args;
use experiment::{Bill, Spec};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Plan {
    /// The experiment, a TOML file
    config: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.config.display().to_string();
        let plan = plan(Spec::parse(&read(&self.config)?, &file).map_err(Failure::input)?)?;
        let bills = plan.bills();
        if self.json {
            say!("{}", serde_json::to_string_pretty(&bills).expect("bills are plain text and numbers"));
            return Ok(());
        }
        say!("{}: {} cells ({} replicates)", plan.spec.name, plan.cells().len(), plan.spec.replicates);
        let mut lines = vec![["environment", "policy", "tunings", "labels/cell", "USD/cell"].map(str::to_owned)];
        lines.extend(bills.iter().map(|Bill { environment, policy, tuning_trials, outcomes, dollars }| {
            let (tunings, labels, usd) = (tuning_trials.to_string(), outcomes.to_string(), format!("{dollars:.2}"));
            [environment.clone(), policy.clone(), tunings, labels, usd]
        }));
        say!("{}", aligned(&lines, 2).trim_end());
        let (outcomes, dollars) = bills.iter().fold((0, 0.0), |(n, d), bill| (n + bill.outcomes, d + bill.dollars));
        let replicates = plan.spec.replicates;
        say!(
            "all replicates: {} labels, about {:.2} USD at mean prices, if they were bought",
            outcomes * u64::from(replicates),
            dollars * f64::from(replicates)
        );
        Ok(())
    }
}
