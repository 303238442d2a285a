//! Equal prompts stay on one side of a split: nothing is tested on what it was trained on.

use crate::support::barp;
use experiment::Spec;
use std::path::Path;

/// `prompts` prompts, each four times, whose scores are the faces of a coin: even rows of a prompt show what odd ones do.
fn coins(folder: &Path, prompts: usize) -> String {
    let mut table = "sample_id,prompt,eval_name,a,a|total_cost,b,b|total_cost\n".to_owned();
    for row in 0..4 * prompts {
        let prompt = row / 4;
        let face = usize::from((prompt * prompt * 7919 + prompt * 104_729) % 1009 < 504);
        table += &format!("{row},question number {prompt} about x{prompt},t,{face},0.001,{},0.001\n", 1 - face);
    }
    store::write_whole(&folder.join("rows.csv"), table.as_bytes()).unwrap();
    let file = folder.join("rows.csv").display().to_string();
    format!(
        "name = \"coins\"\nreplicates = 5\n[preferences]\ntest = [0.0]\n[[environment]]\nkind = \"recorded\"\n\
         file = \"{file}\"\n[[policy]]\nkind = \"knn\"\nk = 1\n"
    )
}

#[test]
fn who_remembers_prompts_does_not_guess_coins() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Spec::parse(&coins(folder.path(), 150), "c.toml").and_then(Spec::plan).unwrap();
    let quality = |cell| {
        let scores = plan.simulate(cell, false).cell.scores;
        scores.iter().find(|one| one.metric == "quality" && one.phase == "test" && one.task == "all").unwrap().value
    };
    let values: Vec<f64> = plan.cells().iter().map(quality).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    // 22 prompts in each of five tests: a standard error of about .05 by prompts. With its copies in training it reads 1.
    assert!((mean - 0.5).abs() < 0.15, "{values:?}");
}

#[test]
fn a_plan_says_how_many_prompts_repeat_another() {
    let folder = tempfile::tempdir().unwrap();
    store::write_whole(&folder.path().join("c.toml"), coins(folder.path(), 40).as_bytes()).unwrap();
    let output = barp(folder.path(), &["plan", "c.toml"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("recorded: 160 of 160 prompts repeat another"), "{printed}");
}
