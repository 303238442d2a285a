//! A saved router at work: prompts in, models out. The decisions are those of the simulator, bit for bit.

mod prices;

use crate::artifact::{Artifact, Card};
use crate::refused_use::DeploymentError;
use encoder::Encoder;
use policies::Expected;
use routing::{
    Arm, Choice, Contexts, ContextsBuffer, Dollars, Feedback, Policy, Preference, Round, Router, Seed, Stream, one_hot,
    random,
};
use std::sync::Arc;

/// A router with its encoder and the public facts of the day.
pub struct Deployment {
    artifact: Artifact,
    encoder: Option<Arc<dyn Encoder>>,
    list_prices: Vec<Dollars>,
    available: Vec<bool>,
    exploring: Option<Exploring>,
    /// The policy behind the router where it explores or goes on learning by itself; else the frozen router decides.
    policy: Option<Box<dyn Policy>>,
}

/// How decisions are drawn.
struct Exploring {
    /// Share of the requests that any model answers.
    floor: f64,
    stream: Stream,
}

/// What is to be answered.
#[derive(Clone, Copy, Debug)]
pub enum Prompt<'a> {
    /// A text, for the router's encoder. An empty one is a prompt like any other.
    Text(&'a str),
    /// Features, d numbers, as the router's encoder would give them.
    Features(&'a [f32]),
}

/// One routed prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The model that should answer.
    pub arm: Arm,
    /// Probability of each of the K models under the policy behind the decision.
    pub probabilities: Vec<f32>,
    /// Probability with which this model was chosen, in (0, 1]: 1 where nothing was drawn.
    pub propensity: f64,
    /// What the chosen model's answer is expected to be worth and to cost; none where nothing was bought of it.
    pub expected: Option<Expected>,
}

impl Deployment {
    /// `artifact` with the encoder of its prompts, where it has one.
    ///
    /// # Errors
    /// [`DeploymentError`] if `encoder` is not the one that the router was trained with.
    pub fn new(artifact: Artifact, encoder: Option<Box<dyn Encoder>>) -> Result<Deployment, DeploymentError> {
        if let (Some(trained), Some(given)) = (&artifact.card.encoder, &encoder) {
            let (given, trained) = (given.fingerprint(), &trained.fingerprint);
            if given != *trained {
                return Err(DeploymentError::Encoder { trained: trained.clone(), given });
            }
        }
        let list_prices = artifact.card.list_prices_usd.iter().map(|&price| Dollars(price)).collect();
        let available = artifact.card.available();
        let encoder = encoder.map(Arc::from);
        Ok(Deployment { artifact, encoder, list_prices, available, exploring: None, policy: None })
    }

    /// What the router is.
    pub fn card(&self) -> &Card {
        &self.artifact.card
    }

    pub(crate) fn card_mut(&mut self) -> &mut Card {
        &mut self.artifact.card
    }

    /// Draws decisions from now on: a `floor` of the requests goes to any model that can be called, all of them alike, the others
    /// to the model that the router's own exploration takes (its bound, its posterior draw; the greedy decision of a router that
    /// cannot go on learning). So every model has at least a probability of `floor` over their number, and each decision knows
    /// its own exactly. `seed` is the root of the draws.
    ///
    /// # Errors
    /// [`DeploymentError`] for a floor outside [0, 1], and for a file whose state does not fit.
    pub fn explore(&mut self, floor: f64, seed: &Seed) -> Result<(), DeploymentError> {
        if !(0.0..=1.0).contains(&floor) {
            return Err(DeploymentError::Floor { floor });
        }
        if self.artifact.state.is_some() {
            self.open_policy()?;
        }
        self.exploring = Some(Exploring { floor, stream: seed.stream("exploration") });
        self.check_draws()
    }

    /// Lets the policy behind the router decide, as it stood when the file was written.
    pub(crate) fn open_policy(&mut self) -> Result<(), DeploymentError> {
        if self.policy.is_none() {
            self.policy = Some(self.artifact.policy().map_err(DeploymentError::CannotLearn)?);
        }
        Ok(())
    }

    /// Tells the policy what came of a request.
    ///
    /// # Panics
    /// If [`Deployment::open_policy`] was not called.
    pub(crate) fn teach(&mut self, contexts: &Contexts<'_>, feedback: Feedback) {
        self.policy.as_mut().expect("the caller opened it").learn(contexts, &[feedback]);
    }

    /// The file of the policy as it stands now, whose `card` becomes this one's.
    ///
    /// # Panics
    /// If [`Deployment::open_policy`] was not called.
    pub(crate) fn learnt(&mut self, card: Card) -> &Artifact {
        let policy = self.policy.as_deref().expect("the caller opened it");
        self.artifact = Artifact::learnt(card, policy, self.artifact.forecast.take());
        &self.artifact
    }

    /// What decides greedily.
    fn router(&self) -> &dyn Router {
        match &self.policy {
            Some(policy) => &**policy,
            None => &*self.artifact.router,
        }
    }

    /// List prices in force, K dollars for a typical request.
    pub fn list_prices(&self) -> &[Dollars] {
        &self.list_prices
    }

    /// Which of the K models can be called.
    pub fn available(&self) -> &[bool] {
        &self.available
    }

    /// Sets the list price of `model`, dollars for a typical request. What a decision expects to pay follows in proportion, and so
    /// do the rewards of a router that tells them.
    ///
    /// # Errors
    /// [`DeploymentError`] for a model that the router does not know, a price that is negative or not a number, and for a router
    /// that cannot heed list prices.
    pub fn set_price(&mut self, model: &str, price: Dollars) -> Result<(), DeploymentError> {
        let position = self.position(model)?;
        if !(price.0 >= 0.0 && price.0.is_finite()) {
            return Err(DeploymentError::Price { model: model.into(), price: price.0 });
        }
        if !self.heeds_prices() {
            return Err(DeploymentError::PricesNotRead { policy: self.card().policy.label.clone() });
        }
        self.list_prices[position] = price;
        self.check_draws()
    }

    /// Says that `model` cannot be called.
    ///
    /// # Errors
    /// [`DeploymentError`] for a model that the router does not know, or the last one that is left.
    pub fn set_down(&mut self, model: &str) -> Result<(), DeploymentError> {
        let position = self.position(model)?;
        self.available[position] = false;
        if self.available.contains(&true) {
            return Ok(());
        }
        Err(DeploymentError::NoModelLeft { last: model.into() })
    }

    pub(crate) fn position(&self, model: &str) -> Result<usize, DeploymentError> {
        let known = &self.card().models;
        let unknown = || DeploymentError::UnknownModel { model: model.into(), known: known.clone() };
        known.iter().position(|known| known == model).ok_or_else(unknown)
    }

    /// What turns texts into features, where the router has one.
    pub fn encoder(&self) -> Option<&dyn Encoder> {
        self.encoder.as_deref()
    }

    /// The same, to be used while another thread has the router.
    pub fn shared_encoder(&self) -> Option<Arc<dyn Encoder>> {
        self.encoder.clone()
    }

    /// Whether a prompt can be routed.
    ///
    /// # Errors
    /// [`DeploymentError`] for a text without an encoder, and for features of another width or that are not finite.
    pub fn check(&self, prompt: Prompt<'_>) -> Result<(), DeploymentError> {
        let dimension = self.card().dimension;
        match prompt {
            Prompt::Text(_) if self.encoder.is_some() => Ok(()),
            Prompt::Text(_) => Err(DeploymentError::NoEncoder { dimension }),
            Prompt::Features(features) if features.len() != dimension => {
                Err(DeploymentError::Width { dimension, given: features.len() })
            }
            Prompt::Features(features) => match features.iter().position(|x| !x.is_finite()) {
                None => Ok(()),
                Some(position) => Err(DeploymentError::NotFinite { value: features[position], position }),
            },
        }
    }

    /// The features of a prompt, d numbers.
    ///
    /// # Errors
    /// As [`Deployment::check`].
    pub fn features(&self, prompt: Prompt<'_>) -> Result<Vec<f32>, DeploymentError> {
        self.check(prompt)?;
        match (prompt, &self.encoder) {
            (Prompt::Text(text), Some(encoder)) => {
                let mut features = vec![0.0; self.card().dimension];
                encoder.encode(text, &mut features);
                Ok(features)
            }
            (Prompt::Text(_), None) => unreachable!("`check` refuses a text without an encoder"),
            (Prompt::Features(features), _) => Ok(features.to_vec()),
        }
    }

    /// Chooses a model for each feature row (n x d) at the preference of the same position; `first` numbers the first of
    /// them, for routers that draw.
    ///
    /// # Panics
    /// If there is not one preference for each row.
    pub fn route(&self, first: Round, features: &[f32], preferences: &[Preference]) -> Vec<Decision> {
        let (d, arms) = (self.card().dimension, self.card().models.len());
        assert_eq!(features.len(), preferences.len() * d, "one preference for each feature row");
        let mut buffer = ContextsBuffer::new(d, arms);
        for ((row, &preference), round) in features.chunks_exact(d).zip(preferences).zip(first.0..) {
            buffer.push(Round(round), row, preference, &self.list_prices, &self.available);
        }
        match &self.exploring {
            Some(exploring) => self.drawn(exploring, &buffer.view()),
            None => self.greedy(&buffer.view()),
        }
    }

    fn greedy(&self, contexts: &Contexts<'_>) -> Vec<Decision> {
        let (mut choices, mut probabilities) = (Vec::<Choice>::new(), Vec::new());
        self.decide(contexts, &mut choices);
        if self.is_repriced() {
            probabilities.resize(contexts.len() * contexts.arms(), 0.0);
            let chosen = choices.iter().enumerate().map(|(row, choice)| row * contexts.arms() + choice.arm.index());
            chosen.for_each(|place| probabilities[place] = 1.0);
        } else {
            self.router().probabilities(contexts, &mut probabilities);
        }
        let rows = choices.iter().zip(probabilities.chunks_exact(contexts.arms())).enumerate();
        let decision = |(row, (choice, probabilities)): (usize, (&Choice, &[f32]))| Decision {
            arm: choice.arm,
            probabilities: probabilities.to_vec(),
            propensity: 1.0,
            expected: self.expected(contexts.feature_row(row), choice.arm),
        };
        rows.map(decision).collect()
    }

    /// Decisions drawn from the router's own exploration and the floor.
    fn drawn(&self, exploring: &Exploring, contexts: &Contexts<'_>) -> Vec<Decision> {
        let mut own = Vec::new();
        match &self.policy {
            Some(policy) => policy.exploration(contexts, &mut own),
            None => self.greedily(contexts, &mut own),
        }
        let decision = |(row, own): (usize, &mut [f64])| {
            let available = contexts.available(row);
            let share = exploring.floor / available.iter().filter(|&&up| up).count() as f64;
            for (probability, &up) in own.iter_mut().zip(available) {
                *probability = if up { (1.0 - exploring.floor) * *probability + share } else { 0.0 };
            }
            let arm = draw(own, random::uniform(&mut exploring.stream.at(contexts.rounds()[row])));
            Decision {
                arm,
                probabilities: own.iter().map(|&p| p as f32).collect(),
                propensity: own[arm.index()],
                expected: self.expected(contexts.feature_row(row), arm),
            }
        };
        own.chunks_exact_mut(contexts.arms()).enumerate().map(decision).collect()
    }

    /// Replaces `out` by 1 for the model of the greedy decision, else 0, rows x K.
    fn greedily(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) {
        let mut choices = Vec::new();
        self.decide(contexts, &mut choices);
        one_hot(contexts, out, |row| choices[row].arm);
    }

    /// `chosen`, then the models that the router would take in turn if those before could not be called.
    pub fn ranked(&self, features: &[f32], preference: Preference, chosen: Arm) -> Vec<Arm> {
        let mut left = self.available.clone();
        let (mut ranked, mut choices) = (vec![chosen], Vec::new());
        left[chosen.index()] = false;
        let mut buffer = ContextsBuffer::new(self.card().dimension, left.len());
        while left.contains(&true) {
            buffer.clear();
            buffer.push(Round(0), features, preference, &self.list_prices, &left);
            self.decide(&buffer.view(), &mut choices);
            ranked.push(choices[0].arm);
            left[choices[0].arm.index()] = false;
        }
        ranked
    }

    fn expected(&self, features: &[f32], arm: Arm) -> Option<Expected> {
        let forecast = self.artifact.forecast.as_ref()?;
        let expected = forecast.expect(features).nth(arm.index()).flatten()?;
        let (now, trained) = (self.list_prices[arm.index()].0, self.card().list_prices_usd[arm.index()]);
        let ratio = if now != trained && trained > 0.0 { now / trained } else { 1.0 };
        Some(Expected { cost: Dollars(expected.cost.0 * ratio), ..expected })
    }
}

/// The arm in whose part of the `probabilities`, one after the other, a `uniform` draw from [0, 1) falls.
fn draw(probabilities: &[f64], uniform: f64) -> Arm {
    let mut below = 0.0;
    for (arm, probability) in probabilities.iter().enumerate() {
        below += probability;
        if uniform < below {
            return Arm::at(arm);
        }
    }
    // Rounding may leave the sum a little below 1.
    Arm::at(probabilities.iter().rposition(|&probability| probability > 0.0).expect("one model can be called"))
}
