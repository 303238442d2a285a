//! From a configuration to cells: what is run, by which protocol, in parallel.
//!
//! Data flows one way: TOML -> [`Spec`] (as written) -> [`Plan`] (as runnable; every configuration error comes before it)
//! -> cells, sequential inside and parallel outside -> `store`. Logs have a room of their own, [`log`].

mod describe;
mod extensions;
mod features;
pub mod log;
mod plan;
mod protocols;
mod reference;
mod router;
mod run;
mod spec;
mod written;

pub use describe::{Texts, describe, dominators, findings, free_calls};
pub use extensions::{EnvironmentExtension, Extensions, PolicyExtension};
pub use features::{
    Encoding, FeatureCache, Gathered, Progress, TextVectors, cosine, encode_texts, open_encoder, text_encoder,
};
pub use plan::{
    Bill, Decisions, Plan, PlannedCell, PlannedEnvironment, PlannedPolicy, Subject, Tested, identified_runs,
};
pub use protocols::{Against, Log, TrainedRouter, decision_columns};
pub use reference::{TableReference, config_schema, reference};
pub use router::{LearningError, LearningRouter, Training};
pub use run::{Done, Event, Options, RunError, run};
pub use settings::{Mistake, SpecError, nearest};
pub use spec::{
    DelayLaw, FeedbackRule, LabelsAt, Override, OverrideError, Protocol, Recorded, Select, Spec, TauRule,
    TrainPreferences, TuneRule,
};
