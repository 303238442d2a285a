//! Full information: what every model would have answered, and what it would have cost.
//!
//! Policies cannot name this crate. The one way down is [`Batch::reveal`], which charges the ledger for what it shows.

mod batch;
mod clusters;
pub mod near_duplicates;
pub mod price_book;
mod references;
pub mod repricing;
pub mod shifts;
pub mod sources;
mod table;

pub use batch::{Batch, Episode, LastRequest, Request, Revealed};
pub use clusters::Link;
pub use references::{BEST_SINGLE, REFERENCES, Reference, ReferenceEntry, SINGLE_MODELS, Sees, always};
pub use table::{MeanTokens, Table, TableParts, Tokens, quantile_of};

use routing::Seed;
use std::sync::Arc;

/// A world that requests come from.
///
/// ```
/// use environments::sources::Pooled;
/// use environments::{Batch, Environment, Table, TableParts};
/// use routing::{Dollars, Seed};
///
/// // The short way to a world is a function from a seed to a table.
/// let table = |seed: u64| {
///     Ok(Table::new(TableParts {
///         ids: vec!["only".into()],
///         tasks: vec!["sums".into()],
///         task_of: vec![0],
///         models: vec!["small".into()],
///         dimension: 1,
///         features: vec![(seed % 10) as f32],
///         quality: vec![0.5],
///         cost: vec![Dollars(0.001)],
///         ..TableParts::default()
///     }))
/// };
/// let world = Pooled::new("one prompt, 1", Box::new(table)).unwrap();
/// assert_eq!((world.models(), world.simulated()), (&["small".to_owned()][..], true));
/// let mut batch = Batch::new(world.dimension(), world.models().len());
/// world.episode(&Seed::root(1)).fill(0..4, &mut batch);
/// assert_eq!(batch.len(), 4);
/// ```
pub trait Environment: Send + Sync {
    /// Names of the K models.
    fn models(&self) -> &[String];

    /// Names of the tasks that prompts belong to.
    fn tasks(&self) -> &[String];

    /// Width d of a feature row.
    fn dimension(&self) -> usize;

    /// Identifies the content: equal fingerprints give equal requests for equal seeds. Part of every cell's address.
    fn fingerprint(&self) -> String;

    /// Whether requests are generated rather than recorded. A simulated number is never shown as a real one.
    fn simulated(&self) -> bool;

    /// Share of each task among the requests by themselves; they sum to 1. A share of 0 cannot be asked for.
    fn task_shares(&self) -> Vec<f64>;

    /// Mean tokens of each model's calls, K; none for a model whose calls were not all counted, which is the default.
    fn mean_tokens(&self) -> Vec<Option<MeanTokens>> {
        vec![None; self.models().len()]
    }

    /// Rounds, above 0, ascending and distinct, at which the world changes; a phase lies between two of them.
    fn changes(&self) -> &[u64] {
        &[]
    }

    /// A finite pool of prompts, to be split into training, validation and test. Real rows are the same for every seed.
    fn pool(&self, seed: &Seed) -> Arc<Table>;

    /// An endless stream of requests, a pure function of the round.
    fn episode(&self, seed: &Seed) -> Box<dyn Episode + '_>;
}
