//! One training step of BaRP as the paper states it: batch 32, h of 384 numbers, phi 2-64-64, head 448-256-K, Adam.

use criterion::{Criterion, criterion_group, criterion_main};
use policies::{POLICIES, Recipe};
use routing::{ContextsBuffer, Dollars, Feedback, Objective, Outcome, Preference, Problem, Round, Seed, random};
use std::hint::black_box;

const BATCH: usize = 32;
const DIMENSION: usize = 384;

fn step(criterion: &mut Criterion, name: &str, arms: usize) {
    let entry = POLICIES.iter().find(|entry| entry.name == "barp").expect("barp is registered");
    let configured = (entry.configure)((entry.defaults)()).expect("defaults are right");
    let Recipe::Bandit { build, .. } = configured.recipe else { unreachable!("barp learns from bandit feedback") };
    let models = (0..arms).map(|arm| arm.to_string()).collect();
    let problem = Problem { models, dimension: DIMENSION, objective: Objective::new(Dollars(0.008)) };
    let seed = Seed::root(1);
    let mut policy = build(&problem, &seed);
    let stream = seed.stream("choice");
    let generator = &mut seed.stream("rows").at(Round(0));
    let (prices, up) = (vec![Dollars(0.001); arms], vec![true; arms]);
    let features: Vec<f32> = (0..BATCH * DIMENSION).map(|_| random::normal(generator) as f32 * 0.05).collect();
    let (mut contexts, mut choices, mut feedback) = (ContextsBuffer::new(DIMENSION, arms), Vec::new(), Vec::new());
    let mut round = 0;
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            contexts.clear();
            for row in features.chunks_exact(DIMENSION) {
                let preference = Preference::new(0.03 * (round % 32) as f64).expect("below 1");
                contexts.push(Round(round), row, preference, &prices, &up);
                round += 1;
            }
            policy.choose(&contexts.view(), &stream, &mut choices);
            feedback.clear();
            feedback.extend(choices.iter().map(|choice| Feedback {
                arm: choice.arm,
                outcome: Outcome::untimed(f32::from(choice.arm.0 % 2), Dollars(0.001 * f64::from(choice.arm.0))),
            }));
            policy.learn(&contexts.view(), &feedback);
            black_box(&choices);
        });
    });
}

fn training(criterion: &mut Criterion) {
    step(criterion, "barp step, batch 32, 5 models", 5);
    step(criterion, "barp step, batch 32, 11 models", 11);
}

criterion_group!(benches, training);
criterion_main!(benches);
