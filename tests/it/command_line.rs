//! Bad input gets a clear error that names file, field, rule and value, the nearest known name, and exit code 2.

use crate::support::{barp, shared};
use experiment::Spec;

fn check(toml: &str, expected: &str) {
    let error = Spec::parse(toml, "my.toml").and_then(Spec::plan).err().unwrap_or_else(|| panic!("accepted: {toml}"));
    assert_eq!(error.to_string(), expected);
}

const GOOD: &str = "name = 'x'\n[[environment]]\nrows = 200\n";

#[test]
fn unknown_names_get_the_nearest_known_one() {
    check(
        "nmae = 'x'",
        "my.toml:1: unknown key `nmae` (nearest is `name`; known: name, about, seed, replicates, protocol, objective, latency, \
         preferences, tune, environment, policy)",
    );
    check(
        &format!("{GOOD}[[policy]]\nkind = 'bapr'"),
        "my.toml:5: [[policy]] bapr: unknown policy `bapr` (nearest is `barp`; known: barp, barp-frozen, barp-listed, barp-full, \
         knn, ridge, mlp, router-dc, avengers-pro, lin-ucb, d-lin-ucb, sw-lin-ucb, glr-lin-ucb, lin-ucb-listed, budget-paced, \
         lin-cbwk, lin-ts, lin-ts-forgetting, epsilon-greedy, random, cheapest, largest, best-single, best-per-task, zero-router, \
         oracle, single-models, decisions-file)",
    );
    check(
        &format!("{GOOD}[[policy]]\nkind = 'lin-ucb'\nalhpa = 1.0"),
        "my.toml:6: [[policy]] lin-ucb: unknown key `alhpa` (nearest is `alpha`; known: kind, name, only, tune, sweep, epochs, batch, \
         alpha, lambda)",
    );
    check(
        "name = 'x'\n[protocol]\nkind = 'onlin'\n[[environment]]\n[[policy]]\nkind = 'barp'",
        "my.toml:3: [protocol]: unknown protocol `onlin` (nearest is `online`; known: train-then-test, online)",
    );
    check(
        "name = 'x'\n[[environment]]\nkind = 'calibrate'\n[[policy]]\nkind = 'barp'",
        "my.toml:3: [[environment]] calibrate: unknown environment `calibrate` (nearest is `calibrated`; known: calibrated, \
         recorded)",
    );
    check(
        "name = 'x'\n[[environment]]\nheld-out = ['mmul']\n[[policy]]\nkind = 'barp'",
        "my.toml:3: [[environment]] calibrated: unknown task `mmul` (nearest is `mmlu`; known: arc-challenge, gsm8k, \
         hellaswag, mbpp, mmlu, other, winogrande)",
    );
}

#[test]
fn values_that_break_a_rule_are_named() {
    check(
        &format!("{GOOD}[[policy]]\nkind = 'barp'\nlearning-rate = -1.0"),
        "my.toml:6: [[policy]] barp: `learning-rate` must be above 0, got -1.0",
    );
    check(
        &format!("{GOOD}[[policy]]\nkind = 'barp'\nepochs = 'many'"),
        "my.toml:6: [[policy]] barp: `epochs` must be a whole number from 1 to 1e6, got \"many\"",
    );
    check(
        &format!("{GOOD}[[policy]]\nkind = 'knn'\ntune = {{ k = [] }}"),
        "my.toml:6: [[policy]] knn: `tune.k` must be a non-empty list, got []",
    );
    check(
        &format!("replicates = 0\n{GOOD}[[policy]]\nkind = 'knn'"),
        "my.toml:1: `replicates` must be from 1 to 100000, got 0",
    );
    check(
        &format!("{GOOD}[protocol]\nsplit = [0.5, 0.2, 0.2]\n[[policy]]\nkind = 'knn'"),
        "my.toml:5: [protocol]: `split` must be three shares above 0 that sum to 1, got [0.5, 0.2, 0.2]",
    );
    check(
        &format!("{GOOD}[preferences]\ntest = [0.5, 1.5]\n[[policy]]\nkind = 'knn'"),
        "my.toml:5: [preferences]: `test` must be a list of one or more weights on cost in [0, 1], got [0.5,1.5]",
    );
    check(
        &format!("{GOOD}[protocol]\nkind = 'online'\n[[policy]]\nkind = 'knn'"),
        "my.toml:6: [[policy]] knn: policy `knn` needs full labels; protocol `online` of environment `calibrated` reveals \
         chosen outcomes only",
    );
    check(
        &format!("{GOOD}[[policy]]\nkind = 'knn'\n[[policy]]\nkind = 'knn'"),
        "my.toml: two `[[policy]]` are called `knn`; give one another `name`",
    );
    check("name = 'x'\n[[environment]]", "my.toml: `policy` is missing: it must be one or more `[[policy]]` tables");
    check(
        &format!("{GOOD}[[environment]]\nname = 'real'\nkind = 'recorded'\n[[policy]]\nkind = 'knn'"),
        "my.toml:4: [[environment]] real: `file` is missing: it must name a wide table",
    );
}

#[test]
fn bad_input_exits_with_2_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str], expected: &str| {
        let output = barp(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert_eq!(error.trim_end(), expected);
    };
    std::fs::write(folder.path().join("bad.toml"), "name = 'x'\nsed = 3\n").unwrap();
    fails(
        &["run", "bad.toml"],
        "error: bad.toml:2: unknown key `sed` (nearest is `seed`; known: name, about, seed, replicates, protocol, objective, latency, \
         preferences, tune, environment, policy)",
    );
    fails(&["run", "absent.toml"], "error: absent.toml: No such file or directory (os error 2)");
    fails(
        &["reproduce", "papr"],
        "error: unknown reproduction `papr` (nearest is `paper`; known: paper, price-drift, task-shift, quality-drop, \
         new-model, outage, delayed-feedback, listed-prices, price-book, factorial, leave-one-task-out, \
         leave-one-model-out, few-shot, equal-tuning, everything-moves)",
    );
    let table = "sample_id,prompt,eval_name,gpt-4,gpt-4|total_cost\na,hi,mmlu,1.5,0.1\na,ho,mmlu,0.5,-0.1\n";
    std::fs::write(folder.path().join("table.csv"), table).unwrap();
    fails(
        &["data", "import", "table.csv", "--out", "out"],
        "error: table.csv: 3 problems\n  row 1, column `gpt-4`: quality must lie in [0, 1]: 1.5\n  row 2, column \
         `sample_id`: duplicate id: `a`, first in row 1\n  row 2, column `gpt-4|total_cost`: dollars must be finite and not \
         negative: -0.1",
    );
    assert!(!folder.path().join("out").exists(), "a refused file leaves nothing behind");
}

#[test]
fn bad_rows_are_dropped_only_when_asked_for_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let table = "sample_id,prompt,eval_name,gpt-4,gpt-4|total_cost\na,hi,mmlu,1.5,0.1\nb,ho,mmlu,0.5,0.1\n";
    std::fs::write(folder.path().join("table.csv"), table).unwrap();
    let output = barp(folder.path(), &["data", "import", "table.csv", "--out", "out", "--drop-bad-rows"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end(), "dropped 1 rows: quality must lie in [0, 1]");
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("1 prompts, 1 models, 1 tasks, 384 features each"));
    let described = barp(folder.path(), &["data", "describe", "out/table.parquet"]);
    assert!(described.status.success(), "what was imported can be read back");
}

#[test]
fn everything_that_can_be_named_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    for what in ["policies", "environments", "metrics", "charts", "encoders", "sources"] {
        let output = barp(folder.path(), &["list", what, "--json"]);
        assert!(output.status.success(), "{what}");
        let items: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(!items.as_array().unwrap().is_empty(), "{what}");
    }
}

#[test]
fn a_plan_says_what_would_be_bought_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let toml =
        "name = 'x'\nreplicates = 2\n[[environment]]\nrows = 1000\n[[policy]]\nkind = 'barp'\n[[policy]]\nkind = 'knn'";
    std::fs::write(folder.path().join("x.toml"), toml).unwrap();
    let output = barp(folder.path(), &["plan", "x.toml", "--json"]);
    let bills: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&bills[0]["outcomes"], &bills[1]["outcomes"]), (&70_000.into(), &7_700.into()));
    assert!(bills[0]["seconds"].is_null(), "a clock is looked at only when asked for");
    let output = barp(folder.path(), &["plan", "x.toml", "--time", "--json"]);
    let timed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let seconds: Vec<f64> = timed.as_array().unwrap().iter().map(|bill| bill["seconds"].as_f64().unwrap()).collect();
    assert!(seconds.len() == 2 && seconds.iter().all(|seconds| *seconds > 0.0), "{seconds:?}");
    let output = barp(folder.path(), &["plan", "x.toml", "--time", "--threads", "3"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("s/cell") && text.contains("on 3 threads of this machine"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn real_rows_can_be_described() {
    let Some(table) = shared("routerbench_0shot_11llm.parquet") else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = barp(folder.path(), &["data", "describe", &table.display().to_string()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1796 prompts, 11 models"), "{text}");
    assert!(text.contains("  claude-v1 by "), "{text}");
}

#[test]
fn cells_of_other_rows_than_the_present_ones_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |score: u32| {
        let row = |row: u32| format!("{row},p {row},t,{},0.1\n", (row + score) % 2);
        "sample_id,prompt,task,m,m|total_cost\n".to_owned() + &(0..40).map(row).collect::<String>()
    };
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("rows.csv", &rows(0));
    write(
        "r.toml",
        "name = 'r'\nreplicates = 1\n[[environment]]\nkind = 'recorded'\nfile = 'rows.csv'\n[[policy]]\nkind = 'random'\n",
    );
    assert!(barp(folder.path(), &["run", "r.toml", "--out", "out"]).status.success());
    assert!(barp(folder.path(), &["verify", "out", "--sample", "1"]).status.success());
    write("rows.csv", &rows(1));
    let output = barp(folder.path(), &["verify", "out", "--sample", "1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("1 of 1 cells of the manifest are not those of config.toml now"), "{error}");
}

#[test]
fn shards_merge_verify_and_compare() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "name = 'x'\nreplicates = 2\n[[environment]]\nrows = 300\n[[policy]]\nkind = 'random'\n[[policy]]\nkind = 'knn'";
    std::fs::write(folder.path().join("x.toml"), toml).unwrap();
    let succeeds = |arguments: &[&str]| {
        let output = barp(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    succeeds(&["run", "x.toml", "--out", "one", "--shard", "1/2"]);
    succeeds(&["run", "x.toml", "--out", "two", "--shard", "2/2"]);
    assert!(succeeds(&["merge", "one", "two", "--out", "all"]).starts_with("4 of 4 cells"));
    let verified = succeeds(&["verify", "all", "--sample", "1"]);
    let all = "8 files have the content that was written\n4 of 4 cells computed again: the same bytes";
    assert_eq!(verified.trim(), all);
    let compared = succeeds(&["compare", "all", "--baseline", "random", "--candidate", "knn", "--json"]);
    let compared: serde_json::Value = serde_json::from_str(&compared).unwrap();
    assert!(compared[0]["difference"].as_f64().unwrap() > 0.0, "{compared}");
    let made =
        succeeds(&["compare", "all", "--baseline", "random", "--candidate", "knn", "--metric", "task_mean_quality"]);
    assert!(made.contains("task_mean_quality of knn minus random: +"), "{made}");

    // A cell whose bytes are another's is found out.
    let cells: Vec<_> =
        std::fs::read_dir(folder.path().join("all/cells")).unwrap().map(|e| e.unwrap().path()).collect();
    std::fs::copy(&cells[0], &cells[1]).unwrap();
    let output = barp(folder.path(), &["verify", "all", "--sample", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(" differ in a folder of 4 cells:") && error.contains("under another name"), "{error}");
}
