//! Claims of a paper, written beside a configuration and decided from the replicates of a run.

mod decide;
#[cfg(test)]
mod tests;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use settings::{Mistake, Place, SpecError, Written};
use store::words::{ALL_TASKS, MEAN_TASK, phase};

pub use decide::decide;
pub use words::{claims_json, in_words};

/// How the candidate must stand to the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Short name, unique in its file.
    pub id: String,
    /// What the paper says, with its number and where it stands.
    pub text: String,
    /// Label of the environment it is decided in; may be left out where a run has one.
    pub environment: Option<String>,
    /// Name of the metric.
    #[schemars(extend("x-rule" = "the name of a metric (see `barp list metrics`)"))]
    pub metric: String,
    /// Name of a task; `all`: the mix of all prompts; `mean`: every task counts alike, as in the tables of papers.
    #[serde(default = "all")]
    pub task: String,
    /// Tasks whose mean is meant by `mean`; every task that was measured unless given.
    pub tasks: Option<Vec<String>>,
    /// Weight on cost; none for metrics that span the grid.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub w_cost: Option<f64>,
    /// Name of a phase.
    #[serde(default = "test")]
    pub phase: String,
    /// Label of the policy the claim praises.
    pub candidate: String,
    /// Label of the policy it is compared with.
    pub baseline: String,
    /// Weight on cost at which the baseline is measured; that of the candidate unless given. A policy may so be compared
    /// with itself.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub baseline_w_cost: Option<f64>,
    /// Most outcomes that either may have bought: both are measured at their last checkpoint up to there. Needs a phase with
    /// checkpoints, `validation` or an online one.
    #[schemars(range(min = 0.0))]
    pub at_outcomes: Option<f64>,
    /// The same for dollars.
    #[schemars(range(min = 0.0))]
    pub at_dollars: Option<f64>,
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

    /// Refuses what contradicts itself, or the claims before.
    fn check(&self, others: &[(Place, Claim)]) -> Result<(), Mistake> {
        let fresh = others.iter().all(|(_, other)| other.id != self.id);
        Mistake::unless(fresh, "id", "unique", format!("`{}` again", self.id))?;
        let distance = self.relation != Relation::DifferenceWithin || self.threshold >= 0.0;
        Mistake::unless(distance, "threshold", "at least 0 for `difference-within`", self.threshold)?;
        if self.baseline_w_cost.is_some() && self.w_cost.is_none() {
            return Err("`baseline_w_cost` needs a `w_cost` of the candidate".into());
        }
        Mistake::unless(
            self.tasks.is_none() || self.task == MEAN_TASK,
            "task",
            "`mean` where `tasks` are given",
            &self.task,
        )?;
        let named = self.tasks.as_ref().is_none_or(|tasks| {
            !tasks.is_empty() && tasks.iter().enumerate().all(|(place, task)| !tasks[..place].contains(task))
        });
        Mistake::unless(
            named,
            "tasks",
            "one or more tasks, each once",
            format!("{:?}", self.tasks.as_deref().unwrap_or_default()),
        )?;
        let limited = self.at_outcomes.is_some() || self.at_dollars.is_some();
        let checkpoints = !limited || self.phase != phase::TEST;
        Mistake::unless(
            checkpoints,
            "phase",
            "one with checkpoints, such as `validation`, for `at_outcomes` and `at_dollars`",
            &self.phase,
        )?;
        let differ = self.candidate != self.baseline || self.baseline_weight() != self.w_cost;
        Mistake::unless(
            differ,
            "baseline",
            "another than the candidate at the same weight",
            format!("`{}`", self.baseline),
        )
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
    /// Two-sided p-value of the test that the interval is of: against the threshold, or against its ends where two are to be
    /// equivalent. None where there is no interval.
    pub p_value: Option<f64>,
    /// The same by Holm (1979), over all claims of the file that have one.
    pub p_holm: Option<f64>,
    /// What becomes of the claim when the chance of any wrong decision in the file is to stay below 5 %.
    pub corrected: Decision,
    /// Outcomes the candidate had bought, mean over replicates.
    pub outcomes_candidate: f64,
    /// Outcomes the baseline had bought, mean over replicates.
    pub outcomes_baseline: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClaimFile {
    /// Claims, in the order in which they are reported.
    #[schemars(extend("x-rule" = "one or more `[[claim]]` tables"))]
    claim: Vec<Map<String, Value>>,
}

/// The JSON schema of a `[[claim]]` table, made from its declaration.
pub fn claim_schema() -> Value {
    settings::schema_of::<Claim>()
}

/// What the claims on an experiment may name, known before it is run.
#[derive(Clone, Debug, Default)]
pub struct Nameable {
    /// Labels of environments.
    pub environments: Vec<String>,
    /// Labels of policies.
    pub policies: Vec<String>,
    /// Names of metrics.
    pub metrics: Vec<String>,
    /// Weights on cost at which policies are tested.
    pub weights: Vec<f64>,
    /// Names of tasks; none where the rows are others than those that claims were written for, so that tasks may be absent.
    pub tasks: Option<Vec<String>>,
}

impl Nameable {
    /// Refuses a claim at `place` that names something else; one that is marked as unavailable may.
    fn check(&self, place: &Place, claim: &Claim) -> Result<(), SpecError> {
        if claim.unavailable.is_some() {
            return Ok(());
        }
        let find = |field: &str, what: &str, name: &str, known: &[String]| {
            place.at(field).find(what, name, known.iter().map(|known| (known.as_str(), ())))
        };
        if let Some(environment) = &claim.environment {
            find("environment", "environment", environment, &self.environments)?;
        }
        find("candidate", "policy", &claim.candidate, &self.policies)?;
        find("baseline", "policy", &claim.baseline, &self.policies)?;
        find("metric", "metric", &claim.metric, &self.metrics)?;
        if !phase::is_known(&claim.phase) {
            let phases: Vec<String> = phase::all().into_iter().map(|(phase, _)| phase).collect();
            find("phase", "phase", &claim.phase, &phases)?;
        }
        if let Some(tasks) = &self.tasks {
            let known = [&[ALL_TASKS.to_owned(), MEAN_TASK.to_owned()], tasks.as_slice()].concat();
            find("task", "task", &claim.task, &known)?;
            claim.tasks.iter().flatten().try_for_each(|task| find("tasks", "task", task, tasks).map(drop))?;
        }
        let weights: Vec<String> = self.weights.iter().map(f64::to_string).collect();
        let rule = format!("one of the weights that are tested, {}", weights.join(", "));
        for (field, weight) in [("w_cost", claim.w_cost), ("baseline_w_cost", claim.baseline_w_cost)] {
            let Some(weight) = weight else { continue };
            let tested = self.weights.iter().any(|tested| crate::evidence::same_weight(Some(weight), Some(*tested)));
            place.unless(tested, field, &rule, weight)?;
        }
        Ok(())
    }
}

/// Reads the claims in the TOML `text` of the file called `file`, in file order.
///
/// # Errors
/// With its line: an unknown or missing key, a value that breaks its rule, a repeated id, or a policy compared with itself at
/// the same weight.
pub fn parse_claims(text: &str, file: &str) -> Result<Vec<Claim>, SpecError> {
    Ok(placed(text, file)?.into_iter().map(|(_, claim)| claim).collect())
}

/// [`parse_claims`] before anything is run: what they name must be among `known`.
///
/// # Errors
/// As [`parse_claims`], and for a name or weight that the experiment does not have, with the nearest and all of them.
pub fn check_claims(text: &str, file: &str, known: &Nameable) -> Result<(), SpecError> {
    placed(text, file)?.iter().try_for_each(|(place, claim)| known.check(place, claim))
}

fn placed(text: &str, file: &str) -> Result<Vec<(Place, Claim)>, SpecError> {
    let Written { table, place } = Written::parse(text, file)?;
    let written: ClaimFile = place.read(table)?;
    let mut claims: Vec<(Place, Claim)> = Vec::new();
    for (position, table) in written.claim.into_iter().enumerate() {
        let id = table.get("id").and_then(Value::as_str).unwrap_or_default();
        let place = place.at("claim").item(position).table(format!("[[claim]] {id}").trim_end());
        let claim: Claim = place.read(table)?;
        claim.check(&claims).map_err(|mistake| place.error(mistake))?;
        claims.push((place, claim));
    }
    Ok(claims)
}
