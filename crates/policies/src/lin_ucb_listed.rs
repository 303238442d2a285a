//! LinUCB that learns quality alone and takes the list price in force as known.
//!
//! Chooses argmax_a w_q (theta_a'z + alpha sqrt(z' A_a^-1 z)) - w_c min(p_a / tau, 1) with theta_a regressed on quality, so a
//! change of price moves the very next choice and is never learnt. What it gives up is the cost of the single request: a
//! list price is that of a typical one. Ties go to the first arm, so the propensity of a choice is 1.

use crate::learners::best;
use crate::learners::linear::LinearArms;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{
    Arm, Choice, Contexts, Dollars, Feedback, LatencyWeight, NotRestored, Outcome, Policy, Preference, Problem, Router,
    Saved, Stream, one_hot,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "lin-ucb-listed",
    about: "LinUCB on quality, with the list price in force as known cost",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "ours, after Li et al. 2010, arXiv 1003.0146",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<ListedParameters>,
    schema: schema::<ListedParameters>,
    configure: configure_listed,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct ListedParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Width of the confidence bound.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 2.0] }))]
    alpha: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
}

impl Default for ListedParameters {
    fn default() -> Self {
        ListedParameters { epochs: 1, batch: 1, alpha: 0.1, lambda: 1.0 }
    }
}

impl Parameters for ListedParameters {}

fn configure_listed(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: ListedParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            Box::new(Listed { arms, alpha: parameters.alpha, features: Vec::new() })
        }),
    })
}

/// Estimates of quality, with prices added when the decision falls.
#[derive(Clone)]
struct Listed {
    arms: LinearArms,
    alpha: f64,
    features: Vec<f64>,
}

/// Builds it again, for decisions alone, from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    Ok(Box::new(Listed { arms: LinearArms::restore(saved, problem)?, alpha: 0.0, features: Vec::new() }))
}

impl Listed {
    /// What the arms learn of an outcome: its quality; where waiting has a weight, all of the reward but the cost term, in
    /// units of w_q q.
    fn target(&self, preference: Preference, outcome: &Outcome) -> f64 {
        let Some(LatencyWeight { weight, .. }) = self.arms.objective().latency else {
            return f64::from(outcome.quality);
        };
        let free = Outcome { cost: Dollars(0.0), ..*outcome };
        self.arms.objective().reward(preference, &free) / (1.0 - weight)
    }

    /// The arm with the highest bound on its reward; `features` is scratch.
    fn highest(&self, contexts: &Contexts<'_>, row: usize, features: &mut Vec<f64>) -> Arm {
        LinearArms::features_of(contexts, row, features);
        let bounds = self.arms.predictions(features).map(|p| p.mean + self.alpha * p.width);
        best(self.priced(contexts, row, bounds), contexts.available(row))
    }

    /// Rewards at list prices, given each arm's estimated quality.
    fn priced<'a>(
        &self,
        contexts: &Contexts<'a>,
        row: usize,
        quality: impl Iterator<Item = f64>,
    ) -> impl Iterator<Item = f64> {
        let (preference, objective) = (contexts.preferences()[row], self.arms.objective());
        let listed = quality.zip(contexts.list_prices(row));
        let worth = move |q: f64| if objective.latency.is_some() { q } else { preference.quality() * q };
        let scale = objective.latency.map_or(1.0, |latency| 1.0 - latency.weight);
        listed.map(move |(q, &price)| scale * (worth(q) - preference.cost() * objective.penalty(price)))
    }
}

impl Router for Listed {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut features = Vec::new();
        choices.clear();
        for row in 0..contexts.len() {
            LinearArms::features_of(contexts, row, &mut features);
            let rewards = || self.priced(contexts, row, self.arms.means(&features));
            let arm = best(rewards(), contexts.available(row));
            let expected = rewards().nth(arm.index()).expect("the chosen arm is one of them");
            choices.push(Choice::certain(arm).expecting(expected));
        }
    }

    fn reads_prices(&self) -> bool {
        true
    }

    fn save(&self) -> Option<Saved> {
        Some(self.arms.save(ENTRY.name))
    }
}

impl Policy for Listed {
    fn choose(&mut self, contexts: &Contexts<'_>, _: &Stream, choices: &mut Vec<Choice>) {
        let mut features = std::mem::take(&mut self.features);
        choices.clear();
        for row in 0..contexts.len() {
            choices.push(Choice::certain(self.highest(contexts, row, &mut features)));
        }
        self.features = features;
    }

    fn exploration(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) {
        let mut features = Vec::new();
        one_hot(contexts, out, |row| self.highest(contexts, row, &mut features));
    }

    fn state(&self) -> Option<Saved> {
        Some(self.arms.keep(ENTRY.name, Saved::bare(ENTRY.name)))
    }

    fn resume(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        self.arms.take(ENTRY.name, state, known)
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let target = self.target(contexts.preferences()[row], &feedback.outcome);
            self.arms.absorb(feedback.arm, &self.features, target);
        }
    }

    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.clone())
    }
}
