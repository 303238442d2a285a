//! What stands in stored files: every row has a key of its own, every metric and every column is described.

use crate::support::{barp, files, plan, run};
use experiment::Spec;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{Direction, Folder, SummaryRow, read_summary, repeated};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The summaries that the repository publishes, by folder.
fn published() -> Vec<(String, Vec<SummaryRow>)> {
    let entries = std::fs::read_dir(repository().join("results/paper")).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.filter(|folder| folder.join("summary.parquet").is_file());
    found.map(|folder| (folder.display().to_string(), read_summary(&folder).unwrap())).collect()
}

/// Both protocols, worlds that stand still and move, and every way of learning.
const EVERYTHING: &str = "name = 'x'\nreplicates = 2\n[[environment]]\nname = 'still'\nkind = 'calibrated'\nrows = 300\n\
    [[environment]]\nname = 'moves'\nkind = 'calibrated'\nrows = 300\nfactorial = ['cut', 'drop']\n\
    protocol = { kind = 'online', rounds = 900, checkpoints = 9 }\n\
    [[environment.shift]]\nname = 'cut'\nkind = 'price'\nfrom = 300\nmodels = ['gpt-4-1106-preview']\nfactor = 0.1\n\
    [[environment.shift]]\nname = 'drop'\nkind = 'quality'\nfrom = 600\nmodels = ['claude-v1']\nchange = -0.5\n\
    [[policy]]\nkind = 'barp'\nepochs = 2\nonly = ['still']\n[[policy]]\nkind = 'knn'\nonly = ['still']\n\
    [[policy]]\nkind = 'lin-ucb'\n[[policy]]\nkind = 'glr-lin-ucb'\n[[policy]]\nkind = 'budget-paced'\n\
    [[policy]]\nkind = 'random'\n[[policy]]\nkind = 'oracle'\n[[policy]]\nkind = 'single-models'\nonly = ['still']\n";

/// The summary of [`EVERYTHING`], and the folder of its cells and decisions.
fn everything() -> (Vec<SummaryRow>, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let manifest = run(&plan(EVERYTHING), place.path(), 0);
    let runs = Folder::new(place.path()).runs(&manifest).unwrap();
    (report::summary(&manifest, &runs).unwrap(), place)
}

/// What `barp list WHAT --json` says, by name.
fn listed(what: &str) -> Vec<serde_json::Value> {
    let output = barp(&repository(), &["list", what, "--json"]);
    assert!(output.status.success());
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap().as_array().unwrap().clone()
}

#[test]
fn every_row_has_a_key_of_its_own_and_every_metric_is_listed_with_its_unit_and_direction() {
    let metrics: BTreeMap<String, (String, String)> = listed("metrics")
        .into_iter()
        .map(|item| {
            let word = |key: &str| item[key].as_str().unwrap().to_owned();
            (word("name"), (word("unit"), word("better")))
        })
        .collect();
    let (rows, _place) = everything();
    let phases: BTreeSet<&str> = rows.iter().map(|row| row.phase.as_str()).collect();
    for phase in ["test", "validation", "decile 10", "online", "bucket", "phase 2", "whole", "effect"] {
        assert!(phases.contains(phase), "{phase}: {phases:?}");
    }
    let description = experiment::describe(&plan(EVERYTHING).environments[0].world.pool(&routing::Seed::root(0)), "d");
    let made = [("a small run".to_owned(), rows), ("a description".to_owned(), description)];
    let summaries: Vec<_> = published().into_iter().chain(made).collect();
    assert!(summaries.len() > 5, "the published ones are among them");
    for (place, rows) in summaries {
        assert_eq!(repeated(&rows), None, "{place}");
        for row in rows {
            let (unit, better) =
                metrics.get(row.metric.as_str()).unwrap_or_else(|| panic!("{place}: `{}`", row.metric));
            let direction = match better.as_str() {
                "higher" => Direction::Up,
                "lower" => Direction::Down,
                _ => Direction::None,
            };
            assert_eq!((row.unit.as_str(), row.direction), (unit.as_str(), direction), "{place}: {}", row.metric);
        }
    }
}

#[test]
fn a_key_that_stands_twice_is_told() {
    let (mut rows, _place) = everything();
    rows.push(rows[0].clone());
    let told = repeated(&rows).unwrap();
    assert!(told.contains(&format!("`{}` of `{}`", rows[0].metric, rows[0].policy)), "{told}");
}

/// A table of recorded rows whose tasks are these in turn.
fn recorded(place: &Path, tasks: &[&str]) -> String {
    let mut csv = "sample_id,prompt,task,a,a|total_cost,b,b|total_cost\n".to_owned();
    for row in 0..60 {
        csv += &format!("{row},prompt {row},{},{},0.001,{},0.002\n", tasks[row % tasks.len()], row % 2, (row + 1) % 2);
    }
    let path = place.join("rows.csv");
    std::fs::write(&path, csv).unwrap();
    format!(
        "name = 'x'\nreplicates = 1\n[[environment]]\nname = 'w'\nkind = 'recorded'\nfile = '{}'\n[[policy]]\nkind = 'random'\n",
        path.display()
    )
}

#[test]
fn a_task_that_is_called_as_the_mix_is_the_mix_or_refused() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let manifest = run(&plan(&recorded(place.path(), &["all"])), &out, 0);
    let rows = report::summary(&manifest, &Folder::new(&out).runs(&manifest).unwrap()).unwrap();
    assert!(!rows.is_empty() && repeated(&rows).is_none());
    assert!(rows.iter().all(|row| row.task == "all"));
    let toml = recorded(place.path(), &["all", "maths"]);
    let error = Spec::parse(&toml, "bad.toml").and_then(Spec::plan).err().unwrap().to_string();
    assert!(error.contains("[[environment]] w") && error.contains("`all`"), "{error}");
    let twice = format!("{}[preferences]\ntest = [0.2, 0.2]\n", recorded(place.path(), &["maths"]));
    let error = Spec::parse(&twice, "bad.toml").and_then(Spec::plan).err().unwrap().to_string();
    assert!(error.contains("`test` must be weights on cost, each once, got 0.2 twice"), "{error}");
}

#[test]
fn the_columns_of_every_file_are_those_that_are_described() {
    let described = |file: &str| -> Vec<String> {
        let own = listed("columns").into_iter().filter(|item| item["file"] == file);
        own.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    let (rows, place) = everything();
    let names = |frame: store::Frame| frame.columns.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(store::Frame::from(&rows[..])), described("summary.parquet"));
    for (folder, file) in [("cells", "cells/<id>.parquet"), ("decisions", "decisions/<id>.parquet")] {
        let found: Vec<String> = files(&place.path().join(folder), ".parquet").into_keys().collect();
        assert!(!found.is_empty());
        for name in found {
            let columns = names(store::read(&place.path().join(folder).join(&name)).unwrap());
            let all = described(file);
            // Latencies and tokens are there only where the data have them.
            assert!(all.starts_with(&columns), "{name}: {columns:?}");
        }
    }
}

#[test]
fn the_page_of_columns_is_what_the_program_prints() {
    let printed = barp(&repository(), &["list", "columns"]);
    let page = std::fs::read_to_string(repository().join("results/COLUMNS.md")).unwrap();
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap(),
        page,
        "write it anew: barp list columns > results/COLUMNS.md"
    );
}
