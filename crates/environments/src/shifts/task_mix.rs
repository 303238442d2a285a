//! What is asked changes: with probability strength x s(t) a request is of a task drawn from another mix. Not announced.
//!
//! The share of task k at round t is (1 - p) base_k + p tasks_k with p = strength x s(t).

use super::registry::{Effect, Facts, ShiftEntry, entry};
use super::{Claim, Course, Motion, Shift};
use routing::{Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};
use std::collections::BTreeMap;

pub(super) const ENTRY: ShiftEntry =
    entry::<MixParameters>("task-mix", "requests come from another mix of tasks: abrupt, gradual or cyclic");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["tasks"]))]
struct MixParameters {
    /// Weight of each task in the other mix; tasks not named have none.
    #[schemars(extend("additionalProperties" = { "type": "number", "exclusiveMinimum": 0.0 }))]
    tasks: BTreeMap<String, f64>,
    /// Share of requests that come from the other mix at full strength.
    #[schemars(range(min = 0.0, max = 1.0))]
    strength: f64,
}

impl Default for MixParameters {
    fn default() -> Self {
        MixParameters { tasks: BTreeMap::new(), strength: 1.0 }
    }
}

impl Parameters for MixParameters {}

impl Effect for MixParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let names: Vec<String> = self.tasks.keys().cloned().collect();
        let mut weights = vec![0.0; facts.tasks.len()];
        for (task, weight) in facts.tasks("tasks", &names)?.into_iter().zip(self.tasks.values()) {
            weights[task] = *weight as f32;
        }
        Ok(Box::new(Mix { weights, strength: self.strength, course }))
    }
}

struct Mix {
    weights: Vec<f32>,
    strength: f64,
    course: Course,
}

impl Shift for Mix {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim { subject: "the mix of tasks".into(), span: self.course.span() }]
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(MixMotion { mix: self, stream: seed.stream("task") })
    }
}

struct MixMotion<'a> {
    mix: &'a Mix,
    stream: Stream,
}

impl Motion for MixMotion<'_> {
    fn task(&self, round: Round, task: usize) -> usize {
        let probability = self.mix.strength * self.mix.course.strength(round.0);
        let mut generator = self.stream.at(round);
        if random::uniform(&mut generator) < probability {
            random::categorical(&mut generator, &self.mix.weights)
        } else {
            task
        }
    }
}
