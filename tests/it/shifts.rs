//! Every way in which the world moves: reproducible, however rounds are batched, neutral at strength zero, and with the
//! effect that its closed form says. Schedules that contradict themselves are refused with table, field, rule and value.

use crate::allocation::allocations;
use crate::support::{plan, results};
use environments::shifts::{SHIFTS, Shifted};
use environments::sources::Recorded;
use environments::{Batch, Environment, Table, TableParts};
use experiment::Spec;
use routing::{Dollars, Seed};
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use store::Score;

pub(crate) const ROUNDS: u64 = 4_000;

/// Two tasks x three models, all outcomes distinct, so that every effect can be read off.
pub(crate) fn source() -> Arc<dyn Environment> {
    Arc::new(Recorded::new(Arc::new(Table::new(TableParts {
        ids: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        tasks: ["sums", "prose"].map(str::to_owned).to_vec(),
        task_of: vec![0, 0, 0, 1],
        models: ["small", "middle", "large"].map(str::to_owned).to_vec(),
        dimension: 1,
        features: vec![0.1, 0.2, 0.3, 0.4],
        quality: vec![0.2, 0.4, 0.8, 0.2, 0.4, 0.8, 0.2, 0.4, 0.8, 0.2, 0.4, 0.8],
        cost: [1.0, 2.0, 4.0].repeat(4).into_iter().map(Dollars).collect(),
        ..TableParts::default()
    }))))
}

pub(crate) fn shifted(shifts: &[(&'static str, Value)]) -> Arc<dyn Environment> {
    let source = source();
    let facts = environments::shifts::Facts {
        models: source.models().to_vec(),
        tasks: source.tasks().to_vec(),
        task_shares: source.task_shares(),
        rounds: ROUNDS,
    };
    let build = |(kind, given): &(&'static str, Value)| {
        let entry = SHIFTS.iter().find(|entry| entry.name == *kind).unwrap();
        let mut all = (entry.defaults)();
        for (key, value) in given.as_object().unwrap() {
            assert!(all.get(key).is_some(), "{kind} has no `{key}`");
            all[key] = value.clone();
        }
        (entry.check)(&all).unwrap();
        (entry.name, all.to_string(), (entry.build)(&all, &facts).unwrap())
    };
    Arc::new(Shifted::new(source, shifts.iter().map(build).collect(), ROUNDS).unwrap())
}

pub(crate) fn rounds(world: &dyn Environment, seed: u64, rounds: Range<u64>) -> Batch {
    let mut batch = Batch::new(world.dimension(), world.models().len());
    world.episode(&Seed::root(seed)).fill(rounds, &mut batch);
    batch
}

/// All that a batch holds, bit for bit.
fn bytes(batch: &Batch) -> Vec<String> {
    let contexts = batch.contexts();
    let line = |row: usize| {
        let (task, preference) = (batch.task(row), contexts.preferences()[row].cost().to_bits());
        let money = |all: &[Dollars]| all.iter().map(|dollars| dollars.0.to_bits()).collect::<Vec<_>>();
        let quality: Vec<u32> = batch.quality(row).iter().map(|score| score.to_bits()).collect();
        let (cost, prices) = (money(batch.cost(row)), money(contexts.list_prices(row)));
        let (features, up) = (contexts.feature_row(row), contexts.available(row));
        format!("{task} {preference} {quality:?} {cost:?} {prices:?} {features:?} {up:?}")
    };
    (0..batch.len()).map(line).collect()
}

/// A price book of one model: 1 + 1 dollars, half of it from July 11, output four times dearer from July 21 of 2026.
const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/it/book.toml");

fn tenants() -> Value {
    json!({
        "lavish": { "w-cost": 0.1, "share": 3.0, "becomes": 0.0 },
        "thrifty": { "w-cost": 0.9, "share": 1.0, "becomes": 1.0 },
    })
}

/// A strong and a neutral form of each kind.
pub(crate) fn forms(kind: &str) -> (Value, Value) {
    let large = json!(["large"]);
    match kind {
        "price" => (
            json!({ "models": large, "factor": 0.1, "from": 1000, "rise": 1000 }),
            json!({ "models": large, "factor": 1.0, "from": 1000 }),
        ),
        "price-walk" => (
            json!({ "models": large, "deviation": 0.5, "every": 100 }),
            json!({ "models": large, "deviation": 0.0, "every": 100 }),
        ),
        // 100 rounds a day: changes at rounds 1,000 and 2,000.
        "price-book" => (
            json!({ "models": { "large": "luna" }, "start": "2026-07-01", "rounds-per-day": 100, "file": BOOK }),
            json!({ "models": { "large": "gpt-4-1106-preview" }, "start": "2023-11-06" }),
        ),
        "tenants" => (
            json!({ "tenants": tenants(), "spread": 0.05, "from": 1000, "rise": 1000 }),
            json!({ "tenants": tenants(), "strength": 0.0 }),
        ),
        "task-mix" => (
            json!({ "tasks": { "prose": 1.0 }, "from": 1000, "period": 2000 }),
            json!({ "tasks": { "prose": 1.0 }, "strength": 0.0, "from": 1000 }),
        ),
        "task-arrival" => (json!({ "tasks": ["prose"], "at": 2000 }), json!({ "tasks": ["prose"], "at": 0 })),
        "quality" => (
            json!({ "models": large, "change": -0.5, "from": 1000, "until": 2000, "fall": 1000 }),
            json!({ "models": large, "change": 0.0, "from": 1000 }),
        ),
        "quality-swap" => (
            json!({ "models": ["small", "large"], "from": 1000 }),
            json!({ "models": ["small", "large"], "strength": 0.0 }),
        ),
        "arrive" => (json!({ "models": large, "at": 2000 }), json!({ "models": large, "at": 0 })),
        "retire" => (json!({ "models": large, "at": 2000 }), json!({ "models": large, "at": ROUNDS })),
        "outage" => (
            json!({ "models": large, "from": 1000, "until": 2000 }),
            json!({ "models": large, "from": 1000, "until": 1000 }),
        ),
        "preferences" => {
            (json!({ "low": 0.9, "high": 1.0, "from": 1000 }), json!({ "low": 0.9, "high": 1.0, "strength": 0.0 }))
        }
        other => panic!("say here what a strong and a neutral `{other}` is"),
    }
}

#[test]
fn every_shift_is_reproducible_and_independent_of_batching() {
    let all: Vec<(&'static str, Value)> = SHIFTS
        .iter()
        // The pool allows one of these three to act on a model.
        .filter(|entry| entry.name != "arrive" && entry.name != "retire")
        .map(|entry| (entry.name, forms(entry.name).0))
        .collect();
    let single = SHIFTS.iter().map(|entry| vec![(entry.name, forms(entry.name).0)]);
    for shifts in single.chain([all]) {
        let world = shifted(&shifts);
        let whole = bytes(&rounds(&*world, 3, 0..ROUNDS));
        assert_eq!(whole, bytes(&rounds(&*world, 3, 0..ROUNDS)), "{shifts:?}");
        assert_ne!(whole, bytes(&rounds(&*world, 4, 0..ROUNDS)), "{shifts:?}");
        for part in [0..1, 999..1001, 1500..1507, 1990..2100, 3999..4000] {
            let (start, end) = (part.start as usize, part.end as usize);
            assert_eq!(bytes(&rounds(&*world, 3, part)), whole[start..end], "{shifts:?}");
        }
    }
}

#[test]
fn every_shift_changes_something_and_nothing_at_strength_zero() {
    let still = bytes(&rounds(&*source(), 3, 0..ROUNDS));
    for entry in SHIFTS {
        let (strong, neutral) = forms(entry.name);
        assert_ne!(still, bytes(&rounds(&*shifted(&[(entry.name, strong)]), 3, 0..ROUNDS)), "{}", entry.name);
        assert_eq!(still, bytes(&rounds(&*shifted(&[(entry.name, neutral)]), 3, 0..ROUNDS)), "{}", entry.name);
    }
}

#[test]
fn a_shift_draws_the_same_whatever_else_moves() {
    let quality = ("quality", forms("quality").0);
    let alone = rounds(&*shifted(std::slice::from_ref(&quality)), 3, 0..ROUNDS);
    let among = rounds(&*shifted(&[("task-mix", forms("task-mix").0), quality]), 3, 0..ROUNDS);
    assert!((0..alone.len()).all(|row| alone.quality(row) == among.quality(row)));
}

const HEAD: &str = "name = \"moves\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 1000\ncheckpoints = 4\n";

/// A configuration of a small generated world under `shifts`, met by `policies`.
fn online(shifts: &str, policies: &[&str]) -> String {
    let policies: String = policies.iter().map(|kind| format!("[[policy]]\nkind = \"{kind}\"\n")).collect();
    format!("{HEAD}[[environment]]\nkind = \"calibrated\"\nrows = 200\n{shifts}{policies}")
}

#[track_caller]
fn refused(shifts: &str, expected: &[&str]) {
    let toml = online(shifts, &["random"]);
    let error = Spec::parse(&toml, "bad.toml").and_then(Spec::plan).err().expect("must be refused").to_string();
    for part in ["bad.toml", "[[environment]]"].iter().chain(expected) {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn bad_schedules_are_refused_with_table_field_rule_and_value() {
    let shift = |text: &str| format!("[[environment.shift]]\n{text}\n");
    let gpt = "models = [\"gpt-4-1106-preview\"]";
    refused(&shift("kind = \"prise\""), &["shift 1", "unknown shift `prise`", "nearest is `price`"]);
    refused(
        &shift("kind = \"price\"\nmodels = [\"gpt-4-preview\"]"),
        &["shift 1 (price)", "unknown model", "nearest is"],
    );
    refused(&shift("kind = \"task-mix\"\ntasks = { gsm = 1.0 }"), &["unknown task `gsm`", "nearest is `gsm8k`"]);
    refused(&shift(&format!("kind = \"price\"\n{gpt}\nfactor = -2.0")), &["`factor`", "at least 0", "-2"]);
    refused(&shift(&format!("kind = \"price\"\n{gpt}\nfactr = 2.0")), &["unknown key `factr`", "`factor`"]);
    refused(&shift(&format!("kind = \"price\"\n{gpt}\nfrom = 9\nuntil = 3")), &["`until`", "`from` = 9", "got 3"]);
    refused(&shift("kind = \"quality\"\nmodels = []\nchange = -0.5"), &["`models`", "at least one model"]);
    let price = |from: u32, until: u32| shift(&format!("kind = \"price\"\n{gpt}\nfrom = {from}\nuntil = {until}"));
    refused(
        &(price(0, 500) + &price(499, 600)),
        &["shift 2 (price)", "`from`", "rounds 0 to 500", "rounds 499 to 600"],
    );
    plan(&online(&(price(0, 500) + &price(500, 600)), &["random"]));
    let life = |kind: &str, at: u32| shift(&format!("kind = \"{kind}\"\n{gpt}\nat = {at}"));
    refused(&(life("retire", 300) + &life("arrive", 400)), &["shift 1 (retire)", "`at`", "above 400", "got 300"]);
    let models = plan(&online("", &["random"])).environments[0].world.models().to_vec();
    refused(
        &shift("kind = \"price-book\"\nmodels = { gpt-4-preview = \"gpt-4\" }"),
        &["unknown model `gpt-4-preview`", "nearest is"],
    );
    let book = |rest: &str| shift(&format!("kind = \"price-book\"\nmodels = {{ \"gpt-4-1106-preview\" = \"{rest}"));
    refused(&book("gpt-9\" }"), &["shift 1 (price-book)", "`models`", "no price for model `gpt-9`", "known: "]);
    refused(&book("gpt-3.5-turbo\" }\nstart = \"2020-01-01\""), &["`start`", "2023-03-01", "got 2020-01-01"]);
    refused(&book("gpt-3.5-turbo\" }\nstart = \"someday\""), &["`start` must be a day", "someday"]);
    refused(&book("gpt-3.5-turbo\" }\nrounds-per-day = 0"), &["`rounds-per-day` must be at least 1, got 0"]);
    refused(&book("gpt-3.5-turbo\" }\nfile = \"no-such-book.toml\""), &["`file`", "no-such-book.toml"]);
    refused(&shift("kind = \"tenants\""), &["`tenants` must be at least one tenant"]);
    let tenant = |rest: &str| shift(&format!("kind = \"tenants\"\nspread = 0.1\ntenants = {{ a = {{ {rest} }} }}"));
    refused(&tenant("w-cost = 0.95, share = 1.0"), &["`spread`", "w-cost 0.95", "got 0.1"]);
    refused(&tenant("w-cost = 1.5, share = 1.0"), &["`tenants.a.w-cost` must be in [0, 1], got 1.5"]);
    refused(&tenant("w-cost = 0.5, share = 0.0"), &["`share` must be above 0 for at least one tenant"]);
    let outage = |span: &str| shift(&format!("kind = \"outage\"\nmodels = {models:?}\n{span}"));
    refused(&outage("from = 7\nuntil = 8"), &["shift 1 (outage)", "`models`", "round 7"]);
    let toml =
        online(&price(0, 5), &["random"]).replace("kind = \"online\"\nrounds = 1000", "kind = \"train-then-test\"");
    let error = Spec::parse(&toml, "bad.toml").and_then(Spec::plan).err().unwrap().to_string();
    assert!(error.contains("`shift` needs a stream of rounds"), "{error}");
}

#[test]
fn addresses_and_seeds_know_the_shifts_and_stay_without_them() {
    let drift =
        "[[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\nfrom = 500\n";
    let (still, moving) = (plan(&online("", &["random"])), plan(&online(drift, &["random"])));
    assert!(!still.cells()[0].inputs.contains("shift"), "{}", still.cells()[0].inputs);
    assert_ne!(still.cells()[0].id, moving.cells()[0].id);
    let again = plan(&moving.resolved());
    assert_eq!(again.cells()[0].inputs, moving.cells()[0].inputs, "{}", moving.resolved());
}

#[test]
fn a_neutral_shift_changes_no_score() {
    let neutral = "[[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfrom = 500\n";
    let kinds = ["lin-ucb", "barp", "best-single"];
    let (still, moving) = (results(&online("", &kinds)), results(&online(neutral, &kinds)));
    for (still, moving) in still.iter().zip(&moving) {
        let of = |scores: &[Score]| -> Vec<Score> {
            let timed = ["online", "bucket"];
            scores.iter().filter(|score| timed.contains(&score.phase.as_str())).cloned().collect()
        };
        assert!(of(&moving.scores) == of(&still.scores), "{}", still.policy);
    }
}

#[test]
fn the_clairvoyant_has_no_dynamic_regret_in_a_moving_world() {
    let moves = "[[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\nfrom = 300\n\
                 [[environment.shift]]\nkind = \"outage\"\nmodels = [\"claude-v1\"]\nfrom = 600\nuntil = 800\n";
    for replicate in results(&online(moves, &["oracle", "random"])) {
        let regrets = replicate.scores.iter().filter(|score| score.phase == "online" && score.metric == "regret");
        let clairvoyant = replicate.policy == "oracle";
        assert!(regrets.clone().count() == 4 && regrets.clone().all(|score| (score.value == 0.0) == clairvoyant));
    }
}

/// The toy world as a file: small (1 right of 2, 0.1 dollars) and large (always right, 1 dollar), tau = 1 dollar.
fn toy() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.csv");
    let table = "sample_id,eval_name,prompt,small,large,small|total_cost,large|total_cost\n\
                 a,t,one,1,1,0.1,1.0\nb,t,two,0,1,0.1,1.0\n";
    store::write_whole(&path, table.as_bytes()).unwrap();
    let text = format!("kind = \"recorded\"\nfile = {path:?}\n");
    (folder, text)
}

#[test]
fn regret_of_a_fixed_model_is_the_one_computed_by_hand() {
    let (_folder, recorded) = toy();
    // All preferences are w_c = 0.5. Large earns 0.5 - 0.5 = 0, after the cut to a tenth 0.5 - 0.05 = 0.45. Small earns
    // 0.45 on prompt a and -0.05 on prompt b. So in a round before the cut large loses 0.45 on a and 0 on b; after the cut
    // it loses nothing, and small loses 0 on a and 0.5 on b.
    let shifts = "[[environment.shift]]\nkind = \"preferences\"\nlow = 0.5\nhigh = 0.5\n\
                  [[environment.shift]]\nkind = \"price\"\nmodels = [\"large\"]\nfactor = 0.1\nfrom = 400\n";
    let toml = format!(
        "{HEAD}[objective]\ntau-usd = 1.0\n[[environment]]\n{recorded}{shifts}[[policy]]\nkind = \"single-models\"\n"
    );
    let plan = plan(&toml);
    let seed = Seed::root(1).child("environment", &plan.environments[0].source).child("replicate", "0");
    let mut batch = Batch::new(plan.environments[0].world.dimension(), 2);
    plan.environments[0].world.episode(&seed).fill(0..1000, &mut batch);
    let count = |span: Range<usize>, right: f32| span.filter(|&row| batch.quality(row)[0] == right).count() as f64;
    let expected = [
        ("single:small", 0.05 * count(0..400, 0.0) + 0.5 * count(400..1000, 0.0)),
        ("single:large", 0.45 * count(0..400, 1.0)),
    ];
    let replicates = results(&toml);
    for (policy, regret) in expected {
        let scores = &replicates.iter().find(|replicate| replicate.policy == policy).unwrap().scores;
        let last = scores.iter().rfind(|score| score.phase == "online" && score.metric == "regret").unwrap();
        assert!((last.value - regret).abs() < 1e-6, "{policy}: {} against {regret}", last.value);
    }
}

#[test]
fn rounds_of_a_moving_world_allocate_nothing() {
    let drift = "[[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\nfrom = 500\n\
                 [[environment.shift]]\nkind = \"price-walk\"\nmodels = [\"claude-v1\"]\nevery = 10\n\
                 [[environment.shift]]\nkind = \"task-mix\"\ntasks = { mbpp = 1.0 }\nperiod = 100\n\
                 [[environment.shift]]\nkind = \"quality\"\nmodels = [\"claude-v1\"]\nchange = -0.5\n";
    let plan = plan(&online(drift, &["random"]));
    let world = &plan.environments[0].world;
    let episode = world.episode(&Seed::root(1));
    let mut batch = Batch::new(world.dimension(), world.models().len());
    episode.fill(0..32, &mut batch);
    let before = allocations();
    for start in (32..1000).step_by(32) {
        episode.fill(start..(start + 32).min(1000), &mut batch);
    }
    assert_eq!(allocations() - before, 0, "memory is flat in the number of rounds");
}

#[test]
fn each_phase_is_scored_by_itself() {
    let drift = "[[environment.shift]]\nkind = \"price\"\nmodels = [\"gpt-4-1106-preview\"]\nfactor = 0.1\nfrom = 300\n\
                 until = 700\n";
    for replicate in results(&online(drift, &["oracle", "lin-ucb", "cheapest"])) {
        let of = |phase: &str, metric: &str| {
            let mut all = replicate.scores.iter().filter(|score| score.phase == phase && score.metric == metric);
            all.next_back().map_or(f64::NAN, |score| score.value)
        };
        let phases: f64 = ["phase 1", "phase 2", "phase 3"].map(|phase| of(phase, "phase_regret")).iter().sum();
        assert!((phases - of("online", "regret")).abs() < 1e-9, "{}: phases sum to the whole", replicate.policy);
        assert!(of("phase 4", "phase_regret").is_nan());
        if replicate.policy == "oracle" {
            assert_eq!((of("phase 2", "recovery_rounds"), of("phase 2", "recovered")), (0.0, 1.0));
        }
    }
}

#[test]
fn every_configuration_of_a_moving_world_can_be_planned() {
    let configs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    let folders = ["drift", "ablations"].map(|folder| std::fs::read_dir(configs.join(folder)).unwrap());
    let mut planned = 0;
    for entry in folders.into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".claims.toml") {
            plan(&std::fs::read_to_string(&path).unwrap());
            planned += 1;
        }
    }
    assert!(planned >= 13, "{planned} configurations");
}
