//! The table `[environment.feedback]`: what of an outcome reaches a policy, and when.

use crate::settings::{Place, SpecError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long an outcome takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DelayLaw {
    /// Always the mean.
    Fixed,
    /// Geometric: in every round it arrives with the same probability.
    Geometric,
}

/// The table `[environment.feedback]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedbackRule {
    /// Mean rounds until an outcome is known, at least 0; 0: at once.
    pub delay: f64,
    /// Distribution of the delay.
    pub law: DelayLaw,
    /// Probability in [0, 1] that a good outcome (score of at least 1/2) never arrives.
    pub missing: f64,
    /// The same for a bad one; none: as `missing`, that is at random.
    pub missing_bad: Option<f64>,
    /// Probability in [0, 1] that the judge turns a good score q into 1 - q.
    pub false_fail: f64,
    /// Probability in [0, 1] that the judge turns a bad score q into 1 - q.
    pub false_pass: f64,
    /// Models whose outcome is shown, at least 1: the chosen one and others drawn uniformly; all that are up if there are
    /// fewer.
    pub arms: usize,
    /// Rounds m in which every model that is up is shown, at most the rounds of the run; 0: none.
    pub labels: u64,
    /// Which rounds these are.
    pub labels_at: LabelsAt,
    /// Largest score that can be told, in [0, 1]: of a better one only this much is known (right-censored, Tobin 1958).
    pub censored_above: f64,
    /// Scores below this, in [0, 1], are never told, as where only the satisfied answer (truncated); 0: all are.
    pub truncated_below: f64,
}

/// In which rounds all models are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelsAt {
    /// The first m.
    Start,
    /// One drawn uniformly from each of m equal parts of the run.
    Random,
}

impl Default for FeedbackRule {
    fn default() -> Self {
        FeedbackRule {
            delay: 0.0,
            law: DelayLaw::Geometric,
            missing: 0.0,
            missing_bad: None,
            false_fail: 0.0,
            false_pass: 0.0,
            arms: 1,
            labels: 0,
            labels_at: LabelsAt::Start,
            censored_above: 1.0,
            truncated_below: 0.0,
        }
    }
}

impl FeedbackRule {
    /// The rule that `given` states; none where it is the usual one: the chosen model's outcome, at once and as it is.
    pub(crate) fn parse(
        place: &Place,
        given: Map<String, Value>,
        rounds: u64,
    ) -> Result<Option<FeedbackRule>, SpecError> {
        let defaults = serde_json::to_value(FeedbackRule::default()).expect("defaults are plain");
        let accepts = |value: &Value| match FeedbackRule::deserialize(value) {
            Ok(rule) => rule.check(),
            Err(error) => Err(error.to_string()),
        };
        let all = place.merge(defaults, given, accepts)?;
        let rule: FeedbackRule = serde_json::from_value(all).expect("`merge` accepted the table");
        let limit = format!("at most `rounds` = {rounds}");
        place.unless(rule.labels <= rounds, "labels", &limit, rule.labels)?;
        Ok((rule != FeedbackRule::default()).then_some(rule))
    }

    fn check(&self) -> Result<(), String> {
        if !(self.delay >= 0.0 && self.delay <= 1e9) {
            return Err(format!("`delay` must be in [0, 1e9], got {}", self.delay));
        }
        if self.arms == 0 {
            return Err("`arms` must be at least 1, got 0".into());
        }
        let shares = [
            ("missing", Some(self.missing)),
            ("missing-bad", self.missing_bad),
            ("false-fail", Some(self.false_fail)),
            ("false-pass", Some(self.false_pass)),
            ("censored-above", Some(self.censored_above)),
            ("truncated-below", Some(self.truncated_below)),
        ];
        match shares.iter().find(|(_, share)| share.is_some_and(|share| !(0.0..=1.0).contains(&share))) {
            None => Ok(()),
            Some((field, share)) => Err(format!("`{field}` must be in [0, 1], got {}", share.unwrap_or_default())),
        }
    }
}
