//! Models that leave the pool for good. Public: `Contexts` says which models are up.

use super::outage::Down;
use super::registry::{Facts, Parameters, ShiftEntry, ShiftError, entry};
use super::{Course, Shift};
use serde::{Deserialize, Serialize};

pub(super) const ENTRY: ShiftEntry =
    entry::<RetireParameters>("retire", "models that cannot be called from a round on");

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetireParameters {
    /// Names of the models.
    models: Vec<String>,
    /// First round at which they are gone; that after the last: they stay.
    at: u64,
}

impl Parameters for RetireParameters {
    const HAS_COURSE: bool = false;

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, ShiftError> {
        if self.at > facts.rounds {
            let rule = format!("`at` must be at most `rounds` = {} of the protocol, got {}", facts.rounds, self.at);
            return Err(ShiftError::Rule(rule));
        }
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Down { arms, names: self.models, span: (self.at, u64::MAX) }))
    }
}
