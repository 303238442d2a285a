//! Estimates as JSON, the same for the command line and for Python.

use super::evaluate::{Evaluation, Evaluations};
use super::propensity::PropensityVerdict;
use super::routers::{RouterScores, ScoredRows};
use serde_json::{Value, json};
use statistics::Interval;
use statistics::off_policy::Estimator;

/// An interval, or nulls where there is none.
pub(super) fn interval_json(interval: Option<Interval>) -> Value {
    json!({
        "value": interval.map(|interval| interval.mean),
        "ci_low": interval.and_then(|interval| interval.low),
        "ci_high": interval.and_then(|interval| interval.high),
        "ci_method": interval.map(|interval| interval.method),
    })
}

impl Evaluation {
    /// All estimators, those that may be believed with their values.
    pub fn to_json(&self, propensities: &PropensityVerdict) -> Value {
        let gathered = &self.gathered;
        let mut all = json!({
            "policy": self.policy,
            "outcome": self.outcome.name(),
            "rows": gathered.rows(),
            "clusters": gathered.clusters(),
            "matched_rows": gathered.matched(),
            "effective_rows": gathered.effective(),
            "mean_weight": gathered.mean_weight(),
            "largest_weight": gathered.largest_weight(),
            "unknown_share": self.unknown,
            "refused": self.flaw().map(|flaw| flaw.to_string()),
            "propensities": propensities.sentence(),
        });
        for estimator in Estimator::ALL {
            all[estimator.name()] = interval_json(self.believed(estimator));
        }
        all
    }
}

impl Evaluations {
    /// One object an evaluation.
    pub fn to_json(&self) -> Vec<Value> {
        self.all.iter().map(|evaluation| evaluation.to_json(&self.propensities)).collect()
    }
}

impl RouterScores {
    /// One object an evaluation, with the rows behind it.
    pub fn to_json(&self, propensities: &PropensityVerdict) -> Vec<Value> {
        let basis = match &self.rows {
            ScoredRows::AllFromElsewhere(source) => json!({ "rows": "all", "trained_on": source }),
            ScoredRows::Unseen { trained, left_out } => {
                json!({ "rows": "unseen", "trained_on": "log", "trained_prompts": trained, "rows_left_out": left_out })
            }
        };
        let one = |(evaluation, w_cost): (&Evaluation, &Option<f64>)| {
            let mut all = evaluation.to_json(propensities);
            (all["w_cost"], all["basis"], all["absent_models"]) = (json!(w_cost), basis.clone(), json!(self.absent));
            all
        };
        self.evaluations.iter().zip(&self.w_cost).map(one).collect()
    }
}
