//! What `barp report` makes of a result folder: the same bytes again, and plain words about what is missing or foreign.

use crate::support::barp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const TOML: &str = "name = 'x'\nreplicates = 2\n[[environment]]\nname = 'still'\nrows = 300\n[[environment]]\nname = 'stream'\n\
                    rows = 300\nprotocol = { kind = 'online', rounds = 800, checkpoints = 8 }\n[[policy]]\nkind = 'random'\n\
                    [[policy]]\nkind = 'lin-ucb'\nepochs = 1\n[[policy]]\nkind = 'best-single'\n";

/// A folder with the results of a small experiment in `out`.
fn results() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("x.toml"), TOML).unwrap();
    let output = barp(place.path(), &["run", "x.toml", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    place
}

/// Bytes of everything under `folder` by path, cells aside.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_file() {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        } else if !path.ends_with("cells") {
            found.extend(files(&path));
        }
    }
    found
}

fn cells(place: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(place.join("out/cells")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn manifest(place: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(place.join("out/manifest.json")).unwrap()).unwrap()
}

#[test]
fn what_was_deleted_comes_back_byte_for_byte() {
    let place = results();
    let out = place.path().join("out");
    let before = files(&out);
    for name in ["frontier.svg", "frontier.dark.svg", "frontier.png", "improvement.svg", "forest.svg"] {
        assert!(before.contains_key(&out.join("charts/still").join(name)), "{name}");
    }
    for name in ["regret.svg", "shares_online.png"] {
        assert!(before.contains_key(&out.join("charts/stream").join(name)), "{name}");
    }
    for gone in ["charts", "tables"] {
        std::fs::remove_dir_all(out.join(gone)).unwrap();
    }
    for gone in ["report.html", "summary.csv", "summary.parquet"] {
        std::fs::remove_file(out.join(gone)).unwrap();
    }
    assert!(barp(place.path(), &["report", "out"]).status.success());
    let after = files(&out);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, bytes) in &before {
        assert!(after[path] == *bytes, "{} differs", path.display());
    }
}

#[test]
fn a_missing_cell_is_counted_and_a_stranger_beside_the_cells_is_left_alone() {
    let place = results();
    let all = cells(place.path());
    std::fs::remove_file(&all[0]).unwrap();
    std::fs::write(place.path().join("out/cells/notes.txt"), "not a cell").unwrap();
    let output = barp(place.path(), &["report", "out"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(told.contains(&format!("1 of {} cells are missing from this summary", all.len())), "{told}");
    assert!(told.contains("1 files in out/cells are not of this experiment and were left alone"), "{told}");
    let page = std::fs::read_to_string(place.path().join("out/report.html")).unwrap();
    let id = all[0].file_stem().unwrap().to_str().unwrap();
    let manifest = manifest(place.path());
    let cell = manifest["cells"].as_array().unwrap().iter().find(|cell| cell["id"] == id).unwrap();
    let text = |field: &str| cell[field].as_str().unwrap().to_owned();
    let (environment, policy) = (text("environment"), text("policy"));
    let gone = format!("\"gone\":[\"{environment} \u{b7} {policy} \u{b7} replicate {}\"]", cell["replicate"]);
    assert!(page.contains("\"missing\":1,") && page.contains(&gone), "the page says so too: {gone}");
    for path in &all[1..] {
        std::fs::remove_file(path).unwrap();
    }
    let output = barp(place.path(), &["report", "out"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.trim(), "error: out: no cell of the manifest is there");
}

#[test]
fn a_foreign_file_in_the_place_of_a_cell_is_named() {
    let place = results();
    let first = cells(place.path())[0].clone();
    std::fs::write(&first, "PAR1 but not really").unwrap();
    let output = barp(place.path(), &["report", "out"]);
    assert_eq!(output.status.code(), Some(0), "the other cells are reported");
    let error = String::from_utf8(output.stderr).unwrap();
    let name = first.file_name().unwrap().to_str().unwrap();
    assert!(error.starts_with(&format!("damaged: out/cells/{name}: ")), "{error}");
    // A summary in the place of a cell is parquet too, but lacks what only cells have.
    std::fs::copy(place.path().join("out/summary.parquet"), &first).unwrap();
    let error = String::from_utf8(barp(place.path(), &["report", "out"]).stderr).unwrap();
    assert!(error.starts_with(&format!("damaged: out/cells/{name}: it is not the cell of manifest.json")), "{error}");
}

#[test]
fn a_terminal_is_told_and_nothing_is_written() {
    let place = results();
    let out = place.path().join("out");
    std::fs::remove_dir_all(out.join("charts")).unwrap();
    std::fs::remove_file(out.join("summary.parquet")).unwrap();
    let before = files(&out);
    let told = barp(place.path(), &["report", "out", "--terminal"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(files(&out) == before);
    let whole = barp(place.path(), &["report", "out"]);
    let (told, whole) = (String::from_utf8(told.stdout).unwrap(), String::from_utf8(whole.stdout).unwrap());
    assert!(told.contains("mean reward") && whole.starts_with(&told), "{told}\n---\n{whole}");
}

#[test]
fn a_cell_under_the_name_of_another_is_found_out() {
    let place = results();
    let all = cells(place.path());
    std::fs::copy(&all[1], &all[0]).unwrap();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let told = format!("out/cells/{}.parquet: it is not the cell of manifest.json", stem(&all[0]));
    for command in [vec!["report", "out"], vec!["claims", "out"], vec!["run", "x.toml", "--out", "out"]] {
        let error = String::from_utf8(barp(place.path(), &command).stderr).unwrap();
        assert!(error.contains(&told), "{command:?}: {error}");
    }
    assert!(barp(place.path(), &["run", "x.toml", "--out", "out"]).status.success());
}

#[test]
fn a_cell_that_was_cut_short_is_named() {
    let place = results();
    let first = cells(place.path())[0].clone();
    let bytes = std::fs::read(&first).unwrap();
    let name = first.file_name().unwrap().to_str().unwrap();
    for kept in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&first, &bytes[..kept]).unwrap();
        let output = barp(place.path(), &["report", "out"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{kept} bytes: {error}");
        assert!(error.starts_with(&format!("damaged: out/cells/{name}: ")), "{kept} bytes: {error}");
    }
}

#[test]
fn a_chart_of_cells_that_are_gone_does_not_stay() {
    let place = results();
    let drawn = place.path().join("out/charts/stream/regret.svg");
    assert!(drawn.is_file());
    let manifest = manifest(place.path());
    for cell in manifest["cells"].as_array().unwrap().iter().filter(|cell| cell["environment"] == "stream") {
        let id = cell["id"].as_str().unwrap();
        std::fs::remove_file(place.path().join(format!("out/cells/{id}.parquet"))).unwrap();
    }
    let output = barp(place.path(), &["report", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!drawn.exists() && place.path().join("out/charts/still/frontier.svg").is_file());
}

#[test]
fn what_is_no_result_folder_is_bad_input() {
    let place = results();
    let check = |folder: &str, expected: &str| {
        let output = barp(place.path(), &["report", folder]);
        assert_eq!(output.status.code(), Some(2), "{folder}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.trim(), format!("error: {folder}/manifest.json: {expected}"));
    };
    check("nowhere", "there is none: is this a result folder?");
    let path = place.path().join("out/manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap();
    check("out", "`format` must be 1, got 2");
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let output = barp(place.path(), &["report", "out"]);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("at line "));
}
