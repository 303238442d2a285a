//! A world of your own: `cargo run --release --package barp --example world`.
//!
//! Short prompts are easy, and a small model answers them as well as a large one. A function from a seed to a table is all
//! that a world needs; [`barp::environments::Environment`] is the trait behind it, for worlds that change over time.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use barp::environments::sources::Pooled;
use barp::environments::{Table, TableParts};
use barp::experiment::{EnvironmentExtension, Extensions, Options, Spec, run};
use barp::report::summary;
use barp::routing::{Dollars, Round, Seed, random};
use barp::serde_json::json;
use barp::store::Folder;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The prompts of a seed: one feature, the length in [0, 1), and the outcomes of two models.
fn table(seed: u64, rows: usize) -> Table {
    let stream = Seed::root(seed).stream("prompts");
    let mut parts = TableParts {
        ids: (0..rows).map(|row| row.to_string()).collect(),
        tasks: vec!["short".into(), "long".into()],
        models: vec!["small".into(), "large".into()],
        dimension: 1,
        ..TableParts::default()
    };
    for round in (0..rows as u64).map(Round) {
        let length = random::uniform(&mut stream.at(round)) as f32;
        parts.features.push(length);
        parts.task_of.push(u16::from(length > 0.5));
        parts.quality.extend([if length > 0.5 { 0.2 } else { 0.9 }, 0.9]);
        parts.cost.extend([Dollars(0.001), Dollars(0.01)]);
    }
    Table::new(parts)
}

fn by_length() -> EnvironmentExtension {
    EnvironmentExtension {
        name: "by-length".into(),
        defaults: json!({ "rows": 500 }),
        open: Box::new(|parameters| {
            let rows = parameters["rows"].as_u64().filter(|&rows| rows > 0).ok_or("`rows` must be at least 1")?;
            // The text stands for the code in the address of every cell: change it with the code.
            let world = Pooled::new("by-length 1", Box::new(move |seed| Ok(table(seed, rows as usize))))?;
            Ok(Arc::new(world))
        }),
    }
}

const CONFIG: &str = r#"
name = "own-world"
replicates = 2

[[environment]]
kind = "by-length"
rows = 800

[[policy]]
kind = "knn"

[[policy]]
kind = "best-single"

[[policy]]
kind = "oracle"
"#;

/// Runs the experiment and prints what each policy earns.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let extensions = Extensions { environments: vec![by_length()], ..Extensions::default() };
    let plan = Spec::parse(CONFIG, "world.toml")?.plan_with(&extensions)?;
    let place = tempfile::tempdir()?;
    let folder = Folder::new(place.path());
    let done = run(&plan, &folder, &Options::default(), &AtomicBool::new(false), |_| ())?;
    for row in summary(&done.manifest, &folder.runs(&done.manifest)?)? {
        if &*row.metric == "sweep_reward" && &*row.phase == "test" && &*row.task == "all" {
            println!("{} earns {:.3} a request", row.policy, row.value);
        }
    }
    Ok(())
}
