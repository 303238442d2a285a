//! A decision as JSON, the same for the command line and for Python.

use super::{Candidate, Conclusion, Decision, Fit, Goal, Measured};
use crate::log::json::interval_json;
use serde_json::{Value, json};

impl Goal {
    fn to_json(self) -> Value {
        match self {
            Goal::Saving => json!({ "kind": "saving" }),
            Goal::Reward(preference) => json!({ "kind": "reward", "w_cost": preference.cost() }),
            Goal::QualityAtLeast(least) => json!({ "kind": "quality-at-least", "quality": least }),
            Goal::DollarsAtMost(most) => json!({ "kind": "dollars-at-most", "dollars": most }),
        }
    }
}

impl Measured {
    fn to_json(self) -> Value {
        let mut all = interval_json(Some(self.own));
        all["difference"] = interval_json(Some(self.difference));
        all
    }
}

impl Candidate {
    fn to_json(&self) -> Value {
        let fit = match self.fit {
            Fit::Keeps => "keeps",
            Fit::Breaks => "breaks",
            Fit::Open => "open",
        };
        let region = self
            .region
            .map(|region| json!({ "centre": region.centre, "covariance": region.covariance, "reach": region.reach }));
        let refused = self.refused.is_some();
        let believed = |measured: Measured| if refused { Value::Null } else { measured.to_json() };
        json!({
            "name": self.name,
            "also": self.also,
            "refused": self.refused,
            "quality": believed(self.quality),
            "cost_usd": believed(self.dollars),
            "reward": self.reward.map(believed),
            "saving_at_equal_quality": self.saving.map(|saving| interval_json(Some(saving))),
            "region": region.filter(|_| !refused),
            "quality_bounds": self.bounds,
            "effective_rows": self.effective,
            "constraint": fit,
        })
    }
}

impl Decision {
    /// All of it.
    pub fn to_json(&self) -> Value {
        let planned = match &self.conclusion {
            Conclusion::Open { planned: Some(planned) } => {
                json!({ "candidate": planned.candidate, "rows": planned.rows })
            }
            _ => Value::Null,
        };
        let task = |line: &super::TaskLine| {
            json!({
                "task": line.task, "rows": line.rows, "quality_difference": interval_json(Some(line.quality)),
                "cost_usd_difference": interval_json(Some(line.dollars)), "p_value": line.p_value,
                "verdict": line.verdict.name(),
            })
        };
        let model = |(line, share): (&super::ModelLine, &f64)| {
            let share = Some(*share).filter(|share| share.is_finite());
            json!({
                "model": line.model, "rows": line.rows, "rows_now": line.rows_now, "scored_now": line.scored_now,
                "rated": share, "first": line.times.map(|times| times.0.to_string()),
                "last": line.times.map(|times| times.1.to_string()),
            })
        };
        json!({
            "decision": self.conclusion.name(),
            "sentence": self.sentence(),
            "about": self.conclusion.about(),
            "log_that_would_decide": planned,
            "goal": self.question.goal.to_json(),
            "margin": self.question.margin,
            "tau_usd": self.tau.0,
            "rows": self.rows[0],
            "rows_judged": self.rows[1],
            "clusters": self.clusters,
            "since": self.since.map(|since| since.to_string()),
            "traps": self.traps(),
            "propensities": self.propensities.sentence(),
            "incumbent": self.incumbent.to_json(),
            "candidates": self.candidates.iter().map(Candidate::to_json).collect::<Vec<_>>(),
            "by_task": self.by_task.iter().map(task).collect::<Vec<_>>(),
            "models": self.models.iter().zip(&self.feedback.shares).map(model).collect::<Vec<_>>(),
        })
    }
}
