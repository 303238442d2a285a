//! Two models silently trade places behind their names: each answers as the other did, at its own price. Not announced.
//!
//! With probability strength x s(t) a request meets them swapped, so that a slow roll-out is a ramp.

use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<SwapParameters>("quality-swap", "two models silently trade their answers, not their prices");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct SwapParameters {
    /// Names of the two models.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// Share of requests that meet them swapped at full strength.
    #[schemars(range(min = 0.0, max = 1.0))]
    strength: f64,
}

impl Default for SwapParameters {
    fn default() -> Self {
        SwapParameters { models: Vec::new(), strength: 1.0 }
    }
}

impl Parameters for SwapParameters {}

impl Effect for SwapParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let arms = facts.models("models", &self.models)?;
        let [one, other] = arms[..] else {
            return Err(Mistake::from(format!("`models` must be two models, got {}", arms.len())));
        };
        Ok(Box::new(Swap { arms: (one, other), parameters: self, course }))
    }
}

struct Swap {
    arms: (usize, usize),
    parameters: SwapParameters,
    course: Course,
}

impl Shift for Swap {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("the identity of `{name}`"), span: self.course.span() };
        self.parameters.models.iter().map(claim).collect()
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(SwapMotion { swap: self, stream: seed.stream("answer") })
    }
}

struct SwapMotion<'a> {
    swap: &'a Swap,
    stream: Stream,
}

impl Motion for SwapMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let probability = self.swap.parameters.strength * self.swap.course.strength(round.0);
        if random::uniform(&mut self.stream.at(round)) < probability {
            request.quality.swap(self.swap.arms.0, self.swap.arms.1);
        }
    }
}
