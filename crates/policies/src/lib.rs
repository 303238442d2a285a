//! Routing policies, one file each.
//!
//! A new policy is a file with its parameters, its [`Entry`] and its card (what it does, what it assumes, the paper), a
//! `mod` line and a line in [`POLICIES`]. The conformance suite, `barp list` and every chart then include it.

mod barp;
mod barp_full;
mod cheapest;
mod epsilon_greedy;
mod knn;
mod largest;
mod learners;
mod lin_ts;
mod lin_ucb;
mod random;
mod registry;
mod ridge;

pub use learners::actor::{Actor, ActorShape, Head, Trainer};
pub use registry::{Configured, Entry, Information, ParameterError, Recipe};

/// Every policy, in the order of `barp list`.
pub const POLICIES: &[Entry] = &[
    barp::ENTRY,
    barp_full::ENTRY,
    knn::ENTRY,
    ridge::ENTRY,
    lin_ucb::ENTRY,
    lin_ts::ENTRY,
    epsilon_greedy::ENTRY,
    random::ENTRY,
    cheapest::ENTRY,
    largest::ENTRY,
];
