//! A claim against the replicates in which both its policies met the same requests.

use statistics::{CONFIDENCE, Interval, holm};
use store::Run;
use store::words::{ALL_TASKS, MEAN_TASK};

use crate::derived::{derived, is_derived};
use crate::evidence::{About, Bought, Evidence, Number, Paired, Reading};

use super::words;
use super::{Claim, Decision, Relation, Verdict};

/// Decides every claim, in order: pass if the paired 95 % interval lies at or above the threshold (within it, of an equivalence),
/// fail if it lies wholly below (beyond), else inconclusive. Beside it stands what holds when all claims are decided at once: a
/// pass or fail stays one if its p-value, adjusted by Holm (1979) over all claims that could be tested, is at most .05.
pub fn decide(claims: &[Claim], runs: &[Run]) -> Vec<Verdict> {
    let made = |claim: &Claim| is_derived(&claim.metric);
    let derived = if claims.iter().any(made) { derived(runs) } else { Vec::new() };
    let decided = claims.iter().map(|claim| decide_one(claim, if made(claim) { &derived } else { runs }));
    corrected(decided.collect())
}

/// The verdicts with what holds for all of them at once.
fn corrected(mut verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let tested: Vec<f64> = verdicts.iter().filter_map(|verdict| verdict.p_value).collect();
    let mut adjusted = holm(&tested).into_iter();
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.p_value.is_some()) {
        let p = adjusted.next().expect("each tested claim has a value");
        verdict.p_holm = Some(p);
        if p <= 1.0 - CONFIDENCE {
            verdict.corrected = verdict.verdict;
        }
        if verdict.verdict != Decision::Inconclusive && tested.len() > 1 {
            verdict.why += &words::corrected(verdict, p, tested.len());
        }
    }
    verdicts
}

fn decide_one(claim: &Claim, runs: &[Run]) -> Verdict {
    if let Some(reason) = &claim.unavailable {
        return open(claim, reason.clone(), &[]);
    }
    let environment = match environment(claim, runs) {
        Ok(environment) => environment,
        Err(reason) => return open(claim, reason, &[]),
    };
    let [own, other] = [&claim.candidate, &claim.baseline].map(|policy| side(environment, policy, runs));
    let tasks = match tasks(claim, &own) {
        Ok(tasks) => tasks,
        Err(reason) => return open(claim, reason, &[]),
    };
    let candidate = number(claim, &tasks, &own, claim.w_cost);
    let pairs = Paired::new(candidate, number(claim, &tasks, &other, claim.baseline_weight()));
    if pairs.readings.is_empty() {
        return open(claim, words::missing(claim, environment), &[]);
    }
    let interval = interval(claim, &pairs);
    let effect = interval.mean.is_finite().then_some(interval.mean);
    let (verdict, why) = match interval.low.zip(interval.high) {
        None => (Decision::Inconclusive, format!("no interval: {}", interval.method)),
        Some(ends) => judge(claim, ends, interval.method),
    };
    let p_value = interval.low.and_then(|_| p_value(claim, &pairs));
    let (low, high) = (interval.low, interval.high);
    Verdict { verdict, effect, low, high, p_value, ..open(claim, why, &pairs.readings) }
}

/// The p-value of the test that the interval is of, on the scale of a two-sided one.
fn p_value(claim: &Claim, pairs: &Paired<'_>) -> Option<f64> {
    let threshold = claim.threshold;
    Some(match claim.relation {
        Relation::DifferenceAtLeast => pairs.contrast(1.0)?.differs(threshold),
        Relation::DifferenceWithin => {
            let contrast = pairs.contrast(1.0)?;
            contrast.within(threshold).min(contrast.beyond(threshold))
        }
        Relation::RelativeGainAtLeast => pairs.contrast(1.0 + threshold)?.differs(0.0),
        Relation::RelativeSavingAtLeast => pairs.contrast(1.0 - threshold)?.differs(0.0),
    })
}

/// The tasks that the claim is about: its own, or those of a mean.
///
/// # Errors
/// The tasks that nobody measured, in words.
fn tasks<'a>(claim: &'a Claim, candidate: &Evidence<'a>) -> Result<Vec<&'a str>, String> {
    let measured = candidate.tasks(&claim.phase, &claim.metric);
    let wanted: Vec<&str> = match (&claim.tasks, claim.task.as_str()) {
        (Some(tasks), _) => tasks.iter().map(String::as_str).collect(),
        (None, MEAN_TASK) => return Ok(measured),
        (None, ALL_TASKS) => return Ok(vec![ALL_TASKS]),
        (None, task) => vec![task],
    };
    let absent: Vec<&str> = wanted.iter().filter(|task| !measured.contains(task)).copied().collect();
    if absent.is_empty() || measured.is_empty() { Ok(wanted) } else { Err(words::absent(&absent, &measured)) }
}

fn judge(claim: &Claim, (low, high): (f64, f64), method: &str) -> (Decision, String) {
    let threshold = claim.threshold;
    let (decision, place) = match claim.relation {
        Relation::DifferenceWithin if low >= -threshold && high <= threshold => (Decision::Pass, "lies within \u{b1}"),
        Relation::DifferenceWithin if low > threshold || high < -threshold => (Decision::Fail, "lies beyond \u{b1}"),
        Relation::DifferenceWithin => (Decision::Inconclusive, "lies on both sides of an end of \u{b1}"),
        _ if low >= threshold => (Decision::Pass, "reaches "),
        _ if high < threshold => (Decision::Fail, "stays below "),
        _ => (Decision::Inconclusive, "lies on both sides of "),
    };
    let threshold = words::amount(claim.relation, claim.threshold);
    (decision, format!("the interval ({method}) {place}{threshold}"))
}

/// A verdict without numbers.
fn open(claim: &Claim, why: String, pairs: &[(Reading, Reading)]) -> Verdict {
    let mean = |part: &dyn Fn(&(Reading, Reading)) -> u64| {
        let sum: f64 = pairs.iter().map(|pair| part(pair) as f64).sum();
        sum / pairs.len().max(1) as f64
    };
    Verdict {
        id: claim.id.clone(),
        text: claim.text.clone(),
        verdict: Decision::Inconclusive,
        relation: claim.relation,
        effect: None,
        low: None,
        high: None,
        rule: words::rule(claim),
        why,
        n: mean(&|(candidate, _)| candidate.n).round() as u64,
        replicates: pairs.len() as u64,
        p_value: None,
        p_holm: None,
        corrected: Decision::Inconclusive,
        outcomes_candidate: mean(&|(candidate, _)| candidate.outcomes),
        outcomes_baseline: mean(&|(_, baseline)| baseline.outcomes),
    }
}

/// The environment the claim names, or the only one there is.
fn environment<'a>(claim: &'a Claim, runs: &'a [Run]) -> Result<&'a str, String> {
    if let Some(environment) = &claim.environment {
        return Ok(environment);
    }
    let environments = crate::charts::distinct(runs.iter().map(|run| &run.environment));
    match (environments.len(), runs.first()) {
        (1, Some(run)) => Ok(&run.environment),
        (0, _) | (_, None) => Err("the run holds no replicate".to_owned()),
        _ => Err(format!("the claim names no environment and the run has several: {}", environments.join(", "))),
    }
}

/// One policy in the environment of a claim.
fn side<'a>(environment: &str, policy: &str, runs: &'a [Run]) -> Evidence<'a> {
    Evidence::of(runs.iter().filter(|run| run.environment == environment && run.policy == policy))
}

/// The number that the claim is about, of one of its policies.
fn number<'a>(claim: &'a Claim, tasks: &[&'a str], side: &'a Evidence<'a>, w_cost: Option<f64>) -> Number<'a> {
    let about = |&task: &&'a str| About { phase: &claim.phase, metric: &claim.metric, task, w_cost, arm: None };
    let bought = Bought { outcomes: claim.at_outcomes, dollars: claim.at_dollars };
    Number { side, about: tasks.iter().map(about).collect(), bought }
}

fn interval(claim: &Claim, pairs: &Paired<'_>) -> Interval {
    match claim.relation {
        Relation::DifferenceAtLeast | Relation::DifferenceWithin => pairs.difference(),
        Relation::RelativeGainAtLeast => pairs.gain(),
        Relation::RelativeSavingAtLeast => {
            let gain = pairs.gain();
            let minus = |end: Option<f64>| end.map(|end| -end);
            Interval { mean: -gain.mean, low: minus(gain.high), high: minus(gain.low), method: gain.method }
        }
    }
}
