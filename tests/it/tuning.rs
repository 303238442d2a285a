//! The same number of settings for every policy: which are tried, what is said of them, and what they cost.

use crate::support::{barp, files, plan, run};
use experiment::{Plan, PlannedPolicy, Spec, Subject, Training};
use policies::{Information, POLICIES};
use serde_json::{Value, json};
use settings::{conforms, searches};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{Folder, read, tuning_rows};

const HEAD: &str = "name = 'x'\nreplicates = 2\n[protocol]\ncheckpoints = 2\n[[environment]]\nrows = 230\n";

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs")
}

fn policy<'a>(plan: &'a Plan, label: &str) -> &'a PlannedPolicy {
    plan.environments[0].policies.iter().find(|policy| policy.label == label).unwrap_or_else(|| panic!("no `{label}`"))
}

/// The settings of a policy, as its address has them.
fn settings(plan: &Plan, label: &str) -> Vec<Value> {
    policy(plan, label).content["tune"].as_array().cloned().unwrap_or_default()
}

fn ids(plan: &Plan) -> Vec<String> {
    plan.cells().iter().map(|cell| cell.id.clone()).collect()
}

#[track_caller]
fn refused(toml: &str, expected: &str) {
    let error = Spec::parse(toml, "my.toml").and_then(Spec::plan).err().unwrap().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn every_search_range_lies_within_the_rule_of_its_parameter() {
    for entry in POLICIES {
        let schema = (entry.schema)();
        let searched = searches(&schema);
        let declared = schema["properties"].as_object().unwrap().values().filter(|key| key.get("x-search").is_some());
        assert_eq!(searched.len(), declared.count(), "{}: each declaration is a search", entry.name);
        let learns = entry.information != Information::None;
        assert_eq!(!searched.is_empty(), learns, "{}: what learns has something to tune", entry.name);
        for (key, search) in &searched {
            for value in search.extremes() {
                assert!(conforms(&schema["properties"][key], &value), "{}: `{key}` {value}", entry.name);
                let mut all = (entry.defaults)();
                all[key] = value.clone();
                let configured = (entry.configure)(all).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
                assert_eq!(configured.parameters[key], value, "{}: `{key}`", entry.name);
            }
        }
        // All ends at once: a rule across parameters would refuse some of them.
        for end in [0, usize::MAX] {
            let mut all = (entry.defaults)();
            for (key, search) in &searched {
                let ends = search.extremes();
                all[key] = ends[end.min(ends.len() - 1)].clone();
            }
            assert!((entry.configure)(all).is_ok(), "{}", entry.name);
        }
    }
}

#[test]
fn every_registered_policy_tries_the_same_number_of_settings_and_its_own_is_the_first() {
    let tables: String = POLICIES.iter().map(|entry| format!("[[policy]]\nkind = '{}'\n", entry.name)).collect();
    let plan = plan(&format!("[tune]\ntrials = 7\n{tables}").replace("[tune]", &format!("{HEAD}[tune]")));
    for entry in POLICIES {
        let settings = settings(&plan, entry.name);
        if entry.information == Information::None {
            assert!(settings.is_empty(), "{} has nothing to tune", entry.name);
            continue;
        }
        assert_eq!(settings.len(), 7, "{}", entry.name);
        let distinct: BTreeSet<String> = settings.iter().map(Value::to_string).collect();
        assert_eq!(distinct.len(), 7, "{}: no setting twice", entry.name);
        let as_written = settings[0].as_object().unwrap();
        assert!(as_written.iter().all(|(key, value)| (entry.defaults)()[key] == *value), "{}", entry.name);
        for (key, search) in searches(&(entry.schema)()) {
            let ends: Vec<f64> = search.extremes().iter().filter_map(Value::as_f64).collect();
            let within = |value: &Value| match (value.as_f64(), ends.as_slice()) {
                (Some(value), [.., last]) => (ends[0]..=*last).contains(&value),
                _ => search.extremes().contains(value),
            };
            assert!(settings[1..].iter().all(|setting| within(&setting[&key])), "{}: `{key}`", entry.name);
        }
    }
    let tunings: BTreeSet<u64> = plan.bills().iter().map(|bill| bill.tuning_trials).collect();
    assert_eq!(tunings, BTreeSet::from([0, 7]));
}

#[test]
fn a_label_a_neighbour_and_the_order_of_policies_change_no_setting() {
    let with = |rest: &str| plan(&format!("{HEAD}[tune]\ntrials = 5\n{rest}"));
    let (knn, ucb) = ("[[policy]]\nkind = 'knn'\n", "[[policy]]\nkind = 'lin-ucb'\nname = 'u'\n");
    let both = with(&format!("{knn}{ucb}"));
    let turned = with(&format!("{}{knn}", ucb.replace("'u'", "'another'")));
    assert_eq!(ids(&both)[..2], ids(&turned)[2..]);
    assert_eq!(ids(&both)[2..], ids(&turned)[..2]);
    assert_eq!(settings(&both, "u"), settings(&turned, "another"));
    let other = plan(&format!("seed = 2\n{HEAD}[tune]\ntrials = 5\n{knn}"));
    assert_ne!(settings(&both, "knn")[1..], settings(&other, "knn")[1..], "the seed of the experiment draws them");
}

#[test]
fn what_a_table_sets_is_fixed_unless_it_is_named() {
    let of = |rest: &str| {
        let plan = plan(&format!("{HEAD}[tune]\ntrials = 12\n[[policy]]\nkind = 'lin-ucb'\n{rest}"));
        let keys = policy(&plan, "lin-ucb").tuned().join(" ");
        (keys, plan.bills()[0].tuning_trials, policy(&plan, "lin-ucb").content["parameters"]["alpha"].clone())
    };
    assert_eq!(of(""), ("alpha lambda".into(), 12, json!(0.1)));
    assert_eq!(of("alpha = 3"), ("lambda".into(), 12, json!(3.0)));
    assert_eq!(of("alpha = 3\nlambda = 1"), (String::new(), 0, json!(3.0)));
    assert_eq!(of("alpha = 3\ntune = ['alpha']"), ("alpha".into(), 12, json!(3.0)));
    assert_eq!(of("tune = false"), (String::new(), 0, json!(0.1)));
    assert_eq!(of("tune = { alpha = [0.2, 0.4], lambda = [1, 2, 3] }"), ("alpha lambda".into(), 6, json!(0.2)));
    // Four batches, of which 32 is the one as written: there is no fifth setting to try.
    let few = plan(&format!("{HEAD}[tune]\ntrials = 12\n[[policy]]\nkind = 'barp'\ntune = ['batch']\n"));
    assert_eq!(few.bills()[0].tuning_trials, 4);
}

#[test]
fn without_tuning_an_address_is_what_it_was() {
    let bare = format!("{HEAD}[[policy]]\nkind = 'knn'\n");
    let same = |with: &str| assert_eq!(ids(&plan(with)), ids(&plan(&bare)), "{with}");
    same(&format!("{bare}[tune]\ntrials = 0\n"));
    same(&format!("{bare}[tune]\ntrials = 1\n"));
    same(&format!("{bare}tune = false\n[tune]\ntrials = 9\n"));
    assert_eq!(policy(&plan(&bare), "knn").content["tune"], json!({}));
    assert_ne!(ids(&plan(&format!("{bare}[tune]\ntrials = 2\n"))), ids(&plan(&bare)));
    let grid = plan(&format!("{bare}tune = {{ k = [5, 9] }}\n"));
    assert_eq!(policy(&grid, "knn").content["tune"], json!({ "k": [5, 9] }));
}

#[test]
fn a_resolved_configuration_plans_the_same_settings() {
    let all = plan(&format!(
        "{HEAD}[tune]\ntrials = 4\n[[policy]]\nkind = 'knn'\n[[policy]]\nkind = 'lin-ucb'\nalpha = 0.3\n\
         [[policy]]\nkind = 'ridge'\ntune = false\n[[policy]]\nkind = 'oracle'\n\
         [[policy]]\nkind = 'barp'\nsweep = {{ epochs = [1, 2] }}\n[[policy]]\nname = 'g'\nkind = 'knn'\ntune = {{ k = [1, 2] }}\n"
    ));
    let again = plan(&all.resolved());
    assert_eq!(ids(&again), ids(&all), "{}", all.resolved());
}

#[test]
fn what_cannot_be_tuned_is_refused_with_the_reason() {
    let tuned = |rest: &str| format!("{HEAD}[tune]\ntrials = 3\n[[policy]]\nkind = 'lin-ucb'\n{rest}");
    refused(
        &tuned("").replace("checkpoints = 2", "kind = 'online'\nrounds = 100\ncheckpoints = 2"),
        "`[tune]` needs a validation split, and protocol `online` of environment `calibrated` has none: say `tune = false` for \
         policy `lin-ucb` there, or leave out `[tune]`",
    );
    let online = tuned("tune = false").replace("checkpoints = 2", "kind = 'online'\nrounds = 100\ncheckpoints = 2");
    assert_eq!(plan(&online).bills()[0].tuning_trials, 0);
    refused(
        &tuned("tune = ['alhpa']"),
        "my.toml:11: [[policy]] lin-ucb: unknown parameter with a search range `alhpa` (nearest is `alpha`",
    );
    refused(&tuned("tune = ['batch']"), "known: alpha, lambda)");
    refused(&tuned("tune = ['alpha']").replace("trials = 3", ""), "`tune` names parameters for `[tune] trials`");
    refused(
        &tuned("tune = true"),
        "`tune` must be `false`, a list of names of parameters, or a table of non-empty lists",
    );
    refused(&tuned("[[policy]]\nkind = 'oracle'\ntune = false"), "unknown key `tune`");
    refused(&tuned("").replace("trials", "trails"), "unknown key `trails` (nearest is `trials`");
}

#[test]
fn cells_store_every_trial_and_the_folder_tells_them_from_the_cells_alone() {
    let toml = format!(
        "{HEAD}[tune]\ntrials = 3\n[[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'lin-ucb'\n\
         [[policy]]\nkind = 'knn'\ntune = {{ k = [1, 9] }}\n[[policy]]\nkind = 'random'\n"
    );
    let place = tempfile::tempdir().unwrap();
    let planned = plan(&toml);
    let manifest = run(&planned, place.path(), 2);
    let folder = Folder::new(place.path());
    let rows = tuning_rows(&folder, &manifest);
    assert_eq!(rows.len(), 2 * (3 + 3 + 2), "random tried nothing");
    for cell in &manifest.cells {
        let own: Vec<_> =
            rows.iter().filter(|row| row.policy == cell.policy && row.replicate == u64::from(cell.replicate)).collect();
        let Some(chosen) = &cell.chosen else {
            assert!(own.is_empty() && cell.policy == "random");
            continue;
        };
        let best = own.iter().filter_map(|row| row.reward).fold(f64::MIN, f64::max);
        let winner = own.iter().find(|row| row.chosen).unwrap();
        assert_eq!((winner.reward, chosen.reward), (Some(best), Some(best)), "{}", cell.policy);
        assert_eq!(winner.setting, chosen.setting.to_string());
        assert_eq!((chosen.trial, chosen.trials), (winner.trial, own.len() as u64));
        let candidates = match &planned
            .parts(&planned.cells()[0])
            .0
            .policies
            .iter()
            .find(|one| one.label == cell.policy)
            .unwrap()
            .subject
        {
            Subject::Policy(candidates) => candidates.len(),
            _ => 0,
        };
        assert_eq!(candidates, own.len());
        // What the ledger says is what the trials say, and the labels that an offline router shares.
        let bought: u64 = own.iter().map(|row| row.outcomes).sum();
        let ledger = cell.ledger.unwrap();
        assert_eq!(ledger.tuning_trials, own.len() as u64);
        if cell.policy == "lin-ucb" {
            assert_eq!(ledger.outcomes, bought);
            assert!(chosen.outcomes < bought, "its own exploration is no price of tuning");
        } else {
            assert_eq!(chosen.outcomes, bought);
            assert_eq!((ledger.outcomes - bought) % 11, 0, "full labels");
        }
    }
    // Killed, resumed, or run on other threads: the same bytes.
    let again = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(again.path().join("cells")).unwrap();
    let first = folder.cell_path(&manifest.cells[0].id);
    std::fs::copy(&first, again.path().join("cells").join(first.file_name().unwrap())).unwrap();
    assert_eq!(run(&planned, again.path(), 1), manifest);
    assert_eq!(files(again.path(), ".parquet"), files(place.path(), ".parquet"));
}

#[test]
fn a_run_and_its_report_show_what_was_tried() {
    let place = tempfile::tempdir().unwrap();
    let toml = format!("{HEAD}[[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'random'\n");
    std::fs::write(place.path().join("c.toml"), toml).unwrap();
    let ran = barp(place.path(), &["run", "c.toml", "--set", "tune.trials=5", "--out", "o"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let out = place.path().join("o");
    let told = |ending: &str| -> BTreeMap<String, Vec<u8>> { files(&out, ending) };
    let table = String::from_utf8(told("tuning.md")["tables/tuning.md"].clone()).unwrap();
    assert!(
        table.contains("| ridge | 5 |") && table.contains("penalty = ") && !table.contains("| random |"),
        "{table}"
    );
    let page = String::from_utf8(told("report.html")["report.html"].clone()).unwrap();
    assert!(page.contains("<h2 id=\"tuning-name\">Settings tried</h2>") && page.contains("penalty = "));
    let frame = read(&out.join("tuning.parquet")).unwrap();
    let names: Vec<&str> = frame.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, store::tuning_columns().iter().map(|column| column.name).collect::<Vec<_>>());
    assert_eq!(String::from_utf8(told("tuning.csv")["tuning.csv"].clone()).unwrap().lines().count(), 1 + 2 * 5);
    let before = (told(".parquet"), told(".md"), told(".csv"), told(".html"));
    std::fs::remove_file(out.join("tuning.csv")).unwrap();
    assert!(barp(place.path(), &["report", "o"]).status.success());
    assert_eq!((told(".parquet"), told(".md"), told(".csv"), told(".html")), before);
    // Without tuning, what an earlier run told of it goes.
    assert!(barp(place.path(), &["run", "c.toml", "--out", "o"]).status.success());
    assert!(told("tuning.parquet").is_empty() && told("tuning.csv").is_empty() && told("tuning.md").is_empty());
}

#[test]
fn a_trained_router_says_which_setting_it_was_made_with() {
    let plan = plan(&format!(
        "{HEAD}[tune]\ntrials = 3\n[[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'knn'\ntune = false\n"
    ));
    let train = |policy: &str| plan.train(&Training { policy: policy.into(), ..Training::default() }).unwrap();
    let cell = plan.cells().iter().find(|cell| plan.parts(cell).1.label == "ridge").unwrap();
    let tuning = plan.simulate(cell, false).cell.tuning.unwrap();
    assert_eq!(train("ridge").card.policy.chosen, Some(tuning.trials[tuning.chosen].setting.clone()));
    assert_eq!(train("knn").card.policy.chosen, None);
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("router"), train("ridge").to_bytes()).unwrap();
    let told = barp(place.path(), &["inspect", "router"]);
    let told = String::from_utf8(told.stdout).unwrap();
    let penalty = &tuning.trials[tuning.chosen].setting["penalty"];
    assert!(told.contains(&format!("setting     penalty = {penalty}: chosen of 3 on validation prompts")), "{told}");
}

#[test]
fn the_reference_and_the_schema_say_where_is_searched() {
    let printed = |arguments: &[&str]| String::from_utf8(barp(&configs(), arguments).stdout).unwrap();
    assert!(printed(&["help", "config", "tune"]).contains("trials = 0"));
    assert!(printed(&["help", "config", "ridge"]).contains("Tuned: log-uniform in [0.001, 1000]."));
    let listed: Value = serde_json::from_str(&printed(&["list", "policies", "knn", "--json"])).unwrap();
    assert_eq!(listed[0]["tuned"], json!({ "k": { "log": [3, 200] } }));
    let schema = experiment::config_schema();
    assert!(!schema.to_string().contains("x-search"), "editors are told in words");
    for (tune, good) in
        [(json!({ "trials": 4 }), true), (json!({ "trials": -1 }), false), (json!({ "trails": 4 }), false)]
    {
        let config = json!({ "name": "x", "tune": tune, "environment": [{ "kind": "calibrated" }], "policy": [{ "kind": "knn" }] });
        assert_eq!(conforms(&schema, &config), good, "{config}");
    }
    for (tune, good) in [
        (json!(false), true),
        (json!(true), false),
        (json!(["k"]), true),
        (json!(["z"]), false),
        (json!({ "k": [1, 2] }), true),
        (json!({ "k": [] }), false),
        (json!({ "z": [1] }), false),
    ] {
        let policy = json!({ "kind": "knn", "tune": tune });
        let config = json!({ "name": "x", "environment": [{ "kind": "calibrated" }], "policy": [policy] });
        assert_eq!(conforms(&schema, &config), good, "{config}");
    }
}

#[test]
fn the_ablation_of_equal_tuning_holds_every_tunable_policy_of_the_tables_to_four_trials() {
    let planned = |name: &str| {
        let text = std::fs::read_to_string(configs().join(name)).unwrap();
        Spec::parse(&text, name).and_then(Spec::plan).unwrap_or_else(|error| panic!("{error}"))
    };
    let tunable = |plan: &Plan| -> BTreeSet<String> {
        let learns = |policy: &&PlannedPolicy| {
            POLICIES.iter().any(|entry| entry.name == policy.identity.kind && !searches(&(entry.schema)()).is_empty())
        };
        plan.environments[0].policies.iter().filter(learns).map(|policy| policy.label.clone()).collect()
    };
    let equal = planned("ablations/equal-tuning.toml");
    assert_eq!(tunable(&equal), tunable(&planned("paper/tables.toml")));
    for bill in equal.bills() {
        let expected = if tunable(&equal).contains(&bill.policy) { 4 } else { 0 };
        assert_eq!(bill.tuning_trials, expected, "{}", bill.policy);
    }
}

#[test]
fn a_plan_says_who_tries_another_number_of_settings() {
    let place = tempfile::tempdir().unwrap();
    let toml = format!(
        "{HEAD}[tune]\ntrials = 3\n[[policy]]\nkind = 'ridge'\n[[policy]]\nkind = 'oracle'\n\
         [[policy]]\nkind = 'knn'\ntune = {{ k = [1, 9] }}\n[[policy]]\nname = 'fixed'\nkind = 'knn'\ntune = false\n"
    );
    std::fs::write(place.path().join("c.toml"), toml).unwrap();
    let told = |arguments: &[&str]| String::from_utf8(barp(place.path(), arguments).stdout).unwrap();
    let sentence = "each policy tries 3 settings, but: oracle 0, knn 2, fixed 0";
    assert!(told(&["plan", "c.toml"]).contains(sentence), "{}", told(&["plan", "c.toml"]));
    assert!(!told(&["plan", "c.toml", "--set", "tune.trials=1"]).contains("each policy tries"));
}
