//! Routers that go on learning: as in the simulator, from what they are told, and whatever kills them.

use crate::support::{Toy, barp, program, succeed};
use deployment::{Artifact, Deployment, Exact, Learner, Request, Told};
use policies::{Entry, Export, POLICIES, Recipe};
use routing::{Choice, Dollars, Ledger, Policy, Preference, Problem, Round, Saved, Seed, random};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

fn learners() -> impl Iterator<Item = &'static Entry> {
    POLICIES.iter().filter(|entry| entry.export == Export::Learner)
}

/// Its defaults, but for a window that is full soon.
fn parameters(entry: &Entry) -> Value {
    let mut parameters = (entry.defaults)();
    if parameters.get("window").is_some() {
        parameters["window"] = json!(100);
    }
    parameters
}

/// The policy of `entry` before its first round.
fn bandit(toy: &Toy, entry: &Entry) -> Box<dyn Policy> {
    let Recipe::Bandit { build, .. } = (entry.configure)(parameters(entry)).unwrap().recipe else {
        panic!("no bandit")
    };
    build(&toy.problem, &toy.seed)
}

fn named(name: &str) -> &'static Entry {
    POLICIES.iter().find(|entry| entry.name == name).unwrap()
}

/// The file of a policy of `entry` for `problem`, as training leaves it.
fn artifact(entry: &Entry, problem: &Problem, policy: &dyn Policy) -> Artifact {
    let prices = vec![0.001; problem.arms()];
    let content = json!({ "kind": entry.name, "revision": entry.revision, "parameters": parameters(entry) });
    let card = json!({
        "format": 1, "barp": "test", "command": "test", "policy": { "label": entry.name, "content": content },
        "models": problem.models, "dimension": problem.dimension, "tau_usd": problem.objective.tau.0,
        "list_prices_usd": prices, "w_cost": [0.0, 1.0], "encoder": null,
        "data": { "source": "toy", "fingerprint": "", "simulated": true, "rows": 0 }, "config_sha256": "", "seed": 3,
        "ledger": Ledger::default(), "scores": [], "licence": "", "form": "", "settings": null, "weights_sha256": "",
    });
    Artifact::new(serde_json::from_value(card).unwrap(), policy.freeze(), None, policy.state()).unwrap()
}

/// Lets a policy choose and learn as the simulator does.
fn simulate(toy: &Toy, policy: &mut dyn Policy, rounds: Range<u64>) {
    let stream = toy.seed.stream("choice");
    let (mut batch, mut choices) = (toy.batch(0..0), Vec::<Choice>::new());
    let mut revealed = environments::Revealed::new(toy.problem.dimension, toy.problem.arms());
    for round in rounds {
        toy.refill(round..round + 1, &mut batch);
        policy.choose(&batch.contexts(), &stream, &mut choices);
        let (contexts, feedback) = batch.reveal(&choices, &mut Ledger::default(), &mut revealed);
        policy.learn(&contexts, feedback);
    }
}

#[test]
fn saved_half_way_and_restored_every_learner_ends_with_the_bytes_of_one_that_was_never_saved() {
    let toy = Toy::new(6, 3);
    // Beyond a step of the weights of whoever forgets by age (512), and beyond a window.
    for (entry, rounds) in learners().flat_map(|entry| [(entry, 700), (entry, 1400)]) {
        let mut straight = bandit(&toy, entry);
        simulate(&toy, &mut *straight, 0..rounds);
        let mut first = bandit(&toy, entry);
        simulate(&toy, &mut *first, 0..rounds / 2);
        let half = artifact(entry, &toy.problem, &*first).to_bytes();
        let mut second = Artifact::from_bytes(&half).unwrap().policy().unwrap();
        simulate(&toy, &mut *second, rounds / 2..rounds);
        let bytes = |policy: &dyn Policy| artifact(entry, &toy.problem, policy).to_bytes();
        assert_ne!(bytes(&*first), bytes(&*straight), "`{}` learnt nothing", entry.name);
        assert!(bytes(&*second) == bytes(&*straight), "`{}` after {rounds} rounds", entry.name);
        assert_eq!(straight.alarms(), second.alarms(), "`{}`", entry.name);
    }
}

#[test]
fn every_part_of_a_state_is_needed_and_checked() {
    let toy = Toy::new(6, 3);
    for entry in learners() {
        let mut policy = bandit(&toy, entry);
        simulate(&toy, &mut *policy, 0..100);
        let state = policy.state().unwrap();
        for position in 0..state.tensors.len() {
            let mut torn = state.clone();
            let tensor = torn.tensors.remove(position);
            let error = bandit(&toy, entry).resume(&torn, 3).unwrap_err().to_string();
            assert!(error.contains(&tensor.name), "`{}` without `{}`: {error}", entry.name, tensor.name);
        }
    }
}

#[test]
fn who_cannot_go_on_learning_says_so_and_names_who_can() {
    let toy = Toy::new(6, 3);
    for entry in POLICIES.iter().filter(|entry| entry.export != Export::Learner) {
        let content = json!({ "kind": entry.name, "revision": entry.revision, "parameters": (entry.defaults)() });
        let error = policies::resume(&content, &Saved::bare("any"), &toy.problem, 3).err().unwrap().to_string();
        let wanted = "the policy must be one that goes on learning (lin-ucb, d-lin-ucb, sw-lin-ucb, ";
        assert!(error.starts_with(wanted) && error.contains(entry.name), "{error}");
        if entry.information == policies::Information::Bandit {
            assert_eq!(bandit(&toy, entry).state(), None, "`{}` has a state and is not declared a learner", entry.name);
        }
    }
    let content = json!({ "kind": "lin-ucb", "revision": 99, "parameters": {} });
    let error = policies::resume(&content, &Saved::bare("any"), &toy.problem, 3).err().unwrap().to_string();
    assert!(error.contains("revision 1 of `lin-ucb`, got 99"), "{error}");
}

#[test]
fn exploration_is_what_choices_are_drawn_from() {
    let toy = Toy::new(6, 3);
    for entry in learners() {
        let mut policy = bandit(&toy, entry);
        simulate(&toy, &mut *policy, 0..60);
        let one = toy.batch(61..62);
        let (mut chances, mut choices, mut counts) = (Vec::new(), Vec::new(), [0.0; 3]);
        policy.exploration(&one.contexts(), &mut chances);
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12, "`{}`: {chances:?}", entry.name);
        let draws = 4000;
        for draw in 0..draws {
            let stream = toy.seed.child("draw", &draw.to_string()).stream("choice");
            policy.choose(&one.contexts(), &stream, &mut choices);
            counts[choices[0].arm.index()] += 1.0 / f64::from(draws);
        }
        for (chance, count) in chances.iter().zip(counts) {
            assert!((chance - count).abs() < 0.03, "`{}`: {chances:?} against {counts:?}", entry.name);
        }
    }
}

#[test]
fn a_floor_gives_every_model_its_share_and_each_decision_its_true_propensity() {
    let toy = Toy::new(6, 3);
    for name in ["lin-ucb", "lin-ts", "epsilon-greedy", "budget-paced", "lin-ucb-listed"] {
        let mut policy = bandit(&toy, named(name));
        simulate(&toy, &mut *policy, 0..200);
        let mut deployment = Deployment::new(artifact(named(name), &toy.problem, &*policy), None).unwrap();
        assert!(deployment.explore(1.5, &Seed::root(1)).is_err(), "{name}");
        deployment.explore(0.3, &Seed::root(1)).unwrap();
        deployment.set_down("model-2").unwrap();
        let (features, preference) = (toy.table.features(4), Preference::new(0.2).unwrap());
        let rounds = 20_000;
        let many = features.repeat(rounds);
        let decisions = deployment.route(Round(0), &many, &vec![preference; rounds]);
        let mut counts = [0.0; 3];
        for decision in &decisions {
            counts[decision.arm.index()] += 1.0 / rounds as f64;
            let told = f64::from(decision.probabilities[decision.arm.index()]);
            assert!((decision.propensity - told).abs() < 1e-6, "{name}");
        }
        let chances = &decisions[0].probabilities;
        assert_eq!((chances[2], counts[2]), (0.0, 0.0), "{name}: what is down is never chosen");
        assert!(chances[..2].iter().all(|&chance| chance >= 0.1499), "{name}: {chances:?}");
        for (chance, count) in chances.iter().zip(counts) {
            assert!((f64::from(*chance) - count).abs() < 0.012, "{name}: {chances:?} against {counts:?}");
        }
    }
}

/// A learner of lin-ucb after a few rounds, exploring.
fn learner(toy: &Toy, floor: Option<f64>) -> Learner {
    let mut policy = bandit(toy, named("lin-ucb"));
    simulate(toy, &mut *policy, 0..50);
    let file = artifact(named("lin-ucb"), &toy.problem, &*policy);
    Learner::new(Deployment::new(file, None).unwrap(), floor).unwrap()
}

fn request(toy: &Toy, id: usize) -> Request {
    let preference = Preference::new(random::uniform(&mut toy.seed.stream("w").at(Round(id as u64)))).unwrap();
    let features = toy.table.features(id % 400).to_vec();
    Request { id: Some(format!("r{id}")), features, preference, about: serde_json::Map::new() }
}

fn told(id: usize) -> Told {
    Told { id: format!("r{id}"), quality: Exact(0.1 * (id % 11) as f64), dollars: Exact(0.001), seconds: None }
}

#[test]
fn outcomes_come_late_and_in_any_order_once_each_and_nothing_else_is_lost() {
    let toy = Toy::new(6, 3);
    let mut learner = learner(&toy, Some(0.1));
    for id in 0..20 {
        learner.route(request(&toy, id)).unwrap();
    }
    let refused = |error: deployment::Refused, words: &str| assert!(error.to_string().contains(words), "{error}");
    refused(learner.route(request(&toy, 3)).unwrap_err(), "request `r3`: the id must be new");
    for id in [19, 0, 7] {
        learner.learn(told(id)).unwrap();
    }
    refused(learner.learn(told(7)).unwrap_err(), "request `r7`: its outcome was learnt before");
    refused(learner.learn(told(77)).unwrap_err(), "request `r77` must have been routed before its outcome");
    refused(learner.route(request(&toy, 7)).unwrap_err(), "another request has it");
    let bad = Told { quality: Exact(1.5), ..told(8) };
    refused(learner.learn(bad).unwrap_err(), "request `r8`: `quality` must be in [0, 1], got 1.5");
    let bad = Told { dollars: Exact(-1.0), ..told(8) };
    refused(learner.learn(bad).unwrap_err(), "request `r8`: `cost_usd` must be at least 0 dollars, got -1");
    learner.learn(told(8)).unwrap();
    assert_eq!((learner.waiting(), learner.learnt()), (16, 4));
}

#[test]
fn entries_replayed_from_any_checkpoint_give_the_same_learner() {
    let toy = Toy::new(6, 3);
    let mut straight = learner(&toy, Some(0.2));
    let (mut entries, mut files) = (Vec::new(), vec![(0, straight.artifact().to_bytes(), Vec::new())]);
    for id in 0..60 {
        entries.push(straight.route(request(&toy, id)).unwrap().1);
        if id >= 10 {
            entries.push(straight.learn(told(id - 10)).unwrap().1);
        }
        if id % 20 == 19 {
            files.push((entries.len(), straight.artifact().to_bytes(), straight.kept()));
        }
    }
    let end = straight.artifact().to_bytes();
    for (folded, file, kept) in files {
        let open = || {
            let deployment = Deployment::new(Artifact::from_bytes(&file).unwrap(), None).unwrap();
            Learner::new(deployment, Some(0.2)).unwrap()
        };
        // The journal as it was cut, and as it was before: a kill may come between the file and the cut.
        for before in [&kept[..], &entries[..folded]] {
            let mut learner = open();
            for entry in before.iter().chain(&entries[folded..]) {
                let text = serde_json::to_string(entry).unwrap();
                learner.replay(serde_json::from_str(&text).unwrap()).unwrap();
            }
            assert!(learner.artifact().to_bytes() == end, "from entry {folded}");
            let error = learner.learn(told(5)).unwrap_err().to_string();
            assert!(error.contains("learnt before"), "{error}");
            assert_eq!(learner.waiting(), 10);
        }
        if let Some(gap) = entries.get(folded + 1) {
            let error = open().replay(gap.clone()).unwrap_err().to_string();
            assert!(error.contains("must hold all entries before it"), "{error}");
        }
    }
}

#[test]
fn a_new_model_joins_without_training_and_the_others_stay_as_they_were() {
    let toy = Toy::new(6, 3);
    for entry in learners() {
        let mut policy = bandit(&toy, entry);
        simulate(&toy, &mut *policy, 0..100);
        let file = || artifact(entry, &toy.problem, &*policy);
        let joined = deployment::join(file(), "new", Dollars(0.002)).unwrap();
        assert_eq!(joined.card.models, ["model-0", "model-1", "model-2", "new"]);
        let again = deployment::join(Artifact::from_bytes(&joined.to_bytes()).unwrap(), "new", Dollars(0.002)).unwrap();
        assert!(again.to_bytes() == joined.to_bytes(), "`{}`: who joined is there", entry.name);
        let error = deployment::join(file(), "model-1", Dollars(0.002)).err().unwrap().to_string();
        assert_eq!(error, "model `model-1` is there already");

        let mut alone = Deployment::new(file(), None).unwrap();
        let mut together = Deployment::new(joined, None).unwrap();
        together.set_down("new").unwrap();
        let (features, preferences) = (toy.table.features(9).repeat(5), vec![Preference::new(0.3).unwrap(); 5]);
        for deployment in [&mut alone, &mut together] {
            deployment.explore(0.0, &Seed::root(2)).unwrap();
        }
        let arms = |deployment: &Deployment| -> Vec<usize> {
            deployment.route(Round(0), &features, &preferences).iter().map(|one| one.arm.index()).collect()
        };
        assert_eq!(arms(&alone), arms(&together), "`{}`", entry.name);

        let joined = deployment::join(file(), "new", Dollars(0.002)).unwrap();
        let mut learner = Learner::new(Deployment::new(joined, None).unwrap(), Some(1.0)).unwrap();
        let chosen: Vec<usize> = (0..40)
            .map(|id| {
                let (decision, _) = learner.route(request(&toy, id)).unwrap();
                learner.learn(told(id)).unwrap();
                decision.arm.index()
            })
            .collect();
        assert!(chosen.contains(&3), "`{}` never tries it", entry.name);
        assert_eq!(learner.artifact().card.learning.as_ref().unwrap().joined, ["new"]);
    }
}

/// A folder with a router of `policy` that learnt from a short log, and requests of other prompts.
fn trained(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let row = |row: usize| {
        let (kind, model) = (row % 2, row / 2 % 2);
        let prompt = format!("{} number {row}", ["add the numbers", "translate the sentence"][kind]);
        let (name, cost) = [("small", 0.001), ("large", 0.004)][model];
        let quality = f64::from(u8::from(kind == model || model == 1));
        let line = json!({
            "prompt": prompt, "model": name, "quality": quality, "cost_usd": cost, "propensity": 0.5, "task": "t",
        });
        format!("{line}\n")
    };
    let log: String = (0..80).map(row).collect();
    store::write_whole(&folder.path().join("log.jsonl"), log.as_bytes()).unwrap();
    succeed(folder.path(), &["log", "train", "log.jsonl", "--policy", policy, "--out", "router"]);
    folder
}

fn answers(printed: &str) -> Vec<Value> {
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A running `barp`, spoken with line by line.
struct Running {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Running {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Running { child, to, from }
    }

    fn tell(&mut self, line: &Value) {
        writeln!(self.to.as_ref().unwrap(), "{line}").unwrap();
    }

    /// The next answer; none when it has ended.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        // Whoever is killed may be killed in the middle of a line.
        line.ends_with('\n').then(|| serde_json::from_str(&line).unwrap())
    }

    /// Ends its input and waits; its exit code and what it said.
    fn end(self) -> (Option<i32>, String) {
        drop((self.to, self.from));
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn each_line_is_answered_before_the_next_is_written() {
    let folder = trained("lin-ucb");
    let mut route =
        Running::start(folder.path(), &["route", "router", "--prompts", "-", "--w-cost", "0.5", "--ranked"]);
    for number in 1..4 {
        let messages =
            json!([{ "role": "system", "content": "be brief" }, { "role": "user", "content": "add 1 and 2" }]);
        let line = match number {
            1 => json!({ "prompt": "add 1 and 2", "request_id": "a", "timestamp": "2026-10-01T10:00:00Z" }),
            2 => json!({ "messages": messages, "id": 7 }),
            _ => json!({ "prompt": "" }),
        };
        route.tell(&line);
        let answer = route.hear().unwrap();
        assert_eq!((answer["line"].as_u64(), answer["propensity"].as_f64()), (Some(number), Some(1.0)), "{answer}");
        assert_eq!(answer["ranked"].as_array().unwrap().len(), 2);
        assert_eq!(answer["ranked"][0], answer["model"]);
        assert_eq!(answer["router"].as_str().map(str::len), Some(64));
        match number {
            1 => assert_eq!((&answer["request_id"], &answer["timestamp"]), (&json!("a"), &line["timestamp"])),
            2 => assert_eq!(answer["id"], 7),
            _ => assert!(answer.get("id").is_none() && answer.get("timestamp").is_none(), "no time of our own"),
        }
    }
    assert_eq!(route.end(), (Some(0), String::new()));
}

#[test]
fn messages_are_read_as_in_training_and_bad_ones_are_refused_by_line() {
    let folder = trained("lin-ucb");
    let route = |line: &Value| {
        store::write_whole(&folder.path().join("p.jsonl"), line.to_string().as_bytes()).unwrap();
        let output = barp(folder.path(), &["route", "router", "--prompts", "p.jsonl", "--w-cost", "0.2"]);
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let user = |text: &str| json!([{ "role": "assistant", "content": "so?" }, { "role": "user", "content": text }]);
    for text in ["translate the sentence number 3", "add the numbers number 5", ""] {
        assert_eq!(route(&json!({ "prompt": text })).0, route(&json!({ "messages": user(text) })).0, "{text}");
    }
    let check = |line: Value, words: &str| assert!(route(&line).1.contains(words), "{line}: {}", route(&line).1);
    check(json!({ "messages": user("a"), "prompt": "a" }), "line 1: it must have `prompt` or `messages`, got both");
    check(json!({ "messages": [] }), "line 1: `messages`: none of 0 messages has the role `user`");
    check(json!({ "prompt": "a", "id": 1, "request_id": 1 }), "it must have `request_id` or `id`, got both");
}

#[test]
fn what_was_learnt_is_in_the_file_and_refusals_name_line_and_request() {
    let folder = trained("lin-ucb");
    let lines = [
        json!({ "request_id": "a", "prompt": "add 1 and 2", "w_cost": 0.1, "timestamp": "2026-10-01T10:00:00Z" }),
        json!({ "request_id": "b", "prompt": "add 3 and 4", "w_cost": 0.1 }),
        json!({ "request_id": "b", "quality": 1, "cost_usd": 0.001 }),
        json!({ "request_id": "b", "quality": 1, "cost_usd": 0.001 }),
        json!({ "request_id": "c", "quality": 1, "cost_usd": 0.001 }),
        json!({ "request_id": "a", "quality": 1 }),
        json!({ "request_id": "a", "prompt": "again", "w_cost": 0.1 }),
        json!({ "request_id": "a", "quality": 0.25, "cost_usd": 0.001 }),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    store::write_whole(&folder.path().join("lines.jsonl"), text.as_bytes()).unwrap();
    let output = barp(folder.path(), &["learn", "router", "--lines", "lines.jsonl"]);
    let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("lines.jsonl: 4 lines were refused; the first is line 4: request `b`: its outcome was"),
        "{said}"
    );
    let answers = answers(&printed);
    assert_eq!(answers.len(), lines.len(), "a line out for each line in");
    let error = |at: usize| answers[at]["error"].as_str().unwrap();
    assert!(error(4).starts_with("request `c` must have been routed before its outcome"), "{printed}");
    assert_eq!(error(5), "request `a`: `cost_usd` must be a number, got none");
    assert!(error(6).starts_with("request `a`: the id must be new"), "{printed}");
    assert_eq!((answers[7]["learnt"].as_u64(), &answers[7]["timestamp"]), (Some(2), &lines[0]["timestamp"]));

    let card: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "router", "--json"])).unwrap();
    assert_eq!((card["learning"]["learnt"].as_u64(), card["learning"]["routed"].as_u64()), (Some(2), Some(2)));
    assert!(succeed(folder.path(), &["inspect", "router"]).contains("2 outcomes of 2 requests since"));
    // The next run knows what this one learnt.
    let again = barp(folder.path(), &["learn", "router", "--lines", "lines.jsonl"]);
    let again = String::from_utf8(again.stdout).unwrap();
    assert!(again.lines().all(|line| line.contains("\"error\"")), "{again}");
}

#[test]
fn a_policy_that_cannot_go_on_is_refused_with_those_that_can() {
    let folder = trained("barp");
    let output = barp(folder.path(), &["learn", "router", "--lines", "log.jsonl"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("it cannot go on learning") && error.contains("(lin-ucb, d-lin-ucb, "), "{error}");
}

#[test]
fn the_log_of_a_router_that_explores_carries_its_own_evaluation() {
    let folder = trained("lin-ucb");
    let requests: String = (0..600)
        .map(|row| {
            let prompt = ["add the numbers", "translate the sentence"][row % 2];
            format!(
                "{}\n",
                json!({ "request_id": row, "prompt": format!("{prompt} {row}"), "w_cost": 0.1, "task": "t" })
            )
        })
        .collect();
    store::write_whole(&folder.path().join("requests.jsonl"), requests.as_bytes()).unwrap();
    let learn = ["learn", "router", "--lines", "requests.jsonl", "--explore-floor", "0.4", "--join", "new=0.002"];
    let routed = answers(&succeed(folder.path(), &learn));
    assert_eq!(routed.len(), 600);
    let least = routed.iter().map(|line| line["propensity"].as_f64().unwrap()).fold(1.0, f64::min);
    assert!((least - 0.4 / 3.0).abs() < 1e-12, "{least}");
    let outcomes: String = routed
        .iter()
        .map(|line| {
            let quality = u8::from(line["model"] != "small");
            format!("{}\n", json!({ "request_id": line["request_id"], "quality": quality, "cost_usd": 0.001 }))
        })
        .collect();
    store::write_whole(&folder.path().join("outcomes.jsonl"), outcomes.as_bytes()).unwrap();
    let log = succeed(folder.path(), &["learn", "router", "--lines", "outcomes.jsonl"]);
    store::write_whole(&folder.path().join("own.jsonl"), log.as_bytes()).unwrap();
    let table = succeed(folder.path(), &["log", "ope", "own.jsonl"]);
    for model in ["small", "large", "new"] {
        assert!(table.contains(model), "{table}");
    }
    let card: Value = serde_json::from_str(&succeed(folder.path(), &["inspect", "router", "--json"])).unwrap();
    assert_eq!(card["learning"]["joined"], json!(["new"]));
}

/// Requests and outcomes in the order in which a gateway would send them: outcomes come 1 to 9 requests late.
fn traffic(requests: usize, seed: &Seed) -> Vec<Value> {
    let (late, quality) = (seed.stream("late"), seed.stream("quality"));
    let mut lines: Vec<(usize, Value)> = Vec::new();
    for request in 0..requests {
        let prompt = ["add the numbers", "translate the sentence"][request % 2];
        let line =
            json!({ "request_id": format!("q{request}"), "prompt": format!("{prompt} {request}"), "w_cost": 0.3 });
        lines.push((2 * request, line));
        let delay = 1 + random::below(&mut late.at(Round(request as u64)), 9);
        let quality = random::uniform(&mut quality.at(Round(request as u64)));
        let line = json!({ "request_id": format!("q{request}"), "quality": quality, "cost_usd": 0.001 });
        lines.push((2 * (request + delay) + 1, line));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The router's file after all of `lines`, during which `barp learn` is killed `kills` times while it works.
fn learnt(folder: &Path, lines: &[Value], kills: usize, seed: &Seed) -> Vec<u8> {
    let arguments = ["learn", "router", "--explore-floor", "0.2", "--checkpoint", "7"];
    let stream = seed.stream("kill");
    let (mut acknowledged, mut next) = (BTreeSet::new(), 0);
    for kill in 0..=kills {
        let mut running = Running::start(folder, &arguments);
        let part = if kill < kills { lines.len() / kills.max(1) } else { lines.len() };
        let ahead = &lines[next..lines.len().min(next + part)];
        // All at once, so that it is killed in the middle of what it has.
        let text: String = ahead.iter().map(|line| format!("{line}\n")).collect();
        let mut to = running.to.take().unwrap();
        let writer = std::thread::spawn(move || to.write_all(text.as_bytes()).map(|()| to));
        let heard =
            if kill < kills { random::below(&mut stream.at(Round(kill as u64)), ahead.len() + 1) } else { ahead.len() };
        for line in &ahead[..heard] {
            let answer = running.hear().unwrap();
            let is_outcome = line.get("quality").is_some();
            let id = line["request_id"].as_str().unwrap().to_owned();
            match answer["error"].as_str() {
                // It was kept before the kill, and its answer was lost.
                Some(error) => {
                    assert!(error.contains("learnt before") || error.contains("the id must be new"), "{error}")
                }
                None if is_outcome => assert!(acknowledged.insert(id.clone()), "`{id}` was learnt twice"),
                None => {}
            }
            next += 1;
        }
        if kill < kills {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            let _ = writer.join().unwrap();
        } else {
            drop(writer.join().unwrap().unwrap());
            running.end();
        }
    }
    std::fs::read(folder.join("router")).unwrap()
}

/// `BARP_KILLS=200 BARP_SEED=7 cargo test --release --workspace --test it no_kill` is the long form.
#[test]
fn no_kill_loses_what_was_acknowledged_and_the_file_has_the_bytes_of_a_run_without_kills() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap());
    let (kills, root) = (number("BARP_KILLS", 8) as usize, number("BARP_SEED", 1));
    eprintln!("BARP_KILLS={kills} BARP_SEED={root}");
    let seed = Seed::root(root);
    let lines = traffic(40 * kills.max(4), &seed);
    let [calm, killed] = [0, kills].map(|kills| {
        let folder = trained("lin-ucb");
        learnt(folder.path(), &lines, kills, &seed)
    });
    assert!(calm == killed, "BARP_KILLS={kills} BARP_SEED={root}");
    let learning = Artifact::from_bytes(&killed).unwrap().card.learning.unwrap();
    assert_eq!((learning.learnt, learning.routed), (lines.len() as u64 / 2, lines.len() as u64 / 2));
}
