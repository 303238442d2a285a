//! Models silently become worse, or better: with a probability an answer's score is replaced by 0, or by 1. Not announced.
//!
//! With p = |change| s(t), the mean score q becomes (1 - p) q for a negative change and (1 - p) q + p for a positive one, and
//! scores keep the task's grades. A `fall` after `until` is the recovery after a bad version.

use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<QualityParameters>("quality", "models silently degrade or improve, for a while or for good");

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct QualityParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// Below 0 the share of answers that fail at full strength, above 0 the share that succeed for sure.
    #[schemars(range(min = -1.0, max = 1.0))]
    change: f64,
}

impl Parameters for QualityParameters {}

impl Effect for QualityParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Quality { arms, parameters: self, course }))
    }
}

struct Quality {
    arms: Vec<usize>,
    parameters: QualityParameters,
    course: Course,
}

impl Shift for Quality {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("the quality of `{name}`"), span: self.course.span() };
        self.parameters.models.iter().map(claim).collect()
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(QualityMotion { shift: self, stream: seed.stream("answer") })
    }
}

struct QualityMotion<'a> {
    shift: &'a Quality,
    stream: Stream,
}

impl Motion for QualityMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let change = self.shift.parameters.change;
        let probability = change.abs() * self.shift.course.strength(round.0);
        if probability == 0.0 {
            return;
        }
        let mut generator = self.stream.at(round);
        for &arm in &self.shift.arms {
            if random::uniform(&mut generator) < probability && !request.quality[arm].is_nan() {
                request.quality[arm] = if change < 0.0 { 0.0 } else { 1.0 };
            }
        }
    }
}
