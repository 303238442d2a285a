//! `barp submit ...`: an experiment as the tasks of a scheduler that is there already, with a last job that merges and reports.

mod kubernetes;
mod shares;
mod slurm;

use crate::failure::Failure;
use crate::files::{read, write};
use crate::overriding::{Overrides, said};
use crate::rehearsal;
use crate::running::{claims_beside, plan};
use clap::{Args, Subcommand};
use experiment::{Plan, Spec};
use routing::Seed;
use shares::balanced;
use std::path::{Path, PathBuf};

/// Share of the foretold time that is asked for: machines differ.
const PATIENCE: f64 = 3.0;
/// Minutes that are asked for at least.
const LEAST_MINUTES: u64 = 10;
/// Megabytes that a task needs beside its tables and what its policies keep.
const BASE_MEGABYTES: f64 = 512.0;

#[derive(Subcommand)]
pub(crate) enum Submit {
    /// A Slurm job array, and a job after it that merges and reports
    Slurm(slurm::Slurm),
    /// A Kubernetes Indexed Job with a volume claim, and a job to apply after it
    Kubernetes(kubernetes::Kubernetes),
}

impl Submit {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Submit::Slurm(command) => command.run(),
            Submit::Kubernetes(command) => command.run(),
        }
    }
}

/// What is submitted, to whatever scheduler.
#[derive(Args)]
pub(crate) struct Work {
    /// The experiment, a TOML file
    config: PathBuf,
    /// Tasks that the cells are shared out to
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    tasks: u32,
    /// Result folder [default: results/NAME]
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    /// Times that a task that failed is tried again
    #[arg(long, value_name = "N", default_value_t = 2)]
    retries: u32,
    /// Minutes that a task may take [default: three times what a moment of each policy foretells, at least 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    minutes: Option<u64>,
    /// Megabytes that a task may use [default: from the size of the tables]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    megabytes: Option<u64>,
    /// Write and print what would be submitted, and submit nothing
    #[arg(long)]
    dry_run: bool,
}

/// Work that is shared out.
struct Shared {
    name: String,
    config: PathBuf,
    out: PathBuf,
    /// Tasks that have a cell.
    tasks: usize,
    /// Arguments that override the configuration, for a shell.
    overriding: String,
    minutes: u64,
    megabytes: u64,
    retries: u32,
}

impl Work {
    /// Plans, measures a moment of each policy, and writes `submit/I.cells` under the result folder: for task I the addresses of
    /// its cells, one a line, so that all tasks take about equally long.
    fn share_out(&self) -> Result<Shared, Failure> {
        let file = self.config.display().to_string();
        let plan = plan(Spec::parse_with(&read(&self.config)?, &file, &self.overrides.all).map_err(Failure::input)?)?;
        claims_beside(&self.config, &plan)?;
        let out = self.out.clone().unwrap_or_else(|| Path::new("results").join(&plan.spec.name));
        let seconds = seconds(&plan);
        let shares = balanced(&seconds, self.tasks as usize);
        let mut longest = 0.0_f64;
        for (task, share) in shares.iter().enumerate() {
            let ids: String = share.iter().map(|&cell| format!("{}\n", plan.cells()[cell].id)).collect();
            write(&out.join("submit").join(format!("{}.cells", task + 1)), &ids)?;
            longest = longest.max(share.iter().map(|&cell| seconds[cell]).sum());
        }
        let minutes = self.minutes.unwrap_or(((PATIENCE * longest / 60.0).ceil() as u64).max(LEAST_MINUTES));
        let megabytes = self.megabytes.unwrap_or_else(|| megabytes(&plan));
        let (name, tasks, retries) = (plan.spec.name.clone(), shares.len(), self.retries);
        let overriding = said(&self.overrides.all);
        Ok(Shared { name, config: self.config.clone(), out, tasks, overriding, minutes, megabytes, retries })
    }
}

impl Shared {
    /// The file `name` of what is submitted.
    fn file(&self, name: &str) -> PathBuf {
        self.out.join("submit").join(name)
    }

    /// The command of a task, whose number from 1 is `task` in its shell. Every task has a folder of its own: no two write one file,
    /// and one that begins again goes on where it was.
    fn task(&self, task: &str) -> String {
        let (config, out) = (quoted(&self.config), quoted(&self.out));
        let overriding = &self.overriding;
        format!("barp run {config} --out {out}/tasks/{task} --cells {out}/submit/{task}.cells{overriding}")
    }

    /// The command that brings all tasks together, which says which cells are missing.
    fn merge(&self) -> String {
        let out = quoted(&self.out);
        format!("barp merge {out}/tasks/* --out {out}")
    }
}

/// Seconds that each cell of the plan takes on this machine, told from a moment of each policy.
fn seconds(plan: &Plan) -> Vec<f64> {
    let mut known: Vec<((usize, usize), f64)> = Vec::new();
    let cells = plan.cells().iter();
    cells
        .map(|cell| {
            let whose = (cell.environment, cell.policy);
            let found = known.iter().find(|(other, _)| *other == whose).map(|(_, seconds)| *seconds);
            found.unwrap_or_else(|| {
                let seconds = rehearsal::seconds(|share| plan.rehearse(cell, share));
                known.push((whose, seconds));
                seconds
            })
        })
        .collect()
}

/// Megabytes of the largest table with its outcomes, held twice while it is read, and of one matrix of d x d numbers for each model,
/// which linear bandits keep twice.
fn megabytes(plan: &Plan) -> u64 {
    let of = |environment: &experiment::PlannedEnvironment| {
        let pool = environment.world.pool(&Seed::root(0));
        let (rows, width, models) = (pool.len() as f64, pool.dimension() as f64, pool.arms() as f64);
        2.0 * rows * (4.0 * width + 24.0 * models) + 16.0 * models * width * width
    };
    let bytes = plan.environments.iter().map(of).fold(0.0, f64::max);
    (BASE_MEGABYTES + bytes / 1e6).ceil() as u64
}

/// A path for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Runs `program` with `arguments` and returns what it prints.
fn called(program: &str, arguments: &[String]) -> Result<String, Failure> {
    let command = || format!("{program} {}", arguments.join(" "));
    let output = std::process::Command::new(program).args(arguments).output();
    let output = output.map_err(|error| Failure::Failed(format!("{}: {error}", command())))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::Failed(format!("{}: {}: {}", command(), output.status, said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_or_a_quote_stays_one_word() {
        assert_eq!(quoted(Path::new("a/b-1.toml")), "a/b-1.toml");
        assert_eq!(quoted(Path::new("it's here")), r"'it'\''s here'");
    }
}
