//! Requests come from tenants, each with its own weight on cost, and who asks how much changes. Public: preferences are.
//!
//! With probability `strength` a request is of a tenant: of tenant i with probability (1 - s(t)) share_i + s(t) becomes_i,
//! both normalised over tenants; its weight on cost is uniform on [w_i - spread, w_i + spread]. Other requests keep the
//! preference that they had.

use super::registry::{Effect, Facts, ShiftEntry, entry};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use routing::{Preference, Round, Seed, Stream, random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};
use std::collections::BTreeMap;

pub(super) const ENTRY: ShiftEntry =
    entry::<TenantsParameters>("tenants", "preferences belong to tenants, whose shares of the requests change");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-required" = ["tenants"]))]
struct TenantsParameters {
    /// Each tenant by name.
    tenants: BTreeMap<String, Tenant>,
    /// Half width of the interval of a tenant's weights on cost.
    #[schemars(range(min = 0.0, max = 0.5))]
    spread: f64,
    /// Share of requests that come from tenants.
    #[schemars(range(min = 0.0, max = 1.0))]
    strength: f64,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Tenant {
    /// Weight on cost.
    #[schemars(range(min = 0.0, max = 1.0))]
    w_cost: f64,
    /// Weight of its requests before the change.
    #[schemars(range(min = 0.0, max = 1e9))]
    share: f64,
    /// Weight of its requests at full strength; as before unless given.
    #[schemars(range(min = 0.0, max = 1e9))]
    becomes: Option<f64>,
}

impl Default for TenantsParameters {
    fn default() -> Self {
        TenantsParameters { tenants: BTreeMap::new(), spread: 0.0, strength: 1.0 }
    }
}

impl Parameters for TenantsParameters {
    fn check(&self) -> Result<(), Mistake> {
        for (name, Tenant { w_cost, .. }) in &self.tenants {
            let inside = w_cost - self.spread >= 0.0 && w_cost + self.spread <= 1.0;
            let rule = format!("so small that the weights of `{name}` (w-cost {w_cost}) stay in [0, 1]");
            Mistake::unless(inside, "spread", &rule, self.spread)?;
        }
        Ok(())
    }
}

impl Effect for TenantsParameters {
    const HAS_COURSE: bool = true;

    fn build(self, course: Course, _: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        if self.tenants.is_empty() {
            return Err(Mistake::from("`tenants` must be at least one tenant, got none"));
        }
        let before = normalised("share", self.tenants.values().map(|tenant| tenant.share))?;
        let after = normalised("becomes", self.tenants.values().map(|tenant| tenant.becomes.unwrap_or(tenant.share)))?;
        let weights = self.tenants.values().map(|tenant| tenant.w_cost).collect();
        Ok(Box::new(Tenants { weights, before, after, spread: self.spread, strength: self.strength, course }))
    }
}

fn normalised(field: &str, shares: impl Iterator<Item = f64>) -> Result<Vec<f64>, Mistake> {
    let shares: Vec<f64> = shares.collect();
    let total: f64 = shares.iter().sum();
    if total > 0.0 {
        Ok(shares.iter().map(|share| share / total).collect())
    } else {
        Err(Mistake::from(format!("`{field}` must be above 0 for at least one tenant, got 0 for all")))
    }
}

struct Tenants {
    /// Weight on cost, and shares that sum to 1, of each tenant in the order of names.
    weights: Vec<f64>,
    before: Vec<f64>,
    after: Vec<f64>,
    spread: f64,
    strength: f64,
    course: Course,
}

impl Shift for Tenants {
    fn changes(&self) -> Vec<u64> {
        self.course.changes()
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim { subject: "the preferences".into(), span: (0, u64::MAX) }]
    }

    fn start(&self, seed: &Seed) -> Box<dyn Motion + '_> {
        Box::new(TenantsMotion { shift: self, stream: seed.stream("tenant") })
    }
}

struct TenantsMotion<'a> {
    shift: &'a Tenants,
    stream: Stream,
}

impl TenantsMotion<'_> {
    /// The tenant at position `point` in [0, 1) of the cumulative shares at `strength`.
    fn tenant(&self, strength: f64, mut point: f64) -> usize {
        let Tenants { before, after, .. } = self.shift;
        let mut last = 0;
        for (tenant, (before, after)) in before.iter().zip(after).enumerate() {
            let share = (1.0 - strength) * before + strength * after;
            if share > 0.0 {
                last = tenant;
                if point < share {
                    break;
                }
            }
            point -= share;
        }
        last
    }
}

impl Motion for TenantsMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        let Tenants { weights, spread, strength, course, .. } = self.shift;
        let mut generator = self.stream.at(round);
        if random::uniform(&mut generator) < *strength {
            let tenant = self.tenant(course.strength(round.0), random::uniform(&mut generator));
            let w_cost = weights[tenant] + spread * (2.0 * random::uniform(&mut generator) - 1.0);
            *request.public.preference = Preference::new(w_cost.clamp(0.0, 1.0)).expect("clamped to [0, 1]");
        }
    }
}
