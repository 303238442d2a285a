//! A saved router at work: a file with its weights and its card, and the decisions that it takes on prompts.
//!
//! A service needs this crate alone: no tables, no configuration, no experiment. Who trains a router makes an [`Artifact`] and
//! puts its bytes where a [`Deployment`] reads them.

mod artifact;
mod decision;
mod prompt_set;
mod tensors;

pub use artifact::{
    Artifact, ArtifactError, ArtifactProblem, Card, CardFlaw, DataCard, EncoderCard, HeldOut, LatencyCard, LearntFrom,
    PolicyCard, Scored,
};
pub use decision::{Decision, Deployment, DeploymentError, Prompt};
pub use prompt_set::{PromptSet, prompt_hash};
pub use tensors::NotTensors;
