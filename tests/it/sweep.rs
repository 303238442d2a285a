//! `sweep`: one policy table that stands for one policy for each combination of values.

use crate::support::{plan, results};
use experiment::{Plan, Spec};

const HEAD: &str = "name = \"swept\"\nreplicates = 2\n[[environment]]\nname = \"w\"\nrows = 300\n";

fn labels(plan: &Plan) -> Vec<&str> {
    plan.environments[0].policies.iter().map(|policy| policy.label.as_str()).collect()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.cells().iter().map(|cell| cell.id.as_str()).collect()
}

#[track_caller]
fn refused(policy: &str, expected: &str) {
    let toml = format!("{HEAD}[[policy]]\n{policy}");
    let error = Spec::parse(&toml, "bad.toml").and_then(Spec::plan).err().expect("must be refused").to_string();
    assert!(error.starts_with("bad.toml:") && error.ends_with(expected), "`{expected}` does not end: {error}");
}

#[test]
fn a_sweep_is_the_policies_that_one_would_have_written_out() {
    let swept = plan(&format!(
        "{HEAD}[[policy]]\nkind = \"barp\"\nepochs = 1\nsweep = {{ head = [\"mlp\", \"linear\"], entropy = [0, 0.01] }}\n\
         [[policy]]\nname = \"mine\"\nkind = \"mlp\"\nsweep = {{ hidden = [[8, 4]] }}\n[[policy]]\nkind = \"random\"\n"
    ));
    let expected = [
        "barp entropy=0 head=mlp",
        "barp entropy=0 head=linear",
        "barp entropy=0.01 head=mlp",
        "barp entropy=0.01 head=linear",
        "mine hidden=[8,4]",
        "random",
    ];
    assert_eq!(labels(&swept), expected);
    let barp = |label: &str, entropy: &str, head: &str| {
        format!("[[policy]]\nname = \"{label}\"\nkind = \"barp\"\nepochs = 1\nentropy = {entropy}\nhead = \"{head}\"\n")
    };
    let written = plan(&format!(
        "{HEAD}{}{}{}{}[[policy]]\nname = \"e\"\nkind = \"mlp\"\nhidden = [8, 4]\n[[policy]]\nkind = \"random\"\n",
        barp("a", "0.0", "mlp"),
        barp("b", "0.0", "linear"),
        barp("c", "0.01", "mlp"),
        barp("d", "0.01", "linear"),
    ));
    assert_eq!(ids(&swept), ids(&written), "a label is no part of an address");
    let again = plan(&swept.resolved());
    assert_eq!((ids(&again), labels(&again)), (ids(&swept), labels(&swept)), "{}", swept.resolved());
}

#[test]
fn what_is_not_swept_may_be_tuned_and_only_holds_for_every_variant() {
    let plan = plan(&format!(
        "{HEAD}[[environment]]\nname = \"v\"\nrows = 200\n[[policy]]\nkind = \"mlp\"\nonly = [\"w\"]\n\
         tune = {{ epochs = [1, 3] }}\nsweep = {{ hidden = [[8], [4]] }}\n[[policy]]\nkind = \"random\"\n"
    ));
    assert_eq!(labels(&plan), ["mlp hidden=[8]", "mlp hidden=[4]", "random"]);
    assert_eq!(plan.environments[1].policies.len(), 1);
    let trials: Vec<u64> = plan.bills().iter().map(|bill| bill.tuning_trials).collect();
    assert_eq!(trials, [2, 2, 0, 0]);
    let again = crate::support::plan(&plan.resolved());
    assert_eq!(ids(&again), ids(&plan), "{}", plan.resolved());
}

#[test]
fn every_variant_is_scored_under_its_own_label() {
    let toml = format!("{HEAD}[[policy]]\nkind = \"ridge\"\nsweep = {{ penalty = [0.1, 1000000] }}\n");
    let all = results(&toml);
    let of = |label: &str| {
        let one = all.iter().find(|replicate| replicate.policy == label).unwrap_or_else(|| panic!("no `{label}`"));
        one.scores.iter().find(|score| score.phase == "test" && score.metric == "sweep_reward").unwrap().value
    };
    assert!(of("ridge penalty=0.1") != of("ridge penalty=1000000"), "the values were used");
}

#[test]
fn sweeps_that_make_no_sense_are_refused_with_table_field_rule_and_value() {
    refused(
        "kind = 'barp'\nsweep = { entropy = 0.1 }",
        ": [[policy]] barp: `sweep.entropy` must be a non-empty list, got 0.1",
    );
    refused(
        "kind = 'barp'\nsweep = { entropy = [] }",
        ": [[policy]] barp: `sweep.entropy` must be a non-empty list, got []",
    );
    refused(
        "kind = 'barp'\nsweep = { entropy = [0, 0.1, 0.0] }",
        ": [[policy]] barp: `sweep.entropy` must be distinct values, got 0.0 twice",
    );
    refused(
        "kind = 'barp'\nentropy = 0.1\nsweep = { entropy = [0, 0.2] }",
        ": [[policy]] barp: `sweep` must be parameters that the table does not set, got `entropy`, which stands \
         beside it",
    );
    refused(
        "kind = 'barp'\ntune = { entropy = [0.1] }\nsweep = { entropy = [0, 0.2] }",
        ": [[policy]] barp: `sweep` must be parameters that `tune` does not choose, got `entropy` in both",
    );
    refused(
        "kind = 'barp'\nsweep = { kind = ['knn', 'mlp'] }",
        ": [[policy]] barp: `sweep` must be a table of the policy's own parameters, got `kind`",
    );
    refused(
        "kind = 'barp'\nsweep = { entropy = [0, -0.1] }",
        ": [[policy]] barp entropy=-0.1: `entropy` must be at least 0, got -0.1",
    );
    let many: Vec<String> = (1..=15).map(|value| value.to_string()).collect();
    let many = many.join(", ");
    refused(
        &format!("kind = 'barp'\nsweep = {{ epochs = [{many}], batch = [{many}] }}"),
        ": [[policy]] barp: `sweep` must be at most 200 variants, got 225",
    );
}
