//! The traits a router implements, and the small types it speaks in.

use crate::{Contexts, Dollars, NotRestored, Objective, Outcome, Saved, Stream};

/// Index of a model in [`Problem::models`].
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
///
/// ```
/// use routing::{Arm, Choice, Propensity};
///
/// let sure = Choice::certain(Arm(2)).expecting(0.4);
/// assert_eq!((sure.propensity.value(), sure.expected_reward), (1.0, Some(0.4)));
/// let drawn = Choice::drawn(Arm(0), Propensity::Exact(0.25));
/// assert_eq!(drawn.propensity.value(), 0.25);
/// ```
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
///
/// ```
/// use routing::{Arm, Dollars, Feedback, Objective, Outcome, Preference};
///
/// let told = Feedback { arm: Arm(1), outcome: Outcome::untimed(1.0, Dollars(0.0)) };
/// let objective = Objective::new(Dollars(0.01));
/// assert_eq!(objective.reward(Preference::new(0.5).unwrap(), &told.outcome), 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feedback {
    /// The model that answered.
    pub arm: Arm,
    /// What came of it.
    pub outcome: Outcome,
}

/// Public facts before the first round.
///
/// ```
/// use routing::{Dollars, Objective, Problem};
///
/// let models = vec!["small".to_owned(), "large".to_owned()];
/// let problem = Problem { models, dimension: 384, objective: Objective::new(Dollars(0.01)) };
/// assert_eq!(problem.arms(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Names of the K models, in table order.
    pub models: Vec<String>,
    /// Width d of a feature row.
    pub dimension: usize,
    /// The reward to be maximised.
    pub objective: Objective,
}

impl Problem {
    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.models.len()
    }
}

/// Numbers a router reports about its own training, each a (name, value) pair; empty unless it has any.
pub type Diagnostics = Vec<(&'static str, f64)>;

/// A frozen router: decides greedily, learns nothing.
///
/// ```
/// use routing::{Arm, Choice, Contexts, ContextsBuffer, Dollars, Preference, Round, Router};
///
/// /// The model with the lowest list price among those that are up.
/// struct Cheapest;
///
/// impl Router for Cheapest {
///     fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
///         choices.clear();
///         for row in 0..contexts.len() {
///             let price = |arm: usize| contexts.list_prices(row)[arm].0;
///             let up = (0..contexts.arms()).filter(|&arm| contexts.available(row)[arm]);
///             let cheapest = up.min_by(|&a, &b| price(a).total_cmp(&price(b))).expect("one model is up");
///             choices.push(Choice::certain(Arm::at(cheapest)));
///         }
///     }
/// }
///
/// let mut requests = ContextsBuffer::new(1, 2);
/// let prices = [Dollars(0.01), Dollars(0.001)];
/// requests.push(Round(0), &[0.5], Preference::new(0.3).unwrap(), &prices, &[true, true]);
/// requests.push(Round(1), &[0.5], Preference::new(0.3).unwrap(), &prices, &[true, false]);
/// let mut choices = Vec::new();
/// Cheapest.decide(&requests.view(), &mut choices);
/// assert_eq!(choices, [Choice::certain(Arm(1)), Choice::certain(Arm(0))]);
/// ```
pub trait Router: Send {
    /// Replaces `choices` by one decision for each row of `contexts`. Deterministic.
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>);

    /// Replaces `out` by the probability of each model, rows x K: the policy behind the greedy decision where there is one,
    /// else 1 for the model it decides on.
    fn probabilities(&self, contexts: &Contexts<'_>, out: &mut Vec<f32>) {
        let mut choices = Vec::new();
        self.decide(contexts, &mut choices);
        one_hot(contexts, out, |row| choices[row].arm);
    }

    /// Replaces `out` by the estimated reward of each model, rows x K, of which [`Router::decide`] takes the highest that is up,
    /// the first of equals; true. False: it decides by something else. A price that changed can be taken into account from outside
    /// by whoever has these.
    fn rewards(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) -> bool {
        let (_, _) = (contexts, out);
        false
    }

    /// Whether decisions depend on the list prices of [`Contexts`]. Who does not look at them decides by the dollars that training
    /// was charged.
    fn reads_prices(&self) -> bool {
        false
    }

    /// The router as data; none if it exists only inside a program.
    fn save(&self) -> Option<Saved> {
        None
    }
}

/// A router that explores and learns from the outcomes of its own choices.
///
/// ```
/// use routing::{Arm, Choice, Contexts, ContextsBuffer, Dollars, Feedback, Outcome, Policy, Preference, Round, Router, Seed, Stream};
///
/// /// The model whose last answer was best; every model counts as perfect until it has answered.
/// #[derive(Clone)]
/// struct Last(Vec<f32>);
///
/// impl Router for Last {
///     fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
///         let best = (0..self.0.len()).rev().max_by(|&a, &b| self.0[a].total_cmp(&self.0[b])).expect("there is a model");
///         choices.clear();
///         choices.resize(contexts.len(), Choice::certain(Arm::at(best)));
///     }
/// }
///
/// impl Policy for Last {
///     fn choose(&mut self, contexts: &Contexts<'_>, _: &Stream, choices: &mut Vec<Choice>) {
///         self.decide(contexts, choices);
///     }
///     fn learn(&mut self, _: &Contexts<'_>, feedback: &[Feedback]) {
///         feedback.iter().for_each(|told| self.0[told.arm.index()] = told.outcome.quality);
///     }
///     fn freeze(&self) -> Box<dyn Router> {
///         Box::new(self.clone())
///     }
/// }
///
/// let mut requests = ContextsBuffer::new(1, 2);
/// requests.push(Round(0), &[0.5], Preference::new(0.3).unwrap(), &[Dollars(0.1); 2], &[true; 2]);
/// let (mut policy, mut choices) = (Last(vec![1.0; 2]), Vec::new());
/// policy.choose(&requests.view(), &Seed::root(1).stream("choice"), &mut choices);
/// assert_eq!(choices[0].arm, Arm(0));
/// policy.learn(&requests.view(), &[Feedback { arm: Arm(0), outcome: Outcome::untimed(0.2, Dollars(0.1)) }]);
/// policy.freeze().decide(&requests.view(), &mut choices);
/// assert_eq!(choices[0].arm, Arm(1), "the first model disappointed");
/// ```
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

    /// Probability with which [`Policy::choose`] takes each model, rows x K into `out`. By itself: 1 for the model that
    /// [`Router::decide`] takes, which is wrong for whoever explores otherwise.
    fn exploration(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) {
        let mut choices = Vec::new();
        self.decide(contexts, &mut choices);
        one_hot(contexts, out, |row| choices[row].arm);
    }

    /// All that it has learnt, as tensors that K models share or have a row each in; none if it cannot go on elsewhere.
    /// [`Policy::resume`] of a policy built with the same parameters goes on from it bit for bit.
    fn state(&self) -> Option<Saved> {
        None
    }

    /// Takes over what [`Policy::state`] gave when there were `known` models; models after those stay as a new policy has them.
    ///
    /// # Errors
    /// [`NotRestored`] for a policy that cannot go on, and for a tensor that does not fit it.
    fn resume(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        let (_, _) = (state, known);
        Err(NotRestored::new("the policy", "one whose state is data", "one that cannot go on learning"))
    }

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

/// Replaces `out` by the probabilities, rows x K, of taking `arm(row)` and no other model.
pub fn one_hot<P: Clone + From<bool>>(contexts: &Contexts<'_>, out: &mut Vec<P>, mut arm: impl FnMut(usize) -> Arm) {
    out.clear();
    out.resize(contexts.len() * contexts.arms(), P::from(false));
    for (row, own) in out.chunks_exact_mut(contexts.arms()).enumerate() {
        own[arm(row).index()] = P::from(true);
    }
}
