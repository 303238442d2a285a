//! Why a saved router cannot be used as somebody wants to.

use routing::NotRestored;
use settings::Mistake;

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
    /// The router's own exploration does not look at list prices.
    PricesWhileExploring {
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
    /// The share of requests that any model answers is no share.
    Floor {
        /// The share.
        floor: f64,
    },
    /// A model that would join is there already.
    Known {
        /// Name of the model.
        model: String,
    },
    /// The router cannot go on learning.
    CannotLearn(NotRestored),
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
                 it again at other prices, or train a policy that heeds list prices, such as `lin-ucb-listed`)"
            ),
            DeploymentError::PricesWhileExploring { policy } => write!(
                f,
                "`{policy}` explores by the rewards that it learnt, at the dollars that were charged: it can explore, or heed a \
                 list price, not both (`lin-ucb-listed` can)"
            ),
            DeploymentError::Price { model, price } => {
                write!(f, "the price of `{model}` must be at least 0 dollars, got {price}")
            }
            DeploymentError::Floor { floor } => write!(f, "the explore floor must lie in [0, 1], got {floor}"),
            DeploymentError::Known { model } => write!(f, "model `{model}` is there already"),
            DeploymentError::CannotLearn(error) => write!(f, "it cannot go on learning: {error}"),
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
