//! Policies and worlds that no registry knows join an experiment as registered ones do.

use crate::support::run;
use environments::sources::Pooled;
use environments::{Table, TableParts};
use experiment::{EnvironmentExtension, Extensions, Plan, PolicyExtension, Spec, SpecError};
use policies::{Configured, Information, POLICIES};
use routing::Dollars;
use serde_json::{Value, json};
use std::sync::Arc;

const CONFIG: &str = "name = 'x'\nreplicates = 2\n[[environment]]\nkind = 'made'\n[[policy]]\nkind = 'mine'\n\
                      [[policy]]\nkind = 'lin-ts'\n[[policy]]\nkind = 'oracle'";

/// A policy called `name` that is LinTS under another name, and a world in which every prompt of a seed is the same.
fn extensions(name: &str, revision: u32) -> Extensions {
    let like = POLICIES.iter().find(|entry| entry.name == "lin-ts").unwrap();
    let policy = PolicyExtension {
        name: name.into(),
        revision: json!({ "elsewhere": revision }),
        information: Information::Bandit,
        defaults: (like.defaults)(),
        configure: Box::new(|given: Value| -> Result<Configured, _> { (like.configure)(given) }),
    };
    let world = EnvironmentExtension {
        name: "made".into(),
        defaults: json!({ "rows": 100 }),
        open: Box::new(|parameters| {
            let rows = parameters["rows"].as_u64().filter(|&rows| rows > 0).ok_or("`rows` must be at least 1")?;
            Ok(Arc::new(Pooled::new("test", Box::new(move |seed| Ok(table(seed, rows as usize))))?))
        }),
    };
    Extensions { policies: vec![policy], environments: vec![world], ..Extensions::default() }
}

fn table(seed: u64, rows: usize) -> Table {
    Table::new(TableParts {
        ids: (0..rows).map(|row| row.to_string()).collect(),
        tasks: vec!["t".into()],
        task_of: vec![0; rows],
        models: ["good", "bad"].map(str::to_owned).to_vec(),
        dimension: 1,
        features: vec![(seed % 97) as f32; rows],
        quality: [0.9, 0.1].repeat(rows),
        cost: vec![Dollars(0.001); 2 * rows],
        ..TableParts::default()
    })
}

fn plan(config: &str, extensions: &Extensions) -> Result<Plan, SpecError> {
    Spec::parse(config, "test.toml")?.plan_with(extensions)
}

fn refusal(config: &str, extensions: &Extensions) -> String {
    plan(config, extensions).err().unwrap().to_string()
}

#[test]
fn an_extension_runs_beside_registered_policies() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(CONFIG, &extensions("mine", 1)).unwrap();
    let manifest = run(&plan, folder.path(), 2);
    assert!(manifest.environments[0].simulated, "whatever a function makes was generated");
    assert_eq!(manifest.cells.len(), 6);
    let bought: Vec<u64> = manifest.cells.iter().map(|cell| cell.ledger.unwrap().outcomes).collect();
    assert_eq!(bought[..2], bought[2..4], "it pays for what it is shown as LinTS does");
    assert!(bought[0] > 0);
}

#[test]
fn the_revision_of_an_extension_is_part_of_its_address_alone() {
    let ids = |revision| {
        let plan = plan(CONFIG, &extensions("mine", revision)).unwrap();
        plan.cells().iter().map(|cell| cell.id.clone()).collect::<Vec<_>>()
    };
    let (first, second) = (ids(1), ids(2));
    assert_eq!(first, ids(1));
    assert_ne!(first[..2], second[..2]);
    assert_eq!(first[2..], second[2..], "other policies keep their cells");
}

#[test]
fn names_and_parameters_of_extensions_are_checked_as_those_of_others() {
    let known = extensions("mine", 1);
    assert!(refusal(CONFIG, &Extensions::default()).contains("unknown environment `made`"));
    let error = refusal(&CONFIG.replace("'mine'", "'mien'"), &known);
    assert!(error.contains("[[policy]] mien: unknown policy `mien` (nearest is `mine`"), "{error}");
    let error = refusal(&CONFIG.replace("'made'", "'made'\nrow = 3"), &known);
    assert!(
        error.contains("[[environment]] made: unknown key `row` (nearest is `rows`; known: kind, name, "),
        "{error}"
    );
    let error = refusal(&CONFIG.replace("'made'", "'made'\nrows = 0"), &known);
    assert!(error.contains("[[environment]] made: `rows` must be at least 1"), "{error}");
    for taken in ["knn", "oracle", "single-models", "decisions-file"] {
        let error = refusal(CONFIG, &extensions(taken, 1));
        assert!(error.contains(&format!("the policy `{taken}` must have another name")), "{error}");
    }
}

/// What a user's policy says when it cannot go on is what the user reads; only a fault of ours is called a panic.
#[test]
fn a_policy_that_gives_up_fails_its_cell_in_its_own_words() {
    let failed = |learn: fn()| {
        let mut extensions = extensions("mine", 1);
        extensions.policies[0].configure = Box::new(move |parameters| {
            let build = move |_: &routing::Problem, _: &routing::Seed| -> Box<dyn routing::Policy> {
                learn();
                unreachable!("it did not go on")
            };
            let recipe = policies::Recipe::Bandit { epochs: 1, batch: 1, build: Box::new(build) };
            Ok(Configured { parameters, recipe })
        });
        let plan = plan(CONFIG, &extensions).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let command = "test".into();
        let options = experiment::Options { threads: 1, command, ..experiment::Options::default() };
        let stop = std::sync::atomic::AtomicBool::new(false);
        let done = experiment::run(&plan, &store::Folder::new(folder.path()), &options, &stop, |_| ());
        done.err().unwrap().to_string()
    };
    let said = failed(|| routing::give_up("policy `mine`, learn: Traceback".into()));
    let expected = "2 cells failed:\n  made · mine · replicate 1: policy `mine`, learn: Traceback\n  made · mine · replicate 2: policy";
    assert!(said.starts_with(expected), "{said}");
    let said = failed(|| panic!("ours"));
    assert!(said.contains("made · mine · replicate 1: panicked: ours"), "{said}");
}
