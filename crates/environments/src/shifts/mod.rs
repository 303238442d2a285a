//! How the world moves, one file for each kind of shift.
//!
//! An environment is a source and an ordered list of shifts: each takes what the one before it made of a round. All are
//! pure functions of the round with their own seeds, so a shifted episode depends neither on how rounds are batched nor on
//! which other shifts there are; at strength zero a shift changes no bit. A new kind is a file and a line in [`SHIFTS`].
//!
//! List prices in force and which models are up are public; a silent change of quality is not.

mod arrive;
mod course;
mod outage;
mod preferences;
mod price;
mod price_book;
mod price_walk;
mod quality;
mod quality_swap;
mod registry;
mod retire;
mod roles;
mod shifted;
mod task_arrival;
mod task_mix;
mod tenants;

pub use course::Course;
pub use registry::{Facts, ShiftEntry};
pub use roles::{resolve, roles};
pub use shifted::{Clash, Shifted};

use crate::LastRequest;
use routing::{Round, Seed};

/// Every kind of shift, in the order of `barp list`.
pub const SHIFTS: &[ShiftEntry] = &[
    price::ENTRY,
    price_walk::ENTRY,
    price_book::ENTRY,
    task_mix::ENTRY,
    task_arrival::ENTRY,
    quality::ENTRY,
    quality_swap::ENTRY,
    arrive::ENTRY,
    retire::ENTRY,
    outage::ENTRY,
    preferences::ENTRY,
    tenants::ENTRY,
];

/// A way in which the world moves, checked, without its randomness.
pub trait Shift: Send + Sync {
    /// Rounds at which it begins or ends to act, in any order.
    fn changes(&self) -> Vec<u64>;

    /// What it moves, and when: no other shift of its kind may move the same thing in the same round.
    fn claims(&self) -> Vec<Claim>;

    /// Models that cannot be called, by position, and the rounds `start..end` in which they cannot.
    fn downtime(&self) -> Vec<(usize, Span)> {
        Vec::new()
    }

    /// What it read beyond its parameters, for its address; empty for most.
    fn read(&self) -> String {
        String::new()
    }

    /// The movement in one episode, all of whose randomness comes from `seed`.
    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_>;
}

/// Rounds `start..end`.
pub type Span = (u64, u64);

/// What a shift moves, in words, and the rounds in which it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// For example "the price of gpt-4".
    pub subject: String,
    /// When.
    pub span: Span,
}

/// A shift in one episode: a pure function of the round.
pub trait Motion: Send {
    /// The task asked for at `round`, where it would have been `task`.
    fn task(&self, _round: Round, task: usize) -> usize {
        task
    }

    /// Changes the request of `round`.
    fn apply(&self, _round: Round, _request: &mut LastRequest<'_>) {}
}
