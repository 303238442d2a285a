//! A Kubernetes Indexed Job: one pod for each share, on a volume that all of them can write, and a job to apply after it.

use super::{Shared, Work, called};
use crate::failure::Failure;
use crate::files::write;
use crate::output::say;
use clap::Args;
use serde_json::{Value, json};

#[derive(Args)]
pub(crate) struct Kubernetes {
    #[command(flatten)]
    work: Work,
    /// Container image that has `barp` on its path
    #[arg(long)]
    image: String,
    /// Claim of a volume that all pods can write (ReadWriteMany); configuration, rows and result folder lie on it, at the paths
    /// that this command was given
    #[arg(long, value_name = "NAME")]
    claim: String,
    /// Where the volume is mounted: the folder to which the paths are relative
    #[arg(long, value_name = "PATH", default_value = "/work")]
    mount: String,
    /// Cores of a pod
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    cores: u32,
}

impl Kubernetes {
    pub(super) fn run(self) -> Result<(), Failure> {
        let shared = self.work.share_out()?;
        let name = object_name(&shared.name);
        let (index, merge) = (shared.file("job.json"), shared.file("merge.json"));
        let text = |value: &Value| serde_json::to_string_pretty(value).expect("a manifest is plain") + "\n";
        write(&index, &text(&self.array(&shared, &name)))?;
        write(&merge, &text(&self.merge(&shared, &name)))?;
        if self.work.dry_run {
            for path in [&index, &merge] {
                say!("# {}\n{}", path.display(), crate::files::read(path)?);
            }
        } else {
            called("kubectl", &["apply".to_owned(), "-f".to_owned(), index.display().to_string()])?;
            say!("{}: {} tasks as job {name}", shared.name, shared.tasks);
        }
        say!(
            "after it: kubectl wait --for=condition=complete --timeout=-1s job/{name} && kubectl apply -f {}",
            merge.display()
        );
        Ok(())
    }

    fn array(&self, shared: &Shared, name: &str) -> Value {
        let command =
            format!("task=$((JOB_COMPLETION_INDEX + 1)); exec {} --threads {}", shared.task("$task"), self.cores);
        let mut job = self.job(shared, name, &command);
        job["spec"]["completionMode"] = json!("Indexed");
        job["spec"]["completions"] = json!(shared.tasks);
        job["spec"]["parallelism"] = json!(shared.tasks);
        job["spec"]["backoffLimitPerIndex"] = json!(shared.retries);
        job
    }

    fn merge(&self, shared: &Shared, name: &str) -> Value {
        self.job(shared, &format!("{name}-merge"), &shared.merge())
    }

    /// A job of one container that runs `command` in the folder where the volume is mounted.
    fn job(&self, shared: &Shared, name: &str, command: &str) -> Value {
        let needed = json!({"cpu": self.cores.to_string(), "memory": format!("{}M", shared.megabytes)});
        let container = json!({
            "name": "barp", "image": self.image, "command": ["/bin/sh", "-c", command], "workingDir": self.mount,
            "resources": {"requests": needed, "limits": {"memory": needed["memory"]}},
            "volumeMounts": [{"name": "work", "mountPath": self.mount}],
        });
        let pod = json!({
            "restartPolicy": "Never", "containers": [container],
            "volumes": [{"name": "work", "persistentVolumeClaim": {"claimName": self.claim}}],
        });
        json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"activeDeadlineSeconds": 60 * shared.minutes, "template": {"spec": pod}},
        })
    }
}

/// A name as objects of a cluster have: small letters, digits and `-`, at most 50 characters of them.
fn object_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).take(50).collect();
    format!("barp-{}", name.trim_matches('-'))
}
