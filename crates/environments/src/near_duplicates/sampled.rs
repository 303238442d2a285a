//! Near-duplicates in a stream of prompts that is too long to be held: a sample of it is, and every prompt meets the sample.
//!
//! What is found is a share with a sampling error, of prompts that have a near-duplicate anywhere in the stream; what lies in
//! groups, and how large those are, is not. Memory grows with the sample alone. A prompt of the sample with
//! [`ENOUGH`] near-duplicates is looked at no longer, so that a prompt which everybody sends does not cost its square.

use super::{BANDS, Pair, THRESHOLD, bands, jaccard, shingles};

/// Near-duplicates of one prompt that are counted: so many put one of them into training with near certainty.
pub const ENOUGH: u32 = 16;

/// Pairs that are kept to be shown.
const SHOWN: usize = 3;

/// Sampled prompts, with how many near-duplicates each was found to have.
pub struct SampledDuplicates {
    /// Positions in the stream, ascending.
    positions: Vec<u64>,
    shingles: Vec<Vec<u64>>,
    keys: Vec<[u64; BANDS]>,
    found: Vec<u32>,
    index: Index,
    /// Sampled prompts that are still looked at when the index was made, and now.
    indexed: usize,
    open: usize,
    /// The first pairs, by position in the stream.
    pub pairs: Vec<Pair>,
}

impl SampledDuplicates {
    /// Begins with the prompts of a sample and their positions in the stream, which ascend.
    pub fn of(sample: &[(u64, String)]) -> SampledDuplicates {
        let prepared = store::in_parallel(sample, |(_, prompt)| {
            let shingles = shingles(prompt);
            let keys = bands(&shingles);
            (shingles, keys)
        });
        let (shingles, keys): (Vec<_>, Vec<_>) = prepared.into_iter().unzip();
        let all: Vec<usize> = (0..sample.len()).collect();
        SampledDuplicates {
            positions: sample.iter().map(|(position, _)| *position).collect(),
            index: Index::of(&keys, &all),
            shingles,
            keys,
            found: vec![0; sample.len()],
            indexed: sample.len(),
            open: sample.len(),
            pairs: Vec::new(),
        }
    }

    /// Compares some prompts of the stream, with their positions, with the sample.
    pub fn meet(&mut self, prompts: &[(u64, String)]) {
        let similar = store::in_parallel(prompts, |(position, prompt)| self.similar(*position, prompt));
        for ((position, _), similar) in prompts.iter().zip(similar) {
            for (at, similarity) in similar {
                self.found[at] += 1;
                self.open -= usize::from(self.found[at] == ENOUGH);
                if self.pairs.len() < SHOWN && self.positions[at] < *position {
                    let (first, second) = (self.positions[at] as usize, *position as usize);
                    self.pairs.push(Pair { first, second, similarity });
                }
            }
        }
        if 10 * self.open < 9 * self.indexed {
            let open: Vec<usize> = (0..self.found.len()).filter(|&at| self.found[at] < ENOUGH).collect();
            self.index = Index::of(&self.keys, &open);
            self.indexed = self.open;
        }
    }

    /// Sampled prompts that a prompt is a near-duplicate of, itself excepted.
    fn similar(&self, position: u64, prompt: &str) -> Vec<(usize, f64)> {
        let shingles = shingles(prompt);
        let mut candidates = self.index.sharing(&bands(&shingles));
        candidates.sort_unstable();
        candidates.dedup();
        let close = candidates.into_iter().filter_map(|at| {
            let at = at as usize;
            let other = self.positions[at] != position && self.found[at] < ENOUGH;
            let similarity = if other { jaccard(&self.shingles[at], &shingles) } else { 0.0 };
            (similarity >= THRESHOLD).then_some((at, similarity))
        });
        close.collect()
    }

    /// Number of sampled prompts.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Number of sampled prompts that have a near-duplicate in what was met.
    pub fn with_duplicates(&self) -> usize {
        self.found.iter().filter(|&&found| found > 0).count()
    }

    /// Share of the prompts outside of training that have a near-duplicate in training, where each prompt falls into
    /// training with probability `train`.
    pub fn expected_leak(&self, train: f64) -> f64 {
        let leaks = self.found.iter().map(|&found| 1.0 - libm::pow(1.0 - train, f64::from(found)));
        leaks.sum::<f64>() / self.found.len().max(1) as f64
    }
}

/// Which sampled prompts have a key in a band: for each band the keys in order, and where those with the same first bits
/// begin.
struct Index {
    bits: u32,
    bands: Vec<Band>,
}

/// Entries of one band.
struct Band {
    /// Where the entries with each value of the first bits begin, and where the last ones end.
    starts: Vec<u32>,
    /// Keys, ascending, with the prompts that have them.
    entries: Vec<(u64, u32)>,
}

impl Index {
    fn of(keys: &[[u64; BANDS]], members: &[usize]) -> Index {
        let bits = members.len().max(2).ilog2();
        let of_band = |&band: &usize| {
            let mut entries: Vec<(u64, u32)> = members.iter().map(|&at| (keys[at][band], at as u32)).collect();
            entries.sort_unstable();
            let mut starts = vec![0; (1 << bits) + 1];
            entries.iter().for_each(|(key, _)| starts[(key >> (64 - bits)) as usize + 1] += 1);
            (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
            Band { starts, entries }
        };
        let bands: Vec<usize> = (0..BANDS).collect();
        Index { bits, bands: store::in_parallel(&bands, of_band) }
    }

    /// Members that share a band with `keys`, some of them more than once.
    fn sharing(&self, keys: &[u64; BANDS]) -> Vec<u32> {
        let mut found = Vec::new();
        for (Band { starts, entries }, key) in self.bands.iter().zip(keys) {
            let first = (key >> (64 - self.bits)) as usize;
            let near = &entries[starts[first] as usize..starts[first + 1] as usize];
            found.extend(near.iter().filter(|(known, _)| known == key).map(|(_, at)| *at));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near_duplicates::NearDuplicates;

    /// Prompts of 30 words: one in four has a copy with another first word, far away; one is sent 200 times.
    fn stream() -> Vec<(u64, String)> {
        let words = |number: usize| (0..30).map(|at| format!("w{} ", mixed(number, at))).collect::<String>();
        let text = |number: usize| match number {
            _ if number.is_multiple_of(10) => "the very same words in every one of these".to_owned(),
            _ if number >= 1500 => format!("changed {}", words(number - 1500).split_once(' ').unwrap().1),
            _ => words(number),
        };
        (0..2000).map(|number| (number as u64, text(number))).collect()
    }

    fn mixed(number: usize, at: usize) -> u64 {
        super::super::mixed((number * 31 + at) as u64) % 5000
    }

    #[test]
    fn a_sample_of_everything_finds_what_holding_everything_finds() {
        let stream = stream();
        let mut sampled = SampledDuplicates::of(&stream);
        stream.chunks(300).for_each(|part| sampled.meet(part));
        let texts: Vec<&String> = stream.iter().map(|(_, text)| text).collect();
        let held = NearDuplicates::find(&texts);
        // 200 copies of one, and 450 pairs.
        assert_eq!((sampled.with_duplicates(), held.in_groups()), (1100, 1100));
        assert!((sampled.expected_leak(0.7) - held.expected_leak(0.7)).abs() < 1e-6);
        let pair = sampled.pairs[0];
        assert!((pair.first, pair.similarity) == (0, 1.0) && pair.second.is_multiple_of(10), "{pair:?}");
    }

    #[test]
    fn a_sample_estimates_the_share_whatever_the_parts() {
        let stream = stream();
        let sample: Vec<(u64, String)> = stream.iter().skip(3).step_by(7).cloned().collect();
        let counted = |size: usize| {
            let mut sampled = SampledDuplicates::of(&sample);
            stream.chunks(size).for_each(|part| sampled.meet(part));
            (sampled.with_duplicates(), sampled.len())
        };
        let (found, of) = counted(2000);
        assert!((found as f64 / of as f64 - 0.55).abs() < 0.09, "{found} of {of}");
        assert_eq!(counted(10), (found, of));
        assert_eq!(SampledDuplicates::of(&[]).expected_leak(0.7), 0.0);
    }
}
