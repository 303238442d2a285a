//! The kinds of finding, in the order in which they are told within a severity: one function each, listed once.

use super::facts::Facts;
use super::texts::Texts;
use super::{models, names, prompts};
use environments::Table;
use store::Finding;

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
