//! What several tests need: real rows where they are, and runs in a scratch folder.

use experiment::{Options, Plan, Spec};
use std::path::{Path, PathBuf};
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

/// The plan of a configuration that must be right.
pub(crate) fn plan(toml: &str) -> Plan {
    Spec::parse(toml, "test.toml").and_then(Spec::plan).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a plan to its end in `folder`.
pub(crate) fn run(plan: &Plan, folder: &Path, threads: usize) -> Manifest {
    let options = Options { threads, shard: None, log_decisions: true, command: "test".into(), siblings: Vec::new() };
    let done = experiment::run(plan, &Folder::new(folder), &options, &AtomicBool::new(false), |_| ());
    done.unwrap_or_else(|error| panic!("{error}")).manifest
}

/// Runs a configuration in a scratch folder and reads its cells.
pub(crate) fn results(toml: &str) -> Vec<Replicate> {
    let folder = tempfile::tempdir().unwrap();
    let manifest = run(&plan(toml), folder.path(), 0);
    Folder::new(folder.path()).replicates(&manifest).unwrap()
}
