//! What users want changes: with probability strength x s(t) a request's weight on cost is uniform on [low, high]. Public.

use super::registry::{Effect, Facts, ShiftEntry, entry};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Preference, Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<PreferencesParameters>("preferences", "the weight on cost is drawn from another interval");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreferencesParameters {
    /// Lowest weight on cost.
    #[schemars(range(min = 0.0, max = 1.0))]
    low: f64,
    /// Highest weight on cost.
    #[schemars(range(min = 0.0, max = 1.0))]
    high: f64,
    /// Share of requests concerned at full strength.
    #[schemars(range(min = 0.0, max = 1.0))]
    strength: f64,
}

impl Default for PreferencesParameters {
    fn default() -> Self {
        PreferencesParameters { low: 0.0, high: 1.0, strength: 1.0 }
    }
}

impl Parameters for PreferencesParameters {
    fn check(&self) -> Result<(), Mistake> {
        Mistake::unless(self.low <= self.high, "low", &format!("at most `high` = {}", self.high), self.low)
    }
}

impl Effect for PreferencesParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, _: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        Ok(Box::new(Preferences { parameters: self, course }))
    }
}

struct Preferences {
    parameters: PreferencesParameters,
    course: Course,
}

impl Shift for Preferences {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim { subject: "the preferences".into(), span: self.course.span() }]
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(PreferencesMotion { shift: self, stream: seed.stream("preference") })
    }
}

struct PreferencesMotion<'a> {
    shift: &'a Preferences,
    stream: Stream,
}

impl Motion for PreferencesMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let PreferencesParameters { low, high, strength } = self.shift.parameters;
        let mut generator = self.stream.at(round);
        if random::uniform(&mut generator) < strength * self.shift.course.strength(round.0) {
            // Rounding may carry the sum past an end of the interval by one unit in the last place.
            let w_cost = (low + (high - low) * random::uniform(&mut generator)).clamp(low, high);
            *request.public.preference = Preference::new(w_cost).expect("both ends lie in [0, 1]");
        }
    }
}
