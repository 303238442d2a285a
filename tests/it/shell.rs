//! Completions and manual pages know every command.

use crate::support::barp;
use std::path::Path;

/// The commands that `barp PATH --help` lists.
fn listed(path: &[&str]) -> Vec<String> {
    let output = barp(Path::new("."), &[path, &["--help"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let after = text.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = after.lines().take_while(|line| !line.is_empty());
    // Longer lines go on, further in.
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = named.filter_map(|line| line.split_whitespace().next());
    // Below a command, `help` is clap's own; at the top it is a command of ours.
    names.filter(|name| path.is_empty() || *name != "help").map(str::to_owned).collect()
}

/// Every command by its path.
fn commands() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for name in listed(&[]) {
        let below = listed(&[&name]).into_iter().map(|inner| vec![name.clone(), inner]).collect::<Vec<_>>();
        all.push(vec![name]);
        all.extend(below);
    }
    assert!(all.len() >= 20 && all.contains(&vec!["log".to_owned(), "train".to_owned()]), "{all:?}");
    all
}

#[test]
fn the_completions_of_every_shell_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = barp(Path::new("."), &["completions", shell]);
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        let words: Vec<&str> = script.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).collect();
        for path in commands() {
            let name = path.last().unwrap().as_str();
            assert!(words.contains(&name), "{shell}: {path:?}");
        }
        assert!(script.contains("threads"), "{shell} completes options");
    }
    let output = barp(Path::new("."), &["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = barp(folder.path(), &["man", "pages"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names: Vec<String> = commands().iter().map(|path| format!("barp-{}.1", path.join("-"))).collect();
    names.push("barp.1".into());
    for name in &names {
        let page = std::fs::read_to_string(folder.path().join("pages").join(name)).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("pages")).unwrap().count(), names.len());
    let run = std::fs::read_to_string(folder.path().join("pages/barp-run.1")).unwrap();
    assert!(run.contains("\\-\\-threads"), "{run}");
}
