//! Tasks and ids that look alike: the same but for case, spaces or Unicode form.

use super::facts::Facts;
use super::texts::groups_by_key;
use super::wording::{counted, finding};
use std::borrow::Cow;
use store::{Finding, Severity};
use unicode_normalization::UnicodeNormalization;

/// Tasks that look alike are most likely one task.
pub(super) fn similar_tasks(facts: &Facts<'_>) -> Option<Finding> {
    let names: Vec<&str> = facts.table.tasks().iter().map(String::as_str).collect();
    similar("similar-tasks", "task", &names)
}

/// Ids that look alike are most likely one prompt.
pub(super) fn similar_ids(facts: &Facts<'_>) -> Option<Finding> {
    let ids: Vec<&str> = (0..facts.table.len()).map(|row| facts.table.id(row)).collect();
    similar("similar-ids", "id", &ids)
}

fn similar(name: &str, one: &str, names: &[&str]) -> Option<Finding> {
    let groups = groups_by_key(names, |name| Cow::Owned(plain(name)));
    let alike: usize = groups.iter().map(Vec::len).sum();
    (alike > 0).then(|| {
        let what = format!(
            "{} differ from another only by case, spaces or Unicode form, in {}",
            counted(alike, one),
            counted(groups.len(), "group")
        );
        let shown =
            |group: &Vec<usize>| group.iter().take(5).map(|&at| quoted(names[at])).collect::<Vec<_>>().join(", ");
        let numbers = [("names", alike as f64), ("groups", groups.len() as f64)];
        finding(name, Severity::Warning, what, &numbers, groups.iter().map(shown))
    })
}

/// In quotes, with what a reader cannot see written out.
fn quoted(name: &str) -> String {
    format!("`{}`", name.chars().flat_map(char::escape_debug).collect::<String>())
}

/// A name without case, Unicode form (NFKC) and spaces at its ends; inner spaces are one each.
fn plain(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
