//! What is handed to a scheduler: balanced shares of the cells, scripts that stay one word where a path has spaces, and tasks whose
//! merged folder has the bytes of one process. `make test-slurm` runs it under a real Slurm.

use crate::support::{barp, files, put, succeed};
use serde_json::Value;
use std::path::Path;

const TOML: &str = "name = 'small'\nreplicates = 2\n[[environment]]\nkind = 'calibrated'\nrows = 200\n[[policy]]\nkind = 'random'\n\
                    [[policy]]\nkind = 'lin-ucb'\nepochs = 1\n[[policy]]\nkind = 'knn'\n";

fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("small.toml"), TOML);
    folder
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn tasks_that_run_their_cells_and_merge_have_the_bytes_of_one_process() {
    let folder = scratch();
    let submit =
        ["submit", "slurm", "small.toml", "--tasks", "4", "--out", "my array", "--dry-run", "--partition", "long"];
    let said = succeed(folder.path(), &submit);
    let script = text(folder.path(), "my array/submit/array.sh");
    assert!(said.contains(&script) && script.contains("#SBATCH --array=1-4\n"), "{script}");
    assert!(script.contains("#SBATCH --partition=long\n") && script.contains("#SBATCH --requeue\n"), "{script}");
    // What the script says of a task, with its number in place of Slurm's.
    let line = script.lines().find(|line| line.contains("barp run")).unwrap();
    let program = crate::support::program().display().to_string();
    for task in 1..=4 {
        let command = line.replacen("barp", &program, 1);
        let run = std::process::Command::new("sh")
            .args(["-c", &format!("task={task}; {command}")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
    }
    let merge = text(folder.path(), "my array/submit/merge.sh");
    let command = merge.lines().last().unwrap().replacen("barp", &program, 1);
    let merged = std::process::Command::new("sh").args(["-c", &command]).current_dir(folder.path()).status().unwrap();
    assert!(merged.success(), "{command}");
    succeed(folder.path(), &["run", "small.toml", "--out", "alone"]);
    for part in ["cells", "tested"] {
        let of = |name: &str| files(&folder.path().join(name).join(part), "parquet");
        assert!(of("alone").len() == 6 && of("alone") == of("my array"), "{part}");
    }
    let summary = |name: &str| std::fs::read(folder.path().join(name).join("summary.parquet")).unwrap();
    assert_eq!(summary("alone"), summary("my array"));
}

#[test]
fn an_indexed_job_has_a_pod_for_each_share_and_asks_for_what_was_said() {
    let folder = scratch();
    let submit = [
        "submit",
        "kubernetes",
        "small.toml",
        "--tasks",
        "3",
        "--out",
        "out",
        "--dry-run",
        "--image",
        "barp:0.2",
        "--claim",
        "rows",
        "--minutes",
        "20",
        "--megabytes",
        "900",
        "--retries",
        "5",
    ];
    succeed(folder.path(), &submit);
    let job: Value = serde_json::from_str(&text(folder.path(), "out/submit/job.json")).unwrap();
    let spec = &job["spec"];
    assert_eq!((spec["completionMode"].as_str(), spec["completions"].as_u64()), (Some("Indexed"), Some(3)));
    assert_eq!((spec["backoffLimitPerIndex"].as_u64(), spec["activeDeadlineSeconds"].as_u64()), (Some(5), Some(1200)));
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], "rows");
    assert_eq!(pod["containers"][0]["resources"]["limits"]["memory"], "900M");
    let shares: Vec<usize> =
        (1..=3).map(|task| text(folder.path(), &format!("out/submit/{task}.cells")).lines().count()).collect();
    assert_eq!(shares.iter().sum::<usize>(), 6);
    let merge: Value = serde_json::from_str(&text(folder.path(), "out/submit/merge.json")).unwrap();
    let command = merge["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap();
    assert_eq!(command, "barp merge out/tasks/* --out out");
}

#[test]
fn a_list_of_another_experiment_is_refused() {
    let folder = scratch();
    put(&folder.path().join("x.cells"), "\nabc\n");
    let output = barp(folder.path(), &["run", "small.toml", "--cells", "x.cells", "--out", "out"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("x.cells: line 2: `abc` is no cell of this experiment"), "{said}");
}
