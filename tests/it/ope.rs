//! Trained routers on a log that another one decided: what they would have earned, and on which rows that may be asked.

use crate::support::{barp, succeed};
use deployment::Artifact;
use routing::{Round, Seed, random};
use serde_json::{Value, json};
use std::ops::Range;
use std::path::Path;

const MODELS: [&str; 3] = ["small", "middle", "large"];
const KINDS: [&str; 3] = ["add the numbers", "translate the sentence", "write a function"];
const COSTS: [f64; 3] = [0.001, 0.002, 0.003];

/// The prompt of a simulated request, and the chance that each model answers it well: every kind has a model of its own.
fn request(number: u64) -> (String, [f64; 3]) {
    let kind = number as usize % 3;
    (format!("{} number {number}", KINDS[kind]), std::array::from_fn(|model| if model == kind { 0.8 } else { 0.2 }))
}

/// A simulated log: a model drawn uniformly for each request, and a score of 0 or 1.
fn log(requests: Range<u64>) -> String {
    let row = |number: u64| {
        let (prompt, chances) = request(number);
        let generator = &mut Seed::root(9).stream("log").at(Round(number));
        let model = random::below(generator, 3);
        let quality = u8::from(random::uniform(generator) < chances[model]);
        let (name, cost) = (MODELS[model], COSTS[model]);
        let line =
            json!({ "prompt": prompt, "model": name, "quality": quality, "cost_usd": cost, "propensity": 1.0 / 3.0 });
        format!("{line}\n")
    };
    requests.map(row).collect()
}

fn write(folder: &Path, name: &str, text: &str) {
    store::write_whole(&folder.join(name), text.as_bytes()).unwrap();
}

fn refuse(folder: &Path, arguments: &[&str]) -> String {
    let output = barp(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A folder with `taught.jsonl`, a router of `policy` that learnt from it, and how many rows were left out.
fn taught(policy: &[&str]) -> (tempfile::TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "taught.jsonl", &log(0..1500));
    let train = ["train", "--log", "taught.jsonl", "--out", "r.router", "--policy"];
    let said = succeed(folder.path(), &[&train[..], policy].concat());
    let (_, rest) = said.split_once("without a score, ").unwrap();
    (folder, rest.split(' ').next().unwrap().parse().unwrap())
}

/// The router's estimate of `outcome` on `log`.
fn estimate(folder: &Path, log: &str, outcome: &str, extra: &[&str]) -> Value {
    let arguments = ["ope", log, "--router", "r.router", "--policy", "random", "--json"];
    let all: Value = serde_json::from_str(&succeed(folder, &[&arguments[..], extra].concat())).unwrap();
    let own = |each: &&Value| each["basis"].is_object() && each["outcome"] == outcome;
    all.as_array().unwrap().iter().find(own).unwrap().clone()
}

/// The truth is known: what `barp route` answers with, at the chance that the answer is good.
#[test]
fn the_value_of_a_router_is_found_on_a_log_that_it_never_saw() {
    for (policy, greedy) in [(&["lin-ucb"][..], true), (&["barp", "--set", "learning-rate=1e-3"][..], false)] {
        let (folder, _) = taught(policy);
        write(folder.path(), "new.jsonl", &log(10_000..13_000));
        let prompts: String = (10_000..13_000).map(|n| format!("{}\n", json!({ "prompt": request(n).0 }))).collect();
        write(folder.path(), "prompts.jsonl", &prompts);
        let routed = succeed(folder.path(), &["route", "r.router", "--prompts", "prompts.jsonl", "--w-cost", "0.2"]);
        let (mut quality, mut dollars) = (0.0, 0.0);
        for (line, number) in routed.lines().zip(10_000..) {
            let line: Value = serde_json::from_str(line).unwrap();
            for (at, model) in MODELS.iter().enumerate() {
                let decided = f64::from(u8::from(line["model"] == *model));
                let chance = if greedy { decided } else { line["probabilities"][model].as_f64().unwrap() };
                quality += chance * request(number).1[at] / 3000.0;
                dollars += chance * COSTS[at] / 3000.0;
            }
        }
        assert!(quality > 0.55, "{policy:?} has learnt something: {quality}");
        let extra = if greedy { &["--w-cost", "0.2", "--greedy"][..] } else { &["--w-cost", "0.2"] };
        for (outcome, truth) in [("quality", quality), ("cost_usd", dollars)] {
            let found = estimate(folder.path(), "new.jsonl", outcome, extra);
            assert_eq!((&found["basis"]["rows"], &found["rows"]), (&json!("unseen"), &json!(3000)), "{found}");
            assert!(found["effective_rows"].as_f64().unwrap() > 500.0 && found["refused"].is_null(), "{found}");
            for estimator in ["ips", "snips", "doubly-robust"] {
                let [low, high] = ["ci_low", "ci_high"].map(|end| found[estimator][end].as_f64().unwrap());
                assert!(low <= truth && truth <= high, "{policy:?} {outcome} {estimator}: {truth} in {found}");
            }
        }
        // The log has no tasks, so the outcome model cannot tell requests apart: it alone is far from the truth.
        let found = estimate(folder.path(), "new.jsonl", "quality", extra);
        let direct = found["direct"]["value"].as_f64().unwrap();
        assert!(direct < found["doubly-robust"]["ci_low"].as_f64().unwrap() - 0.1, "{found}");
    }
}

#[test]
fn rows_that_a_router_was_trained_on_never_score_it() {
    let (folder, left_out) = taught(&["lin-ucb"]);
    let weight = ["--w-cost", "0.2"];
    assert!((200..400).contains(&left_out), "{left_out}");
    let own = estimate(folder.path(), "taught.jsonl", "quality", &weight);
    let basis = json!({
        "rows": "unseen", "trained_on": "log", "trained_prompts": 1500 - left_out, "rows_left_out": 1500 - left_out,
    });
    assert_eq!((&own["basis"], own["rows"].as_u64()), (&basis, Some(left_out)));
    let said = succeed(folder.path(), &["ope", "taught.jsonl", "--router", "r.router", "--w-cost", "0.2"]);
    let sentence =
        format!("{0} rows are left out whose prompts are among the {0} that it was trained on", 1500 - left_out);
    assert!(said.contains(&sentence) && said.contains("r.router w_cost=0.2"), "{said}");

    // The same rows in another order, written otherwise, and with others beside them.
    let mut lines: Vec<String> = log(0..1500).lines().map(str::to_owned).collect();
    lines.reverse();
    write(folder.path(), "other.jsonl", &(lines.join("\n") + "\n"));
    succeed(folder.path(), &["data", "import", "other.jsonl", "--format", "log", "--out", "imported"]);
    let again = estimate(folder.path(), "imported/log.parquet", "quality", &weight);
    assert_eq!((&again["basis"], &again["rows"]), (&basis, &own["rows"]));
    write(folder.path(), "grown.jsonl", &log(0..3000));
    let grown = estimate(folder.path(), "grown.jsonl", "quality", &weight);
    // Every prompt of the second half is new, whichever side it would have been on.
    assert_eq!((&grown["basis"]["rows"], grown["rows"].as_u64()), (&json!("unseen"), Some(left_out + 1500)), "{grown}");
    let part = estimate(folder.path(), "grown.jsonl", "quality", &[&weight[..], &["--threads", "1"]].concat());
    assert_eq!(part, grown);
    let foreign = estimate(folder.path(), "taught.jsonl", "quality", &weight);
    assert_eq!(foreign, own);

    // A decision leaves the same rows out for all.
    let said = succeed(folder.path(), &["log", "decide", "taught.jsonl", "--router", "r.router", "--w-cost", "0.2"]);
    let sentence = format!("{} rows are left out because a router was trained on their prompts", 1500 - left_out);
    assert!(said.contains(&sentence) && said.contains("r.router w_cost=0.2"), "{said}");

    // Repeats count as rows: ten prompts of the first log twenty times each, and a thousand new ones.
    let often = log(0..10).repeat(20);
    write(folder.path(), "often.jsonl", &(often + &log(20_000..21_000)));
    let often = estimate(folder.path(), "often.jsonl", "quality", &weight);
    let known = often["basis"]["rows_left_out"].as_u64().unwrap();
    assert!(known >= 100 && known.is_multiple_of(20) && often["rows"].as_u64() == Some(1200 - known), "{often}");

    // Whoever cannot say what it was trained on is not scored.
    let mut artifact = Artifact::read(&folder.path().join("r.router")).unwrap();
    artifact.card.data.held_out = None;
    store::write_whole(&folder.path().join("old.router"), &artifact.to_bytes()).unwrap();
    let error = refuse(folder.path(), &["ope", "taught.jsonl", "--router", "old.router", "--w-cost", "0.2"]);
    assert!(error.contains("old.router: its card does not say which prompts of a log it was trained on"), "{error}");
}

#[test]
fn a_router_that_does_not_beat_the_best_model_is_saved_with_a_warning() {
    let (folder, _) = taught(&["lin-ucb"]);
    let train = |log: &str| {
        write(folder.path(), "log.jsonl", log);
        succeed(folder.path(), &["log", "train", "log.jsonl", "--policy", "lin-ucb", "--out", "own.router"])
    };
    let warning = "warning: at 7 of 7 weights the router is not shown to be better than the best fixed model";
    let said = train(&log(0..3000));
    assert!(said.contains("best fixed model") && !said.contains(warning), "{said}");
    // Whatever is asked, one model answers as well as another at the same price.
    let flat: String = log(0..600)
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            (row["quality"], row["cost_usd"]) = (json!(u8::from(at % 3 > 0)), json!(0.001));
            format!("{row}\n")
        })
        .collect();
    let said = train(&flat);
    assert!(said.contains(warning), "{said}");
}

#[test]
fn a_router_that_learnt_from_a_table_is_scored_on_every_row_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let row = |number: u64| {
        let (prompt, chances) = request(number);
        let mut fields = json!({ "sample_id": number.to_string(), "task": "all", "prompt": prompt });
        for (at, model) in MODELS.iter().enumerate() {
            fields[*model] = json!(chances[at]);
            fields[format!("{model}|total_cost")] = json!(COSTS[at]);
        }
        format!("{fields}\n")
    };
    write(folder.path(), "table.jsonl", &(0..300).map(row).collect::<String>());
    let config = "name = 'x'\nreplicates = 1\n[[environment]]\nkind = 'recorded'\nname = 'rows'\nfile = 'table.jsonl'\n[[policy]]\nkind = 'knn'\n";
    write(folder.path(), "x.toml", config);
    succeed(folder.path(), &["train", "x.toml", "--policy", "knn", "--out", "r.router"]);
    write(folder.path(), "log.jsonl", &log(0..600));
    let found = estimate(folder.path(), "log.jsonl", "quality", &["--w-cost", "0"]);
    assert_eq!(found["basis"], json!({ "rows": "all", "trained_on": "recorded `rows`" }));
    assert_eq!(found["rows"], 600);
    let said = succeed(folder.path(), &["ope", "log.jsonl", "--router", "r.router", "--w-cost", "0"]);
    assert!(said.contains("it learnt from recorded `rows`, and whether that shares prompts"), "{said}");
}

#[test]
fn a_log_that_cannot_score_a_router_is_refused() {
    let (folder, _) = taught(&["lin-ucb"]);
    let check = |log: &str, extra: &[&str], problem: &str| {
        write(folder.path(), "bad.jsonl", log);
        let error = refuse(folder.path(), &[&["ope", "bad.jsonl", "--router", "r.router"], extra].concat());
        assert!(error.contains(problem), "{error}");
    };
    let good = log(0..100);
    check(&good, &[], "the row has no weight on cost, and no --w-cost was given");
    check(&good, &["--w-cost", "2"], "--w-cost: the weight on cost must lie in [0, 1], got 2");
    let bare = good.replace("\"prompt\"", "\"question\"");
    check(
        &bare,
        &["--w-cost", "0"],
        "bad.jsonl: no row has a prompt, and a router chooses by it (`--column prompt=NAME`",
    );
    let gap = good.replacen("\"prompt\"", "\"question\"", 1);
    check(&gap, &["--w-cost", "0"], "bad.jsonl: line 1: the row has no prompt, and a router chooses by it");
    let other = MODELS.iter().fold(good.clone(), |log, model| log.replace(model, &format!("other-{model}")));
    check(
        &other,
        &["--w-cost", "0"],
        "r.router: none of its models (large, middle, small) ever answers in the log (models there: other-large, ",
    );
    // One model that is gone refuses what the router would send there, and no more than that.
    let gone = log(0..1500).replace("\"large\"", "\"huge\"");
    write(folder.path(), "gone.jsonl", &gone);
    let found = estimate(folder.path(), "gone.jsonl", "quality", &["--w-cost", "0", "--greedy"]);
    assert_eq!(found["absent_models"], json!(["large"]));
    assert!(
        found["refused"].as_str().unwrap().contains("go to a model of which the log says nothing there"),
        "{found}"
    );
    let own = good.replace("\"propensity\"", "\"w_cost\":0.25,\"propensity\"");
    write(folder.path(), "own.jsonl", &own);
    let said = succeed(folder.path(), &["ope", "own.jsonl", "--router", "r.router", "--policy", "random"]);
    assert!(said.contains("r.router w_cost as logged"), "{said}");
}
