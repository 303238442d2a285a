//! Which prompts something was trained on, in short: the smallest of their hashes.
//!
//! A log grows, is cut and is written in another format; its fingerprint then changes, and whoever went by that would score a
//! router on rows that it was trained on. So a router's card keeps the 128 smallest hashes of its prompts, a uniform sample of
//! them (Beyer et al. 2007, "On synopses for distinct-value estimation under multiset operations"). Where a log holds a share s
//! of the prompts that were trained on, it holds none of the sample with probability (1 - s)^128: 0.1 % at one in twenty.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Most hashes that are kept.
const SIZE: usize = 128;

/// Digits of a hash.
const DIGITS: usize = 16;

/// The smallest hashes of some prompts; as text, one after the other in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PromptSketch(BTreeSet<u64>);

impl PromptSketch {
    /// Enters a prompt.
    pub fn add(&mut self, prompt: &str) {
        self.0.insert(prompt_hash(prompt));
        if self.0.len() > SIZE {
            self.0.pop_last();
        }
    }

    /// Takes a prompt out; whether it was among those that are kept.
    pub fn remove(&mut self, prompt: &str) -> bool {
        self.0.remove(&prompt_hash(prompt))
    }

    /// Number of prompts that are kept.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<PromptSketch> for String {
    fn from(sketch: PromptSketch) -> String {
        sketch.0.iter().map(|hash| format!("{hash:0DIGITS$x}")).collect()
    }
}

impl TryFrom<String> for PromptSketch {
    type Error = String;

    fn try_from(text: String) -> Result<PromptSketch, String> {
        let wrong = || format!("a sample of prompts must be hashes of {DIGITS} hexadecimal digits, got `{text}`");
        if !text.is_ascii() || !text.len().is_multiple_of(DIGITS) {
            return Err(wrong());
        }
        let hashes = (0..text.len()).step_by(DIGITS).map(|at| u64::from_str_radix(&text[at..][..DIGITS], 16));
        hashes.collect::<Result<_, _>>().map(PromptSketch).map_err(|_| wrong())
    }
}

/// The first eight bytes of a text's SHA-256.
pub fn prompt_hash(prompt: &str) -> u64 {
    let digest = Sha256::digest(prompt.as_bytes());
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_hashes_are_kept_whatever_the_order_and_survive_their_text() {
        let prompts: Vec<String> = (0..1000).map(|prompt| format!("prompt {prompt}")).collect();
        let [mut forward, mut backward] = [PromptSketch::default(), PromptSketch::default()];
        prompts.iter().for_each(|prompt| forward.add(prompt));
        prompts.iter().rev().chain(&prompts).for_each(|prompt| backward.add(prompt));
        assert_eq!(forward, backward);
        assert_eq!(forward.len(), SIZE);
        let text = String::from(forward.clone());
        assert_eq!(text.len(), SIZE * DIGITS);
        let mut read = PromptSketch::try_from(text).unwrap();
        assert_eq!(read, forward);
        assert!(!read.remove("another prompt"));
        assert_eq!(prompts.iter().filter(|prompt| read.remove(prompt)).count(), SIZE);
        assert!(read.is_empty());
        assert!(PromptSketch::try_from("12é".to_owned()).is_err());
    }
}
