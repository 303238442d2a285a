//! Models that join the pool at a round. Public: `Contexts` says which models are up.

use super::course::before_the_end;
use super::outage::Down;
use super::registry::{Facts, Parameters, ShiftEntry, ShiftError, entry};
use super::{Course, Shift};
use serde::{Deserialize, Serialize};

pub(super) const ENTRY: ShiftEntry = entry::<ArriveParameters>("arrive", "models that cannot be called before a round");

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArriveParameters {
    /// Names of the models.
    models: Vec<String>,
    /// First round at which they are up.
    at: u64,
}

impl Parameters for ArriveParameters {
    const HAS_COURSE: bool = false;

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, ShiftError> {
        before_the_end("at", self.at, facts.rounds)?;
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Down { arms, names: self.models, span: (0, self.at) }))
    }
}
