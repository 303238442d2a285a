//! The price of models changes: list price and dollars of every call, times factor^s(t). Public.
//!
//! A step is a cut or a rise overnight, a ramp a slow one (linear in the logarithm), a cycle peak and off-peak tariffs.
//! A factor of 0.1 until a round is the tenfold cut and its reversal of ParetoBandit's experiment.

use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Dollars, Round, Seed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<PriceParameters>("price", "list price and dollars of models times factor^strength: step, ramp or cycle");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct PriceParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// Price at full strength over the price before; 1: no change.
    #[schemars(range(min = 0.0))]
    factor: f64,
}

impl Default for PriceParameters {
    fn default() -> Self {
        PriceParameters { models: Vec::new(), factor: 1.0 }
    }
}

impl Parameters for PriceParameters {}

impl Effect for PriceParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Price { arms, names: self.models, factor: self.factor, course }))
    }
}

struct Price {
    arms: Vec<usize>,
    names: Vec<String>,
    factor: f64,
    course: Course,
}

impl Shift for Price {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("the price of `{name}`"), span: self.course.span() };
        self.names.iter().map(claim).collect()
    }

    fn start(&self, _: &Seed) -> Box<dyn Motion + '_> {
        Box::new(PriceMotion(self))
    }
}

struct PriceMotion<'a>(&'a Price);

impl Motion for PriceMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let strength = self.0.course.strength(round.0);
        if strength > 0.0 {
            multiply(request, &self.0.arms, libm::pow(self.0.factor, strength));
        }
    }
}

/// Multiplies list prices and dollars of `arms`.
pub(super) fn multiply(request: &mut LastRequest<'_>, arms: &[usize], factor: f64) {
    for &arm in arms {
        request.public.list_prices[arm] = Dollars(request.public.list_prices[arm].0 * factor);
        request.cost[arm] = Dollars(request.cost[arm].0 * factor);
    }
}
