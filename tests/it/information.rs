//! No policy learns what it did not pay for.

use crate::support::Toy;
use environments::{Batch, Revealed, Table, TableParts};
use policies::{Information, POLICIES};
use routing::{Choice, Dollars, Ledger, Round, random};

/// `batch` with every outcome scrambled but those of the chosen models.
fn scrambled(toy: &Toy, batch: &Batch, choices: &[Choice], round: u64) -> Batch {
    let generator = &mut toy.seed.stream("scramble").at(Round(round));
    let contexts = batch.contexts();
    let arms = contexts.arms();
    let mut parts = TableParts {
        tasks: toy.table.tasks().to_vec(),
        models: toy.table.models().to_vec(),
        dimension: contexts.dimension(),
        features: contexts.features().to_vec(),
        ..TableParts::default()
    };
    for (row, choice) in choices.iter().enumerate() {
        parts.ids.push(row.to_string());
        parts.task_of.push(batch.task(row) as u16);
        for arm in 0..arms {
            let kept = arm == choice.arm.index();
            let (quality, cost) = (batch.quality(row)[arm], batch.cost(row)[arm]);
            parts.quality.push(if kept { quality } else { random::uniform(generator) as f32 });
            parts.cost.push(if kept { cost } else { Dollars(random::uniform(generator)) });
        }
    }
    let table = Table::new(parts);
    let mut other = Batch::new(contexts.dimension(), arms);
    for row in 0..choices.len() {
        let (prices, up) = (contexts.list_prices(row), contexts.available(row));
        other.push_row(contexts.rounds()[row], &table, row, contexts.preferences()[row], prices, up);
    }
    other
}

#[test]
fn unchosen_outcomes_change_no_decision() {
    let toy = Toy::new(6, 4);
    for entry in POLICIES.iter().filter(|entry| entry.information == Information::Bandit) {
        let (mut one, mut two) = (toy.bandit(entry), toy.bandit(entry));
        let stream = toy.seed.stream("choice");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut revealed = Revealed::new(toy.problem.dimension, toy.problem.arms());
        let (mut bill, mut other_bill) = (Ledger::default(), Ledger::default());
        for step in 0..40 {
            let batch = toy.batch(step * 16..(step + 1) * 16);
            one.choose(&batch.contexts(), &stream, &mut ours);
            let scrambled = scrambled(&toy, &batch, &ours, step);
            two.choose(&scrambled.contexts(), &stream, &mut theirs);
            assert_eq!(ours, theirs, "`{}` at step {step}", entry.name);
            let (contexts, feedback) = batch.reveal(&ours, &mut bill, &mut revealed);
            one.learn(&contexts, feedback);
            let (contexts, feedback) = scrambled.reveal(&theirs, &mut other_bill, &mut revealed);
            two.learn(&contexts, feedback);
        }
        assert_eq!(bill, other_bill);
    }
}

#[test]
fn the_ledger_counts_every_revealed_outcome() {
    let toy = Toy::new(6, 4);
    let batch = toy.batch(0..10);
    let choices = vec![Choice::certain(routing::Arm(3)); 10];
    let (mut ledger, mut revealed) = (Ledger::default(), Revealed::new(toy.problem.dimension, toy.problem.arms()));
    batch.reveal(&choices, &mut ledger, &mut revealed);
    batch.reveal(&choices, &mut ledger, &mut revealed);
    assert_eq!(ledger.outcomes, 20, "repeat visits are not free");
    assert!((ledger.dollars.0 - 20.0 * 0.004).abs() < 1e-12);
}

#[test]
fn the_bill_of_a_run_is_what_its_policy_was_shown() {
    let toml = "
        name = 'bill'
        replicates = 1
        [protocol]
        checkpoints = 0
        [[environment]]
        kind = 'calibrated'
        rows = 400
        [[policy]]
        kind = 'barp'
        epochs = 3
        [[policy]]
        kind = 'knn'
        [[policy]]
        kind = 'knn'
        name = 'tuned'
        tune = { k = [5, 10] }
        [[policy]]
        kind = 'largest'";
    let folder = tempfile::tempdir().unwrap();
    let manifest = crate::support::run(&crate::support::plan(toml), folder.path(), 1);
    let bill = |policy: &str| manifest.cells.iter().find(|cell| cell.policy == policy).unwrap().ledger.unwrap();
    let (barp, knn, tuned) = (bill("barp"), bill("knn"), bill("tuned"));
    assert_eq!(knn.outcomes % 11, 0, "full labels: every model on every training prompt");
    let training = knn.outcomes / 11;
    assert!((270..=290).contains(&training), "70 % of 400 prompts, got {training}");
    assert_eq!(barp.outcomes, 3 * training, "one outcome a visit");
    let validation = tuned.outcomes - knn.outcomes;
    assert_eq!(validation % (2 * 7), 0, "two settings on the validation prompts at seven preferences: {validation}");
    assert_eq!((tuned.tuning_trials, knn.tuning_trials), (2, 0));
    assert_eq!(bill("largest"), Ledger::default());
}
