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

/// Why a router cannot be used so, naming field, rule and value.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentError(pub String);

impl std::fmt::Display for DeploymentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
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
                let rule = format!("the one that the router was trained with, `{trained}`");
                return Err(DeploymentError(format!("the encoder must be {rule}, got `{given}`")));
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

    /// Sets the list price of `model`, dollars for a typical request.
    ///
    /// # Errors
    /// [`DeploymentError`] for a model that the router does not know, or a price that is negative or not a number.
    pub fn set_price(&mut self, model: &str, price: Dollars) -> Result<(), DeploymentError> {
        let position = self.position(model)?;
        if !(price.0 >= 0.0 && price.0.is_finite()) {
            return Err(DeploymentError(format!("the price of `{model}` must be at least 0 dollars, got {}", price.0)));
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
        Err(DeploymentError(format!("no model is left to choose from: `{model}` was the last one")))
    }

    fn position(&self, model: &str) -> Result<usize, DeploymentError> {
        let models: Vec<&str> = self.card().models.iter().map(String::as_str).collect();
        let found = models.iter().position(|known| *known == model);
        found.ok_or_else(|| DeploymentError(Mistake::unknown("model", model, &models).to_string()))
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
        let d = self.card().dimension;
        match prompt {
            Prompt::Text(_) if self.encoder.is_some() => Ok(()),
            Prompt::Text(_) => Err(DeploymentError(format!(
                "the router was trained on features whose encoder is not known and cannot read text: give `embedding`, {d} numbers"
            ))),
            Prompt::Features(features) if features.len() != d => {
                Err(DeploymentError(format!("`embedding` must have {d} numbers, got {}", features.len())))
            }
            Prompt::Features(features) => match features.iter().position(|x| !x.is_finite()) {
                None => Ok(()),
                Some(place) => Err(DeploymentError(format!(
                    "`embedding` must have finite numbers, got {} at {place}",
                    features[place]
                ))),
            },
        }
    }

    /// The features of a prompt, d numbers. Many texts are encoded sooner together: [`crate::TextVectors`].
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
        self.artifact.forecast.as_ref().and_then(|forecast| forecast.expect(features).nth(arm.index()).flatten())
    }
}
