//! What leaves the laboratory: a saved router decides as the one it was saved from, and says what is wrong with bad input.

use crate::support::{Toy, barp, plan, succeed};
use deployment::{Artifact, Deployment, Prompt};
use experiment::Training;
use policies::{Export, POLICIES};
use routing::{Choice, Preference, Round, Router, Seed, random};
use serde_json::{Value, json};
use std::path::Path;

/// Prompts of three kinds, each answered best by a model of its own; the last model is dear.
fn rows() -> String {
    let kinds = ["add the numbers", "translate the sentence", "write a function"];
    let row = |row: usize| {
        let kind = row % 3;
        let mut fields = json!({
            "sample_id": format!("r{row}"), "task": (["sums", "words", "code"][kind]),
            "prompt": format!("{} number {row}", kinds[kind]),
        });
        for (model, price) in [("small", 0.001), ("middle", 0.002), ("large", 0.01)].into_iter().enumerate() {
            let (name, price) = price;
            fields[name] = json!(if model == kind || model == 2 { 0.9 } else { 0.1 });
            fields[format!("{name}|total_cost")] = json!(price * (1.0 + row as f64 / 300.0));
        }
        format!("{fields}\n")
    };
    (0..300).map(row).collect()
}

const CONFIG: &str = r#"
name = "router"
replicates = 2
[preferences]
test = [0.0, 0.5, 1.0]
[[environment]]
kind = "recorded"
name = "rows"
file = "FILE"
[[policy]]
kind = "barp"
epochs = 20
learning-rate = 1e-3
hidden = 32
[[policy]]
kind = "knn"
[[policy]]
kind = "oracle"
"#;

/// A folder with the rows, the configuration and a trained router of `policy`.
fn trained(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    store::write_whole(&folder.path().join("rows.jsonl"), rows().as_bytes()).unwrap();
    let mut config = CONFIG.replace("FILE", "rows.jsonl");
    if !config.contains(&format!("kind = \"{policy}\"")) {
        config += &format!("\n[[policy]]\nkind = \"{policy}\"\n");
    }
    store::write_whole(&folder.path().join("router.toml"), config.as_bytes()).unwrap();
    succeed(folder.path(), &["train", "router.toml", "--policy", policy, "--licence", "ours", "--out", "router"]);
    folder
}

fn refuse(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = barp(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_card_says_whether_what_is_foretold_comes_true() {
    let folder = trained("barp");
    let card: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "router", "--json"])).unwrap();
    let of = |metric: &str| -> Vec<Value> {
        card["scores"].as_array().unwrap().iter().filter(|score| score["metric"] == metric).cloned().collect()
    };
    let errors = of("forecast_error");
    assert_eq!((errors.len(), of("forecast_chance").len()), (3, 3), "one for each preference");
    for error in errors {
        let value = error["value"].as_f64().unwrap();
        assert!(value > 0.0 && value < 0.1, "kinds of prompt are told apart, which forecasts must show: {error}");
        assert_eq!((error["n"].as_u64(), error["unit"].as_str()), (Some(45), Some("score")));
    }
}

#[test]
fn every_policy_that_declares_a_file_is_saved_and_restored_bit_for_bit() {
    let toy = Toy::new(6, 3);
    let batch = toy.batch(0..60);
    let decide = |router: &dyn Router| {
        let (mut choices, mut probabilities) = (Vec::<Choice>::new(), Vec::new());
        router.decide(&batch.contexts(), &mut choices);
        router.probabilities(&batch.contexts(), &mut probabilities);
        (choices, probabilities.iter().map(|p: &f32| p.to_bits()).collect::<Vec<_>>())
    };
    for entry in POLICIES.iter().filter(|entry| entry.export != Export::Unsupported) {
        let router = toy.trained(entry, 640);
        let saved = router.save().unwrap_or_else(|| panic!("`{}` cannot be saved", entry.name));
        let restored =
            policies::restore(&saved, &toy.problem).unwrap_or_else(|error| panic!("`{}`: {error}", entry.name));
        assert_eq!(decide(&*router), decide(&*restored), "`{}`", entry.name);
        assert_eq!(restored.save(), Some(saved.clone()), "`{}` is saved again as it was", entry.name);
        for position in 0..saved.tensors.len() {
            let mut torn = saved.clone();
            let tensor = torn.tensors.remove(position);
            let error = policies::restore(&torn, &toy.problem).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(&tensor.name), "`{}` without `{}`: {error}", entry.name, tensor.name);
        }
    }
}

#[test]
fn probabilities_are_those_of_the_policy_behind_the_decision() {
    let toy = Toy::new(6, 3);
    let batch = toy.batch(0..60);
    for entry in POLICIES {
        let router = toy.trained(entry, 640);
        let (mut choices, mut probabilities) = (Vec::<Choice>::new(), Vec::new());
        router.decide(&batch.contexts(), &mut choices);
        router.probabilities(&batch.contexts(), &mut probabilities);
        assert_eq!(probabilities.len(), 60 * 3, "`{}`", entry.name);
        for (row, choice) in choices.iter().enumerate() {
            let row = &probabilities[row * 3..][..3];
            let most = row.iter().copied().fold(0.0, f32::max);
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "`{}`: {row:?}", entry.name);
            assert_eq!(row[choice.arm.index()], most, "`{}` decides on a most probable model: {row:?}", entry.name);
        }
    }
}

#[test]
fn a_trained_router_has_the_scores_of_its_cells_and_decides_the_same_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.jsonl");
    store::write_whole(&file, rows().as_bytes()).unwrap();
    let plan = plan(&CONFIG.replace("FILE", file.to_str().unwrap()));
    for label in ["barp", "knn"] {
        let wanted = Training {
            policy: label.into(),
            encoder: plan.encoder_of_features(None, None).unwrap(),
            ..Training::default()
        };
        let artifact = plan.train(&wanted).unwrap();
        assert_eq!(artifact.card.encoder.as_ref().map(|encoder| encoder.name.as_str()), Some("hashed"));
        let cells = plan.cells().iter().filter(|cell| plan.parts(cell).1.label == label);
        let sweep = cells.map(|cell| {
            let log = plan.simulate(cell, false);
            log.cell.scores.iter().find(|score| score.metric == "sweep_reward" && score.phase == "test").unwrap().value
        });
        let sweep: Vec<f64> = sweep.collect();
        let card = artifact.card.scores.iter().find(|score| score.metric == "sweep_reward").unwrap();
        assert_eq!(card.value, statistics::mean_interval(&sweep).mean, "`{label}`");

        let path = folder.path().join(label);
        let bytes = artifact.to_bytes();
        assert_eq!(bytes, plan.train(&wanted).unwrap().to_bytes(), "`{label}`: same bytes");
        store::write_whole(&path, &bytes).unwrap();
        let encoder = || Some(experiment::open_encoder("hashed", None).unwrap());
        let [before, after] = [artifact, Artifact::read(&path).unwrap()];
        let [before, after] = [before, after].map(|artifact| Deployment::new(artifact, encoder()).unwrap());
        let features: Vec<f32> = (0..40)
            .flat_map(|row| before.features(Prompt::Text(&format!("add the numbers number {row}"))).unwrap())
            .collect();
        let preferences: Vec<Preference> = (0..40).map(|row| Preference::new(row as f64 / 40.0).unwrap()).collect();
        let decisions = before.route(Round(0), &features, &preferences);
        assert_eq!(decisions, after.route(Round(0), &features, &preferences), "`{label}`");
        assert!(decisions.iter().all(|decision| decision.expected.is_some()), "`{label}`");
    }
}

#[test]
fn prompts_are_routed_by_their_weight_on_cost() {
    let folder = trained("knn");
    let prompts = "{\"id\": \"a\", \"prompt\": \"write a function number 5\", \"w_cost\": 0}\n\n\
                   {\"prompt\": \"add the numbers number 5\"}\n{\"prompt\": \"\", \"w_cost\": 1}\n";
    store::write_whole(&folder.path().join("prompts.jsonl"), prompts.as_bytes()).unwrap();
    let arguments = ["route", "router", "--prompts", "prompts.jsonl", "--w-cost", "1"];
    let printed = succeed(folder.path(), &arguments);
    let routed: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let models: Vec<&str> = routed.iter().map(|line| line["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["large", "small", "small"], "quality at any price, then the cheapest, an empty prompt too");
    assert_eq!(
        (routed[0]["line"].as_u64(), routed[1]["line"].as_u64()),
        (Some(1), Some(3)),
        "blank lines are no prompts"
    );
    assert_eq!(routed[0]["id"], "a");
    assert!((routed[0]["predicted_quality"].as_f64().unwrap() - 0.9).abs() < 0.1, "{}", routed[0]);
    assert!((routed[0]["predicted_cost_usd"].as_f64().unwrap() - 0.015).abs() < 0.005, "{}", routed[0]);
    assert_eq!(routed[0]["probabilities"]["large"], 1.0);

    succeed(folder.path(), &[&arguments[..], &["--out", "routed.jsonl"]].concat());
    assert_eq!(std::fs::read_to_string(folder.path().join("routed.jsonl")).unwrap(), printed);
    let without = succeed(folder.path(), &[&arguments[..], &["--without", "small"]].concat());
    assert!(without.lines().skip(1).all(|line| line.contains("\"model\":\"middle\"")), "{without}");
    let card: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "router", "--json"])).unwrap();
    assert_eq!((card["licence"].as_str(), card["encoder"]["name"].as_str()), (Some("ours"), Some("hashed")));
    assert!(succeed(folder.path(), &["inspect", "router"]).contains("knn"));
}

#[test]
fn a_prompt_of_a_megabyte_is_routed() {
    let folder = trained("barp");
    let prompt = json!({ "prompt": "translate the sentence ".repeat(45_000), "w_cost": 0.5 }).to_string();
    store::write_whole(&folder.path().join("long.jsonl"), prompt.as_bytes()).unwrap();
    let printed = succeed(folder.path(), &["route", "router", "--prompts", "long.jsonl"]);
    assert_eq!(printed.lines().count(), 1);
}

#[test]
fn bad_prompts_are_refused_by_file_line_and_field() {
    let folder = trained("knn");
    let check = |content: &[u8], problem: &str| {
        store::write_whole(&folder.path().join("bad.jsonl"), content).unwrap();
        let arguments = ["route", "router", "--prompts", "bad.jsonl", "--out", "routed.jsonl"];
        let error = refuse(folder.path(), &arguments, 2);
        assert!(error.contains("bad.jsonl: line ") && error.contains(problem), "{error}");
        assert!(!folder.path().join("routed.jsonl").exists(), "half a result is no result");
    };
    check(b"{\"prompt\": \"a\", \"w_cost\": 1.5}", "line 1: `w_cost`: the weight on cost must lie in [0, 1], got 1.5");
    check(b"{\"prompt\": \"a\", \"w_cost\": \"low\"}", "`w_cost` must be a number in [0, 1], got \"low\"");
    check(b"{\"prompt\": \"a\"}", "`w_cost` is missing, and no --w-cost was given");
    check(b"\n{\"w_cost\": 1}", "line 2: it must have `prompt`, `messages` or `embedding`, got neither");
    check(b"{\"prompt\": 7, \"w_cost\": 1}", "`prompt` must be a text, got 7");
    check(b"{\"prompt\": \"\xff\xfe\", \"w_cost\": 1}", "it must be UTF-8, got another byte at position 13");
    check(b"{\"prompt\": ", "it must be a JSON object");
    check(b"{\"embedding\": [1, 2], \"w_cost\": 1}", "`embedding` must have 384 numbers, got 2");
}

#[test]
fn a_router_that_is_torn_changed_or_foreign_is_refused() {
    let folder = trained("barp");
    let path = folder.path().join("router");
    let whole = std::fs::read(&path).unwrap();
    store::write_whole(&folder.path().join("p.jsonl"), b"{\"prompt\": \"a\", \"w_cost\": 1}").unwrap();
    let check = |bytes: &[u8], problem: &str| {
        store::write_whole(&path, bytes).unwrap();
        for arguments in [&["inspect", "router"][..], &["route", "router", "--prompts", "p.jsonl"]] {
            let error = refuse(folder.path(), arguments, 2);
            assert!(error.contains("router: ") && error.contains(problem), "{error}");
        }
    };
    check(&whole[..whole.len() / 2], "not a whole safetensors file");
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    check(&changed, "it is corrupt: `weights_sha256` must be that of its weights");
    let replace = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header keeps its length");
        let at = whole.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    check(&replace("\\\"format\\\": 1", "\\\"format\\\": 9"), "its card: `format` must be 1, got 9");
    check(
        &replace("hashed n-grams 1", "hashed n-grams 2"),
        "its card was changed: `card_sha256` must be that of the card",
    );
    store::write_whole(&path, &whole).unwrap();
    let mut artifact = Artifact::read(&path).unwrap();
    artifact.card.encoder.as_mut().unwrap().fingerprint = "hashed n-grams 2".into();
    store::write_whole(&path, &artifact.to_bytes()).unwrap();
    let error = refuse(folder.path(), &["route", "router", "--prompts", "p.jsonl"], 2);
    assert!(error.contains("the encoder must be the one that the router was trained with"), "{error}");
}

#[test]
fn what_cannot_be_trained_or_routed_is_said_with_the_known_names() {
    let folder = trained("knn");
    let train = |extra: &[&str]| refuse(folder.path(), &[&["train", "router.toml", "--out", "new"], extra].concat(), 2);
    let error = train(&["--policy", "bapr"]);
    assert!(error.contains("unknown policy `bapr` (nearest is `barp`; known: barp, knn)"), "{error}");
    let error = train(&["--policy", "barp", "--environment", "row"]);
    assert!(error.contains("unknown environment `row` (nearest is `rows`; known: rows)"), "{error}");
    let error = train(&["--policy", "barp", "--encoder", "hashd"]);
    assert!(error.contains("unknown encoder `hashd` (nearest is `hashed`"), "{error}");
    let route = |extra: &[&str]| {
        refuse(folder.path(), &[&["route", "router", "--prompts", "rows.jsonl", "--w-cost", "1"], extra].concat(), 2)
    };
    let error = route(&["--without", "smal"]);
    assert!(error.contains("unknown model `smal` (nearest is `small`; known: large, middle, small)"), "{error}");
    let error = route(&["--without", "small", "--without", "middle", "--without", "large"]);
    assert!(error.contains("no model is left to choose from"), "{error}");
    let error = route(&["--list-price", "small=-1"]);
    assert!(error.contains("the price of `small` must be at least 0 dollars, got -1"), "{error}");
    let error = refuse(folder.path(), &["route", "router", "--prompts", "none.jsonl", "--w-cost", "2"], 2);
    assert!(error.contains("--w-cost: the weight on cost must lie in [0, 1], got 2"), "{error}");
}

#[test]
fn a_list_price_changes_what_is_chosen_and_the_dollars_that_are_told_or_is_refused() {
    let prompt = b"{\"prompt\": \"write a function number 4\", \"w_cost\": 0.5}";
    for policy in ["knn", "ridge", "mlp", "lin-ucb"] {
        let folder = trained(policy);
        store::write_whole(&folder.path().join("p.jsonl"), prompt).unwrap();
        let route = |extra: &[&str]| -> Value {
            let printed = succeed(folder.path(), &[&["route", "router", "--prompts", "p.jsonl"], extra].concat());
            serde_json::from_str(&printed).unwrap()
        };
        let ways = [("large=0.0000001", true), ("large=1000", false)];
        for (price, is_chosen) in ways {
            let line = route(&["--list-price", price, "--ranked"]);
            assert_eq!(line["model"] == "large", is_chosen, "`{policy}` at {price}: {line}");
            assert_eq!(line["ranked"][2] == "large", !is_chosen, "`{policy}` at {price}: {line}");
        }
        let told = |line: &Value| line["predicted_cost_usd"].as_f64().unwrap();
        assert!(told(&route(&["--list-price", "large=0.0000001"])) < 1e-6, "`{policy}`: dollars follow");
    }
    let folder = trained("barp");
    store::write_whole(&folder.path().join("p.jsonl"), prompt).unwrap();
    let error = refuse(folder.path(), &["route", "router", "--prompts", "p.jsonl", "--list-price", "small=1"], 2);
    assert!(error.contains("a list price would change nothing: `barp` decides by the dollars"), "{error}");
    let folder = trained("lin-ucb");
    let explore = ["route", "router", "--prompts", "p.jsonl", "--list-price", "small=1", "--explore-floor", "0.1"];
    let error = refuse(folder.path(), &explore, 2);
    assert!(error.contains("it can explore, or heed a list price, not both"), "{error}");
}

#[test]
fn a_list_price_moves_a_router_that_reads_it() {
    let folder = trained("cheapest");
    store::write_whole(&folder.path().join("p.jsonl"), b"{\"prompt\": \"add the numbers\", \"w_cost\": 1}").unwrap();
    let route = |extra: &[&str]| -> Value {
        let printed = succeed(folder.path(), &[&["route", "router", "--prompts", "p.jsonl"], extra].concat());
        serde_json::from_str(&printed).unwrap()
    };
    assert_eq!(route(&[])["model"], "small");
    assert_eq!(route(&["--list-price", "large=0.00001"])["model"], "large");

    // Ten times the price of every model moves no choice of this router, and ten times the dollars are told.
    let folder = trained("lin-ucb-listed");
    store::write_whole(&folder.path().join("p.jsonl"), b"{\"prompt\": \"add the numbers\", \"w_cost\": 0}").unwrap();
    let card = Artifact::read(&folder.path().join("router")).unwrap().card;
    let dearer: Vec<String> = card
        .models
        .iter()
        .zip(&card.list_prices_usd)
        .map(|(model, price)| format!("{model}={}", 10.0 * price))
        .collect();
    let flags: Vec<&str> = dearer.iter().flat_map(|price| ["--list-price", price.as_str()]).collect();
    let told = |extra: &[&str]| -> Value {
        let printed = succeed(folder.path(), &[&["route", "router", "--prompts", "p.jsonl"], extra].concat());
        serde_json::from_str(&printed).unwrap()
    };
    let (usual, dear) = (told(&[]), told(&flags));
    assert_eq!(usual["model"], dear["model"]);
    let dollars = |line: &Value| line["predicted_cost_usd"].as_f64().unwrap();
    assert!((dollars(&dear) / dollars(&usual) - 10.0).abs() < 1e-9, "{usual} {dear}");
}

/// A log of the same prompts: each answered by one model, drawn with known probabilities that favour the dear one.
fn log() -> String {
    let odds = [0.2f32, 0.2, 0.6];
    let row = |place: u64| {
        let fields: Value = serde_json::from_str(rows().lines().nth(place as usize % 300).unwrap()).unwrap();
        let generator = &mut Seed::root(3).stream("log").at(Round(place));
        let arm = random::categorical(generator, &odds);
        let model = ["small", "middle", "large"][arm];
        let line = json!({
            "prompt": fields["prompt"], "model": model, "quality": fields[model],
            "cost_usd": fields[format!("{model}|total_cost")], "propensity": odds[arm],
        });
        format!("{line}\n")
    };
    (0..1200).map(row).collect()
}

#[test]
fn a_log_teaches_which_model_answers_which_prompt() {
    let folder = tempfile::tempdir().unwrap();
    store::write_whole(&folder.path().join("log.jsonl"), log().as_bytes()).unwrap();
    let prompts =
        "{\"prompt\": \"add the numbers number 1000\"}\n{\"prompt\": \"translate the sentence number 1000\"}\n";
    store::write_whole(&folder.path().join("prompts.jsonl"), prompts.as_bytes()).unwrap();
    for (policy, settings) in [("barp", ["--set", "learning-rate=1e-3"]), ("lin-ucb", ["--set", "alpha=0.2"])] {
        let train = ["train", "--log", "log.jsonl", "--policy", policy, "--out", "router"];
        let said = succeed(folder.path(), &[&train[..], &settings].concat());
        assert!(said.contains("log.jsonl: 1200 rows, 0 of them without a score"), "{said}");
        let routed = succeed(folder.path(), &["route", "router", "--prompts", "prompts.jsonl", "--w-cost", "0.4"]);
        let models: Vec<Value> = routed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (&models[0]["model"], &models[1]["model"]),
            (&json!("small"), &json!("middle")),
            "`{policy}`: {routed}"
        );
        let card: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "router", "--json"])).unwrap();
        let reward = card["scores"]
            .as_array()
            .unwrap()
            .iter()
            .find(|score| score["metric"] == "reward" && score["w_cost"] == 0.4 && score["low"].is_number());
        let reward = reward.unwrap_or_else(|| panic!("`{policy}`: {card}"));
        // Its own model for each prompt earns .51, .48 and .24 on average, the dear one .24 on all.
        let value = reward["value"].as_f64().unwrap();
        assert!((0.37..0.44).contains(&value) && reward["high"].as_f64().unwrap() < 0.47, "{reward}");
    }
}

/// A folder with the log of [`log`] and a router of `policy` that learnt from it; and what training printed.
fn trained_on_log(policy: &str, extra: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    store::write_whole(&folder.path().join("log.jsonl"), log().as_bytes()).unwrap();
    let train = ["log", "train", "log.jsonl", "--policy", policy, "--out", "router"];
    let printed = succeed(folder.path(), &[&train[..], extra].concat());
    (folder, printed)
}

#[test]
fn a_router_that_is_not_better_than_one_model_says_so_wherever_it_is_shown() {
    let (folder, printed) = trained_on_log("random", &[]);
    let inspected = succeed(folder.path(), &["inspect", "router"]);
    for shown in [&printed, &inspected] {
        assert!(shown.contains("worse than the best fixed model"), "{shown}");
        assert!(shown.contains("weights the router is not shown to be better than the best fixed model"), "{shown}");
    }
    let card = Artifact::read(&folder.path().join("router")).unwrap().card;
    let first = &card.against[0];
    assert_eq!((first.w_cost, first.model.as_str()), (0.0, "large"));
    assert!((first.fixed - 0.9).abs() < 0.02 && first.high.unwrap() < 0.0, "{first:?}");

    // Kinds of prompt are told apart, so that at half the weight on cost each has a model of its own.
    let (folder, _) = trained_on_log("lin-ucb", &[]);
    let card = Artifact::read(&folder.path().join("router")).unwrap().card;
    assert!(card.against.iter().any(|versus| versus.warning().is_none()), "{:?}", card.against);

    // The same of an experiment, by replicates.
    let card = Artifact::read(&trained("knn").path().join("router")).unwrap().card;
    assert_eq!(card.against.iter().map(|versus| versus.w_cost).collect::<Vec<_>>(), [0.0, 0.5, 1.0]);
    let (best, half) = (&card.against[0], &card.against[1]);
    assert_eq!((best.model.as_str(), best.n, best.warning().is_some()), ("large", 45, true), "{best:?}");
    assert_eq!(half.warning(), None, "{half:?}");
}

#[test]
fn a_retired_model_teaches_and_is_never_chosen() {
    let (folder, printed) = trained_on_log("lin-ucb", &["--without", "large"]);
    assert!(printed.contains("1200 rows"), "{printed}");
    let prompts: String =
        (0..60).map(|row| format!("{}\n", json!({ "prompt": format!("write a function number {row}") }))).collect();
    store::write_whole(&folder.path().join("p.jsonl"), prompts.as_bytes()).unwrap();
    for extra in [&[][..], &["--explore-floor", "1"]] {
        let route = ["route", "router", "--prompts", "p.jsonl", "--w-cost", "0", "--ranked"];
        let routed = succeed(folder.path(), &[&route[..], extra].concat());
        for line in routed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            assert!(line["model"] != "large" && line["probabilities"]["large"] == 0.0, "{line}");
            assert_eq!(line["ranked"].as_array().unwrap().len(), 2, "{line}");
        }
    }
    let card = Artifact::read(&folder.path().join("router")).unwrap().card;
    assert_eq!((card.models.len(), card.without.as_slice()), (3, &["large".to_owned()][..]));
    assert!(card.against.iter().all(|versus| versus.model != "large"));
    let train = |without: &[&str]| {
        let train = ["log", "train", "log.jsonl", "--policy", "lin-ucb", "--out", "other"];
        refuse(folder.path(), &[&train[..], without].concat(), 2)
    };
    let error = train(&["--without", "larg"]);
    assert!(error.contains("unknown model `larg` (nearest is `large`"), "{error}");
    let error = train(&["--without", "large", "--without", "small", "--without", "middle"]);
    assert!(error.contains("--without") && error.contains("not all of the models"), "{error}");
}

#[test]
fn an_empty_prompt_in_a_log_is_a_prompt_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let row = |row: usize| {
        let prompt = if row % 20 == 5 { String::new() } else { format!("question {row}") };
        let model = ["small", "large"][row % 2];
        let line =
            json!({ "prompt": prompt, "model": model, "quality": row % 3 / 2, "cost_usd": 0.001, "propensity": 0.5 });
        format!("{line}\n")
    };
    let text: String = (0..100).map(row).collect();
    store::write_whole(&folder.path().join("log.jsonl"), text.as_bytes()).unwrap();
    let printed = succeed(folder.path(), &["train", "--log", "log.jsonl", "--policy", "lin-ucb", "--out", "router"]);
    assert!(printed.contains("100 rows, 0 of them without a score"), "{printed}");
}

#[test]
fn own_choices_teach_the_same_when_they_come_from_a_log() {
    let toy = Toy::new(6, 3);
    for entry in POLICIES.iter().filter(|entry| entry.information == policies::Information::Bandit) {
        let [mut own, mut logged, mut other] = [(); 3].map(|()| toy.bandit(entry));
        let mut choices = Vec::new();
        let mut revealed = environments::Revealed::new(toy.problem.dimension, toy.problem.arms());
        for start in (0..320).step_by(32) {
            let batch = toy.batch(start..start + 32);
            own.choose(&batch.contexts(), &toy.seed.stream("choice"), &mut choices);
            logged.choose(&batch.contexts(), &toy.seed.stream("choice"), &mut Vec::new());
            other.choose(&batch.contexts(), &toy.seed.stream("choice"), &mut Vec::new());
            let (contexts, feedback) = batch.reveal(&choices, &mut routing::Ledger::default(), &mut revealed);
            let propensities: Vec<f32> = choices.iter().map(|choice| choice.propensity.value()).collect();
            own.learn(&contexts, feedback);
            logged.learn_logged(&contexts, feedback, &propensities);
            let skewed: Vec<f32> = propensities.iter().enumerate().map(|(row, p)| p / (1 + row % 3) as f32).collect();
            other.learn_logged(&contexts, feedback, &skewed);
        }
        let [own, logged, other] = [own, logged, other].map(|policy| policy.freeze().save());
        assert_eq!(own, logged, "`{}`", entry.name);
        if entry.name.starts_with("barp") {
            assert_ne!(own, other, "`{}` weighs by inverse propensity", entry.name);
        }
    }
}

#[test]
fn a_log_that_cannot_teach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    store::write_whole(&folder.path().join("log.jsonl"), log().as_bytes()).unwrap();
    let train = |extra: &[&str]| {
        refuse(folder.path(), &[&["train", "--log", "log.jsonl", "--out", "router"], extra].concat(), 2)
    };
    let error = train(&["--policy", "knn"]);
    assert!(error.contains("policy `knn` needs every model's outcome of every prompt"), "{error}");
    let error = train(&["--policy", "barp", "--set", "epoch=3"]);
    assert!(error.contains("log.jsonl: --set: unknown key `epoch` (nearest is `epochs`"), "{error}");
    let error = train(&["--policy", "barp", "--test-share", "1"]);
    assert!(error.contains("`--test-share` must be in (0, 1), got 1"), "{error}");
    let bare: String = log().lines().map(|line| line.replace("\"prompt\"", "\"question\"") + "\n").collect();
    store::write_whole(&folder.path().join("log.jsonl"), bare.as_bytes()).unwrap();
    let error = train(&["--policy", "barp"]);
    assert!(error.contains("log.jsonl: line 1: the row must have a prompt or messages to learn from"), "{error}");
}
