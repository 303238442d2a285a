//! Routing with a saved router, as a service would: `cargo run --release --package barp --example route`.
//!
//! `barp train CONFIG --policy knn --out router.safetensors` makes such a file; here it is made first, on a small world.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use barp::deployment::{Artifact, Deployment, Prompt};
use barp::experiment::{Spec, Training};
use barp::routing::{Preference, Round};
use barp::store::write_whole;
use std::path::Path;

const CONFIG: &str = r#"
name = "to-route"
replicates = 1

[[environment]]
kind = "calibrated"
rows = 400

[[policy]]
kind = "knn"
"#;

fn train(file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let plan = Spec::parse(CONFIG, "route.toml")?.plan()?;
    let wanted = Training { policy: "knn".into(), ..Training::default() };
    Ok(write_whole(file, &plan.train(&wanted)?.to_bytes())?)
}

/// Trains and saves a router, reads it back and routes one prompt at three preferences.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("router.safetensors");
    train(&file)?;

    // What follows is all that a service does. A router that was trained on texts gets its encoder here.
    let mut deployment = Deployment::new(Artifact::read(&file)?, None)?;
    let card = deployment.card().clone();
    println!("{} chooses among {} models", card.policy.label, card.models.len());
    deployment.set_down(&card.models[1])?;

    let features = deployment.features(Prompt::Features(&vec![0.1; card.dimension]))?;
    for (round, w_cost) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        let decision = &deployment.route(Round(round as u64), &features, &[Preference::new(w_cost)?])[0];
        let model = &card.models[decision.arm.index()];
        let expected = decision.expected.as_ref().ok_or("training bought outcomes of every model")?;
        println!("at w_cost {w_cost} {model} answers, for about {:.5} dollars", expected.cost.0);
    }
    Ok(())
}
