//! The front page's way from a log to a routed file is run as it is printed there.

use crate::support::{program, shared};
use routing::{Round, Seed, random};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use store::{Column, Frame};

/// Requests in the log, and prompts that are routed.
const LOGGED: usize = 1500;
const ROUTED: usize = 40;

/// The commands under the heading that begins with `heading`, as the README prints them.
fn commands(heading: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once(heading).expect("the README has the section");
    let (_, block) = section.split_once("```sh\n").expect("the section has commands");
    let (block, _) = block.split_once("```").expect("the commands end");
    let command = |line: &str| line.split(" # ").next().unwrap_or_default().trim().to_owned();
    block.lines().map(command).filter(|command| !command.is_empty()).collect()
}

/// The first table of TOML on the front page that holds `wanted`.
fn example(wanted: &str) -> &'static str {
    let blocks = include_str!("../../README.md").split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(wanted)).expect("the README has the example")
}

#[test]
fn the_experiment_and_the_claim_on_the_front_page_belong_together() {
    let plan = crate::support::plan(example("[[environment]]"));
    let claims = report::parse_claims(example("[[claim]]"), "claims.toml").unwrap();
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
fn the_front_page_leads_from_a_log_to_a_routed_file() {
    let folder = tempfile::tempdir().unwrap();
    let models = write(folder.path());
    let commands = commands("## From your log to a router");
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in &commands {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("barp"), "{command}");
        let output = Command::new(program()).args(words).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let routed = std::fs::read_to_string(folder.path().join("routed.jsonl")).unwrap();
    let routed: Vec<Value> = routed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(routed.len(), ROUTED);
    for line in &routed {
        assert!(models.iter().any(|model| line["model"] == model.as_str()), "{line}");
        assert!(line["predicted_cost_usd"].as_f64().is_some_and(|dollars| dollars > 0.0), "{line}");
    }
}
