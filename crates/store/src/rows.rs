//! The two long tables everything else is drawn from: scores of one cell, and their summary over replicates.

use crate::{Identity, Label, Role};
use serde::{Deserialize, Serialize};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Larger is better.
    Up,
    /// Smaller is better.
    Down,
    /// Neither: a description.
    None,
}

/// One measured number of one cell (environment x policy x replicate).
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// When it was measured: `test`, `validation` (learning curve) or `online`.
    pub phase: String,
    /// Rounds the policy had played before.
    pub round: u64,
    /// Weight on cost at which it was measured; none where the metric spans the grid.
    pub w_cost: Option<f64>,
    /// Task it is about; `all` for the mix.
    pub task: String,
    /// Model it is about, for metrics of one model such as `arm_share`.
    pub arm: Option<String>,
    /// Name of the metric.
    pub metric: String,
    /// Unit of the value.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// The number.
    pub value: f64,
    /// Requests it is a mean or sum over.
    pub n: u64,
    /// Outcomes the policy had bought before.
    pub outcomes: u64,
    /// Dollars those outcomes cost.
    pub dollars: f64,
    /// Settings tried on validation data.
    pub tuning_trials: u64,
}

/// A [`Score`] over the replicates of an experiment, with an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Label of the environment.
    pub environment: Label,
    /// Label of the policy.
    pub policy: Label,
    /// As in [`Score::phase`].
    pub phase: Label,
    /// As in [`Score::w_cost`].
    pub w_cost: Option<f64>,
    /// As in [`Score::task`].
    pub task: Label,
    /// As in [`Score::metric`].
    pub metric: Label,
    /// As in [`Score::unit`].
    pub unit: Label,
    /// As in [`Score::direction`].
    pub direction: Direction,
    /// Mean over replicates.
    pub value: f64,
    /// Lower end of the interval; none for a single replicate.
    pub ci_low: Option<f64>,
    /// Upper end of the interval; none for a single replicate.
    pub ci_high: Option<f64>,
    /// How the interval was made, for example `student-t 95% over replicates`.
    pub ci_method: Label,
    /// Number of replicates.
    pub replicates: u64,
    /// Requests in each replicate (mean over replicates, rounded).
    pub n: u64,
    /// As in [`Score::round`].
    pub round: u64,
    /// As in [`Score::arm`].
    pub arm: Option<Label>,
    /// Outcomes bought, mean over replicates.
    pub outcomes: f64,
    /// Dollars those outcomes cost, mean over replicates.
    pub dollars: f64,
    /// As in [`Score::tuning_trials`].
    pub tuning_trials: u64,
    /// What stands behind the label of the policy.
    pub identity: Identity,
}

impl SummaryRow {
    /// Whether `outcomes` and `dollars` are known: of a router made elsewhere only where its author said so.
    pub fn tells_what_was_bought(&self) -> bool {
        self.identity.role != Role::Elsewhere || self.outcomes > 0.0
    }
}

/// All scores of one cell, with the labels its experiment gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicate {
    /// Label of the environment.
    pub environment: String,
    /// Label of the policy.
    pub policy: String,
    /// What stands behind that label.
    pub identity: Identity,
    /// Number of the replicate, from 0.
    pub replicate: u32,
    /// What was measured.
    pub scores: Vec<Score>,
}
