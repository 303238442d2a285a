//! The network of BaRP trained with every label: what bandit feedback costs, all else equal.
//!
//! Same network, optimiser, batches and preference distribution as `barp`; the gradient is that of the exact expected
//! reward sum_a pi(a | x, w) r(a), which full labels make computable. Comparing a bandit router with an offline router
//! otherwise mixes architecture with information.

use crate::barp::NetworkParameters;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{ContextsBuffer, Dollars, Outcome, Preference, Problem, Round, Router, Seed, TrainingSet, random};
use serde_json::Value;
use settings::{Mistake, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "barp-full",
    about: "the network of BaRP trained on the exact expected reward from full labels",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "ours, after BaRP (arXiv 2510.07429)",
    information: Information::Full,
    revision: 1,
    defaults: defaults::<NetworkParameters>,
    schema: schema::<NetworkParameters>,
    configure: configure_full,
};

fn configure_full(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: NetworkParameters| {
        Recipe::Full(Box::new(move |problem, training, seed| fit(&parameters, problem, training, seed)))
    })
}

fn fit(parameters: &NetworkParameters, problem: &Problem, training: &TrainingSet, seed: &Seed) -> Box<dyn Router> {
    let objective = parameters.objective(problem);
    let arms = problem.arms();
    let mut trainer = parameters.trainer(problem, seed);
    let (order_stream, preference_stream) = (seed.stream("order"), seed.stream("preference"));
    let (prices, up) = (vec![Dollars(0.0); arms], vec![true; arms]);
    let mut order: Vec<usize> = (0..training.len()).collect();
    let mut buffer = ContextsBuffer::new(problem.dimension, arms);
    let mut rewards: Vec<Option<f32>> = Vec::new();
    let mut round = Round(0);
    for epoch in 0..parameters.epochs {
        random::shuffle(&mut order_stream.at(Round(epoch.into())), &mut order);
        for rows in order.chunks(parameters.batch) {
            buffer.clear();
            rewards.clear();
            for &row in rows {
                let preference = Preference::new(random::uniform(&mut preference_stream.at(round)))
                    .expect("a uniform draw lies in [0, 1)");
                buffer.push(round, training.feature_row(row), preference, &prices, &up);
                let reward =
                    |outcome: Option<Outcome>| outcome.map(|outcome| objective.reward(preference, &outcome) as f32);
                rewards.extend(training.outcomes().row(row).map(reward));
                round.0 += 1;
            }
            trainer.step(&buffer.view(), |row, probabilities, slope| {
                ascend(&rewards[row * arms..][..arms], probabilities, slope);
            });
        }
    }
    Box::new(trainer.actor().clone())
}

/// The gradient of the expected reward with respect to the logits, over the models whose reward is known: as if the others
/// could not be chosen, so nothing is assumed of them.
fn ascend(rewards: &[Option<f32>], probabilities: &[f32], slope: &mut [f32]) {
    let known = || probabilities.iter().zip(rewards).filter_map(|(p, reward)| reward.map(|reward| (p, reward)));
    let mut expected: f32 = known().map(|(p, reward)| p * reward).sum();
    let mut scale = 1.0;
    if rewards.iter().any(Option::is_none) {
        let mass = known().map(|(p, _)| p).sum::<f32>().max(f32::MIN_POSITIVE);
        (expected, scale) = (expected / mass, 1.0 / mass);
    }
    for ((slope, p), reward) in slope.iter_mut().zip(probabilities).zip(rewards) {
        *slope = reward.map_or(0.0, |reward| scale * p * (reward - expected));
    }
}
