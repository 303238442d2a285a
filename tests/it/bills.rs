//! What `barp plan` says will be bought is what a run buys, to the outcome.

use crate::support::plan;

/// Every bill of the plan beside what its cells were charged, summed over replicates.
#[track_caller]
fn check(toml: &str) {
    let plan = plan(toml);
    for bill in plan.bills() {
        let own = plan.cells().iter().filter(|cell| {
            let (environment, policy) = plan.parts(cell);
            environment.label == bill.environment && policy.label == bill.policy
        });
        let charged: Vec<u64> = own.map(|cell| plan.simulate(cell, false).cell.ledger.outcomes).collect();
        let all: u64 = charged.iter().sum();
        assert_eq!(bill.all_outcomes, all, "`{}` on `{}`", bill.policy, bill.environment);
        let mean = all as f64 / charged.len() as f64;
        assert!((bill.outcomes as f64 - mean).abs() <= 0.5, "{bill:?}");
    }
}

const POLICIES: &str = r#"
[[policy]]
kind = "barp"
epochs = 3
batch = 7
[[policy]]
kind = "lin-ucb"
tune = { alpha = [0.1, 1.0] }
[[policy]]
kind = "knn"
tune = { k = [1, 5, 9] }
[[policy]]
kind = "ridge"
[[policy]]
kind = "random"
[[policy]]
kind = "best-single"
[[policy]]
kind = "oracle"
[[policy]]
kind = "single-models"
"#;

#[test]
fn training_tuning_and_validation_are_planned_to_the_outcome() {
    for head in [
        "[protocol]\ncheckpoints = 4\n[[environment]]\nrows = 230\n",
        "[protocol]\ncheckpoints = 9\nselect = \"best-validation\"\n[[environment]]\nrows = 230\nheld-out = [\"mbpp\"]\n",
        "[preferences]\ntest = [0.1, 0.9]\n[[environment]]\nrows = 230\nheld-out = [\"mbpp\"]\nshots = 2\n",
    ] {
        check(&format!("name = \"bill\"\nreplicates = 2\n{head}{POLICIES}"));
    }
}

#[test]
fn equal_tuning_is_planned_to_the_outcome() {
    for select in ["last", "best-validation"] {
        check(&format!(
            "name = \"bill\"\nreplicates = 2\n[tune]\ntrials = 3\n[protocol]\ncheckpoints = 4\nselect = \"{select}\"\n\
             [[environment]]\nrows = 230\n[[policy]]\nkind = \"ridge\"\n[[policy]]\nkind = \"lin-ucb\"\n\
             [[policy]]\nkind = \"barp\"\nepochs = 2\n[[policy]]\nkind = \"avengers-pro\"\ntune = false\n\
             [[policy]]\nname = \"grid\"\nkind = \"knn\"\ntune = {{ k = [1, 5] }}\n[[policy]]\nkind = \"best-single\"\n"
        ));
    }
}

#[test]
fn an_online_run_is_planned_to_the_outcome_whatever_its_feedback() {
    let policies = "[[policy]]\nkind = \"lin-ucb\"\n[[policy]]\nkind = \"barp\"\n[[policy]]\nkind = \"best-single\"\n";
    for feedback in ["", "[environment.feedback]\narms = 3\nlabels = 40\ndelay = 5.0\n"] {
        let protocol = "[protocol]\nkind = \"online\"\nrounds = 300\ncheckpoints = 2\n[[environment]]\nrows = 200\n";
        check(&format!("name = \"bill\"\nreplicates = 2\n{protocol}{feedback}{policies}"));
    }
}

/// `barp plan x.toml --power` with these arguments, in a folder that has a run of it under `out`.
fn power(arguments: &[&str]) -> std::process::Output {
    let place = tempfile::tempdir().unwrap();
    let toml = "name = 'x'\nreplicates = 4\n[[environment]]\nname = 'w'\nkind = 'calibrated'\nrows = 300\n\
                [[environment]]\nname = 'o'\nkind = 'calibrated'\nrows = 300\nprotocol = { kind = 'online', rounds = 90, checkpoints = 9 }\n\
                [[policy]]\nkind = 'random'\n[[policy]]\nkind = 'cheapest'\n";
    std::fs::write(place.path().join("x.toml"), toml).unwrap();
    crate::support::run(&plan(toml), &place.path().join("out"), 1);
    crate::support::barp(place.path(), &[&["plan", "x.toml", "--power"], arguments].concat())
}

fn needed(arguments: &[&str]) -> serde_json::Value {
    let output = power(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all.len(), 1, "online runs have no test split");
    all.remove(0)
}

#[test]
fn a_smaller_effect_needs_more_and_a_folder_says_how_much_differences_vary() {
    let [large, small] = ["0.1", "0.02"].map(|effect| needed(&[effect, "--json"]));
    let count = |line: &serde_json::Value| line["replicates_needed"].as_u64().unwrap();
    assert!(count(&small) > count(&large) && small["source"] == "default", "{small}");
    assert!(small["power_as_configured"].as_f64() < large["power_as_configured"].as_f64());
    let design = statistics::Design { replicates: 4, prompts: small["prompts"].as_u64().unwrap(), pool: None };
    let spread = statistics::Spread { training: 0.01, prompt: 0.25 };
    assert_eq!(spread.replicates(0.02, design), Some(count(&small)));
    let shown = needed(&["0.02", "--from", "out", "--json"]);
    assert!(shown["source"].as_str().unwrap().contains("1 pairs of policies"), "{shown}");
    assert!(shown["sd_prompt"] != small["sd_prompt"] || shown["sd_training"] != small["sd_training"], "{shown}");
    let text = String::from_utf8(power(&["0.02"]).stdout).unwrap();
    assert!(text.contains("paired t-test over replicates") && text.contains("0.250 from prompt to prompt"), "{text}");
}

#[test]
fn an_effect_that_is_no_difference_in_reward_is_refused() {
    for effect in ["0", "3", "nan", "much"] {
        let output = power(&[effect]);
        assert_eq!(output.status.code(), Some(2), "{effect}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("above 0 and at most 2"), "{effect}");
    }
    assert_eq!(power(&["0.02", "--from", "nowhere"]).status.code(), Some(2));
}
