//! A claim against the replicates in which both its policies met the same requests.

use statistics::{Interval, paired_difference, ratio_gain_interval};
use store::{Replicate, Score};

use super::words;
use super::{Claim, Decision, Relation, Verdict};

/// Decides every claim, in order: pass if the paired 95 % interval over replicates lies at or above the threshold, fail if it
/// lies wholly below, else inconclusive.
pub fn decide(claims: &[Claim], replicates: &[Replicate]) -> Vec<Verdict> {
    claims.iter().map(|claim| decide_one(claim, replicates)).collect()
}

fn decide_one(claim: &Claim, replicates: &[Replicate]) -> Verdict {
    if let Some(reason) = &claim.unavailable {
        return open(claim, reason.clone(), &[]);
    }
    let environment = match environment(claim, replicates) {
        Ok(environment) => environment,
        Err(reason) => return open(claim, reason, &[]),
    };
    let pairs = pairs(claim, environment, replicates);
    if pairs.is_empty() {
        return open(claim, words::missing(claim, environment), &pairs);
    }
    let interval = interval(claim, &pairs);
    let effect = interval.mean.is_finite().then_some(interval.mean);
    let (verdict, why) = match interval.low.zip(interval.high) {
        None => (Decision::Inconclusive, format!("no interval: {}", interval.method)),
        Some(ends) => judge(claim, ends, interval.method),
    };
    Verdict { verdict, effect, low: interval.low, high: interval.high, ..open(claim, why, &pairs) }
}

fn judge(claim: &Claim, (low, high): (f64, f64), method: &str) -> (Decision, String) {
    let (decision, place) = match claim.threshold {
        threshold if low >= threshold => (Decision::Pass, "reaches"),
        threshold if high < threshold => (Decision::Fail, "stays below"),
        _ => (Decision::Inconclusive, "lies on both sides of"),
    };
    let threshold = words::amount(claim.relation, claim.threshold);
    (decision, format!("the interval ({method}) {place} {threshold}"))
}

/// A verdict without numbers.
fn open(claim: &Claim, why: String, pairs: &[(&Score, &Score)]) -> Verdict {
    let mean = |part: &dyn Fn(&(&Score, &Score)) -> u64| {
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
fn environment<'a>(claim: &'a Claim, replicates: &'a [Replicate]) -> Result<&'a str, String> {
    if let Some(environment) = &claim.environment {
        return Ok(environment);
    }
    let environments = crate::charts::distinct(replicates.iter().map(|replicate| &replicate.environment));
    match (environments.len(), replicates.first()) {
        (1, Some(replicate)) => Ok(&replicate.environment),
        (0, _) | (_, None) => Err("the run holds no replicate".to_owned()),
        _ => Err(format!("the claim names no environment and the run has several: {}", environments.join(", "))),
    }
}

/// Scores of candidate and baseline in the same replicate, in the order of the candidate's replicates.
fn pairs<'a>(claim: &Claim, environment: &str, replicates: &'a [Replicate]) -> Vec<(&'a Score, &'a Score)> {
    let scores = |policy: &str| -> Vec<(u32, &'a Score)> {
        let own = replicates.iter().filter(|cell| cell.environment == environment && cell.policy == policy);
        own.filter_map(|cell| score(claim, cell).map(|score| (cell.replicate, score))).collect()
    };
    let baseline = scores(&claim.baseline);
    let partner = |number: u32| baseline.iter().find(|(other, _)| *other == number).map(|(_, score)| *score);
    scores(&claim.candidate)
        .into_iter()
        .filter_map(|(number, score)| partner(number).map(|partner| (score, partner)))
        .collect()
}

/// The latest score in a cell that the claim is about.
fn score<'a>(claim: &Claim, cell: &'a Replicate) -> Option<&'a Score> {
    let same_weight = |score: &Score| match (claim.w_cost, score.w_cost) {
        (None, None) => true,
        (Some(claimed), Some(measured)) => (claimed - measured).abs() < 1e-9,
        _ => false,
    };
    let about = |score: &&Score| {
        score.metric == claim.metric
            && score.task == claim.task
            && score.phase == claim.phase
            && score.arm.is_none()
            && same_weight(score)
    };
    cell.scores.iter().filter(about).max_by_key(|score| score.round)
}

fn interval(claim: &Claim, pairs: &[(&Score, &Score)]) -> Interval {
    let candidate: Vec<f64> = pairs.iter().map(|(candidate, _)| candidate.value).collect();
    let baseline: Vec<f64> = pairs.iter().map(|(_, baseline)| baseline.value).collect();
    match claim.relation {
        Relation::DifferenceAtLeast => paired_difference(&candidate, &baseline),
        Relation::RelativeGainAtLeast => ratio_gain_interval(&candidate, &baseline),
        Relation::RelativeSavingAtLeast => {
            let gain = ratio_gain_interval(&candidate, &baseline);
            let minus = |end: Option<f64>| end.map(|end| -end);
            Interval { mean: -gain.mean, low: minus(gain.high), high: minus(gain.low), method: gain.method }
        }
    }
}
