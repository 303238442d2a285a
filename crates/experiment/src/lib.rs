//! From a configuration to cells: what is run, by which protocol, in parallel.
//!
//! Data flows one way: TOML -> [`Spec`] (as written) -> [`Plan`] (as runnable; every configuration error comes before it)
//! -> cells, sequential inside and parallel outside -> `store`.

mod artifact;
mod bill;
mod deployment;
mod describe;
mod encoding;
mod extensions;
mod features;
mod from_log;
mod log_rows;
mod log_scores;
pub mod logged;
mod plan;
mod prompt_sketch;
mod protocols;
mod resolve;
mod run;
mod settings;
mod shifts;
mod spec;
mod take;
mod train;

pub use artifact::{
    Artifact, ArtifactError, Card, DataCard, EncoderCard, HeldOut, LatencyCard, LearntFrom, PolicyCard, Scored,
};
pub use bill::Bill;
pub use deployment::{Decision, Deployment, DeploymentError, Prompt};
pub use describe::{Texts, describe, describe_log, dominators, findings, free_calls};
pub use encoding::{cosine, open_encoder, text_encoder};
pub use extensions::{EnvironmentExtension, Extensions, PolicyExtension};
pub use features::{Encoding, FeatureCache, Gathered, Heard, TextVectors, encode_texts};
pub use from_log::{LearntFromLog, LogTraining, train_on_log};
pub use plan::{Plan, PlannedCell, PlannedEnvironment, PlannedPolicy, Subject, identified_runs};
pub use prompt_sketch::PromptSketch;
pub use protocols::{DelayLaw, FeedbackRule, LabelsAt, Log, decision_columns};
pub use run::{Done, Event, Options, RunError, run};
pub use settings::{SpecError, nearest};
pub use spec::{Protocol, Recorded, Select, Spec, TauRule, TrainPreferences};
pub use train::{TrainedRouter, Training};
