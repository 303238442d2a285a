//! Models that join the pool at a round. Public: `Contexts` says which models are up.

use super::course::before_the_end;
use super::outage::Down;
use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Course, Shift};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry = entry::<ArriveParameters>("arrive", "models that cannot be called before a round");

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct ArriveParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// First round at which they are up.
    at: u64,
}

impl Parameters for ArriveParameters {}

impl Effect for ArriveParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        before_the_end("at", self.at, facts.rounds)?;
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Down { arms, names: self.models, span: (0, self.at) }))
    }
}
