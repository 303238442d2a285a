//! From a configuration to cells: what is run, by which protocol, in parallel.
//!
//! Data flows one way: TOML -> [`Spec`] (as written) -> [`Plan`] (as runnable; every configuration error comes before it)
//! -> cells, sequential inside and parallel outside -> `store`.

mod bill;
mod describe;
pub mod logged;
mod plan;
mod protocols;
mod resolve;
mod run;
mod settings;
mod shifts;
mod spec;

pub use bill::Bill;
pub use describe::{describe, dominance};
pub use plan::{Plan, PlannedCell, PlannedEnvironment, PlannedPolicy, Subject, text_encoder};
pub use protocols::{DelayLaw, FeedbackRule, Log};
pub use run::{Done, Event, Options, RunError, run};
pub use settings::{SpecError, nearest};
pub use spec::{Protocol, Recorded, Select, Spec, TauRule, TrainPreferences};
