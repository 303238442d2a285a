//! Tasks that nobody asked for before a round, and that then come with their usual share. Not announced.
//!
//! Before `at` a request of such a task is of one of the other tasks instead, drawn by their usual shares. Put it after any
//! `task-mix`, which knows nothing of arrivals.

use super::course::before_the_end;
use super::registry::{Effect, Facts, ShiftEntry, entry};
use super::{Claim, Course, Motion, Shift};
use routing::{Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<ArrivalParameters>("task-arrival", "tasks that appear for the first time at a round");

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["tasks"]))]
struct ArrivalParameters {
    /// Names of the tasks.
    #[schemars(extend("x-rule" = "a list of names"))]
    tasks: Vec<String>,
    /// First round at which they are asked.
    at: u64,
}

impl Parameters for ArrivalParameters {}

impl Effect for ArrivalParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        before_the_end("at", self.at, facts.rounds)?;
        let mut others: Vec<f32> = facts.task_shares.iter().map(|&share| share as f32).collect();
        for task in facts.tasks("tasks", &self.tasks)? {
            others[task] = 0.0;
        }
        if others.iter().all(|&share| share == 0.0) {
            let rule = format!("`tasks` must leave a task to ask for before, got all {}", self.tasks.len());
            return Err(Mistake::from(rule));
        }
        Ok(Box::new(Arrival { others, parameters: self }))
    }
}

struct Arrival {
    /// Share of each task before; 0 for those that have not arrived.
    others: Vec<f32>,
    parameters: ArrivalParameters,
}

impl Shift for Arrival {
    fn changes(&self) -> Vec<u64> {
        vec![self.parameters.at]
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("the arrival of `{name}`"), span: (0, self.parameters.at) };
        self.parameters.tasks.iter().map(claim).collect()
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(ArrivalMotion { arrival: self, stream: seed.stream("task") })
    }
}

struct ArrivalMotion<'a> {
    arrival: &'a Arrival,
    stream: Stream,
}

impl Motion for ArrivalMotion<'_> {
    fn task(&self, round: Round, task: usize) -> usize {
        let Arrival { others, parameters } = self.arrival;
        if round.0 >= parameters.at || others[task] > 0.0 {
            return task;
        }
        random::categorical(&mut self.stream.at(round), others)
    }
}
