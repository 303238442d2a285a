//! What belongs together stays on one side of a split, and splits go out to others and come back.

use crate::support::barp;
use experiment::{Plan, Spec};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rows of 60 users with four questions each in two tasks; `note` is what stands in the column of groups.
fn users(folder: &Path, note: impl Fn(usize) -> String) {
    let mut table = "sample_id,user,prompt,eval_name,a,a|total_cost,b,b|total_cost\n".to_owned();
    for row in 0..240 {
        let (score, task) = (usize::from(row * row * 7919 % 1009 < 504), ["t", "u"][row % 2]);
        table += &format!("{row},{},question {row} of many,{task},{score},0.001,{},0.002\n", note(row), 1 - score);
    }
    store::write_whole(&folder.join("rows.csv"), table.as_bytes()).unwrap();
}

fn user(row: usize) -> String {
    format!("u{}", 7 * row % 60)
}

/// An experiment on these rows, with `more` in the table of the environment.
fn config(folder: &Path, more: &str) -> String {
    let file = folder.join("rows.csv").display().to_string();
    format!(
        "name = \"users\"\nreplicates = 3\n[preferences]\ntest = [0.0, 0.5]\n[[environment]]\nkind = \"recorded\"\n\
         name = \"rec\"\nfile = \"{file}\"\n{more}\n[[policy]]\nkind = \"knn\"\n[[policy]]\nkind = \"lin-ucb\"\n"
    )
}

fn plan(config: &str) -> Result<Plan, String> {
    Spec::parse(config, "c.toml").and_then(Spec::plan).map_err(|error| error.to_string())
}

/// The parts in which each key stands, by replicate and key.
fn sides(splits: &store::Frame, key: impl Fn(usize) -> String) -> BTreeMap<(String, String), BTreeSet<String>> {
    let column = |name: &str, row| splits.column(name).unwrap().text(row).unwrap();
    let mut sides: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for row in 0..splits.rows() {
        let key = key(column("sample_id", row).parse().unwrap());
        sides.entry((column("replicate", row), key)).or_default().insert(column("part", row));
    }
    sides
}

#[test]
fn a_user_is_on_one_side_of_every_split() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), user);
    let crossing = |more: &str| {
        let splits = plan(&config(folder.path(), more)).unwrap().splits().unwrap();
        assert_eq!(splits.rows(), 3 * 240, "every row is used: {more}");
        sides(&splits, user).values().filter(|sides| sides.len() > 1).count()
    };
    assert!(crossing("") > 60, "nothing is kept together by itself");
    assert_eq!(crossing("group = \"user\""), 0);
}

#[test]
fn a_group_changes_the_cells_and_a_group_for_each_row_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |more: &str| {
        plan(&config(folder.path(), more)).unwrap().cells().iter().map(|cell| cell.id.clone()).collect::<Vec<_>>()
    };
    users(folder.path(), user);
    let (plain, grouped) = (ids(""), ids("group = \"user\""));
    assert!(plain.iter().all(|id| !grouped.contains(id)));
    assert_eq!(ids("group = \"sample_id\""), plain, "no cluster is another than it was");
    assert_eq!(ids("near-duplicates = 1.0"), plain, "no two questions have one direction");
}

#[test]
fn a_missing_column_or_an_empty_group_is_refused_by_row() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), |row| if row == 4 { String::new() } else { user(row) });
    let refusal = |more: &str| plan(&config(folder.path(), more)).err().unwrap();
    let empty = "row 5, column `user`: rows of an unknown group may belong together: an empty cell; name a row that stands alone by itself";
    assert!(refusal("group = \"user\"").contains(empty), "{}", refusal("group = \"user\""));
    let missing = refusal("group = \"usr\"");
    assert!(missing.contains("rows.csv: 1 problem") && missing.contains("column `usr`: no such column"), "{missing}");
    assert!(
        refusal("near-duplicates = 0.2").contains("`near-duplicates` must be"),
        "{}",
        refusal("near-duplicates = 0.2")
    );
}

#[test]
fn a_plan_counts_clusters_and_says_what_links_them() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), user);
    let config = config(folder.path(), "group = \"user\"\nnear-duplicates = 1.0");
    store::write_whole(&folder.path().join("c.toml"), config.as_bytes()).unwrap();
    let printed = String::from_utf8(barp(folder.path(), &["plan", "c.toml"]).stdout).unwrap();
    let sentence = "rec: 240 prompts in 60 clusters, 240 of them in clusters of more than one (0 by equal prompts, 240 by \
                    `group`, 0 by `near-duplicates`); a cluster stays on one side of a split";
    assert!(printed.contains(sentence), "{printed}");
}

#[test]
fn an_imported_table_keeps_its_groups_and_without_texts_what_texts_were_equal() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), user);
    let import = |options: &[&str]| {
        let output = barp(folder.path(), &[&["data", "import", "rows.csv", "--out", "."], options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let words = "column `group`: `group = \"group\"` keeps them on one side";
        assert_eq!(String::from_utf8(output.stdout).unwrap().contains(words), !options.is_empty());
        store::read(&folder.path().join("table.parquet")).unwrap()
    };
    assert!(import(&[]).column("group").is_none());
    let number = |row: usize| (7 * row % 60).to_string();
    users(folder.path(), number);
    let groups = import(&["--group", "user"]);
    assert!((0..240).all(|row| groups.column("group").unwrap().text(row) == Some(number(row))));
    // Numbers in it are no model, whether it is asked for or not.
    let table = config(folder.path(), "").replace("rows.csv", "table.parquet");
    assert_eq!(plan(&table).unwrap().environments[0].world.models(), ["a", "b"]);
    users(folder.path(), user);
    let twice =
        std::fs::read_to_string(folder.path().join("rows.csv")).unwrap().replace("question 9 of", "question 2 of");
    store::write_whole(&folder.path().join("rows.csv"), twice.as_bytes()).unwrap();
    let groups = import(&["--without-prompts"]);
    assert_eq!([2, 9, 10].map(|row| groups.column("group").unwrap().text(row).unwrap()), ["2", "2", "10"]);
}

#[test]
fn splits_that_were_written_give_the_same_scores_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), user);
    for (more, ending) in [("group = \"user\"", "csv"), ("held-out = \"each\"\nshots = [0, 5]", "parquet")] {
        let (drawn, file) = (config(folder.path(), more), format!("splits.{ending}"));
        store::write_whole(&folder.path().join("c.toml"), drawn.as_bytes()).unwrap();
        let write = || {
            let output = barp(folder.path(), &["plan", "c.toml", "--splits", &file]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            std::fs::read(folder.path().join(&file)).unwrap()
        };
        assert_eq!(write(), write(), "the same bytes");
        let path = folder.path().join(&file).display().to_string();
        let given = plan(&config(folder.path(), &format!("{more}\nsplits = \"{path}\""))).unwrap();
        let drawn = plan(&drawn).unwrap();
        assert_eq!(given.splits(), drawn.splits());
        for (given_cell, drawn_cell) in given.cells().iter().zip(drawn.cells()) {
            assert_ne!(given_cell.id, drawn_cell.id, "the contents of the file are in the address");
            // As text: a number that is none equals itself.
            let scores = |plan: &Plan, cell| format!("{:?}", plan.simulate(cell, false).cell.scores);
            assert!(scores(&given, given_cell) == scores(&drawn, drawn_cell), "{}", given.name(given_cell));
        }
    }
}

/// A file of splits for the rows of [`users`] in three replicates: the first 40 users are trained on.
fn written() -> Vec<String> {
    let mut lines = vec!["sample_id,replicate,part".to_owned()];
    for replicate in 1..=3 {
        for row in 0..240 {
            let part = match 7 * row % 60 {
                0..40 => "train",
                40..50 => "validation",
                _ => "test",
            };
            lines.push(format!("{row},{replicate},{part}"));
        }
    }
    lines
}

#[test]
fn splits_that_break_a_rule_are_refused_by_line_and_value() {
    let folder = tempfile::tempdir().unwrap();
    users(folder.path(), user);
    let path = folder.path().join("splits.csv");
    let planned = |lines: &[String], more: &str| {
        store::write_whole(&path, (lines.join("\n") + "\n").as_bytes()).unwrap();
        let config = config(folder.path(), &format!("splits = \"{}\"\n{more}", path.display()));
        plan(&config).map_err(|error| error.replace(&path.display().to_string(), "splits.csv"))
    };
    let whole = written();
    let ids = |lines: &[String]| planned(lines, "").unwrap().cells()[0].id.clone();
    let mut shorter = whole.clone();
    shorter.remove(200);
    assert_ne!(ids(&whole), ids(&shorter), "a prompt may be in no part");
    let check = |edit: &dyn Fn(&mut Vec<String>), more: &str, message: &str| {
        let mut lines = written();
        edit(&mut lines);
        let refusal = planned(&lines, more).err().unwrap();
        assert!(refusal.contains(message), "{refusal}\nexpected {message}");
    };
    let set = |place: usize, line: &str| {
        let line = line.to_owned();
        move |lines: &mut Vec<String>| lines[place] = line.clone()
    };
    check(&set(3, "x,1,train"), "", "splits.csv: line 4, column `sample_id`: must be an id of the table, got `x`");
    check(
        &set(3, "0,1,train"),
        "",
        "line 4, column `sample_id`: must name each prompt once for a replicate, got `0` again, first at 2, in replicate 1",
    );
    check(
        &set(3, "2,1,tset"),
        "",
        "line 4, column `part`: must be one of `train`, `validation`, `test`, got `tset` (nearest is `test`)",
    );
    check(&set(3, "2,0,train"), "", "line 4, column `replicate`: must be a whole number from 1, got `0`");
    check(&set(3, "2,,train"), "", "line 4, column `replicate`: must not be empty");
    check(
        &set(0, "sample_id,replicate,side"),
        "",
        "line 2, column `part`: no such column, the file has sample_id, replicate, side",
    );
    check(
        &|lines| lines.truncate(300),
        "",
        "it must give each part of each replicate a prompt, got 0 train, 0 validation, 0 test in replicate 3",
    );
    // Rows 0 and 60 are one user's.
    let crossing =
        "line 62, column `part`: must be the part of all of a cluster, got test of `60` where `0` at 2 is train";
    check(&set(61, "60,1,test"), "group = \"user\"", crossing);
    check(
        &|_| (),
        "held-out = [\"u\"]",
        "column `part`: must be test for the tasks of `held-out` alone, got train of `1` (task `u`)",
    );
    let online = "protocol = { kind = \"online\", rounds = 10, checkpoints = 1 }";
    check(
        &|_| (),
        online,
        "`splits` must be given under protocol `train-then-test`, which splits, got protocol `online`",
    );
    let others = |lines: &mut Vec<String>| lines.iter_mut().for_each(|line| *line = format!("{line},environment"));
    check(&others, "", "it must have rows of environment `rec`, got rows of environment");
}

#[test]
fn a_table_too_small_or_too_clustered_to_split_is_refused_at_planning() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |more: &str| plan(&config(folder.path(), more)).err().unwrap();
    users(folder.path(), |row| format!("team {}", row % 2));
    let found = refusal("group = \"user\"");
    assert!(
        found.contains("`split` must leave each part a prompt, got ") && found.contains("in 2 clusters"),
        "{found}"
    );
    let whole = std::fs::read_to_string(folder.path().join("rows.csv")).unwrap();
    let three: Vec<&str> = whole.lines().take(4).filter(|line| !line.contains(",u,")).collect();
    store::write_whole(&folder.path().join("rows.csv"), (three.join("\n") + "\n").as_bytes()).unwrap();
    let found = refusal("");
    assert!(
        found.contains("`split` must leave each part a prompt, got 1 for training, 1 for validation and 0 for test"),
        "{found}"
    );
    assert!(found.contains("replicate 1: 2 prompts, shares [0.7, 0.15, 0.15]"), "{found}");
}
