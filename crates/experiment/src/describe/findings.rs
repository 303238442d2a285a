//! The kinds of finding, in the order in which they are told within a severity: one function each, listed once.

use super::facts::Facts;
use super::{Texts, models, names, prompts};
use environments::Table;
use store::{Finding, Severity};

/// Most cases that a finding shows.
const EXAMPLES: usize = 5;

/// Looks for one kind; none where there is nothing to tell.
type Look = fn(&Facts<'_>) -> Option<Finding>;

/// Every kind.
const KINDS: &[Look] = &[
    names::similar_tasks,
    names::similar_ids,
    prompts::contradictions,
    prompts::across_splits,
    prompts::near_duplicates,
    prompts::exact_duplicates,
    models::zero_prices,
    models::outliers,
    models::gaps_by_model,
    models::gaps_by_task,
    models::constant_quality,
    models::unstepped_quality,
    models::features,
    models::small_tasks,
    models::single_task,
    models::never_best,
    models::dominated,
    models::dollars_range,
];

/// What is odd about `table`, warnings before notes; of its prompts only where their texts are given, one for each row.
///
/// # Panics
/// If there are texts, and not one for each row.
pub fn findings(table: &Table, texts: Option<&Texts>) -> Vec<Finding> {
    assert!(texts.is_none_or(|texts| texts.prompts.len() == table.len()), "one text for each row");
    let facts = Facts::of(table, texts);
    let mut found: Vec<Finding> = KINDS.iter().filter_map(|look| look(&facts)).collect();
    found.sort_by_key(|finding| finding.severity);
    found
}

/// A finding with the first of its examples.
pub(super) fn finding(
    name: &str,
    severity: Severity,
    what: String,
    numbers: &[(&str, f64)],
    examples: impl IntoIterator<Item = String>,
) -> Finding {
    Finding {
        name: name.to_owned(),
        severity,
        what,
        numbers: numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        examples: examples.into_iter().take(EXAMPLES).collect(),
    }
}

/// Dollars in three significant digits, for readers; the exact number stands among a finding's numbers.
pub(super) fn dollars(amount: f64) -> String {
    let magnitude = if amount > 0.0 { libm::floor(libm::log10(amount)) } else { 0.0 };
    let decimals = (2.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("${amount:.decimals$}")
}

/// A number with the word for what is counted: `1 model`, `2 models`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
