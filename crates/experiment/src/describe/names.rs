//! Tasks and ids that look alike: the same but for case, spaces or Unicode form.

use super::facts::Facts;
use super::findings::{counted, finding};
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

/// Positions of equal keys, in groups of two or more by their first position.
pub(super) fn groups_by_key<T>(items: &[T], key: impl for<'a> Fn(&'a T) -> Cow<'a, str>) -> Vec<Vec<usize>> {
    // A hash for each item instead of its key: there may be millions of them.
    let mut order: Vec<(u64, usize)> = items.iter().map(|item| hash(&key(item))).zip(0..).collect();
    order.sort_unstable();
    let mut groups = Vec::new();
    for candidates in order.chunk_by(|a, b| a.0 == b.0).filter(|candidates| candidates.len() > 1) {
        let mut rest: Vec<usize> = candidates.iter().map(|(_, at)| *at).collect();
        while let Some(&first) = rest.first() {
            let wanted = key(&items[first]);
            let (equal, other) = rest.iter().partition(|&&at| key(&items[at]) == wanted);
            groups.push(equal);
            rest = other;
        }
    }
    groups.retain(|group: &Vec<usize>| group.len() > 1);
    groups.sort_unstable();
    groups
}

/// FNV-1a, finished as splitmix64 does.
fn hash(text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 27)
}
