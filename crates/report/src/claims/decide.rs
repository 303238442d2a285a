//! A claim against the replicates in which both its policies met the same requests.

use statistics::Interval;
use store::Run;

use crate::derived::{derived, is_derived};
use crate::evidence::{About, Evidence, Number, Paired, Reading};

use super::words;
use super::{Claim, Decision, Relation, Verdict};

/// Decides every claim, in order: pass if the paired 95 % interval lies at or above the threshold (within it,
/// of an equivalence), fail if it lies wholly below (beyond), else inconclusive.
pub fn decide(claims: &[Claim], runs: &[Run]) -> Vec<Verdict> {
    let made = |claim: &Claim| is_derived(&claim.metric);
    let derived = if claims.iter().any(made) { derived(runs) } else { Vec::new() };
    claims.iter().map(|claim| decide_one(claim, if made(claim) { &derived } else { runs })).collect()
}

fn decide_one(claim: &Claim, runs: &[Run]) -> Verdict {
    if let Some(reason) = &claim.unavailable {
        return open(claim, reason.clone(), &[]);
    }
    let environment = match environment(claim, runs) {
        Ok(environment) => environment,
        Err(reason) => return open(claim, reason, &[]),
    };
    let [candidate, baseline] = [&claim.candidate, &claim.baseline].map(|policy| side(environment, policy, runs));
    let numbers = [number(claim, &candidate, claim.w_cost), number(claim, &baseline, claim.baseline_weight())];
    let [candidate, baseline] = numbers;
    let pairs = Paired::new(candidate, baseline);
    if pairs.readings.is_empty() {
        return open(claim, words::missing(claim, environment), &[]);
    }
    let interval = interval(claim, &pairs);
    let effect = interval.mean.is_finite().then_some(interval.mean);
    let (verdict, why) = match interval.low.zip(interval.high) {
        None => (Decision::Inconclusive, format!("no interval: {}", interval.method)),
        Some(ends) => judge(claim, ends, interval.method),
    };
    Verdict { verdict, effect, low: interval.low, high: interval.high, ..open(claim, why, &pairs.readings) }
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
fn number<'a>(claim: &'a Claim, side: &'a Evidence<'a>, w_cost: Option<f64>) -> Number<'a> {
    Number::new(side, About { phase: &claim.phase, metric: &claim.metric, task: &claim.task, w_cost, arm: None })
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
