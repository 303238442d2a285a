//! The table `[environment.feedback]`: what of an outcome reaches a policy, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use settings::{Parameters, Place, SpecError};

/// How long an outcome takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DelayLaw {
    /// Always the mean.
    Fixed,
    /// Geometric: in every round it arrives with the same probability.
    Geometric,
}

/// What of an outcome reaches a policy, and when: the table `[environment.feedback]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FeedbackRule {
    /// Mean rounds until an outcome is known; 0: at once.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub delay: f64,
    /// Distribution of the delay.
    pub law: DelayLaw,
    /// Probability that a good outcome (score of at least 1/2) never arrives.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub missing: f64,
    /// The same for a bad one; none: as `missing`, that is at random.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub missing_bad: Option<f64>,
    /// Probability that the judge turns a good score q into 1 - q.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub false_fail: f64,
    /// Probability that the judge turns a bad score q into 1 - q.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub false_pass: f64,
    /// Models whose outcome is shown: the chosen one and others drawn uniformly; all that are up if there are
    /// fewer.
    #[schemars(range(min = 1))]
    pub arms: usize,
    /// Rounds m in which every model that is up is shown, at most the rounds of the run; 0: none.
    pub labels: u64,
    /// Which rounds these are.
    pub labels_at: LabelsAt,
    /// Largest score that can be told: of a better one only this much is known (right-censored, Tobin 1958).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub censored_above: f64,
    /// Scores below this are never told, as where only the satisfied answer (truncated); 0: all are.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub truncated_below: f64,
}

/// In which rounds all models are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl Parameters for FeedbackRule {}

impl FeedbackRule {
    /// The rule that `given` states; none where it is the usual one: the chosen model's outcome, at once and as it is.
    pub(crate) fn parse(
        place: &Place,
        given: Map<String, Value>,
        rounds: u64,
    ) -> Result<Option<FeedbackRule>, SpecError> {
        let rule: FeedbackRule = place.section(given)?;
        let limit = format!("at most `rounds` = {rounds}");
        place.unless(rule.labels <= rounds, "labels", &limit, rule.labels)?;
        Ok((rule != FeedbackRule::default()).then_some(rule))
    }
}
