//! Models that cannot be called for a while. Public: `Contexts` says which models are up.

use super::course::before_the_end;
use super::registry::{Effect, Facts, ShiftEntry, entry, models_or_each};
use super::{Claim, Course, Motion, Shift, Span};
use crate::LastRequest;
use routing::{Round, Seed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};

pub(super) const ENTRY: ShiftEntry = entry::<OutageParameters>("outage", "models that are down for a while");

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct OutageParameters {
    /// Names of the models; `dearest`, `cheapest` and `best` are those of the highest and lowest mean dollars and the highest mean quality.
    #[schemars(schema_with = "models_or_each")]
    models: Vec<String>,
    /// First round at which they are down.
    from: u64,
    /// First round at which they are up again.
    until: u64,
}

impl Parameters for OutageParameters {
    fn check(&self) -> Result<(), Mistake> {
        let rule = format!("at least `from` = {}", self.from);
        Mistake::unless(self.until >= self.from, "until", &rule, self.until)
    }
}

impl Effect for OutageParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        before_the_end("from", self.from, facts.rounds)?;
        let arms = facts.models("models", &self.models)?;
        Ok(Box::new(Down { arms, names: self.models, span: (self.from, self.until) }))
    }
}

/// Models that are down in `span`: an outage, the time before arrival, or that after retirement.
pub(super) struct Down {
    pub(super) arms: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) span: Span,
}

impl Shift for Down {
    fn changes(&self) -> Vec<u64> {
        vec![self.span.0, self.span.1]
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |name| Claim { subject: format!("whether `{name}` is up"), span: self.span };
        self.names.iter().map(claim).collect()
    }

    fn downtime(&self) -> Vec<(usize, Span)> {
        self.arms.iter().map(|&arm| (arm, self.span)).collect()
    }

    fn start(&self, _: &Seed) -> Box<dyn Motion + '_> {
        Box::new(DownMotion(self))
    }
}

struct DownMotion<'a>(&'a Down);

impl Motion for DownMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        if (self.0.span.0..self.0.span.1).contains(&round.0) {
            self.0.arms.iter().for_each(|&arm| request.public.available[arm] = false);
        }
    }
}
