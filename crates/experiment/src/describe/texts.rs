//! The texts of a table's prompts, with those that are equal or nearly so.

use environments::near_duplicates::NearDuplicates;
use std::borrow::Cow;

/// The texts of a table's prompts, in the order of its rows.
pub struct Texts {
    pub(super) prompts: Vec<String>,
    pub(super) splits: Option<Vec<String>>,
    pub(super) near: NearDuplicates,
    /// Groups of equal prompts.
    pub(super) exact: Vec<Vec<usize>>,
}

impl Texts {
    /// Looks for duplicates among `prompts`. `splits` says, where it is known, to which split of the file each belongs.
    ///
    /// # Panics
    /// If there are splits, and not one for each prompt.
    pub fn new(prompts: Vec<String>, splits: Option<Vec<String>>) -> Texts {
        assert!(splits.as_ref().is_none_or(|splits| splits.len() == prompts.len()), "one split for each prompt");
        let (near, exact) = (NearDuplicates::find(&prompts), groups_by_key(&prompts, |prompt| Cow::Borrowed(prompt)));
        Texts { prompts, splits, near, exact }
    }
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
