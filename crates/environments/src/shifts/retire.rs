//! Models that leave the pool for good. Public: `Contexts` says which models are up.

use super::outage::Down;
use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Course, Shift};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<RetireParameters>("retire", "models that cannot be called from a round on");

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct RetireParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// First round at which they are gone; that after the last: they stay.
    at: u64,
}

impl Parameters for RetireParameters {}

impl Effect for RetireParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let rule = format!("at most `rounds` = {} of the protocol", facts.rounds);
        Mistake::unless(self.at <= facts.rounds, "at", &rule, self.at)?;
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Down { arms, names: self.models, span: (self.at, u64::MAX) }))
    }
}
