//! Claims of a paper, written beside a configuration and decided from the replicates of a run.

mod decide;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};
use store::words::{ALL_TASKS, phase};

pub use decide::decide;
pub use words::{claims_json, in_words};

/// How the candidate must stand to the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// mean(candidate) / mean(baseline) - 1 reaches the threshold (0.1 is ten per cent).
    RelativeGainAtLeast,
    /// mean(candidate) - mean(baseline) reaches the threshold, in the unit of the metric.
    DifferenceAtLeast,
    /// |mean(candidate) - mean(baseline)| is no more than the threshold, in the unit of the metric: the two are equivalent.
    DifferenceWithin,
    /// 1 - mean(candidate) / mean(baseline) reaches the threshold (0.5 is half the cost).
    RelativeSavingAtLeast,
}

/// One claim, as written in TOML under `[[claim]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Short name, unique in its file.
    pub id: String,
    /// What the paper says, with its number and where it stands.
    pub text: String,
    /// Label of the environment it is decided in; may be left out where a run has one.
    pub environment: Option<String>,
    /// Name of the metric.
    pub metric: String,
    /// Task; the mix of all unless given.
    #[serde(default = "all")]
    pub task: String,
    /// Weight on cost; none for metrics that span the grid.
    pub w_cost: Option<f64>,
    /// Phase; `test` unless given.
    #[serde(default = "test")]
    pub phase: String,
    /// Label of the policy the claim praises.
    pub candidate: String,
    /// Label of the policy it is compared with.
    pub baseline: String,
    /// Weight on cost at which the baseline is measured; that of the candidate unless given. A policy may so be compared
    /// with itself.
    pub baseline_w_cost: Option<f64>,
    /// How the two must stand to each other.
    pub relation: Relation,
    /// What the relation must reach, in the unit of the relation.
    pub threshold: f64,
    /// Why it cannot be decided here, where it cannot.
    pub unavailable: Option<String>,
}

impl Claim {
    /// Weight on cost at which the baseline is measured.
    fn baseline_weight(&self) -> Option<f64> {
        self.baseline_w_cost.or(self.w_cost)
    }
}

fn all() -> String {
    ALL_TASKS.to_owned()
}

fn test() -> String {
    phase::TEST.to_owned()
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The whole interval reaches the threshold, or lies within it.
    Pass,
    /// The whole interval stays below it, or lies beyond it.
    Fail,
    /// Neither, or there is no interval.
    Inconclusive,
}

/// A decided claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// As in [`Claim::id`].
    pub id: String,
    /// As in [`Claim::text`].
    pub text: String,
    /// What became of it.
    pub verdict: Decision,
    /// As in [`Claim::relation`].
    pub relation: Relation,
    /// The measured relation, in the unit of [`Claim::threshold`].
    pub effect: Option<f64>,
    /// Lower end of its paired interval.
    pub low: Option<f64>,
    /// Upper end of its paired interval.
    pub high: Option<f64>,
    /// When it passes and when it fails, in words.
    pub rule: String,
    /// How the numbers led to the verdict, or why there are none.
    pub why: String,
    /// Requests behind the candidate's value in each replicate (mean, rounded).
    pub n: u64,
    /// Replicates in which both were measured.
    pub replicates: u64,
    /// Outcomes the candidate had bought, mean over replicates.
    pub outcomes_candidate: f64,
    /// Outcomes the baseline had bought, mean over replicates.
    pub outcomes_baseline: f64,
}

/// What is wrong with a file of claims.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimError {
    /// The claim or line, the key, the rule and the value.
    pub message: String,
}

impl std::fmt::Display for ClaimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ClaimError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimFile {
    claim: Vec<Claim>,
}

/// Reads the claims of a TOML file, in file order.
///
/// # Errors
/// For an unknown or missing key (named, with its line and the known keys), a repeated id, a threshold that is not finite or
/// no distance, or a policy compared with itself at the same weight.
pub fn parse_claims(toml: &str) -> Result<Vec<Claim>, ClaimError> {
    let file: ClaimFile = toml::from_str(toml).map_err(|error| ClaimError { message: error.to_string() })?;
    for (position, claim) in file.claim.iter().enumerate() {
        let wrong = |rule: String| Err(ClaimError { message: format!("claim `{}`: {rule}", claim.id) });
        if file.claim[..position].iter().any(|other| other.id == claim.id) {
            return wrong("id must be unique, another claim has it".to_owned());
        }
        if !claim.threshold.is_finite() {
            return wrong(format!("threshold must be a finite number, not {}", claim.threshold));
        }
        if claim.relation == Relation::DifferenceWithin && claim.threshold < 0.0 {
            return wrong(format!("threshold of `difference-within` must be at least 0, not {}", claim.threshold));
        }
        if claim.baseline_w_cost.is_some() && claim.w_cost.is_none() {
            return wrong("baseline_w_cost needs a w_cost of the candidate".to_owned());
        }
        if claim.candidate == claim.baseline && claim.baseline_weight() == claim.w_cost {
            return wrong(format!("candidate and baseline must differ, both are `{}`", claim.baseline));
        }
    }
    Ok(file.claim)
}
