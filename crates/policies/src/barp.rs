//! BaRP: one preference-conditioned policy trained from bandit feedback by REINFORCE.
//!
//! pi(a | x, w) is [`crate::Actor`]. For each request an arm is drawn from pi and only its quality and cost are seen; the
//! loss is the batch mean of -(r - b) log pi(a | x, w) - beta H(pi), with b the batch's mean reward and no gradient
//! through r - b (arXiv 2510.07429, section 3). At inference the most probable arm is taken, for any w.
//!
//! Stated by the paper: Adam, learning rate 1e-4, batch 32, 100 epochs, b. Our choice, since it states none: beta .05, phi
//! 2-64-64, head 256, PyTorch's default initialisation, no clipping, no schedule.

use crate::learners::actor::{Actor, ActorShape, Head, Trainer, draw};
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{
    Choice, Contexts, Diagnostics, Dollars, Feedback, Objective, Outcome, Policy, Problem, Router, Seed, Stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "barp",
    about: "preference-conditioned policy gradient on the outcomes of its own choices",
    prompts: crate::Prompts::Read,
    export: crate::Export::File,
    paper: "BaRP, arXiv 2510.07429",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<NetworkParameters>,
    schema: schema::<NetworkParameters>,
    configure: configure_barp,
};

/// Parameters of BaRP; the full-label twin shares all but the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct NetworkParameters {
    /// Passes over the training prompts (paper: 100).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) epochs: u32,
    /// Requests in a gradient step (paper: 32).
    #[schemars(range(min = 1, max = 100_000))]
    #[schemars(extend("x-search" = { "choices": [16, 32, 64, 128] }))]
    pub(crate) batch: usize,
    /// Adam's learning rate (paper: 1e-4).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [3e-5, 1e-2] }))]
    pub(crate) learning_rate: f64,
    /// beta, the weight of the entropy bonus (not stated; ours).
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.2] }))]
    pub(crate) entropy: f64,
    /// Factor on the objective's tau inside the training reward (ours: 1; for the ablation of tau).
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub(crate) tau_scale: f64,
    /// Width of both layers of phi (not stated; ours).
    #[schemars(range(min = 1, max = 8_192))]
    #[schemars(extend("x-search" = { "choices": [16, 32, 64, 128] }))]
    pub(crate) preference_width: usize,
    /// Form of the decision head (paper: an MLP; alternatives for its ablation).
    pub(crate) head: Head,
    /// Hidden units of the head, or rank of the bilinear one (not stated; ours).
    #[schemars(range(min = 1, max = 8_192))]
    #[schemars(extend("x-search" = { "choices": [64, 128, 256, 512] }))]
    pub(crate) hidden: usize,
}

impl Default for NetworkParameters {
    fn default() -> Self {
        NetworkParameters {
            epochs: 100,
            batch: 32,
            learning_rate: 1e-4,
            entropy: 0.05,
            tau_scale: 1.0,
            preference_width: 64,
            head: Head::Mlp,
            hidden: 256,
        }
    }
}

impl Parameters for NetworkParameters {}

impl NetworkParameters {
    /// An untrained network for `problem`, with weights from `seed`.
    pub(crate) fn trainer(&self, problem: &Problem, seed: &Seed) -> Trainer {
        let shape = ActorShape {
            dimension: problem.dimension,
            arms: problem.arms(),
            preference_width: self.preference_width,
            head: self.head,
            hidden: self.hidden,
        };
        Trainer::new(Actor::new(shape, seed), self.learning_rate as f32, self.entropy as f32)
    }

    /// The reward that training sees.
    pub(crate) fn objective(&self, problem: &Problem) -> Objective {
        Objective { tau: Dollars(problem.objective.tau.0 * self.tau_scale), ..problem.objective }
    }
}

fn configure_barp(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: NetworkParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, seed| Box::new(Barp::new(&parameters, problem, seed, Price::Paid))),
    })
}

/// Which price the training reward is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    /// The dollars that the call cost, as the paper has it.
    Paid,
    /// The list price in force of the model chosen.
    Listed,
}

/// Largest weight of a logged outcome.
const MOST_WEIGHT: f32 = 10.0;

/// BaRP while it learns.
pub(crate) struct Barp {
    trainer: Trainer,
    objective: Objective,
    price: Price,
    rewards: Vec<f32>,
    weights: Vec<f32>,
}

impl Barp {
    /// Untrained, with weights from `seed`.
    pub(crate) fn new(parameters: &NetworkParameters, problem: &Problem, seed: &Seed, price: Price) -> Barp {
        let (trainer, objective) = (parameters.trainer(problem, seed), parameters.objective(problem));
        Barp { trainer, objective, price, rewards: Vec::new(), weights: Vec::new() }
    }
}

impl Router for Barp {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        self.trainer.actor().decide(contexts, choices);
    }
}

impl Policy for Barp {
    fn choose(&mut self, contexts: &Contexts<'_>, random: &Stream, choices: &mut Vec<Choice>) {
        choices.clear();
        for (probabilities, &round) in self.trainer.probabilities(contexts).zip(contexts.rounds()) {
            choices.push(draw(probabilities, &mut random.at(round)));
        }
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        if feedback.is_empty() {
            return;
        }
        self.price_rewards(contexts, feedback);
        let baseline = self.rewards.iter().sum::<f32>() / self.rewards.len() as f32;
        let rewards = &self.rewards;
        self.trainer.step(contexts, |row, probabilities, slope| {
            reinforce(rewards[row] - baseline, feedback[row].arm.index(), probabilities, slope);
        });
    }

    /// As [`Policy::learn`], each row weighted by how much likelier its model is under pi than it was in the log, at most
    /// [`MOST_WEIGHT`] (inverse propensity weights, truncated: Ionides 2008; policy gradient from a log: Swaminathan and
    /// Joachims 2015, arXiv 1502.02362). The baseline is the weighted mean reward: what pi itself would earn.
    fn learn_logged(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback], propensities: &[f32]) {
        assert_eq!(feedback.len(), propensities.len(), "one propensity for each outcome");
        if feedback.is_empty() {
            return;
        }
        self.price_rewards(contexts, feedback);
        self.weights.clear();
        for (row, probabilities) in self.trainer.probabilities(contexts).enumerate() {
            self.weights.push((probabilities[feedback[row].arm.index()] / propensities[row]).min(MOST_WEIGHT));
        }
        let total = self.weights.iter().sum::<f32>();
        let weighted = self.weights.iter().zip(&self.rewards).map(|(weight, reward)| weight * reward).sum::<f32>();
        let baseline = if total > 0.0 { weighted / total } else { 0.0 };
        let (rewards, weights) = (&self.rewards, &self.weights);
        self.trainer.step(contexts, |row, probabilities, slope| {
            reinforce(weights[row] * (rewards[row] - baseline), feedback[row].arm.index(), probabilities, slope);
        });
    }

    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.trainer.actor().clone())
    }

    fn diagnostics(&self) -> Diagnostics {
        vec![("entropy", self.trainer.mean_entropy())]
    }
}

impl Barp {
    /// Replaces `rewards` by what training sees of each outcome.
    fn price_rewards(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        self.rewards.clear();
        for (row, (feedback, &preference)) in feedback.iter().zip(contexts.preferences()).enumerate() {
            let cost = match self.price {
                Price::Paid => feedback.outcome.cost,
                Price::Listed => contexts.list_prices(row)[feedback.arm.index()],
            };
            let priced = Outcome { cost, ..feedback.outcome };
            self.rewards.push(self.objective.reward(preference, &priced) as f32);
        }
    }
}

/// The gradient of advantage x log pi(chosen) with respect to the logits.
fn reinforce(advantage: f32, chosen: usize, probabilities: &[f32], slope: &mut [f32]) {
    for (arm, (slope, p)) in slope.iter_mut().zip(probabilities).enumerate() {
        *slope = advantage * (f32::from(u8::from(arm == chosen)) - p);
    }
}
