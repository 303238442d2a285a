//! Every registered policy, reference and environment keeps the promises of its trait: a new entry is tested by being listed.

use crate::support::{Toy, shared};
use environments::sources::{Opening, SOURCES};
use environments::{Batch, Environment, REFERENCES};
use policies::{Entry, Export, Information, POLICIES, Prompts};
use routing::{Choice, Propensity, Round, Router, Seed};
use std::sync::Arc;

fn decide(router: &dyn Router, batch: &Batch) -> Vec<Choice> {
    let mut choices = vec![Choice::certain(routing::Arm(0)); 3];
    router.decide(&batch.contexts(), &mut choices);
    choices
}

#[test]
fn frozen_routers_decide_once_a_row_whatever_the_batch() {
    let toy = Toy::new(6, 3);
    for entry in POLICIES {
        let router = toy.trained(entry, 640);
        let together = decide(&*router, &toy.batch(0..40));
        assert_eq!(together.len(), 40, "`{}`", entry.name);
        assert_eq!(together, decide(&*router, &toy.batch(0..40)), "`{}` decides the same twice", entry.name);
        let apart: Vec<Choice> = (0..40).flat_map(|round| decide(&*router, &toy.batch(round..round + 1))).collect();
        assert_eq!(together, apart, "`{}` does not depend on the batch", entry.name);
    }
}

#[test]
fn policies_never_choose_a_model_that_is_down() {
    let toy = Toy::new(6, 3);
    let up = [true, false, true];
    let mut batch = Batch::new(6, 3);
    let prices = [routing::Dollars(1.0), routing::Dollars(0.5), routing::Dollars(2.0)];
    for round in 0..60 {
        let preference = routing::Preference::new(round as f64 / 60.0).unwrap();
        batch.push_row(Round(round), &toy.table, round as usize, preference, &prices, &up);
    }
    for entry in POLICIES {
        let mut choices = decide(&*toy.trained(entry, 640), &batch);
        if entry.information == Information::Bandit {
            let mut explored = Vec::new();
            toy.bandit(entry).choose(&batch.contexts(), &toy.seed.stream("choice"), &mut explored);
            choices.extend(explored);
        }
        assert!(choices.iter().all(|choice| up[choice.arm.index()]), "`{}`", entry.name);
    }
}

/// Sixty requests at these list prices.
fn priced(toy: &Toy, prices: [f64; 3]) -> Batch {
    let mut batch = Batch::new(6, 3);
    for round in 0..60 {
        let preference = routing::Preference::new(round as f64 / 60.0).unwrap();
        let prices = prices.map(routing::Dollars);
        batch.push_row(Round(round), &toy.table, round as usize, preference, &prices, &[true; 3]);
    }
    batch
}

#[test]
fn decisions_follow_list_prices_where_a_router_says_that_it_reads_them_and_nowhere_else() {
    let toy = Toy::new(6, 3);
    let usual = [0.001, 0.002, 0.003];
    let dear = |arm: usize| {
        let mut prices = usual;
        prices[arm] = 1e9;
        priced(&toy, prices)
    };
    let (before, after) = (priced(&toy, usual), [dear(0), dear(1), dear(2)]);
    for entry in POLICIES {
        let router = toy.trained(entry, 640);
        let moved = after.iter().any(|after| decide(&*router, &before) != decide(&*router, after));
        assert_eq!(moved, router.reads_prices(), "`{}`", entry.name);
    }
}

#[test]
fn routers_that_tell_their_rewards_take_the_highest_that_is_up() {
    let toy = Toy::new(6, 3);
    let mut batch = Batch::new(6, 3);
    for round in 0..90 {
        let preference = routing::Preference::new(round as f64 / 90.0).unwrap();
        let up = [round % 3 != 0, round % 4 != 1, true];
        batch.push_row(Round(round), &toy.table, round as usize, preference, &[routing::Dollars(0.001); 3], &up);
    }
    let mut telling = Vec::new();
    for entry in POLICIES {
        let (router, mut rewards) = (toy.trained(entry, 640), Vec::new());
        if !router.rewards(&batch.contexts(), &mut rewards) {
            continue;
        }
        telling.push(entry.name);
        for (row, choice) in decide(&*router, &batch).iter().enumerate() {
            let (own, up) = (&rewards[row * 3..][..3], batch.contexts().available(row));
            let most = (0..3).filter(|&arm| up[arm]).map(|arm| own[arm]).fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(own[choice.arm.index()], most, "`{}`: {own:?}", entry.name);
        }
    }
    assert!(["knn", "ridge", "mlp", "lin-ucb", "lin-ts"].iter().all(|name| telling.contains(name)), "{telling:?}");
}

#[test]
fn exploration_is_reproducible_and_its_propensities_are_true() {
    let toy = Toy::new(6, 3);
    for entry in POLICIES.iter().filter(|entry| entry.information == Information::Bandit) {
        let mut policy = toy.bandit(entry);
        let one_request = toy.batch(7..8);
        let (mut choices, mut counts, mut claimed) = (Vec::new(), [0.0; 3], [None; 3]);
        let draws = 4000;
        for draw in 0..draws {
            let stream = toy.seed.child("draw", &draw.to_string()).stream("choice");
            policy.choose(&one_request.contexts(), &stream, &mut choices);
            let again = choices.clone();
            policy.choose(&one_request.contexts(), &stream, &mut choices);
            assert_eq!(choices, again, "`{}` draws from its stream alone", entry.name);
            counts[choices[0].arm.index()] += 1.0 / f64::from(draws);
            claimed[choices[0].arm.index()] = Some(choices[0].propensity);
        }
        for (count, propensity) in counts.iter().zip(claimed) {
            let Some(propensity) = propensity else { continue };
            let tolerance = if matches!(propensity, Propensity::Exact(_)) { 0.03 } else { 0.05 };
            let p = f64::from(propensity.value());
            assert!(p > 0.0 && p <= 1.0 && (p - count).abs() < tolerance, "`{}`: {p} against {count}", entry.name);
        }
    }
}

/// The easiest world that a policy can learn.
fn easy_world(entry: &Entry) -> Toy {
    match entry.prompts {
        Prompts::Read => Toy::new(6, 3),
        Prompts::Ignored => Toy::one_best(6, 3),
    }
}

/// What is wrong with a policy that learns, on a world that is easy for it.
fn learns(entry: &Entry) -> Result<(), String> {
    let toy = easy_world(entry);
    let random = POLICIES.iter().find(|entry| entry.name == "random").unwrap();
    let (reward, chance) = (toy.reward(&*toy.trained(entry, 40_000)), toy.reward(&*toy.trained(random, 0)));
    if reward > chance + 0.15 { Ok(()) } else { Err(format!("`{}` earns {reward}, chance {chance}", entry.name)) }
}

#[test]
fn whoever_learns_beats_chance_on_an_easy_world() {
    for entry in POLICIES.iter().chain([&OPTIMIST]).filter(|entry| entry.information != Information::None) {
        learns(entry).unwrap_or_else(|problem| panic!("{problem}"));
    }
}

/// A policy that reads no prompt and cannot be saved: that of the example, as if it were registered.
const OPTIMIST: Entry = Entry {
    name: "optimist",
    about: "the model with the highest mean reward, after optimistic initial values",
    prompts: Prompts::Ignored,
    export: Export::Unsupported,
    paper: "Sutton and Barto, section 2.6",
    information: Information::Bandit,
    revision: 1,
    defaults: || serde_json::json!({}),
    schema: || serde_json::json!({}),
    configure: |parameters| (crate::examples::policy::optimist().configure)(parameters),
};

/// What an entry says of its policy and is not so.
fn broken_declaration(entry: &Entry) -> Result<(), String> {
    let toy = Toy::new(6, 3);
    let router = toy.trained(entry, 6400);
    let moved = decide(&*router, &toy.batch(0..60)) != decide(&*router, &toy.other_prompts(0..60));
    let read = entry.prompts == Prompts::Read;
    if moved != read {
        return Err(format!(
            "`{}` is declared {:?}, and other prompts change decisions: {moved}",
            entry.name, entry.prompts
        ));
    }
    match (entry.export, router.save()) {
        (Export::Unsupported, None) => Ok(()),
        (Export::Unsupported, Some(_)) => Err(format!("`{}` is declared unsupported and can be saved", entry.name)),
        (Export::File | Export::Learner, None) => {
            Err(format!("`{}` is declared a file and cannot be saved", entry.name))
        }
        (Export::File | Export::Learner, Some(saved)) => {
            let restored =
                policies::restore(&saved, &toy.problem).map_err(|error| format!("`{}`: {error}", entry.name))?;
            let same = decide(&*restored, &toy.batch(0..60)) == decide(&*router, &toy.batch(0..60));
            if same { Ok(()) } else { Err(format!("`{}` decides otherwise once restored", entry.name)) }
        }
    }
}

#[test]
fn every_policy_is_what_its_entry_declares() {
    for entry in POLICIES.iter().chain([&OPTIMIST]) {
        broken_declaration(entry).unwrap_or_else(|problem| panic!("{problem}"));
    }
}

#[test]
fn a_false_declaration_is_found() {
    let ridge = POLICIES.iter().find(|entry| entry.name == "ridge").unwrap();
    let check = |entry: Entry, expected: &str| {
        let problem = broken_declaration(&entry).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    };
    check(
        Entry { prompts: Prompts::Read, ..OPTIMIST },
        "`optimist` is declared Read, and other prompts change decisions: false",
    );
    check(Entry { export: Export::File, ..OPTIMIST }, "`optimist` is declared a file and cannot be saved");
    check(
        Entry { prompts: Prompts::Ignored, ..*ridge },
        "`ridge` is declared Ignored, and other prompts change decisions: true",
    );
    check(Entry { export: Export::Unsupported, ..*ridge }, "`ridge` is declared unsupported and can be saved");
    assert!(
        learns(&Entry { prompts: Prompts::Read, ..OPTIMIST }).is_err(),
        "one model for every prompt is chance there"
    );
}

#[test]
fn references_stand_in_the_right_order() {
    let toy = Toy::new(6, 3);
    let rows: Vec<usize> = (0..toy.table.len()).collect();
    let batch = toy.batch(0..toy.table.len() as u64);
    let reward = |name: &str| {
        let entry = REFERENCES.iter().find(|entry| entry.name == name).unwrap();
        let reference = (entry.fit)(&toy.table, &rows, &toy.problem.objective);
        let rewards = (0..batch.len()).map(|row| {
            let arm = reference.choose(&batch, row).index();
            let preference = batch.contexts().preferences()[row];
            toy.problem.objective.reward(preference, &batch.outcome(row, arm).unwrap())
        });
        rewards.sum::<f64>() / batch.len() as f64
    };
    let [single, per_task, oracle] = ["best-single", "best-per-task", "oracle"].map(reward);
    assert!(oracle >= per_task && per_task > single + 0.05, "{oracle} {per_task} {single}");
    assert!(reward("zero-router") <= single + 1e-9);
}

/// Every kind of environment that opens without files, and recorded rows where they are.
fn worlds() -> Vec<(&'static str, Arc<dyn Environment>)> {
    let encoder = |name: &str| experiment::text_encoder(name, &experiment::Progress::default());
    let opening = Opening { encoder: &encoder };
    let mut worlds = Vec::new();
    for source in SOURCES {
        let mut parameters = (source.defaults)();
        if source.name == "recorded" {
            let Some(path) = shared("routerbench_0shot_11llm.parquet") else { continue };
            parameters["file"] = path.display().to_string().into();
        }
        (source.check)(&parameters).unwrap();
        worlds.push((source.name, (source.open)(&parameters, &opening).unwrap()));
    }
    worlds
}

#[test]
fn environments_are_pure_functions_of_seed_and_round() {
    for (name, world) in worlds() {
        let seed = Seed::root(5);
        let requests = |seed: &Seed, parts: &[std::ops::Range<u64>]| {
            let episode = world.episode(seed);
            let mut batch = Batch::new(world.dimension(), world.models().len());
            let mut all = Vec::new();
            for part in parts {
                episode.fill(part.clone(), &mut batch);
                for row in 0..batch.len() {
                    let contexts = batch.contexts();
                    let bits: Vec<u32> = contexts.feature_row(row).iter().map(|x| x.to_bits()).collect();
                    let outcomes = (batch.quality(row).to_vec(), batch.cost(row).to_vec());
                    all.push((contexts.rounds()[row], bits, contexts.preferences()[row], batch.task(row), outcomes));
                }
            }
            all
        };
        let whole = requests(&seed, std::slice::from_ref(&(0..60)));
        assert_eq!(whole, requests(&seed, &[0..1, 1..17, 17..60]), "`{name}` does not depend on the batch");
        assert_ne!(whole, requests(&Seed::root(6), std::slice::from_ref(&(0..60))), "`{name}` depends on its seed");
        let pool = world.pool(&seed);
        assert_eq!(pool.models(), world.models(), "`{name}`");
        assert_eq!(pool.dimension(), world.dimension(), "`{name}`");
        for row in 0..pool.len() {
            assert!(pool.quality(row).iter().all(|q| (0.0..=1.0).contains(q)), "`{name}`: quality of row {row}");
            assert!(pool.cost(row).iter().all(|cost| cost.0 >= 0.0), "`{name}`: dollars of row {row}");
        }
    }
}
