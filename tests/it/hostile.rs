//! Input from strangers: names that would steer a terminal or a spreadsheet, numbers beyond every bound, folders that vanish, and
//! shards of another experiment.

use crate::support::{barp, files, program};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use store::{Column, Folder, Frame};

fn write(place: &Path, name: &str, text: &str) {
    store::write_whole(&place.join(name), text.as_bytes()).unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A model whose name moves a cursor and reorders letters, and one that a spreadsheet would run.
const MODELS: [&str; 2] = ["\u{1b}[31mred\u{202e}\u{9b}", "=cmd|'calc'!A0<script>"];

#[test]
fn names_cannot_steer_a_terminal_a_page_or_a_spreadsheet() {
    let place = tempfile::tempdir().unwrap();
    let [one, two] = MODELS;
    let header = format!("sample_id,prompt,task,{one},{one}|total_cost,{two},{two}|total_cost\n");
    let row = |row: u32| format!("{row},p {row},t\u{1b}]0;title\u{7},{},0.1,{},0.2\n", row % 2, (row / 2) % 2);
    write(place.path(), "rows.csv", &(header + &(0..60).map(row).collect::<String>()));
    let toml = "name = 'x'\nreplicates = 2\n[[environment]]\nkind = 'recorded'\nfile = 'rows.csv'\n\
                [[policy]]\nkind = 'single-models'\n[[policy]]\nkind = 'knn'";
    write(place.path(), "x.toml", toml);
    for arguments in [&["run", "x.toml", "--out", "out"][..], &["data", "describe", "rows.csv"], &["plan", "x.toml"]] {
        let output = barp(place.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        let unseen = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!said(&output).contains(unseen), "{arguments:?}: {:?}", said(&output));
    }
    let texts = files(&place.path().join("out"), "");
    for (name, bytes) in &texts {
        if [".svg", ".html", ".md", ".tex"].iter().any(|ending| name.ends_with(ending)) {
            let text = String::from_utf8_lossy(bytes);
            let unseen = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t') || letter == '\u{202e}';
            assert!(!text.contains(unseen), "{name}: {:?}", text.find(unseen));
            assert!(!text.contains("A0<script>"), "{name}");
        }
        if name.ends_with(".csv") {
            let text = String::from_utf8_lossy(bytes);
            let formula = |line: &str| line.split(',').any(|cell| cell.trim_start_matches('"').starts_with("=cmd"));
            assert!(!text.lines().any(formula), "{name}");
        }
    }
    assert!(texts.keys().any(|name| name.ends_with(".svg")) && texts.keys().any(|name| name.ends_with(".csv")));
}

#[test]
fn numbers_beyond_every_bound_are_refused_by_it() {
    let place = tempfile::tempdir().unwrap();
    let check = |text: &str, expected: &str| {
        write(place.path(), "x.toml", text);
        let output = barp(place.path(), &["plan", "x.toml"]);
        let said = said(&output);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{text}: {:?} {said}", output.status);
    };
    let most = "9223372036854775807";
    let world = |key: &str, number: &str| {
        format!("name = 'x'\n[[environment]]\nkind = 'calibrated'\n{key} = {number}\n[[policy]]\nkind = 'random'")
    };
    check(&world("rows", most), "`rows` must be from 1 to 1e7, got 9223372036854775807");
    check(&world("dimension", most), "`dimension` must be from 1 to 65536, got 9223372036854775807");
    check(&world("rows", "1000000000"), "`rows` must be from 1 to 1e7");
    check(&world("rows = 10000000\ndimension", "60000"), "numbers in a pool (8 GB)");
    let replicates = format!("replicates = 4294967295\n{}", world("rows", "200"));
    check(&replicates, "`replicates` must be from 1 to 100000 (intervals narrow with the square root of their number");
    let policies = [
        ("avengers-pro", "clusters"),
        ("barp", "hidden"),
        ("barp", "preference-width"),
        ("router-dc", "batch"),
        ("router-dc", "clusters"),
        ("sw-lin-ucb", "window"),
        ("knn", "k"),
    ];
    for (kind, key) in policies {
        let text = format!("name = 'x'\n[[environment]]\nrows = 200\n[[policy]]\nkind = '{kind}'\n{key} = {most}");
        check(&text, &format!("`{key}` must be from 1 to "));
    }
    let many = (0..11).map(|seed| format!("[[policy]]\nkind = 'random'\nname = 'p{seed}'\n")).collect::<String>();
    let many = format!("name = 'x'\nreplicates = 100000\n[[environment]]\nrows = 200\n{many}");
    check(&many, "at most 1000000 cells");
}

#[test]
fn a_long_name_and_a_few_bytes_that_stand_for_gigabytes_are_no_danger() {
    let place = tempfile::tempdir().unwrap();
    let name = "m".repeat(70_000);
    let rows: String = (0..5).map(|row| format!("{row},p,t,1,0.1\n")).collect();
    write(place.path(), "wide.csv", &format!("sample_id,prompt,task,{name},{name}|total_cost\n{rows}"));
    assert!(barp(place.path(), &["data", "describe", "wide.csv"]).status.success());
    let texts = |text: String| Column::Text(vec![Some(text); 3_000]);
    let columns = vec![("prompt".to_owned(), texts("a".repeat(200_000)))];
    let bomb = place.path().join("bomb.parquet");
    store::write_parquet(&bomb, &Frame { columns, metadata: Vec::new() }).unwrap();
    assert!(std::fs::metadata(&bomb).unwrap().len() < 10_000);
    let error = store::read(&bomb).unwrap_err().to_string();
    assert!(error.contains("column `prompt`, rows from 1: ") && error.contains("MiB"), "{error}");
}

const LONG: &str = "name = 'long'\nreplicates = 40\n[protocol]\nkind = 'online'\nrounds = 4000\ncheckpoints = 4\n\
                    [[environment]]\nkind = 'calibrated'\nrows = 2000\n[[policy]]\nkind = 'barp'";

/// Starts a run of `config` and waits until its manifest is there.
fn started(place: &Path, config: &str) -> std::process::Child {
    write(place, "c.toml", config);
    let mut run = Command::new(program());
    let run = run.args(["run", "c.toml", "--out", "out", "--threads", "1"]).current_dir(place);
    let child = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !place.join("out/manifest.json").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_folder_that_is_removed_during_a_run_ends_it_with_an_error() {
    let place = tempfile::tempdir().unwrap();
    let child = started(place.path(), LONG);
    std::fs::remove_dir_all(place.path().join("out")).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && error.contains("removed during the run"), "{error}");
    assert!(!place.path().join("out/manifest.json").exists(), "it is not made again");
}

#[cfg(unix)]
#[test]
fn sigterm_ends_a_run_though_a_long_cell_is_in_flight() {
    let place = tempfile::tempdir().unwrap();
    let endless = LONG.replace("rounds = 4000", "rounds = 100000000").replace("replicates = 40", "replicates = 1");
    let mut child = started(place.path(), &endless);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(Folder::new(&place.path().join("out")).read_manifest().is_ok());
}

#[test]
fn merge_names_what_is_missing_and_refuses_another_experiment() {
    let place = tempfile::tempdir().unwrap();
    let config = |seed: u32| {
        format!(
            "name = 'x'\nseed = {seed}\nreplicates = 2\n[[environment]]\nrows = 200\n[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'knn'"
        )
    };
    write(place.path(), "x.toml", &config(1));
    write(place.path(), "y.toml", &config(2));
    for (config, out, shard) in [("x.toml", "one", "1/3"), ("x.toml", "two", "2/3"), ("y.toml", "other", "1/1")] {
        let output = barp(place.path(), &["run", config, "--out", out, "--shard", shard]);
        assert!(output.status.success(), "{}", said(&output));
    }
    let output = barp(place.path(), &["merge", "one", "other", "--out", "all"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("config.toml must equal"), "{}", said(&output));
    assert!(!place.path().join("all").exists(), "nothing is copied before all is checked");
    let output = barp(place.path(), &["merge", "one", "two", "--out", "all"]);
    let text = said(&output);
    assert!(output.status.success() && text.starts_with("3 of 4 cells in all\nno folder has these cells: "), "{text}");
    let output = barp(place.path(), &["merge", "one", "--out", "other"]);
    assert!(output.status.code() == Some(2), "another experiment is there: {}", said(&output));
    // A damaged cell is passed over for a whole one, and said.
    let cells = place.path().join("one/cells");
    let cell = std::fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&cell, b"torn").unwrap();
    let output = barp(place.path(), &["merge", "one", "two", "--out", "again"]);
    assert!(said(&output).contains("damaged: ") && said(&output).contains(" of 4 cells in again"), "{}", said(&output));
}

#[test]
fn verify_finds_edits_that_keep_every_checksum() {
    let place = tempfile::tempdir().unwrap();
    write(
        place.path(),
        "x.toml",
        "name = 'x'\nreplicates = 2\n[[environment]]\nrows = 200\n[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'knn'",
    );
    assert!(barp(place.path(), &["run", "x.toml", "--out", "out"]).status.success());
    let verify = || barp(place.path(), &["verify", "out", "--sample", "1"]);
    assert!(verify().status.success(), "{}", said(&verify()));
    let folder = Folder::new(&place.path().join("out"));
    let whole = folder.read_manifest().unwrap();
    let check = |expected: &str| {
        let output = verify();
        assert!(output.status.code() == Some(1) && said(&output).contains(expected), "{expected}: {}", said(&output));
    };
    // Labels that are swapped, in a manifest with a right checksum.
    let mut swapped = whole.clone();
    let policy = std::mem::replace(&mut swapped.cells[0].policy, whole.cells[2].policy.clone());
    swapped.cells[2].policy = policy;
    folder.write_manifest(&swapped).unwrap();
    check("is said to be");
    folder.write_manifest(&whole).unwrap();
    // Numbers of a cell and of the summary, in files with right checksums.
    for path in [folder.cell_path(&whole.cells[0].id), place.path().join("out/summary.parquet")] {
        let bytes = std::fs::read(&path).unwrap();
        let mut frame = store::read(&path).unwrap();
        let Some((_, Column::Real(values))) = frame.columns.iter_mut().find(|(name, _)| name == "value") else {
            panic!()
        };
        values[0] = Some(0.987);
        store::write_parquet(&path, &frame).unwrap();
        check(&path.file_name().unwrap().to_string_lossy());
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(verify().status.success());
}
