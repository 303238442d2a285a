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
