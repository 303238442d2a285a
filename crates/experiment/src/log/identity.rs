//! Which rows of a log belong together.
//!
//! Rows of one prompt do, or of one tenant where that is asked for; without a prompt rows of one request identifier do. Rows
//! that have neither are told apart by their content. Where contents hardly repeat, rows of equal content are one request
//! that was written again. Where they are few (a score of 0 or 1 at a fixed price), equal content says nothing; but if every
//! content occurs a multiple of g times, the log was written g times, and g rows belong together.

use deployment::prompt_hash;
use environments::sources::logged::LogRow;
use std::collections::BTreeMap;

/// What rows have in common that move together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Together {
    /// The prompt; without one the request identifier.
    #[default]
    Prompt,
    /// The tenant, which may be a session; without one as [`Together::Prompt`].
    Tenant,
}

/// What tells clusters apart.
pub(super) type Key = u64;

/// Contents repeat hardly where there is one for so many rows or fewer.
const FEW_REPEATS: usize = 10;

/// Fewest contents that show by their multiplicities that a log was written several times: by chance alone all are even once
/// in a thousand logs.
const FEWEST_CONTENTS: usize = 10;

/// The keys of a log's rows.
#[derive(Default)]
pub(super) struct Keys {
    /// Of each row: its key, and whether it is its content.
    rows: Vec<(Key, bool)>,
}

impl Keys {
    /// Enters a row.
    pub(super) fn add(&mut self, row: &LogRow, together: Together) {
        let tenant = row.tenant.as_deref().filter(|_| together == Together::Tenant).map(|name| ("tenant", name));
        let prompt = row.prompt.as_deref().filter(|prompt| !prompt.is_empty()).map(|text| ("prompt", text));
        let told = tenant.or(prompt).or_else(|| row.id.as_deref().map(|id| ("id", id)));
        self.rows.push(match told {
            Some((kind, text)) => (prompt_hash(&format!("{kind} {text}")), false),
            None => (content(row), true),
        });
    }

    /// All keys, ascending, and the position of each row's.
    pub(super) fn finish(mut self) -> (Vec<Key>, Vec<u32>) {
        let mut contents: BTreeMap<Key, usize> = BTreeMap::new();
        let unnamed = self.rows.iter().filter(|(_, content)| *content);
        unnamed.clone().for_each(|(key, _)| *contents.entry(*key).or_default() += 1);
        let count = unnamed.count();
        if contents.len() * FEW_REPEATS < count {
            let times = match contents.len() >= FEWEST_CONTENTS {
                true => contents.values().fold(0, |all, &own| common_divisor(all, own)),
                false => 1,
            };
            let mut met: BTreeMap<Key, usize> = BTreeMap::new();
            for (key, _) in self.rows.iter_mut().filter(|(_, content)| *content) {
                let met = met.entry(*key).or_default();
                *key = prompt_hash(&format!("{key:x} {}", *met / times));
                *met += 1;
            }
        }
        let mut keys: Vec<Key> = self.rows.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let place = |(key, _): &(Key, bool)| keys.binary_search(key).expect("every key is listed") as u32;
        let places = self.rows.iter().map(place).collect();
        (keys, places)
    }
}

/// A hash of all that a row holds but for its line.
fn content(row: &LogRow) -> Key {
    let nameless = LogRow { place: 0, ..row.clone() };
    prompt_hash(&format!("{nameless:?}"))
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
