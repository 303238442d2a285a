//! A saved router at work: a file with its weights and its card, and the decisions that it takes on prompts.
//!
//! A service needs this crate alone: no tables, no configuration, no experiment. Who trains a router makes an [`Artifact`] and
//! puts its bytes where a [`Deployment`] reads them.

mod artifact;
mod decision;
mod entry;
mod exact;
mod learner;
mod prompt_set;
mod refused_use;
mod tensors;

pub use artifact::{
    Artifact, ArtifactError, ArtifactProblem, Card, CardFlaw, DataCard, EncoderCard, HeldOut, LatencyCard,
    LearningCard, LearntFrom, PolicyCard, Scored, Versus,
};
pub use decision::{Decision, Deployment, Prompt};
pub use entry::{Entry, Event, NotReplayed, Refused, Request, Routed, Told};
pub use exact::{Bits, Exact};
pub use learner::{Learner, join};
pub use prompt_set::{PromptSet, prompt_hash};
pub use refused_use::DeploymentError;
pub use tensors::NotTensors;
