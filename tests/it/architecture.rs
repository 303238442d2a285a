//! Where the heavy crates are confined, and that no crate depends on what it never names. Who uses whom is in `map.rs`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates");

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
fn every_dependency_is_named_in_the_source() {
    for (name, used) in dependencies() {
        let folder = name.strip_prefix("barp-").unwrap_or(&name);
        let source = source_of(Path::new(CRATES).join(folder).join("src"));
        for other in used {
            let word = other.replace('-', "_");
            let forms = [format!("{word}::"), format!("use {word};"), format!("{word} as ")];
            assert!(forms.iter().any(|form| source.contains(form)), "`{name}` depends on `{other}` and never names it");
        }
    }
}

/// All Rust source below a folder.
fn source_of(folder: PathBuf) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &source_of(path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &std::fs::read_to_string(path).unwrap();
        }
    }
    text
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
