//! The same configuration and seed give the same bytes: threads, shards, labels, killed and resumed, instruction sets.

use crate::support::{Toy, barp, files, plan, program, run};
use experiment::Options;
use kernels::Level;
use policies::POLICIES;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use store::Folder;

const QUICK: &str = include_str!("../../configs/quick.toml");

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(QUICK);
    run(&plan, one.path(), 1);
    run(&plan, two.path(), 2);
    let (one, two) = (files(one.path(), ".parquet"), files(two.path(), ".parquet"));
    let tested = one.keys().filter(|name| name.contains("tested")).count();
    assert_eq!(one.len(), 2 * plan.cells().len() + tested, "cells, decisions and the rows of those that test");
    assert!(tested > 0 && tested < plan.cells().len(), "one part of the configuration is online");
    assert!(one == two);
}

#[test]
fn shards_merge_to_the_bytes_of_a_whole_run() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(QUICK);
    run(&plan, whole.path(), 0);
    let elsewhere = [1, 2, 3].map(|shard| {
        let options = Options {
            threads: 1,
            shard: Some((shard, 3)),
            log_decisions: true,
            command: "test".into(),
            ..Options::default()
        };
        let done = experiment::run(&plan, &Folder::new(parts.path()), &options, &AtomicBool::new(false), |_| ());
        done.unwrap().elsewhere
    });
    assert_eq!(elsewhere, [96, 48, 0]);
    assert!(files(whole.path(), ".parquet") == files(parts.path(), ".parquet"));
}

#[test]
fn other_policies_and_other_labels_change_nobodys_cells() {
    let small = |policies: &str| {
        plan(&format!("name = 'x'\nreplicates = 1\n[[environment]]\nkind = 'calibrated'\nrows = 200\n{policies}"))
    };
    let alone = small("[[policy]]\nkind = 'lin-ts'");
    let among = small("[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'lin-ts'\nname = 'other label'");
    assert_eq!(alone.cells()[0].id, among.cells()[1].id);
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(&alone, one.path(), 1);
    run(&among, two.path(), 2);
    let name = format!("cells/{}.parquet", alone.cells()[0].id);
    assert!(files(one.path(), ".parquet")[&name] == files(two.path(), ".parquet")[&name]);
}

#[test]
fn a_changed_parameter_or_seed_is_another_cell() {
    let id = |text: &str| plan(&format!("name = 'x'\n[[environment]]\nrows = 200\n{text}")).cells()[0].id.clone();
    let base = id("[[policy]]\nkind = 'barp'");
    assert_eq!(base, id("[[policy]]\nkind = 'barp'\nbatch = 32"), "a default that is written out changes nothing");
    assert_ne!(base, id("[[policy]]\nkind = 'barp'\nbatch = 33"));
    let seeded = plan("name = 'x'\nseed = 2\n[[environment]]\nrows = 200\n[[policy]]\nkind = 'barp'");
    assert_ne!(base, seeded.cells()[0].id);
}

#[test]
fn killed_and_run_again_gives_the_bytes_of_an_undisturbed_run() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quick.toml").display().to_string();
    let (calm, rough) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The same relative folder: charts carry the command that redraws them.
    let arguments = |threads| ["run", config.as_str(), "--out", "out", "--threads", threads];
    assert!(barp(calm.path(), &arguments("1")).status.success());
    let mut interrupted = 0;
    for wait in [150, 300, 450] {
        let mut child = Command::new(program())
            .args(arguments("1"))
            .current_dir(rough.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        // SIGKILL: the process has no chance to tidy up.
        child.kill().unwrap();
        interrupted += usize::from(!child.wait().unwrap().success());
    }
    assert!(interrupted > 0, "at least one run was cut short");
    assert!(barp(rough.path(), &arguments("2")).status.success());
    for ending in [".parquet", ".csv", ".svg", ".png", ".md"] {
        let (calm, rough) = (files(calm.path(), ending), files(rough.path(), ending));
        assert_eq!(calm.keys().collect::<Vec<_>>(), rough.keys().collect::<Vec<_>>());
        let differ: Vec<&String> = calm.keys().filter(|name| calm[*name] != rough[*name]).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }
}

#[test]
fn every_instruction_set_trains_the_same_network() {
    let toy = Toy::new(20, 5);
    let entry = POLICIES.iter().find(|entry| entry.name == "barp").unwrap();
    let train = |level| {
        Level::limit_to(level);
        let mut policy = toy.bandit(entry);
        let stream = toy.seed.stream("choice");
        let mut choices = Vec::new();
        let mut revealed = environments::Revealed::new(toy.problem.dimension, toy.problem.arms());
        for step in 0..30 {
            let batch = toy.batch(step * 32..(step + 1) * 32);
            policy.choose(&batch.contexts(), &stream, &mut choices);
            let (contexts, feedback) = batch.reveal(&choices, &mut routing::Ledger::default(), &mut revealed);
            policy.learn(&contexts, feedback);
        }
        policy.choose(&toy.batch(5000..5032).contexts(), &stream, &mut choices);
        choices.iter().map(|choice| (choice.arm, choice.propensity.value().to_bits())).collect::<Vec<_>>()
    };
    let results: Vec<_> = Level::all().map(train).collect();
    Level::limit_to(Level::Avx512);
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
}
