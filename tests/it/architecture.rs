//! The map of `crates/README.md`, from `cargo metadata`: who may depend on whom, and where the heavy crates are confined.

use serde_json::Value;
use std::process::Command;

/// Each crate with the crates of this workspace that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("routing", &[]),
    ("kernels", &[]),
    ("encoder", &["kernels"]),
    ("network", &["kernels"]),
    ("settings", &[]),
    ("policies", &["kernels", "network", "routing", "settings"]),
    ("metrics", &["routing"]),
    ("statistics", &["routing"]),
    ("store", &["routing"]),
    ("environments", &["kernels", "routing", "settings", "store"]),
    (
        "experiment",
        &["encoder", "environments", "kernels", "metrics", "policies", "routing", "settings", "statistics", "store"],
    ),
    ("report", &["settings", "statistics", "store", "routing"]),
    (
        "barp",
        &[
            "encoder",
            "environments",
            "experiment",
            "metrics",
            "policies",
            "report",
            "routing",
            "settings",
            "statistics",
            "store",
        ],
    ),
    ("barp-python", &["environments", "experiment", "policies", "report", "routing", "store"]),
];

/// Heavy crates and the one crate that may name each.
const CONFINED: &[(&str, &str)] = &[
    ("arrow", "store"),
    ("parquet", "store"),
    ("csv", "store"),
    ("plotters", "report"),
    ("rayon", "experiment"),
    ("clap", "barp"),
    ("numpy", "barp-python"),
    ("pyo3", "barp-python"),
    ("indicatif", "barp"),
    ("ctrlc", "barp"),
    ("rand_chacha", "routing"),
];

/// (crate, its dependencies outside of tests) for the crates under `crates/`.
fn dependencies() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let own = packages.iter().filter(|package| text(&package["manifest_path"]).contains("/crates/"));
    own.map(|package| {
        let all = package["dependencies"].as_array().unwrap();
        let normal = all.iter().filter(|dependency| dependency["kind"] != "dev");
        (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
    })
    .collect()
}

#[test]
fn crates_know_only_whom_they_may_know() {
    for (name, used) in dependencies() {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            panic!("crate `{name}` is not on the map of tests/it/architecture.rs and crates/README.md");
        };
        for other in used.iter().filter(|other| ALLOWED.iter().any(|(known, _)| known == other)) {
            assert!(allowed.contains(&other.as_str()), "`{name}` must not know `{other}`");
        }
    }
}

#[test]
fn heavy_crates_are_confined() {
    for (name, used) in dependencies() {
        for (heavy, home) in CONFINED {
            assert!(
                name == *home || !used.contains(&(*heavy).to_owned()),
                "`{heavy}` belongs in `{home}`, not `{name}`"
            );
        }
    }
}

#[test]
fn every_crate_is_on_the_readme_map() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/README.md")).unwrap();
    for (name, _) in dependencies() {
        assert!(readme.contains(&format!("| `{name}` |")), "crates/README.md lacks a line for `{name}`");
    }
}
