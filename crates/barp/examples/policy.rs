//! A policy of your own, beside registered ones: `cargo run --release --package barp --example policy`.
//!
//! It does not look at the prompt. It believes that every model earns the best reward there is until it is told otherwise
//! (optimistic initial values: Sutton and Barto, Reinforcement Learning, section 2.6).
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use barp::experiment::{Extensions, Options, PolicyExtension, Spec, run};
use barp::report::summary;
use barp::routing::{Arm, Choice, Contexts, Feedback, Objective, Policy, Router, Stream};
use barp::store::Folder;
use std::sync::atomic::AtomicBool;

#[derive(Clone)]
struct Optimist {
    objective: Objective,
    value: Vec<f64>,
}

impl Router for Optimist {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        choices.clear();
        for row in 0..contexts.len() {
            let up = (0..contexts.arms()).filter(|&arm| contexts.available(row)[arm]);
            let best = up.max_by(|&a, &b| self.value[a].total_cmp(&self.value[b])).expect("one model is up");
            choices.push(Choice::certain(Arm::at(best)));
        }
    }
}

impl Policy for Optimist {
    fn choose(&mut self, contexts: &Contexts<'_>, _: &Stream, choices: &mut Vec<Choice>) {
        self.decide(contexts, choices);
    }
    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (&preference, Feedback { arm, outcome }) in contexts.preferences().iter().zip(feedback) {
            let value = &mut self.value[arm.index()];
            *value += 0.02 * (self.objective.reward(preference, outcome) - *value);
        }
    }
    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.clone())
    }
}

/// The policy under a name that a configuration can use.
pub(crate) fn optimist() -> PolicyExtension {
    PolicyExtension::bandit("optimist", 1, |task, _| {
        Box::new(Optimist { objective: task.objective, value: vec![1.0; task.arms()] })
    })
}

const CONFIG: &str = r#"
name = "own-policy"
replicates = 2

[[environment]]
kind = "calibrated"
rows = 1000

[[policy]]
kind = "optimist"

[[policy]]
kind = "lin-ucb"

[[policy]]
kind = "random"
"#;

/// Runs the experiment and prints what each policy earns.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let extensions = Extensions { policies: vec![optimist()], ..Extensions::default() };
    let plan = Spec::parse(CONFIG, "policy.toml")?.plan_with(&extensions)?;
    let place = tempfile::tempdir()?;
    let folder = Folder::new(place.path());
    let done = run(&plan, &folder, &Options::default(), &AtomicBool::new(false), |_| ())?;
    for row in summary(&done.manifest, &folder.runs(&done.manifest)?)? {
        if &*row.metric == "sweep_reward" && &*row.phase == "test" && &*row.task == "all" {
            println!("{} earns {:.3} a request, for {} outcomes", row.policy, row.value, row.outcomes);
        }
    }
    Ok(())
}
