//! What intervals on recorded rows stand on: the rows of the test prompts, from which every number can be made again.

use crate::support::{barp, plan, run};
use std::collections::BTreeMap;
use std::path::Path;
use store::{Column, Folder, Frame, SummaryRow};

/// `rows` made-up prompts of two tasks: a number says how hard each is, and two models answer by it and by chance.
fn rows(folder: &Path, rows: usize) -> String {
    let mut table = "sample_id,eval_name,prompt,small,small|total_cost,large,large|total_cost\n".to_owned();
    for row in 0..rows {
        let draw = |salt: usize| ((row * 7919 + salt * 104_729 + row * row * 31) % 1009) as f64 / 1009.0;
        let hard = draw(1);
        let [small, large] =
            [0.9 - 0.7 * hard, 0.9 - 0.2 * hard].map(|chance| u8::from(draw(2 + (10.0 * chance) as usize) < chance));
        let task = if row % 3 == 0 { "a" } else { "b" };
        table += &format!(
            "p{row},{task},question {row} of level {hard:.1},{small},{},{large},{}\n",
            0.001 + 0.0005 * draw(7),
            0.01 + 0.004 * draw(8)
        );
    }
    let path = folder.join("rows.csv");
    store::write_whole(&path, table.as_bytes()).unwrap();
    path.display().to_string()
}

fn config(file: &str, replicates: u32, more: &str) -> String {
    format!(
        "name = 'evidence'\nreplicates = {replicates}\n[preferences]\ntest = [0.0, 0.4]\n[[environment]]\nkind = 'recorded'\n\
         file = '{file}'\n{more}\n[[policy]]\nkind = 'knn'\nk = 9\n[[policy]]\nkind = 'oracle'\n[[policy]]\nkind = 'best-single'\n"
    )
}

fn summary(toml: &str) -> (tempfile::TempDir, Vec<SummaryRow>) {
    let place = tempfile::tempdir().unwrap();
    let manifest = run(&plan(toml), place.path(), 0);
    let runs = Folder::new(place.path()).runs(&manifest).unwrap();
    let rows = report::summary(&manifest, &runs).unwrap();
    (place, rows)
}

fn row<'a>(rows: &'a [SummaryRow], policy: &str, metric: &str, w_cost: Option<f64>) -> &'a SummaryRow {
    let wanted = |row: &&SummaryRow| {
        row.policy == policy && row.metric == metric && row.w_cost == w_cost && row.task == "all" && row.phase == "test"
    };
    rows.iter().find(wanted).unwrap_or_else(|| panic!("{metric} of {policy}"))
}

fn half_width(row: &SummaryRow) -> f64 {
    0.5 * (row.ci_high.unwrap() - row.ci_low.unwrap())
}

fn text<'a>(frame: &'a Frame, name: &str) -> &'a [Option<String>] {
    match frame.column(name) {
        Some(Column::Text(cells)) => cells,
        other => panic!("{name}: {other:?}"),
    }
}

fn real<'a>(frame: &'a Frame, name: &str) -> &'a [Option<f64>] {
    match frame.column(name) {
        Some(Column::Real(cells)) => cells,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_score_can_be_made_from_the_rows_of_the_test_prompts_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let (place, summary) = summary(&config(&rows(scratch.path(), 240), 3, ""));
    // (policy, metric, bits of the weight) -> replicate -> values.
    let mut values: BTreeMap<(String, &str, u64), BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
    for file in std::fs::read_dir(place.path().join("tested")).unwrap() {
        let frame = store::read(&file.unwrap().path()).unwrap();
        assert!(frame.metadata.iter().any(|(key, value)| key == "barp.schema" && value == "1"), "{:?}", frame.metadata);
        let Some(Column::Integer(replicates)) = frame.column("replicate") else { panic!("replicate") };
        for (place, replicate) in replicates.iter().enumerate() {
            let policy = text(&frame, "policy")[place].clone().unwrap();
            assert!(text(&frame, "sample_id")[place].as_ref().unwrap().starts_with('p'));
            for metric in ["reward", "quality", "cost_usd"] {
                let key = (policy.clone(), metric, real(&frame, "w_cost")[place].unwrap().to_bits());
                let value = real(&frame, metric)[place].unwrap();
                values.entry(key).or_default().entry(replicate.unwrap()).or_default().push(value);
            }
        }
    }
    assert_eq!(values.len(), 3 * 3 * 2);
    for ((policy, metric, weight), replicates) in values {
        let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let found = mean(&replicates.values().map(mean).collect());
        let told = row(&summary, &policy, metric, Some(f64::from_bits(weight)));
        assert!((found - told.value).abs() < 1e-12, "{metric} of {policy}: {found} {told:?}");
    }
}

#[test]
fn many_resplits_of_the_same_rows_are_worth_no_more_than_the_rows() {
    let scratch = tempfile::tempdir().unwrap();
    let file = rows(scratch.path(), 240);
    let wide = |replicates, more: &str| {
        let (_, summary) = summary(&config(&file, replicates, more));
        let found = row(&summary, "oracle", "reward", Some(0.0));
        assert!(found.ci_method.contains("new prompts"), "{}", found.ci_method);
        (half_width(found), found.value)
    };
    // The oracle does not learn, so all that varies is prompts: 240 of them, tested or not.
    let (five, value) = wide(5, "");
    let (twenty, _) = wide(20, "");
    let least = 1.96 * (value * (1.0 - value) / 240.0).sqrt();
    assert!(twenty > 0.8 * least && five > twenty, "{five} {twenty} {least}");
    // A held-out task is the same in every replicate: Student's t over them has no width.
    let (out, value) = wide(5, "held-out = ['a']");
    assert!(out > 0.8 * 1.96 * (value * (1.0 - value) / 80.0).sqrt(), "{out}");
}

#[test]
fn one_replicate_has_an_interval_about_this_training() {
    let scratch = tempfile::tempdir().unwrap();
    let (_, summary) = summary(&config(&rows(scratch.path(), 240), 1, ""));
    for policy in ["knn", "oracle"] {
        let found = row(&summary, policy, "sweep_reward", None);
        assert_eq!(found.ci_method.as_str(), "95% by prompts: new prompts, this training");
        assert!(half_width(found) > 0.02 && half_width(found) < 0.3, "{found:?}");
    }
}

#[test]
fn shares_and_scores_keep_their_range() {
    let scratch = tempfile::tempdir().unwrap();
    let (_, summary) = summary(&config(&rows(scratch.path(), 120), 2, ""));
    let bounded = |row: &&SummaryRow| ["arm_share", "quality"].contains(&row.metric.as_str()) && row.phase == "test";
    let mut seen = 0;
    for row in summary.iter().filter(bounded) {
        let (low, high) = (row.ci_low.unwrap(), row.ci_high.unwrap());
        assert!(0.0 <= low && low <= row.value && row.value <= high && high <= 1.0, "{row:?}");
        seen += 1;
    }
    assert!(seen > 20);
}

#[test]
fn a_baseline_that_sends_all_to_one_model_says_that_trainings_may_differ() {
    let scratch = tempfile::tempdir().unwrap();
    let (_, summary) = summary(&config(&rows(scratch.path(), 240), 3, ""));
    let method = |policy: &str| row(&summary, policy, "cost_usd", Some(0.4)).ci_method.to_string();
    assert!(method("best-single").contains("trainings may differ"), "{}", method("best-single"));
    assert!(!method("knn").contains("trainings may differ"));
}

#[test]
fn a_renamed_policy_keeps_its_cells_and_its_rows_get_the_name() {
    let scratch = tempfile::tempdir().unwrap();
    let toml = config(&rows(scratch.path(), 120), 2, "");
    let folder = scratch.path().join("out");
    run(&plan(&toml), &folder, 0);
    let renamed = toml.replace("kind = 'knn'", "kind = 'knn'\nname = 'neighbours'");
    let renamed = plan(&renamed);
    let manifest = run(&renamed, &folder, 0);
    let cell = manifest.cells.iter().find(|cell| cell.policy == "neighbours").unwrap();
    for path in [Folder::new(&folder).tested_path(&cell.id), Folder::new(&folder).decisions_path(&cell.id)] {
        let frame = store::read(&path).unwrap();
        assert!(
            text(&frame, "policy").iter().all(|policy| policy.as_deref() == Some("neighbours")),
            "{}",
            path.display()
        );
    }
    let runs = Folder::new(&folder).runs(&manifest).unwrap();
    assert!(runs.iter().all(store::Run::has_tested));
}

#[test]
fn cells_whose_rows_of_test_prompts_were_altered_are_left_out() {
    let scratch = tempfile::tempdir().unwrap();
    let toml = config(&rows(scratch.path(), 120), 2, "");
    store::write_whole(&scratch.path().join("e.toml"), toml.as_bytes()).unwrap();
    let first = barp(scratch.path(), &["run", "e.toml", "--out", "out"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let folder = scratch.path().join("out");
    let file = std::fs::read_dir(folder.join("tested")).unwrap().next().unwrap().unwrap().path();
    store::write_whole(&file, b"no parquet").unwrap();
    let told = barp(scratch.path(), &["report", "out"]);
    let message = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(message.contains("damaged: out/tested/") && message.contains("left out"), "{message}");
}
