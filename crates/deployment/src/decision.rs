//! A saved router at work: prompts in, models out. The decisions are those of the simulator, bit for bit.

use crate::artifact::{Artifact, Card};
use encoder::Encoder;
use policies::Expected;
use routing::{Arm, Choice, ContextsBuffer, Dollars, Preference, Round};
use settings::Mistake;

/// A router with its encoder and the public facts of the day.
pub struct Deployment {
    artifact: Artifact,
    encoder: Option<Box<dyn Encoder>>,
    list_prices: Vec<Dollars>,
    available: Vec<bool>,
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
    /// What the chosen model's answer is expected to be worth and to cost; none where nothing was bought of it.
    pub expected: Option<Expected>,
}

/// Why a router cannot be used so.
#[derive(Clone, Debug, PartialEq)]
pub enum DeploymentError {
    /// The encoder is not the one that the router was trained with.
    Encoder {
        /// Fingerprint of the encoder that the router was trained with.
        trained: String,
        /// Fingerprint of the one that was given.
        given: String,
    },
    /// The router does not know a model.
    UnknownModel {
        /// Name of the model.
        model: String,
        /// Those that it knows.
        known: Vec<String>,
    },
    /// The router does not look at list prices, so that one could change nothing.
    PricesNotRead {
        /// Label of the policy that it was trained by.
        policy: String,
    },
    /// A price is negative or not a number.
    Price {
        /// Name of the model.
        model: String,
        /// Dollars for a typical request.
        price: f64,
    },
    /// No model is left to choose from.
    NoModelLeft {
        /// The one that was taken out last.
        last: String,
    },
    /// The router cannot read text, since nobody knows what made the features that it was trained on.
    NoEncoder {
        /// Width d of the features that it wants instead.
        dimension: usize,
    },
    /// A feature row has another width.
    Width {
        /// Width d of the router's features.
        dimension: usize,
        /// Numbers that were given.
        given: usize,
    },
    /// A feature is not a finite number.
    NotFinite {
        /// The number.
        value: f32,
        /// Its position in the row.
        position: usize,
    },
}

impl std::fmt::Display for DeploymentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DeploymentError::Encoder { trained, given } => {
                write!(f, "the encoder must be the one that the router was trained with, `{trained}`, got `{given}`")
            }
            DeploymentError::UnknownModel { model, known } => Mistake::unknown("model", model, known).fmt(f),
            DeploymentError::PricesNotRead { policy } => write!(
                f,
                "a list price would change nothing: `{policy}` decides by the dollars that its training was charged (train \
                 it again at other prices, or train a policy that reads list prices, such as `lin-ucb-listed`)"
            ),
            DeploymentError::Price { model, price } => {
                write!(f, "the price of `{model}` must be at least 0 dollars, got {price}")
            }
            DeploymentError::NoModelLeft { last } => {
                write!(f, "no model is left to choose from: `{last}` was the last one")
            }
            DeploymentError::NoEncoder { dimension } => write!(
                f,
                "the router was trained on features whose encoder is not known and cannot read text: give `embedding`, \
                 {dimension} numbers"
            ),
            DeploymentError::Width { dimension, given } => {
                write!(f, "`embedding` must have {dimension} numbers, got {given}")
            }
            DeploymentError::NotFinite { value, position } => {
                write!(f, "`embedding` must have finite numbers, got {value} at {position}")
            }
        }
    }
}

impl std::error::Error for DeploymentError {}

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
        let available = vec![true; artifact.card.models.len()];
        Ok(Deployment { artifact, encoder, list_prices, available })
    }

    /// What the router is.
    pub fn card(&self) -> &Card {
        &self.artifact.card
    }

    /// Sets the list price of `model`, dollars for a typical request. What a decision expects to pay follows in proportion.
    ///
    /// # Errors
    /// [`DeploymentError`] for a model that the router does not know, a price that is negative or not a number, and for a router
    /// that does not look at list prices.
    pub fn set_price(&mut self, model: &str, price: Dollars) -> Result<(), DeploymentError> {
        let position = self.position(model)?;
        if !(price.0 >= 0.0 && price.0.is_finite()) {
            return Err(DeploymentError::Price { model: model.into(), price: price.0 });
        }
        if !self.artifact.router.reads_prices() {
            return Err(DeploymentError::PricesNotRead { policy: self.card().policy.label.clone() });
        }
        self.list_prices[position] = price;
        Ok(())
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

    fn position(&self, model: &str) -> Result<usize, DeploymentError> {
        let known = &self.card().models;
        let unknown = || DeploymentError::UnknownModel { model: model.into(), known: known.clone() };
        known.iter().position(|known| known == model).ok_or_else(unknown)
    }

    /// What turns texts into features, where the router has one.
    pub fn encoder(&self) -> Option<&dyn Encoder> {
        self.encoder.as_deref()
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
        let (mut choices, mut probabilities) = (Vec::<Choice>::new(), Vec::new());
        self.artifact.router.decide(&buffer.view(), &mut choices);
        self.artifact.router.probabilities(&buffer.view(), &mut probabilities);
        let rows = choices.iter().zip(probabilities.chunks_exact(arms)).zip(features.chunks_exact(d));
        let decision = |((choice, probabilities), row): ((&Choice, &[f32]), &[f32])| Decision {
            arm: choice.arm,
            probabilities: probabilities.to_vec(),
            expected: self.expected(row, choice.arm),
        };
        rows.map(decision).collect()
    }

    fn expected(&self, features: &[f32], arm: Arm) -> Option<Expected> {
        let forecast = self.artifact.forecast.as_ref()?;
        let expected = forecast.expect(features).nth(arm.index()).flatten()?;
        let (now, trained) = (self.list_prices[arm.index()].0, self.card().list_prices_usd[arm.index()]);
        let ratio = if now != trained && trained > 0.0 { now / trained } else { 1.0 };
        Some(Expected { cost: Dollars(expected.cost.0 * ratio), ..expected })
    }
}
