//! Policies that choose by the task alone, which a log and a generator can both score.

use super::error::EvaluationError;
use super::fold::Fold;

/// Prefix of the policy that always takes one model.
pub(super) const ALWAYS: &str = "always:";

/// A policy that chooses by the task alone.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPolicy {
    /// Its name.
    pub name: String,
    /// Probability of each model on each task: T x K, rows sum to 1.
    pub probabilities: Vec<Vec<f64>>,
}

/// Names of all policies over `models`: each model always, a uniformly random one, the cheapest and the dearest by mean
/// dollars, the best by mean quality over all tasks and on each task.
pub fn names(models: &[String]) -> Vec<String> {
    let always = models.iter().map(|model| format!("{ALWAYS}{model}"));
    always.chain(RULES.iter().map(|(name, _)| (*name).to_owned())).collect()
}

/// Given the means of models on a task and over all tasks (quality, dollars), the probabilities on the task.
type Rule = fn(&Means) -> Vec<f64>;

struct Means {
    /// On the task; none where nothing is known of a model.
    quality: Vec<Option<f64>>,
    /// Over all tasks.
    overall_quality: Vec<Option<f64>>,
    overall_dollars: Vec<Option<f64>>,
}

const RULES: &[(&str, Rule)] = &[
    ("random", |means| vec![1.0 / means.quality.len() as f64; means.quality.len()]),
    ("cheapest", |means| best(&means.overall_dollars, |a, b| a < b)),
    ("largest", |means| best(&means.overall_dollars, |a, b| a > b)),
    ("best-single", |means| best(&means.overall_quality, |a, b| a > b)),
    ("best-per-task", |means| best(&means.quality, |a, b| a > b)),
];

/// All probability on the first known value that none is `better` than.
fn best(values: &[Option<f64>], better: fn(f64, f64) -> bool) -> Vec<f64> {
    let known = values.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value)));
    let top = known.reduce(|top, next| if better(next.1, top.1) { next } else { top });
    let chosen = top.map_or(0, |(at, _)| at);
    (0..values.len()).map(|at| f64::from(u8::from(at == chosen))).collect()
}

/// The `named` policies as the rows of `fold` make them.
///
/// # Errors
/// When a name is unknown; names the nearest and all known ones.
pub fn policies(named: &[String], models: &[String], fold: &Fold) -> Result<Vec<TaskPolicy>, EvaluationError> {
    let [quality, dollars] = fold.means();
    let shares: Vec<f64> =
        fold.cells.iter().map(|task| task.iter().map(|cell| cell.rows).sum::<u64>() as f64).collect();
    let overall = |means: &[Vec<Option<f64>>]| -> Vec<Option<f64>> {
        let of = |model: usize| means.iter().zip(&shares).map(|(task, share)| Some(share * task[model]?)).sum();
        (0..models.len()).map(of).collect()
    };
    let (overall_quality, overall_dollars) = (overall(&quality), overall(&dollars));
    let probabilities = |rule: Rule| {
        let of_task = |quality: &Vec<Option<f64>>| {
            let (overall_quality, overall_dollars) = (overall_quality.clone(), overall_dollars.clone());
            rule(&Means { quality: quality.clone(), overall_quality, overall_dollars })
        };
        quality.iter().map(of_task).collect::<Vec<_>>()
    };
    let build = |name: &String| {
        let rule = RULES.iter().find(|(known, _)| known == name).map(|(_, rule)| probabilities(*rule));
        let always = || {
            let model = name.strip_prefix(ALWAYS)?;
            let chosen = models.iter().position(|known| known == model)?;
            let row: Vec<f64> = (0..models.len()).map(|at| f64::from(u8::from(at == chosen))).collect();
            Some(vec![row; quality.len()])
        };
        let unknown = || EvaluationError::UnknownPolicy { name: name.clone(), known: names(models) };
        let probabilities = rule.or_else(always).ok_or_else(unknown)?;
        Ok(TaskPolicy { name: name.clone(), probabilities })
    };
    named.iter().map(build).collect()
}
