//! The table `[tune]`: how many settings each policy tries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Parameters;

/// The table `[tune]`: the same number of settings for each policy that has anything to tune, drawn from the search ranges that
/// its parameters declare; the setting as written is the first of them. The one with the highest mean reward over the weights
/// on cost on the validation split is tested, and all are charged for. Passes of a policy that explores are its budget of
/// outcomes: they are not searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TuneRule {
    /// Settings that each policy tries, fewer where its ranges hold no more; 0 or 1: the setting as written alone, which is
    /// then not validated. A grid in a policy's own `tune` counts its own.
    #[schemars(range(max = 10_000))]
    pub trials: u32,
}

impl Parameters for TuneRule {}
