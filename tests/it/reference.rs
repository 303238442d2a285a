//! Every key stands in the reference with its rule and meaning; page and JSON schema in `configs/` are what the program prints.

use crate::support::{barp, files};
use serde_json::{Map, Value};
use settings::{Written, conforms};
use std::collections::BTreeSet;
use std::path::Path;

const CONFIGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs");

/// Every configuration, without the claims, as (name, table).
fn configurations() -> Vec<(String, Map<String, Value>)> {
    let all = files(Path::new(CONFIGS), ".toml").into_iter().filter(|(name, _)| !name.ends_with(".claims.toml"));
    let table = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).unwrap();
        let written = Written::parse(&text, &name).unwrap_or_else(|error| panic!("{error}"));
        (name, written.table)
    };
    let all: Vec<_> = all.map(table).collect();
    assert!(all.len() > 20, "{} configurations", all.len());
    all
}

fn printed(arguments: &[&str]) -> String {
    let output = barp(Path::new(CONFIGS), arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_page_and_the_schema_are_what_the_program_prints() {
    for (file, arguments) in
        [("REFERENCE.md", &["help", "config", "--markdown"][..]), ("barp.schema.json", &["schema"][..])]
    {
        let stored = std::fs::read_to_string(Path::new(CONFIGS).join(file)).unwrap();
        assert!(printed(arguments) == stored, "configs/{file} is old: write `barp {}` to it", arguments.join(" "));
    }
}

/// The keys of the reference's tables with these paths.
fn keys(paths: &[&str]) -> BTreeSet<String> {
    let tables = experiment::reference().into_iter().filter(|table| paths.contains(&table.path.as_str()));
    tables.flat_map(|table| table.keys()).map(|key| key.name).collect()
}

fn assert_known(file: &str, table: &Value, paths: &[&str]) {
    let known = keys(paths);
    for key in table.as_object().unwrap().keys() {
        assert!(known.contains(key), "{file}: `{key}` is not in the reference of {paths:?}");
    }
}

#[test]
fn every_key_of_the_configurations_is_in_the_reference() {
    for (file, table) in configurations() {
        let tables = |value: &Value| value.as_array().into_iter().flatten().cloned().collect::<Vec<_>>();
        let top = Value::Object(table);
        assert_known(&file, &top, &["top"]);
        for section in ["objective", "latency", "preferences", "tune"].into_iter().filter(|key| top.get(key).is_some())
        {
            assert_known(&file, &top[section], &[section]);
        }
        for policy in tables(&top["policy"]) {
            let kind = policy["kind"].as_str().unwrap();
            assert_known(&file, &policy, &["policy", &format!("policy.{kind}")]);
        }
        for environment in tables(&top["environment"]) {
            let kind = environment["kind"].as_str().unwrap_or("calibrated");
            assert_known(&file, &environment, &["environment", &format!("environment.{kind}")]);
            for shift in tables(&environment["shift"]) {
                let kind = shift["kind"].as_str().unwrap();
                assert_known(&file, &shift, &["shift", &format!("shift.{kind}")]);
            }
            if let Some(feedback) = environment.get("feedback") {
                assert_known(&file, feedback, &["feedback"]);
            }
        }
    }
}

#[test]
fn every_key_has_a_rule_and_a_meaning() {
    for table in experiment::reference() {
        for key in table.keys() {
            assert!(!key.rule.is_empty(), "`{}` of {} has no rule", key.name, table.path);
            assert!(key.name == "kind" || !key.meaning.is_empty(), "`{}` of {} has no meaning", key.name, table.path);
        }
    }
}

#[test]
fn every_configuration_is_what_the_schema_asks_for_and_a_slip_is_not() {
    let schema = experiment::config_schema();
    for (file, table) in configurations() {
        let good = Value::Object(table);
        assert!(conforms(&schema, &good), "{file}");
        let slips: [fn(&mut Value); 6] = [
            |table| table["replicats"] = 3.into(),
            |table| table["policy"][0]["epoch"] = 3.into(),
            |table| table["policy"][0]["kind"] = "bapr".into(),
            |table| table["environment"][0]["rows"] = 0.into(),
            |table| table["environment"][0]["shift"] = serde_json::json!([{ "kind": "price", "factr": 2 }]),
            |table| table["objective"] = serde_json::json!({ "tau-usd": -1 }),
        ];
        for (number, slip) in slips.iter().enumerate() {
            let mut bad = good.clone();
            slip(&mut bad);
            assert!(!conforms(&schema, &bad), "{file}: slip {number}");
        }
    }
}

#[test]
fn help_shows_one_table_by_the_end_of_its_name_and_refuses_others_with_the_nearest() {
    let objective = printed(&["help", "config", "objective"]);
    assert!(objective.contains("tau-usd") && !objective.contains("checkpoints"), "{objective}");
    assert_eq!(printed(&["help", "config", "barp"]), printed(&["help", "config", "policy.barp"]));
    assert_eq!(printed(&["list", "policies", "barp"]), printed(&["help", "config", "policy.barp"]));
    let policies = printed(&["help", "config", "policy"]);
    assert!(policies.contains("tune") && policies.contains("policy.barp") && !policies.contains("learning-rate"));
    assert!(printed(&["help", "config", "recorded"]).contains("cost_suffix"), "with the tables inside of it");
    let unknown = barp(Path::new(CONFIGS), &["help", "config", "objectiv"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nearest is `objective`"));
    assert!(printed(&["help", "plan"]).contains("--threads"), "other commands keep their help");
}
