//! `--set PATH=VALUE`: what is given on the command line counts as if the file said it.

use crate::support::barp;
use experiment::{Override, Plan, Spec};
use std::path::Path;

const FILE: &str = "name = 'x'\nreplicates = 2\n[protocol]\nkind = 'online'\nrounds = 300\ncheckpoints = 3\n\
    [[environment]]\nrows = 200\n[[environment]]\nname = 'drift'\nrows = 200\nprotocol = { kind = 'online', rounds = 500 }\n\
    [[environment.shift]]\nname = 'cut'\nkind = 'price'\nmodels = ['dearest']\nfactor = 0.1\nfrom = 100\n\
    [[policy]]\nkind = 'lin-ucb'\n[[policy]]\nname = 'my.own'\nkind = 'lin-ucb'\nalpha = 0.5\n[[policy]]\nkind = 'barp'\n";

fn with(set: &[&str]) -> Result<Plan, String> {
    let overrides: Vec<Override> =
        set.iter().map(|one| one.parse().unwrap_or_else(|error| panic!("{error}"))).collect();
    Spec::parse_with(FILE, "x.toml", &overrides).and_then(Spec::plan).map_err(|error| error.to_string())
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.cells().iter().map(|cell| cell.id.as_str()).collect()
}

/// `set` gives the cells of the file in which `from` is `to`.
#[track_caller]
fn same(set: &[&str], from: &str, to: &str) {
    assert!(FILE.contains(from), "{from}");
    let written = Spec::parse(&FILE.replace(from, to), "x.toml").and_then(Spec::plan).unwrap();
    assert_eq!(ids(&with(set).unwrap()), ids(&written), "{set:?}");
}

#[test]
fn a_value_that_is_set_is_one_that_is_written() {
    same(&["replicates=3"], "replicates = 2", "replicates = 3");
    same(&["protocol.rounds = 250"], "rounds = 300", "rounds = 250");
}

#[test]
fn paths_lead_through_labels_tables_and_quoted_keys() {
    same(&["environment.calibrated.rows=250"], "[[environment]]\nrows = 200", "[[environment]]\nrows = 250");
    same(&["environment.drift.protocol.rounds=600"], "rounds = 500", "rounds = 600");
    same(&["environment.drift.shift.cut.factor=0.2"], "factor = 0.1", "factor = 0.2");
    same(&["policy.\"my.own\".alpha=2"], "alpha = 0.5", "alpha = 2.0");
    same(&["policy.'my.own'.alpha = 2.0"], "alpha = 0.5", "alpha = 2.0");
    same(&["policy.barp.epochs=2"], "kind = 'barp'", "kind = 'barp'\nepochs = 2");
    same(&["policy.barp.sweep.entropy=[0, 0.1]"], "kind = 'barp'", "kind = 'barp'\nsweep = { entropy = [0, 0.1] }");
    same(&["preferences.test=[0, 0.5]"], "[protocol]", "[preferences]\ntest = [0.0, 0.5]\n[protocol]");
    same(&["objective.tau-usd=0.01"], "[protocol]", "[objective]\ntau-usd = 0.01\n[protocol]");
    same(&["policy.barp.head=linear"], "kind = 'barp'", "kind = 'barp'\nhead = 'linear'");
    same(&["policy.lin-ucb.only=['drift']"], "kind = 'lin-ucb'\n[", "kind = 'lin-ucb'\nonly = ['drift']\n[");
}

#[test]
fn the_last_of_two_values_counts_and_all_tables_of_a_label_get_theirs() {
    same(&["replicates=7", "replicates=3"], "replicates = 2", "replicates = 3");
    let text = "name = 'x'\n[[environment]]\n[[policy]]\nkind = 'knn'\nonly = ['a']\n[[policy]]\nkind = 'knn'\n\
                only = ['b']\n";
    let text = text.replace("[[environment]]\n", "[[environment]]\nname = 'a'\n[[environment]]\nname = 'b'\n");
    let set: Override = "policy.knn.k=3".parse().unwrap();
    let plan = Spec::parse_with(&text, "x.toml", &[set]).and_then(Spec::plan).unwrap();
    let ks: Vec<_> = plan.environments.iter().map(|one| one.policies[0].content["parameters"]["k"].clone()).collect();
    assert_eq!(ks, [3, 3]);
}

#[test]
fn what_meets_nothing_is_refused_with_what_there_is() {
    let refused = |set: &str, expected: &str| assert_eq!(with(&[set]).err().unwrap(), expected);
    refused(
        "replicate=3",
        "--set replicate=3: unknown key `replicate` (nearest is `replicates`; known: name, about, seed, replicates, \
         protocol, objective, latency, preferences, tune, environment, policy)",
    );
    refused(
        "policy.brap.epochs=3",
        "--set policy.brap.epochs=3: unknown label of `[[policy]]` `brap` (nearest is `barp`; known: lin-ucb, my.own, barp)",
    );
    refused(
        "environment.drift.shift.cat.factor=3",
        "--set environment.drift.shift.cat.factor=3: unknown label of `[[shift]]` `cat` (nearest is `cut`; known: cut)",
    );
    refused("policy.barp=3", "--set policy.barp=3: the path must go on to a key of `[[policy]]`, got `barp` last");
}

#[test]
fn an_error_that_an_override_causes_has_it_as_its_place() {
    let refused = |set: &[&str], expected: &str| assert_eq!(with(set).err().unwrap(), expected);
    refused(&["seed=2", "replicates=0"], "--set replicates=0: `replicates` must be from 1 to 100000, got 0");
    refused(
        &["policy.barp.epoch=3", "seed=2"],
        "--set policy.barp.epoch=3: [[policy]] barp: unknown key `epoch` (nearest is `epochs`; known: kind, name, only, \
         tune, sweep, epochs, batch, learning-rate, entropy, tau-scale, preference-width, head, hidden)",
    );
    refused(
        &["policy.'my.own'.alpha=many"],
        "--set 'policy.'\\''my.own'\\''.alpha=many': [[policy]] my.own: `alpha` must be a number of at least 0, got \
         \"many\"",
    );
    let overrides: Vec<Override> = vec!["seed=2".parse().unwrap()];
    let bad = FILE.replace("alpha = 0.5", "alpha = -1.0");
    let error = Spec::parse_with(&bad, "x.toml", &overrides).and_then(Spec::plan).err().unwrap().to_string();
    assert!(
        error.starts_with("x.toml:") && error.contains(": [[policy]] my.own: `alpha` must be"),
        "the file's own mistake: {error}"
    );
}

#[test]
fn a_text_that_is_no_override_is_refused_by_the_command_line() {
    for (bad, rule) in [
        ("epochs", "must be PATH=VALUE, got `epochs`"),
        ("policy..epochs=3", "with a path of keys as in TOML"),
        ("=3", "with a path of keys as in TOML"),
        ("replicates=", "with a value that is TOML or a word"),
        ("preferences.test=[0, 0.5", "with a value that is TOML or a word"),
    ] {
        let output = barp(Path::new("."), &["run", "x.toml", "--set", bad]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(rule), "{bad}: {error}");
    }
}

#[test]
fn a_run_says_what_was_set_so_that_a_reader_can_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "name = 'x'\nreplicates = 3\n[[environment]]\nrows = 300\n[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'knn'\n";
    std::fs::write(folder.path().join("x.toml"), text).unwrap();
    let set = ["--set", "replicates=1", "--set", "preferences.test=[0, 0.5]", "--set", "policy.knn.k=2"];
    let output = barp(folder.path(), &[&["run", "x.toml", "--out", "out"][..], &set[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = std::fs::read_to_string(folder.path().join("out/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let command = manifest["command"].as_str().unwrap();
    let said = "barp run x.toml --out out --set replicates=1 --set 'preferences.test=[0, 0.5]' --set policy.knn.k=2";
    assert_eq!(command, said);
    assert_eq!(manifest["cells"].as_array().unwrap().len(), 2);
    assert!(barp(folder.path(), &["verify", "out", "--sample", "1"]).status.success(), "config.toml says it too");
    let plan = barp(folder.path(), &[&["plan", "x.toml"][..], &set[..2]].concat());
    assert!(String::from_utf8(plan.stdout).unwrap().starts_with("x: 2 cells (1 replicates)"));
    let output = barp(folder.path(), &["reproduce", "paper", "--set", "policy.brap.epochs=1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("--set policy.brap.epochs=1: unknown label"), "{error}");
}
