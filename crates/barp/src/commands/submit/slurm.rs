//! A Slurm job array: one task for each share, and a job that begins when all have ended.

use super::{Shared, Work, called, quoted};
use crate::failure::Failure;
use crate::files::write;
use crate::output::say;
use clap::Args;

#[derive(Args)]
pub(crate) struct Slurm {
    #[command(flatten)]
    work: Work,
    /// Cores of a task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    cores: u32,
    /// Partition
    #[arg(long)]
    partition: Option<String>,
    /// Account that pays
    #[arg(long)]
    account: Option<String>,
    /// A line of the shell that makes `barp` known to a task, such as `module load barp`
    #[arg(long, value_name = "LINE")]
    setup: Option<String>,
}

impl Slurm {
    pub(super) fn run(self) -> Result<(), Failure> {
        for (name, value) in [("partition", &self.partition), ("account", &self.account), ("setup", &self.setup)] {
            if value.as_ref().is_some_and(|value| value.contains(['\n', '\r'])) {
                return Err(Failure::Input(format!("`--{name}` must be one line")));
            }
        }
        let shared = self.work.share_out()?;
        let (array, merge) = (shared.file("array.sh"), shared.file("merge.sh"));
        write(&array, &self.array(&shared))?;
        write(&merge, &self.merge(&shared))?;
        if self.work.dry_run {
            for path in [&array, &merge] {
                say!("# {}\n{}", path.display(), crate::files::read(path)?);
            }
            return Ok(());
        }
        let text = |path: &std::path::Path| path.display().to_string();
        let id = called("sbatch", &["--parsable".to_owned(), text(&array)])?;
        let id = id.split(';').next().unwrap_or_default().to_owned();
        let after = format!("--dependency=afterany:{id}");
        let last = called("sbatch", &["--parsable".to_owned(), after, text(&merge)])?;
        let last = last.split(';').next().unwrap_or_default();
        say!(
            "{}: {} tasks as job {id}; job {last} merges and reports into {}",
            shared.name,
            shared.tasks,
            shared.out.display()
        );
        Ok(())
    }

    fn array(&self, shared: &Shared) -> String {
        let more = [
            format!("--array=1-{}", shared.tasks),
            "--requeue".to_owned(),
            "--open-mode=append".to_owned(),
            format!("--cpus-per-task={}", self.cores),
            format!("--time={}", shared.minutes),
            format!("--mem={}M", shared.megabytes),
        ];
        let body = format!(
            "# SIGTERM comes before a task is taken away; cells that are finished stay, and the task goes on when it is back.\n\
             task=$SLURM_ARRAY_TASK_ID\n\
             {} --threads {} && exit 0\n\
             status=$?\n\
             [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {} ] && scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_$task\"\n\
             exit $status\n",
            shared.task("\"$task\""),
            self.cores,
            shared.retries,
        );
        self.script(shared, "", &more, &body)
    }

    fn merge(&self, shared: &Shared) -> String {
        let more =
            [format!("--time={}", super::LEAST_MINUTES.max(shared.minutes)), format!("--mem={}M", shared.megabytes)];
        self.script(shared, "-merge", &more, &format!("{}\n", shared.merge()))
    }

    /// A batch script that runs where the command was given, with `more` directives and what it does.
    fn script(&self, shared: &Shared, suffix: &str, more: &[String], body: &str) -> String {
        let log = quoted(&shared.file(if suffix.is_empty() { "task-%a.log" } else { "merge.log" }));
        let mut directives = vec![format!("--job-name={}{suffix}", job_name(&shared.name)), format!("--output={log}")];
        directives.extend(self.partition.iter().map(|partition| format!("--partition={partition}")));
        directives.extend(self.account.iter().map(|account| format!("--account={account}")));
        directives.extend_from_slice(more);
        let directives: String = directives.iter().map(|directive| format!("#SBATCH {directive}\n")).collect();
        let setup = self.setup.as_ref().map_or(String::new(), |setup| format!("{setup}\n"));
        format!("#!/bin/bash\n{directives}{setup}{body}")
    }
}

/// A name without what Slurm reads as more than a name.
fn job_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}
