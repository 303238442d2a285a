//! Which prompts something was trained on: forty bits of the hash of each.
//!
//! A log grows, is cut and is written in another format; its fingerprint then changes, and whoever went by that would score a
//! router on rows that it was trained on. So a router's card keeps ten digits for each of its prompts. A prompt that was trained
//! on is always told; among n of them, one that was not is taken for one with probability n / 2^40, one in a million for a
//! million. Older cards keep a sample of the hashes, which cannot tell.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Digits of a hash.
const DIGITS: usize = 10;

/// Bits that are left out of a hash.
const LEFT_OUT: u32 = 64 - 4 * DIGITS as u32;

/// How the text of a set begins; that of a sample does not.
const MARK: &str = "all:";

/// Digits of a hash in a sample.
const SAMPLE_DIGITS: usize = 16;

/// Hashes of some prompts; as text, one after the other in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PromptSet {
    /// Empty where a sample is all that was kept.
    hashes: BTreeSet<u64>,
    exact: bool,
}

impl Default for PromptSet {
    fn default() -> PromptSet {
        PromptSet { hashes: BTreeSet::new(), exact: true }
    }
}

impl PromptSet {
    /// Enters a prompt.
    pub fn add(&mut self, prompt: &str) {
        self.hashes.insert(prompt_hash(prompt) >> LEFT_OUT);
    }

    /// Whether a prompt was entered; none where that is not known.
    pub fn contains(&self, prompt: &str) -> Option<bool> {
        self.exact.then(|| self.hashes.contains(&(prompt_hash(prompt) >> LEFT_OUT)))
    }

    /// Number of different prompts; none where that is not known.
    pub fn count(&self) -> Option<usize> {
        self.exact.then_some(self.hashes.len())
    }
}

impl From<PromptSet> for String {
    fn from(set: PromptSet) -> String {
        let digits: String = set.hashes.iter().map(|hash| format!("{hash:0DIGITS$x}")).collect();
        if set.exact { format!("{MARK}{digits}") } else { String::new() }
    }
}

impl TryFrom<String> for PromptSet {
    type Error = String;

    fn try_from(text: String) -> Result<PromptSet, String> {
        let (digits, width) = text.strip_prefix(MARK).map_or((&*text, SAMPLE_DIGITS), |digits| (digits, DIGITS));
        let wrong = || format!("prompts must be hashes of {width} hexadecimal digits, got `{text}`");
        if !digits.is_ascii() || !digits.len().is_multiple_of(width) {
            return Err(wrong());
        }
        let hashes = (0..digits.len()).step_by(width).map(|at| u64::from_str_radix(&digits[at..][..width], 16));
        let hashes = hashes.collect::<Result<BTreeSet<u64>, _>>().map_err(|_| wrong())?;
        let exact = width == DIGITS;
        Ok(PromptSet { hashes: if exact { hashes } else { BTreeSet::new() }, exact })
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
    fn every_prompt_is_told_whatever_the_order_and_survives_its_text() {
        let prompts: Vec<String> = (0..1000).map(|prompt| format!("prompt {prompt}")).collect();
        let [mut forward, mut backward] = [PromptSet::default(), PromptSet::default()];
        prompts.iter().for_each(|prompt| forward.add(prompt));
        prompts.iter().rev().chain(&prompts).for_each(|prompt| backward.add(prompt));
        assert_eq!((&forward, forward.count()), (&backward, Some(1000)));
        let text = String::from(forward.clone());
        assert_eq!(text.len(), MARK.len() + 1000 * DIGITS);
        let read = PromptSet::try_from(text).unwrap();
        assert_eq!(read, forward);
        assert!(prompts.iter().all(|prompt| read.contains(prompt) == Some(true)));
        assert!((0..1000).all(|prompt| read.contains(&format!("another {prompt}")) == Some(false)));
        assert!(PromptSet::try_from("all:12é".to_owned()).is_err());
    }

    #[test]
    fn a_sample_of_an_older_card_is_read_and_does_not_tell() {
        let sample = PromptSet::try_from("00000000000000ff".repeat(128)).unwrap();
        assert_eq!((sample.contains("any"), sample.count()), (None, None));
        assert!(PromptSet::try_from("00000000000000fg".to_owned()).is_err());
        assert_eq!(PromptSet::try_from(String::from(sample.clone())).unwrap(), sample);
    }
}
