//! The traits a router implements, and the small types it speaks in.

use crate::{Contexts, Dollars, Objective, Outcome, Saved, Stream};

/// Index of a model in [`Task::models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arm(pub u16);

impl Arm {
    /// As a position in a slice over models.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The arm at a position of a slice over models.
    pub fn at(index: usize) -> Arm {
        Arm(u16::try_from(index).expect("planning refuses more than 65,535 models"))
    }
}

/// Probability with which the chosen arm was drawn, in (0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Propensity {
    /// Known in closed form.
    Exact(f32),
    /// Estimated, for example by counting posterior draws (Thompson sampling).
    Estimated(f32),
}

impl Propensity {
    /// The number itself.
    pub fn value(self) -> f32 {
        match self {
            Propensity::Exact(p) | Propensity::Estimated(p) => p,
        }
    }
}

/// One decision: which model answers, how likely that was, and what is hoped for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The chosen model.
    pub arm: Arm,
    /// Probability of that choice given the context.
    pub propensity: Propensity,
    /// Reward that the router itself estimated for this choice, under the preference of the context; none: it estimates no
    /// reward, or decided by something else.
    pub expected_reward: Option<f64>,
}

impl Choice {
    /// A choice made without randomness.
    pub fn certain(arm: Arm) -> Choice {
        Choice::drawn(arm, Propensity::Exact(1.0))
    }

    /// A choice drawn with `propensity`.
    pub fn drawn(arm: Arm, propensity: Propensity) -> Choice {
        Choice { arm, propensity, expected_reward: None }
    }

    /// The same choice by a router that estimates its reward as `reward`.
    pub fn expecting(self, reward: f64) -> Choice {
        Choice { expected_reward: Some(reward), ..self }
    }
}

/// What is learnt of one request: one cell of the outcome table, never a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    /// The model that answered.
    pub arm: Arm,
    /// What came of it.
    pub outcome: Outcome,
}

/// Public facts before the first round.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Names of the K models, in table order.
    pub models: Vec<String>,
    /// Width d of a feature row.
    pub dimension: usize,
    /// The reward to be maximised.
    pub objective: Objective,
}

impl Task {
    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.models.len()
    }
}

/// Numbers a router reports about its own training, each a (name, value) pair; empty unless it has any.
pub type Diagnostics = Vec<(&'static str, f64)>;

/// A frozen router: decides greedily, learns nothing.
pub trait Router: Send {
    /// Replaces `choices` by one decision for each row of `contexts`. Deterministic.
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>);

    /// Replaces `out` by the probability of each model, rows x K: the policy behind the greedy decision where there is one,
    /// else 1 for the model it decides on.
    fn probabilities(&self, contexts: &Contexts<'_>, out: &mut Vec<f32>) {
        let mut choices = Vec::new();
        self.decide(contexts, &mut choices);
        out.clear();
        out.resize(contexts.len() * contexts.arms(), 0.0);
        for (row, choice) in choices.iter().enumerate() {
            out[row * contexts.arms() + choice.arm.index()] = 1.0;
        }
    }

    /// The router as data; none if it exists only inside a program.
    fn save(&self) -> Option<Saved> {
        None
    }
}

/// A router that explores and learns from the outcomes of its own choices.
pub trait Policy: Router {
    /// Replaces `choices` by one decision for each row; all randomness comes from `random`, positioned by the row's round.
    fn choose(&mut self, contexts: &Contexts<'_>, random: &Stream, choices: &mut Vec<Choice>);

    /// Learns from outcomes: row i of `contexts` belongs to `feedback[i]`. Late, missing and repeated rows are fine.
    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]);

    /// Learns from requests that another router decided, chosen with `propensities` in (0, 1], one for each row. Whoever
    /// regresses outcomes on what was asked and chosen learns as from its own choices, which is what this does by itself.
    fn learn_logged(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback], propensities: &[f32]) {
        assert_eq!(feedback.len(), propensities.len(), "one propensity for each outcome");
        self.learn(contexts, feedback);
    }

    /// The router as it stands now, for use without further learning.
    fn freeze(&self) -> Box<dyn Router>;

    /// What the policy says about its last update.
    fn diagnostics(&self) -> Diagnostics {
        Diagnostics::new()
    }

    /// Dollars a request that it was told to keep to; none: it has no budget, or does not know it yet.
    fn budget(&self) -> Option<Dollars> {
        None
    }

    /// Changes of the world that it heard so far; none: it does not listen for any.
    fn alarms(&self) -> Option<u64> {
        None
    }
}
