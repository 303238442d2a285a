//! Prices wander: the logarithm of each model's price takes a normal step every so many rounds. Public.
//!
//! The multiplier at round t is exp(deviation (z_1 + ... + z_k)) with k = floor(t / every) and independent standard normal
//! z for each model, computed when the episode starts: rounds / every numbers for each model.

use super::course::before_the_end;
use super::price::multiply;
use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Round, Seed, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry =
    entry::<WalkParameters>("price-walk", "list price and dollars of each model on a random walk of the logarithm");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct WalkParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// Standard deviation of a step of the natural logarithm of the price.
    #[schemars(range(min = 0.0, max = 10.0))]
    deviation: f64,
    /// Rounds between steps.
    #[schemars(range(min = 1))]
    every: u64,
}

impl Default for WalkParameters {
    fn default() -> Self {
        WalkParameters { models: Vec::new(), deviation: 0.1, every: 1000 }
    }
}

impl Parameters for WalkParameters {}

impl Effect for WalkParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        if self.deviation > 0.0 {
            before_the_end("every", self.every, facts.rounds)?;
        }
        let steps = (facts.rounds / self.every) as usize;
        Ok(Box::new(Walk { arms: facts.models("models", &self.models)?, parameters: self, steps }))
    }
}

struct Walk {
    arms: Vec<usize>,
    parameters: WalkParameters,
    steps: usize,
}

impl Shift for Walk {
    /// None: a walk has no phases.
    fn changes(&self) -> Vec<u64> {
        Vec::new()
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("the price of `{name}`"), span: (0, u64::MAX) };
        self.parameters.models.iter().map(claim).collect()
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        let stream = seed.stream("step");
        let mut multipliers = Vec::with_capacity((self.steps + 1) * self.arms.len());
        let mut logs = vec![0.0; self.arms.len()];
        for step in 0..=self.steps {
            multipliers.extend(logs.iter().map(|&log| libm::exp(log)));
            let mut generator = stream.at(Round(step as u64));
            logs.iter_mut().for_each(|log| *log += self.parameters.deviation * random::normal(&mut generator));
        }
        Box::new(WalkMotion { walk: self, multipliers })
    }
}

struct WalkMotion<'a> {
    walk: &'a Walk,
    /// (steps + 1) x models.
    multipliers: Vec<f64>,
}

impl Motion for WalkMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let arms = &self.walk.arms;
        let step = ((round.0 / self.walk.parameters.every) as usize).min(self.walk.steps);
        for (arm, &factor) in arms.iter().zip(&self.multipliers[step * arms.len()..]) {
            multiply(request, std::slice::from_ref(arm), factor);
        }
    }
}
