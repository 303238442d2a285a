//! What is asked for when a router is to learn from a log.

use crate::features::{Encoding, Progress};
use crate::spec::TauRule;
use serde_json::{Map, Value};

/// How a router is trained on a log.
pub struct LogTraining {
    /// Kind of the policy, as in `barp list policies`.
    pub policy: String,
    /// Parameters that differ from its defaults.
    pub parameters: Map<String, Value>,
    /// Name of the encoder, as in `barp list encoders`.
    pub encoder: String,
    /// Root of the seed tree.
    pub seed: u64,
    /// How tau is set, from the dollars of the rows trained on.
    pub tau: TauRule,
    /// Share of the prompts that are left out for the test, in (0, 1).
    pub test_share: f64,
    /// Models that are retired: their rows teach, and the router never chooses them.
    pub without: Vec<String>,
    /// Terms of use.
    pub licence: String,
    /// The command that trains it again.
    pub command: String,
    /// How prompts are encoded; it changes no bit.
    pub encoding: Encoding,
    /// Is told how that goes on.
    pub progress: Progress,
}
