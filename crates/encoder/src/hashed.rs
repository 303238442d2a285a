//! Hashed n-grams: features of any text without a model, a download or a vocabulary.
//!
//! What it does: lowercases, cuts the text into words (runs of letters and digits; every other visible character is a word
//! of its own), and counts words, pairs of neighbouring words, and the character 3- to 5-grams of each word between the
//! marks `<` and `>`. A term that occurs c times weighs 1 + ln c (sub-linear term frequency) and is added with a random
//! sign to one of `width` buckets (feature hashing: Weinberger et al. 2009, arXiv 0902.2206, equation 2, so that colliding
//! terms cancel in expectation); the sum is scaled to length one. The n-grams within words follow Bojanowski et al. 2017,
//! arXiv 1607.04606, section 3.2.
//!
//! What it assumes: word forms tell prompts apart. It knows no synonyms; it is a floor for sentence encoders.

use crate::Encoder;

/// Kinds of terms; part of the hash, so that the word `abc` and the 3-gram `abc` are unrelated.
const WORD: u8 = b'w';
const PAIR: u8 = b'p';
const GRAM: u8 = b'g';

/// Characters in a gram, the marks of the word's ends included.
const GRAM_LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;

/// The hashed n-gram encoder.
#[derive(Clone, Debug)]
pub struct Hashed {
    width: usize,
}

impl Default for Hashed {
    /// As wide as the sentence encoder of the paper, 384 numbers.
    fn default() -> Hashed {
        Hashed::new(Hashed::WIDTH)
    }
}

impl Hashed {
    pub(crate) const NAME: &'static str = "hashed";
    pub(crate) const WIDTH: usize = 384;

    /// An encoder into `width` buckets.
    ///
    /// # Panics
    /// If `width` is zero.
    pub fn new(width: usize) -> Hashed {
        assert!(width > 0, "a vector has at least one number");
        Hashed { width }
    }
}

impl Encoder for Hashed {
    fn name(&self) -> &'static str {
        Hashed::NAME
    }

    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, text: &str, out: &mut [f32]) {
        assert_eq!(out.len(), self.width, "one place for each number");
        let mut terms = terms(text);
        terms.sort_unstable();
        let mut sums = vec![0.0f64; self.width];
        for same in terms.chunk_by(|a, b| a == b) {
            let weight = 1.0 + libm::log(same.len() as f64);
            let bucket = ((u128::from(same[0]) * self.width as u128) >> 64) as usize;
            sums[bucket] += if same[0] & 1 == 0 { weight } else { -weight };
        }
        let length = libm::sqrt(sums.iter().map(|sum| sum * sum).sum());
        let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
        for (number, sum) in out.iter_mut().zip(&sums) {
            *number = (sum * scale) as f32;
        }
    }

    fn fingerprint(&self) -> String {
        format!("hashed n-grams 1, width {}", self.width)
    }
}

/// The hash of every term of `text`, once for each time it occurs.
fn terms(text: &str) -> Vec<u64> {
    let text = text.to_lowercase();
    let mut terms = Vec::new();
    let mut before: Option<&str> = None;
    let mut marked = Vec::new();
    for word in words(&text) {
        terms.push(hash(WORD, [word]));
        if let Some(before) = before {
            terms.push(hash(PAIR, [before, " ", word]));
        }
        before = Some(word);
        marked.clear();
        marked.extend(std::iter::once('<').chain(word.chars()).chain(std::iter::once('>')));
        for length in GRAM_LENGTHS {
            for gram in marked.windows(length) {
                let mut bytes = [0; 4];
                terms.push(finish(gram.iter().fold(start(GRAM), |state, c| absorb(state, c.encode_utf8(&mut bytes)))));
            }
        }
    }
    terms
}

/// Runs of letters and digits, and every other character that is neither space nor control, one by one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
        let first = rest.chars().next()?;
        let run = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if run == 0 { first.len_utf8() } else { run });
        rest = after;
        Some(word)
    })
}

/// Hash of a term given in pieces.
fn hash<const PIECES: usize>(kind: u8, pieces: [&str; PIECES]) -> u64 {
    finish(pieces.into_iter().fold(start(kind), absorb))
}

/// FNV-1a, 64 bits.
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn start(kind: u8) -> u64 {
    (0xcbf2_9ce4_8422_2325 ^ u64::from(kind)).wrapping_mul(PRIME)
}

fn absorb(state: u64, text: &str) -> u64 {
    text.bytes().fold(state, |state, byte| (state ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Spreads the bits (finaliser of SplitMix64): buckets are read from the top and the sign from the bottom.
fn finish(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(text: &str) -> Vec<f32> {
        let encoder = Hashed::default();
        let mut out = vec![0.0; encoder.width()];
        encoder.encode(text, &mut out);
        out
    }

    fn cosine(a: &str, b: &str) -> f32 {
        vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn text_is_cut_into_words_and_signs() {
        assert_eq!(words(" a1-b\t++ é日本 \u{0}x").collect::<Vec<_>>(), ["a1", "-", "b", "+", "+", "é日本", "x"]);
    }

    #[test]
    fn every_kind_of_term_is_counted_as_often_as_it_occurs() {
        // Words ab, cd, ab: 3 words, 2 pairs, and of `<ab>` and `<cd>` two 3-grams and one 4-gram each.
        let terms = terms("AB cd ab");
        assert_eq!(terms.len(), 3 + 2 + 3 * 3);
        let times = |term| terms.iter().filter(|&&other| other == term).count();
        assert_eq!(times(hash(WORD, ["ab"])), 2);
        assert_eq!(times(hash(PAIR, ["ab", " ", "cd"])), 1);
        assert_eq!(times(hash(GRAM, ["<ab"])), 2);
        assert_eq!(times(hash(GRAM, ["<cd>"])), 1);
    }

    #[test]
    fn repeats_weigh_less_and_less() {
        // One sign alone: terms are the word and the 3-gram `<+>`, and the pair from the second occurrence on.
        let encoder = Hashed::new(1 << 20);
        let mut out = vec![0.0; encoder.width()];
        encoder.encode("+ + +", &mut out);
        let mut weights: Vec<f32> = out.into_iter().map(f32::abs).filter(|weight| *weight > 0.0).collect();
        weights.sort_unstable_by(f32::total_cmp);
        let (three, two) = (1.0 + libm::log(3.0), 1.0 + libm::log(2.0));
        let length = libm::sqrt(2.0 * three * three + two * two);
        assert_eq!(weights, [(two / length) as f32, (three / length) as f32, (three / length) as f32]);
    }

    #[test]
    fn likeness_of_texts_is_kept() {
        let text = "What is the capital of France?";
        assert!((cosine(text, "WHAT IS THE CAPITAL OF FRANCE ?") - 1.0).abs() < 1e-6, "case and spaces do not matter");
        assert!(cosine(text, "what is the capital of Germany?") > 0.6);
        assert!(cosine(text, "def sort(items): return sorted(items)").abs() < 0.2);
        assert!(cosine("running runner", "runs running") > 0.4, "word forms share grams");
    }

    #[test]
    fn a_text_without_content_is_zero() {
        for text in ["", "  \n", "\u{0}"] {
            assert!(vector(text).iter().all(|&number| number == 0.0), "{text:?}");
        }
    }

    /// Frozen: stored features depend on these values. If this test fails, the fingerprint must change.
    #[test]
    fn the_hash_is_pinned() {
        assert_eq!(hash(WORD, ["barp"]), 18_326_508_003_381_896_974);
        assert_eq!(Hashed::default().fingerprint(), "hashed n-grams 1, width 384");
    }
}
