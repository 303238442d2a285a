//! Prompts that occur twice: exactly, nearly, with other outcomes, on both sides of a split.

use super::facts::Facts;
use super::wording::{counted, finding};
use environments::near_duplicates::THRESHOLD;
use store::{Finding, Severity};

/// Share of prompts that experiments train on unless told otherwise.
const TRAIN: f64 = 0.7;

/// The same prompt, asked of the same model, with another score.
pub(super) fn contradictions(facts: &Facts<'_>) -> Option<Finding> {
    let texts = facts.texts?;
    let table = facts.table;
    let contradicting = |group: &&Vec<usize>| first_contradiction(facts, group).is_some();
    let groups: Vec<&Vec<usize>> = texts.exact.iter().filter(contradicting).collect();
    let prompts: usize = groups.iter().map(|group| group.len()).sum();
    (prompts > 0).then(|| {
        let what = format!(
            "{} repeat another exactly, and a model has other scores on them: no router can tell them apart",
            counted(prompts, "prompt")
        );
        let shown = |group: &&Vec<usize>| {
            let (arm, low, high) = first_contradiction(facts, group).unwrap_or_default();
            format!("{}: {} scores {low} to {high}", ids(facts, group), table.models()[arm])
        };
        let numbers = [("prompts", prompts as f64), ("groups", groups.len() as f64)];
        finding("contradicting-duplicates", Severity::Warning, what, &numbers, groups.iter().map(shown))
    })
}

/// The first model whose scores differ within a group, with the least and greatest of them.
fn first_contradiction(facts: &Facts<'_>, group: &[usize]) -> Option<(usize, f32, f32)> {
    (0..facts.table.arms()).find_map(|arm| {
        let scores = || group.iter().filter_map(|&row| facts.table.outcome(row, arm)).map(|outcome| outcome.quality);
        let (low, high) = (scores().fold(f32::INFINITY, f32::min), scores().fold(f32::NEG_INFINITY, f32::max));
        (low < high).then_some((arm, low, high))
    })
}

/// Prompts of one split with a near-duplicate in another: the file's own split leaks.
pub(super) fn across_splits(facts: &Facts<'_>) -> Option<Finding> {
    let texts = facts.texts?;
    let splits: Vec<&str> = texts.splits.as_ref()?.iter().map(String::as_str).collect();
    let across = texts.near.across(&splits);
    let prompts: usize = across.values().sum();
    (prompts > 0).then(|| {
        let what = format!("{} have a near-duplicate in another split of the file", counted(prompts, "prompt"));
        let shown = across.iter().map(|(split, prompts)| format!("{prompts} of split `{split}`"));
        finding("leak-across-splits", Severity::Warning, what, &[("prompts", prompts as f64)], shown)
    })
}

/// Near-duplicates, by triples of words.
pub(super) fn near_duplicates(facts: &Facts<'_>) -> Option<Finding> {
    let near = &facts.texts?.near;
    (!near.groups.is_empty()).then(|| {
        let leak = near.expected_leak(TRAIN);
        let what = format!(
            "{} of {} have a near-duplicate (triples of words shared to {THRESHOLD} or more), in {}; a random split with 70 % \
             in training puts one of them into training for {:.2} % of all others",
            counted(near.in_groups(), "prompt"),
            near.prompts,
            counted(near.groups.len(), "group"),
            100.0 * leak
        );
        let numbers = [
            ("prompts", near.in_groups() as f64),
            ("groups", near.groups.len() as f64),
            ("largest_group", near.groups.iter().map(Vec::len).max().unwrap_or(0) as f64),
            ("expected_leak", leak),
        ];
        let pairs = near.pairs.iter().map(|pair| {
            format!("{} and {}: {:.2}", facts.table.id(pair.first), facts.table.id(pair.second), pair.similarity)
        });
        finding("near-duplicate-prompts", Severity::Warning, what, &numbers, pairs)
    })
}

/// Prompts that are equal to the letter.
pub(super) fn exact_duplicates(facts: &Facts<'_>) -> Option<Finding> {
    let exact = &facts.texts?.exact;
    let prompts: usize = exact.iter().map(Vec::len).sum();
    (prompts > 0).then(|| {
        let what = format!(
            "{} repeat another exactly, in {}: they count as several rows and are one",
            counted(prompts, "prompt"),
            counted(exact.len(), "group")
        );
        let numbers = [("prompts", prompts as f64), ("groups", exact.len() as f64)];
        let shown = exact.iter().map(|group| ids(facts, group));
        finding("exact-duplicate-prompts", Severity::Warning, what, &numbers, shown)
    })
}

/// The first ids of a group.
fn ids(facts: &Facts<'_>, group: &[usize]) -> String {
    let shown: Vec<&str> = group.iter().take(5).map(|&row| facts.table.id(row)).collect();
    let more = group.len() - shown.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &rest
}
