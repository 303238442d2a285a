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
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    let name = first.file_name().unwrap().to_str().unwrap();
    assert!(error.starts_with(&format!("error: out/cells/{name}: ")), "{error}");
    // A summary in the place of a cell is parquet too, but lacks what only cells have.
    std::fs::copy(place.path().join("out/summary.parquet"), &first).unwrap();
    let error = String::from_utf8(barp(place.path(), &["report", "out"]).stderr).unwrap();
    assert_eq!(error.trim(), format!("error: out/cells/{name}: column `outcomes` must hold whole numbers"));
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
