//! What `.deny.toml` allows is what every dependency is: its licence, and where it comes from. For machines without cargo-deny.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The texts between quotes in the list `key` of `.deny.toml`.
fn listed(deny: &str, key: &str) -> Vec<String> {
    let list = deny.split_once(&format!("\n{key} = [")).and_then(|(_, rest)| rest.split_once(']')).unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether a licence expression can be met from `allowed`: one of its alternatives, all parts of it.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let alternatives = expression.split(" AND ").map(|part| part.trim_matches(['(', ')']).replace('/', " OR "));
    alternatives.into_iter().all(|part| part.split(" OR ").any(|licence| allowed.iter().any(|known| known == licence)))
}

#[test]
fn every_dependency_has_an_allowed_licence_and_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let deny = std::fs::read_to_string(root.join(".deny.toml")).unwrap();
    let (licences, sources) = (listed(&deny, "allow"), listed(&deny, "allow-registry"));
    assert!(licences.len() > 5 && sources.len() == 1);
    let mut metadata = Command::new(env!("CARGO"));
    let output = metadata.args(["metadata", "--format-version", "1", "--offline"]).current_dir(&root).output().unwrap();
    // Without a network, packages of other platforms may be absent; `cargo` then says nothing of any.
    if !output.status.success() {
        eprintln!("SKIPPED: {}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none"));
        assert!(is_met(licence, &licences), "{name}: `{licence}` is not allowed by .deny.toml");
        if let Some(source) = package["source"].as_str() {
            let known = sources.iter().any(|known| source == format!("registry+{known}"));
            assert!(known, "{name}: `{source}` is not allowed by .deny.toml");
        }
    }
    assert!(!is_met("GPL-3.0", &licences) && !is_met("MIT AND GPL-3.0", &licences));
}
