//! What the front page and the guides print is run as it is printed there: a first experiment, and the way from a log to a
//! routed file.

use crate::support::{program, shared};
use routing::{Round, Seed, random};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use store::{Column, Frame};

/// Requests in the log, and prompts that are routed.
const LOGGED: usize = 1500;
const ROUTED: usize = 40;

const README: &str = include_str!("../../README.md");
const CONFIGS: &str = include_str!("../../configs/README.md");
const GUIDE: &str = include_str!("../../crates/barp/README.md");

/// The commands of the block of `page` that follows `heading`, as they are printed.
fn commands(page: &str, heading: &str) -> Vec<String> {
    let (_, section) = page.split_once(heading).expect("the page has the section");
    let (_, block) = section.split_once("```sh\n").expect("the section has commands");
    let (block, _) = block.split_once("```").expect("the commands end");
    let command = |line: &str| line.split(" # ").next().unwrap_or_default().trim().to_owned();
    block.lines().map(command).filter(|command| !command.is_empty()).collect()
}

/// The first table of TOML on a page that holds `wanted`.
fn example(page: &'static str, wanted: &str) -> &'static str {
    let mut blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.find(|block| block.contains(wanted)).expect("the page has the example")
}

/// Runs a command that begins with `barp` in `folder`.
fn succeed(folder: &Path, command: &str) {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("barp"), "{command}");
    let output = Command::new(program()).args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_first_experiment_on_the_front_page_runs_as_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = example(README, "[[environment]]");
    store::write_whole(&folder.path().join("my-question.toml"), experiment.as_bytes()).unwrap();
    let commands = commands(README, "## A first experiment of your own");
    let own: Vec<&String> = commands.iter().filter(|command| command.starts_with("barp ")).collect();
    assert_eq!(own.len(), 4, "{commands:?}");
    own.iter().for_each(|command| succeed(folder.path(), command));
    for file in ["summary.parquet", "summary.csv", "manifest.json", "report.html"] {
        assert!(folder.path().join("results/my-question").join(file).is_file(), "{file}");
    }
}

#[test]
fn the_experiment_of_the_front_page_and_the_claim_of_the_guide_belong_together() {
    let plan = crate::support::plan(example(README, "[[environment]]"));
    let claims = report::parse_claims(example(CONFIGS, "[[claim]]"), "claims.toml").unwrap();
    let bills = plan.bills();
    for claim in claims {
        for policy in [&claim.candidate, &claim.baseline] {
            let known = |bill: &experiment::Bill| {
                bill.policy == *policy && Some(&bill.environment) == claim.environment.as_ref()
            };
            assert!(bills.iter().any(known), "`{policy}` of claim `{}`", claim.id);
        }
    }
}

#[test]
fn the_guide_leads_from_a_table_to_a_generator_like_it() {
    let folder = tempfile::tempdir().unwrap();
    let rows = include_bytes!("../../configs/examples/made-up-rows.csv");
    store::write_whole(&folder.path().join("rows.csv"), rows).unwrap();
    let commands = commands(GUIDE, "## From a table of your own");
    assert_eq!(commands.len(), 3, "{commands:?}");
    commands.iter().for_each(|command| succeed(folder.path(), command));
    for file in ["clean/table.parquet", "description/describe.html", "mine.toml"] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn the_guide_leads_to_a_router_that_keeps_learning() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    for name in ["learn.jsonl", "learn-more.jsonl"] {
        let lines =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/examples").join(name)).unwrap();
        store::write_whole(&folder.path().join(name), &lines).unwrap();
    }
    let commands = commands(GUIDE, "## A router that keeps learning");
    assert_eq!(commands.len(), 4, "{commands:?}");
    commands.iter().for_each(|command| succeed(folder.path(), command));
    let card = deployment::Artifact::read(&folder.path().join("learner.safetensors")).unwrap().card;
    let learning = card.learning.unwrap();
    assert_eq!((learning.routed, learning.learnt, learning.joined), (6, 5, vec!["new-model".to_owned()]));
}

#[test]
fn every_short_experiment_can_be_planned() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let examples = crate::support::files(&root.join("configs/examples"), ".toml");
    assert!(examples.len() >= 2, "there are some");
    for name in examples.keys() {
        succeed(&root, &format!("barp plan configs/examples/{name}"));
    }
}

/// A request with its outcomes: prompt, and (model, quality, dollars) of each model.
type Row = (String, Vec<(String, f64, f64)>);

/// A model with its columns of quality and dollars.
type Columns<'a> = (&'a str, &'a [Option<f64>], &'a [Option<f64>]);

/// Real rows where they are; else, loudly, made-up ones of the same shape.
fn rows() -> Vec<Row> {
    let wanted = LOGGED + ROUTED;
    if let Some(path) = shared("routerbench_0shot_5llm.parquet") {
        let frame = store::read(&path).unwrap();
        let models = frame.columns.iter().filter_map(|(name, _)| name.strip_suffix("|total_cost"));
        let outcomes: Vec<Columns<'_>> = models
            .map(|model| (model, numbers(&frame, model), numbers(&frame, &format!("{model}|total_cost"))))
            .collect();
        let prompts = texts(&frame, "prompt_core");
        // Rows of one task stand together: take them from the whole file.
        let places = (0..wanted).map(|place| place * prompts.len() / wanted);
        let row = |place: usize| {
            let outcome = |(model, quality, dollars): &Columns<'_>| {
                ((*model).to_owned(), quality[place].unwrap(), dollars[place].unwrap())
            };
            (prompts[place].clone().unwrap(), outcomes.iter().map(outcome).collect())
        };
        return places.map(row).collect();
    }
    let row = |row: usize| {
        let kind = ["add", "translate", "write"][row % 3];
        let small = if row.is_multiple_of(3) { 1.0 } else { 0.2 };
        (format!("{kind} number {row}"), vec![("small".into(), small, 0.0001), ("large".into(), 0.9, 0.004)])
    };
    (0..wanted).map(row).collect()
}

fn texts<'a>(frame: &'a Frame, name: &str) -> &'a [Option<String>] {
    let Some(Column::Text(texts)) = frame.column(name) else { panic!("no texts in `{name}`") };
    texts
}

fn numbers<'a>(frame: &'a Frame, name: &str) -> &'a [Option<f64>] {
    let Some(Column::Real(numbers)) = frame.column(name) else { panic!("no numbers in `{name}`") };
    numbers
}

/// `log.jsonl`, whose models were drawn uniformly, and `prompts.jsonl` of other prompts.
fn write(folder: &Path) -> Vec<String> {
    let mut rows = rows();
    random::shuffle(&mut Seed::root(2).stream("rows").at(Round(0)), &mut rows);
    let models: Vec<String> = rows[0].1.iter().map(|(model, ..)| model.clone()).collect();
    let stream = Seed::root(2).stream("choice");
    let logged = rows[..LOGGED].iter().zip(0..).map(|((prompt, outcomes), round)| {
        let (model, quality, dollars) = &outcomes[random::below(&mut stream.at(Round(round)), outcomes.len())];
        let propensity = 1.0 / outcomes.len() as f64;
        let line = json!({
            "prompt": prompt, "model": model, "quality": quality, "cost_usd": dollars, "propensity": propensity,
        });
        format!("{line}\n")
    });
    let log: String = logged.collect();
    let prompts: String =
        rows[LOGGED..].iter().map(|(prompt, _)| format!("{}\n", json!({ "prompt": prompt }))).collect();
    store::write_whole(&folder.join("log.jsonl"), log.as_bytes()).unwrap();
    store::write_whole(&folder.join("prompts.jsonl"), prompts.as_bytes()).unwrap();
    models
}

#[test]
fn the_guide_leads_from_a_log_to_a_routed_file() {
    let folder = tempfile::tempdir().unwrap();
    let models = write(folder.path());
    let commands = commands(GUIDE, "## From your log to a router");
    assert_eq!(commands.len(), 5, "{commands:?}");
    commands.iter().for_each(|command| succeed(folder.path(), command));
    let routed = std::fs::read_to_string(folder.path().join("routed.jsonl")).unwrap();
    let routed: Vec<Value> = routed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(routed.len(), ROUTED);
    for line in &routed {
        assert!(models.iter().any(|model| line["model"] == model.as_str()), "{line}");
        assert!(line["predicted_cost_usd"].as_f64().is_some_and(|dollars| dollars > 0.0), "{line}");
    }
}
