//! Near-duplicate prompts, which leak answers when one falls into training and the other into test.
//!
//! Does: MinHash (Broder 1997) over the triples of words of each prompt, in lower case and without punctuation at the edges of
//! words; prompts that share a band of four hashes are compared by the exact Jaccard similarity of their triples with the first
//! prompt of the band. Assumes: similar prompts share words in order. Time grows with n log n, not with the square: within a
//! band only pairs with its first prompt are compared, the others are met in other bands. At the threshold of 0.8 two similar
//! prompts share none of the 32 bands with probability (1 - 0.8^4)^32, 5e-8. Beside the texts it holds 32 keys of a prompt
//! (256 bytes, however long the text is): triples are taken anew of the few prompts that are compared. What is too long to be
//! held meets a sample of itself ([`SampledDuplicates`]).

mod embedded;
mod sampled;

pub use embedded::{MOST_COMPARED, similar};
pub use sampled::{ENOUGH, SampledDuplicates};

use crate::clusters::leader;
use std::collections::BTreeMap;

/// Least similarity of near-duplicates, the Jaccard index of triples of words.
pub const THRESHOLD: f64 = 0.8;

/// Words in a shingle.
const WORDS: usize = 3;

/// Bands of a signature, and hashes in a band.
const BANDS: usize = 32;
const BAND: usize = 4;

/// Prompts whose keys are computed at a time, in parallel.
const PART: usize = 1 << 14;

/// Two prompts that are near-duplicates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Position of the earlier prompt.
    pub first: usize,
    /// Position of the later prompt.
    pub second: usize,
    /// Jaccard index of their triples of words, at least [`THRESHOLD`].
    pub similarity: f64,
}

/// Groups of near-duplicates among some prompts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NearDuplicates {
    /// Number of prompts that were compared.
    pub prompts: usize,
    /// Groups of two or more, by their first prompt; positions ascend.
    pub groups: Vec<Vec<usize>>,
    /// The pairs by which the groups were found, by first and second prompt.
    pub pairs: Vec<Pair>,
}

impl NearDuplicates {
    /// Groups the near-duplicates among `prompts`.
    pub fn find<S: AsRef<str> + Sync>(prompts: &[S]) -> NearDuplicates {
        let keys = keys_by_band(prompts);
        let mut leaders: Vec<usize> = (0..prompts.len()).collect();
        let mut pairs = BTreeMap::new();
        keys.into_iter().for_each(|keys| meet(&keys, prompts, &mut leaders, &mut pairs));
        let pairs = pairs.into_iter().map(|((first, second), similarity)| Pair { first, second, similarity });
        NearDuplicates { prompts: prompts.len(), groups: groups(&mut leaders), pairs: pairs.collect() }
    }

    /// Number of prompts that have a near-duplicate.
    pub fn in_groups(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Share of the prompts outside of training that have a near-duplicate in training, where each prompt falls into
    /// training with probability `train`, whatever its group.
    pub fn expected_leak(&self, train: f64) -> f64 {
        let leaks = |group: &Vec<usize>| group.len() as f64 * (1.0 - libm::pow(1.0 - train, (group.len() - 1) as f64));
        self.groups.iter().map(leaks).sum::<f64>() / self.prompts.max(1) as f64
    }

    /// Number of prompts of each side that have a near-duplicate on another side, given each prompt's side.
    pub fn across<'a>(&self, sides: &[&'a str]) -> BTreeMap<&'a str, usize> {
        let mut counts = BTreeMap::new();
        for group in &self.groups {
            // With two sides in a group, every member has a near-duplicate on another than its own.
            if group.iter().any(|&at| sides[at] != sides[group[0]]) {
                group.iter().for_each(|&at| *counts.entry(sides[at]).or_default() += 1);
            }
        }
        counts
    }
}

/// For each band the keys of all prompts.
fn keys_by_band<S: AsRef<str> + Sync>(prompts: &[S]) -> Vec<Vec<u64>> {
    let mut keys: Vec<Vec<u64>> = (0..BANDS).map(|_| Vec::with_capacity(prompts.len())).collect();
    for part in prompts.chunks(PART) {
        for bands in store::in_parallel(part, |prompt| bands(&shingles(prompt.as_ref()))) {
            keys.iter_mut().zip(bands).for_each(|(keys, key)| keys.push(key));
        }
    }
    keys
}

/// Compares the prompts that share a band's key with the first of them, and puts groups together where they are similar.
fn meet<S: AsRef<str>>(keys: &[u64], prompts: &[S], leaders: &mut [usize], pairs: &mut BTreeMap<(usize, usize), f64>) {
    let mut order: Vec<(u64, usize)> = keys.iter().copied().zip(0..).collect();
    order.sort_unstable();
    for bucket in order.chunk_by(|a, b| a.0 == b.0) {
        let first = bucket[0].1;
        let mut of_first = None;
        for &(_, second) in &bucket[1..] {
            let (low, high) = (leader(leaders, first), leader(leaders, second));
            if low == high {
                continue;
            }
            let of_first = of_first.get_or_insert_with(|| shingles(prompts[first].as_ref()));
            let similarity = jaccard(of_first, &shingles(prompts[second].as_ref()));
            if similarity >= THRESHOLD {
                pairs.insert((first, second), similarity);
                leaders[low.max(high)] = low.min(high);
            }
        }
    }
}

/// Groups of two or more, by their first prompt.
fn groups(leaders: &mut [usize]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..leaders.len() {
        let first = leader(leaders, at);
        // A prompt that leads nobody else has no entry: most have no near-duplicate.
        if first != at {
            groups.entry(first).or_insert_with(|| vec![first]).push(at);
        }
    }
    groups.into_values().collect()
}

/// Hashes of the triples of words of a prompt, ascending, distinct; of all its words where it has fewer than three.
fn shingles(prompt: &str) -> Vec<u64> {
    let words = prompt.split_whitespace().map(|word| {
        let letters = word.trim_matches(|c: char| !c.is_alphanumeric());
        // A word of punctuation alone is kept as it stands: it may be all there is.
        let word = if letters.is_empty() { word } else { letters };
        word.chars().flat_map(char::to_lowercase).fold(OFFSET, |hash, letter| step(hash, u64::from(letter)))
    });
    let words: Vec<u64> = words.collect();
    let combine = |words: &[u64]| words.iter().fold(OFFSET, |hash, &word| mixed(hash ^ word));
    let mut all: Vec<u64> =
        if words.len() < WORDS { vec![combine(&words)] } else { words.windows(WORDS).map(combine).collect() };
    all.sort_unstable();
    all.dedup();
    all
}

/// Start and step of FNV-1a.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0100_0000_01b3)
}

/// The finaliser of splitmix64: every bit of the result depends on every bit of the argument.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The signature's bands, each one hash of its four smallest values.
fn bands(shingles: &[u64]) -> [u64; BANDS] {
    let mut least = [u64::MAX; BANDS * BAND];
    for &shingle in shingles {
        let mut key = shingle;
        for slot in &mut least {
            key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let hash = (key ^ (key >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *slot = (*slot).min(hash ^ (hash >> 29));
        }
    }
    std::array::from_fn(|band| least[band * BAND..][..BAND].iter().fold(OFFSET, |hash, &value| mixed(hash ^ value)))
}

/// Shared over all, of two ascending lists.
fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut at, mut bt, mut shared) = (0, 0, 0);
    while at < a.len() && bt < b.len() {
        shared += usize::from(a[at] == b[bt]);
        let (left, right) = (a[at], b[bt]);
        at += usize::from(left <= right);
        bt += usize::from(right <= left);
    }
    shared as f64 / (a.len() + b.len() - shared) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    fn sentence(generator: &mut random::Generator, words: usize) -> Vec<String> {
        (0..words).map(|_| format!("w{}", random::below(generator, 5000))).collect()
    }

    #[test]
    fn copies_that_differ_in_case_space_or_a_word_are_found_and_others_are_not() {
        let mut generator = Seed::root(1).stream("prompts").at(Round(0));
        let mut prompts: Vec<String> = (0..2000).map(|_| sentence(&mut generator, 40).join(" ")).collect();
        let mut edited: Vec<&str> = prompts[20].split(' ').collect();
        edited[0] = "changed";
        let edited = edited.join(" ");
        let copies = [prompts[10].to_uppercase().replace(' ', "  "), edited, format!("\"{}!\"", prompts[30])];
        prompts.extend(copies);
        let found = NearDuplicates::find(&prompts);
        assert_eq!(found.groups, [vec![10, 2000], vec![20, 2001], vec![30, 2002]]);
        assert_eq!((found.in_groups(), found.pairs.len()), (6, 3));
        assert_eq!((found.pairs[0].similarity, found.pairs[2].similarity), (1.0, 1.0));
        assert!((found.pairs[1].similarity - 37.0 / 39.0).abs() < 1e-12);
    }

    #[test]
    fn short_prompts_are_equal_or_not() {
        let found = NearDuplicates::find(&["Hi", "hi!", "hello there", "", "", "why?", "??", "???"]);
        assert_eq!(found.groups, [vec![0, 1], vec![3, 4]]);
    }

    /// The rule as it was written first, with the triples of all prompts in memory.
    fn by_the_rule(prompts: &[String]) -> (Vec<Vec<usize>>, Vec<Pair>) {
        let shingles: Vec<Vec<u64>> = prompts.iter().map(|prompt| shingles(prompt)).collect();
        let keys: Vec<[u64; BANDS]> = shingles.iter().map(|shingles| bands(shingles)).collect();
        let (mut group_of, mut pairs) = ((0..prompts.len()).collect::<Vec<usize>>(), Vec::new());
        for band in 0..BANDS {
            let mut buckets: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
            keys.iter().enumerate().for_each(|(at, keys)| buckets.entry(keys[band]).or_default().push(at));
            for bucket in buckets.values() {
                for &second in &bucket[1..] {
                    let (a, b) = (group_of[bucket[0]], group_of[second]);
                    let similarity = jaccard(&shingles[bucket[0]], &shingles[second]);
                    if a != b && similarity >= THRESHOLD {
                        pairs.push(Pair { first: bucket[0], second, similarity });
                        group_of.iter_mut().filter(|group| **group == a.max(b)).for_each(|group| *group = a.min(b));
                    }
                }
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        group_of.iter().enumerate().for_each(|(at, &group)| groups.entry(group).or_default().push(at));
        pairs.sort_by_key(|pair| (pair.first, pair.second));
        (groups.into_values().filter(|group| group.len() > 1).collect(), pairs)
    }

    #[test]
    fn triples_taken_anew_group_prompts_as_triples_held_in_memory_do() {
        let mut generator = Seed::root(2).stream("prompts").at(Round(0));
        let templates: Vec<Vec<String>> = (0..40).map(|_| sentence(&mut generator, 60)).collect();
        // Up to twelve words of sixty are replaced, so that similarities lie on both sides of the threshold.
        let edited = (0..1500).map(|_| {
            let mut words = templates[random::below(&mut generator, 40)].clone();
            for _ in 0..random::below(&mut generator, 13) {
                let at = random::below(&mut generator, 60);
                words[at] = format!("e{}", random::below(&mut generator, 1000));
            }
            words.join(" ")
        });
        let prompts: Vec<String> = edited.collect();
        let (groups, pairs) = by_the_rule(&prompts);
        assert!(groups.len() > 20 && pairs.len() < 1400, "some are alone: {} {}", groups.len(), pairs.len());
        let found = NearDuplicates::find(&prompts);
        assert_eq!((found.groups, found.pairs), (groups, pairs));
    }

    #[test]
    fn leaks_are_counted_by_split() {
        let text = "one two three four five six";
        let found = NearDuplicates::find(&[text, "something else altogether here", text, text]);
        assert_eq!(found.groups, [vec![0, 2, 3]]);
        let counts: Vec<_> = found.across(&["train", "test", "test", "train"]).into_iter().collect();
        assert_eq!(counts, [("test", 1), ("train", 2)]);
        assert!(found.across(&["train"; 4]).is_empty());
        // Three of four prompts, each with two others that may be in training.
        assert!((found.expected_leak(0.7) - 0.75 * (1.0 - 0.09)).abs() < 1e-12);
        assert_eq!(NearDuplicates::find::<&str>(&[]).expected_leak(0.7), 0.0);
    }
}
