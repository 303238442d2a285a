//! Everything a routing policy can name, and nothing else.
//!
//! A policy sees [`Contexts`] and is told [`Feedback`] for the arm it chose. The table of all models' outcomes is a type
//! of another crate (`environments`), which policies cannot depend on: that is the information barrier. The one way to
//! learn from more is [`TrainingSet`], which a full-label router takes by name and the ledger counts in full.

mod context;
mod give_up;
mod hexadecimal;
mod ledger;
mod money;
mod outcome;
mod policy;
mod preference;
pub mod random;
mod saved;
mod seed;
mod training;
mod visible;
pub mod words;

pub use context::{Contexts, ContextsBuffer, Public};
pub use give_up::{GaveUp, give_up};
pub use hexadecimal::hexadecimal;
pub use ledger::Ledger;
pub use money::Dollars;
pub use outcome::{Outcome, Outcomes, Seconds};
pub use policy::{Arm, Choice, Diagnostics, Feedback, Policy, Problem, Propensity, Router, one_hot};
pub use preference::{LatencyWeight, Objective, OutsideSimplex, Preference, Terms};
pub use saved::{NotRestored, Saved, Tensor, Values};
pub use seed::{Round, Seed, Stream};
pub use training::TrainingSet;
pub use visible::{visible, visible_name};
