//! Claims and verdicts in plain sentences, and as JSON.

use super::{Claim, Decision, Relation, Verdict};
use crate::graphics::format::{count, number, short_count};
use store::words::MEAN_TASK;

/// The verdicts as the text of `claims.json`: a list in the order of the claims, indented.
pub fn claims_json(verdicts: &[Verdict]) -> String {
    serde_json::to_string_pretty(verdicts).expect("strings and numbers are always JSON") + "\n"
}

/// The verdicts for a terminal: which claims appeared, which did not, which stay open and why. Empty without verdicts.
pub fn in_words(verdicts: &[Verdict]) -> String {
    let groups = [(Decision::Pass, "appeared"), (Decision::Fail, "did not appear"), (Decision::Inconclusive, "open")];
    let mut text = String::new();
    for (decision, words) in groups {
        let group: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.verdict == decision).collect();
        if !group.is_empty() {
            let stand = group.iter().filter(|verdict| verdict.corrected == decision).count();
            let stand = match decision {
                Decision::Inconclusive => String::new(),
                _ => format!(" ({stand} when all are decided at once)"),
            };
            text += &format!("{} of {} claims {words}{stand}:\n", group.len(), verdicts.len());
            group.iter().for_each(|verdict| text += &sentence(verdict));
        }
    }
    text
}

fn sentence(verdict: &Verdict) -> String {
    let mut text = format!("  {}: {}\n", verdict.id, verdict.text);
    let measured = |value: f64| match verdict.relation {
        Relation::DifferenceAtLeast | Relation::DifferenceWithin => number(value, 4),
        Relation::RelativeGainAtLeast | Relation::RelativeSavingAtLeast => amount(verdict.relation, value),
    };
    if let Some(effect) = verdict.effect {
        let ends = match verdict.low.zip(verdict.high) {
            Some((low, high)) => format!(" [{}, {}]", measured(low), measured(high)),
            None => String::new(),
        };
        let replicates = if verdict.replicates == 1 { "replicate" } else { "replicates" };
        text += &format!(
            "    measured {}{ends} over {} {replicates}, n = {}; outcomes bought: {} by the candidate, {} by the baseline\n",
            measured(effect),
            verdict.replicates,
            count(verdict.n),
            short_count(verdict.outcomes_candidate),
            short_count(verdict.outcomes_baseline),
        );
    }
    text + &format!("    {}\n", verdict.why)
}

/// When a claim passes and when it fails.
pub(super) fn rule(claim: &Claim) -> String {
    let threshold = amount(claim.relation, claim.threshold);
    let (relation, from, pass, fail) = match claim.relation {
        Relation::RelativeGainAtLeast => ("relative gain of", "over", "at or above ", "below"),
        Relation::DifferenceAtLeast => ("difference of", "from", "at or above ", "below"),
        Relation::DifferenceWithin => ("difference of", "from", "within \u{b1}", "beyond"),
        Relation::RelativeSavingAtLeast => ("relative saving of", "over", "at or above ", "below"),
    };
    // Each end is a test of its own.
    let level = if claim.relation == Relation::DifferenceWithin { ", two one-sided tests at 2.5%," } else { "" };
    let at = claim.baseline_w_cost.map_or(String::new(), |weight| format!(" at w_cost {weight}"));
    format!(
        "pass if the 95% interval{level} of the {relation} `{}` {from} `{}`{at} in {} lies {pass}{threshold}, fail if wholly {fail}, \
         else inconclusive",
        claim.candidate,
        claim.baseline,
        subject(claim),
    )
}

/// What becomes of a decided claim when all of the file are decided at once.
pub(super) fn corrected(verdict: &Verdict, p: f64, claims: usize) -> String {
    let p = if p < 0.0001 { "p below .0001".to_owned() } else { format!("p = {}", number(p, 4)) };
    let stays = if verdict.corrected == verdict.verdict { "which stands" } else { "which does not stand" };
    format!(", {stays} when {claims} claims are decided at once (Holm, {p})")
}

/// Tasks that a claim names and nobody measured.
pub(super) fn absent(absent: &[&str], measured: &[&str]) -> String {
    let names = |tasks: &[&str]| tasks.iter().map(|task| format!("`{task}`")).collect::<Vec<_>>().join(", ");
    const SHOWN: usize = 12;
    let more = if measured.len() > SHOWN { format!(" and {} more", measured.len() - SHOWN) } else { String::new() };
    let shown = &measured[..measured.len().min(SHOWN)];
    format!("the test holds no {}: its tasks are {}{more}", names(absent), names(shown))
}

/// Why there is nothing to decide by.
pub(super) fn missing(claim: &Claim, environment: &str) -> String {
    format!(
        "`{}` and `{}` have no replicate of environment `{environment}` in common that measured {}",
        claim.candidate,
        claim.baseline,
        subject(claim),
    )
}

fn subject(claim: &Claim) -> String {
    let weight = claim.w_cost.map_or(String::new(), |weight| format!(", w_cost {weight}"));
    let task = match &claim.tasks {
        Some(tasks) => format!("mean of the tasks {}", tasks.join(", ")),
        None if claim.task == MEAN_TASK => "mean of all tasks".to_owned(),
        None => format!("task {}", claim.task),
    };
    let most =
        |unit: &str, most: Option<f64>| most.map_or(String::new(), |most| format!(", at no more than {most} {unit}"));
    let bought = most("outcomes bought", claim.at_outcomes) + &most("dollars of outcomes", claim.at_dollars);
    format!("{} (phase {}, {task}{weight}{bought})", claim.metric, claim.phase)
}

/// A threshold as the relation counts it.
pub(super) fn amount(relation: Relation, value: f64) -> String {
    match relation {
        Relation::DifferenceAtLeast | Relation::DifferenceWithin => format!("{value}"),
        Relation::RelativeGainAtLeast | Relation::RelativeSavingAtLeast => format!("{} %", number(100.0 * value, 2)),
    }
}
