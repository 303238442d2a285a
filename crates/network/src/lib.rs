//! Small dense networks: batched forward and backward passes by hand, and Adam. Knows nothing of routing.
//!
//! Parameters, gradients and moments are flat vectors, so one pass of the optimiser covers a whole network and a saved
//! network is one array. No call allocates once its buffers have grown to the batch.

mod adam;
mod mlp;

pub use adam::{Adam, AdamSettings};
pub use mlp::{InputGradient, Mlp, Output, Tape};
