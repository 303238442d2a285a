//! Routing policies, one file each.
//!
//! A new policy is a file with its parameters, its [`Entry`] and its card (what it does, what it assumes, the paper), a
//! `mod` line and a line in [`POLICIES`]. The conformance suite, `barp list` and every chart then include it.

mod avengers_pro;
mod barp;
mod barp_frozen;
mod barp_full;
mod barp_listed;
mod budget_paced;
mod cheapest;
mod d_lin_ucb;
mod epsilon_greedy;
mod forecast;
mod glr_lin_ucb;
mod knn;
mod largest;
mod learners;
mod lin_cbwk;
mod lin_ts;
mod lin_ts_forgetting;
mod lin_ucb;
mod lin_ucb_listed;
mod mlp;
mod random;
mod registry;
mod restore;
mod ridge;
mod router_dc;
mod sw_lin_ucb;

pub use forecast::{Expected, Forecast};
pub use learners::actor::{Actor, ActorShape, Head, Trainer};
pub use registry::{Configured, Entry, Export, Information, Prompts, Recipe};
pub use restore::{learners, restore, resume};
/// What is wrong with a table of parameters.
pub use settings::Mistake;

/// Every policy, in the order of `barp list`.
pub const POLICIES: &[Entry] = &[
    barp::ENTRY,
    barp_frozen::ENTRY,
    barp_listed::ENTRY,
    barp_full::ENTRY,
    knn::ENTRY,
    ridge::ENTRY,
    mlp::ENTRY,
    router_dc::ENTRY,
    avengers_pro::ENTRY,
    lin_ucb::ENTRY,
    d_lin_ucb::ENTRY,
    sw_lin_ucb::ENTRY,
    glr_lin_ucb::ENTRY,
    lin_ucb_listed::ENTRY,
    budget_paced::ENTRY,
    lin_cbwk::ENTRY,
    lin_ts::ENTRY,
    lin_ts_forgetting::ENTRY,
    epsilon_greedy::ENTRY,
    random::ENTRY,
    cheapest::ENTRY,
    largest::ENTRY,
];
