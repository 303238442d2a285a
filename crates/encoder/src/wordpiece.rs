//! WordPiece: text to the pieces of a fixed vocabulary, as BERT's uncased models read it.
//!
//! What it does: drops control characters, sets spaces around Chinese characters, strips accents (NFD without nonspacing
//! marks), lowercases, cuts at white space and around punctuation, then takes the longest piece of the vocabulary from the
//! left of each word, pieces inside a word being marked by `##` (Wu et al. 2016, arXiv 1609.08144, section 4.1; the rules of
//! cleaning are those of Devlin et al. 2019, arXiv 1810.04805). A word without such pieces, or of more than 100 characters,
//! is `[UNK]`. The names of special pieces, written out in a text, stand for themselves.
//!
//! What it assumes: the Unicode tables of the reference tokenizer, whose answers on odd texts stand in
//! `src/wordpiece/reference.txt`.

use crate::flaw::Flaw;
use unicode_categories::UnicodeCategories;
use unicode_normalization::UnicodeNormalization;

/// Longer words are unknown.
const LONGEST_WORD: usize = 100;

/// Pieces that a text may name.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// A vocabulary, and the way to cut text into its pieces.
#[derive(Clone, Debug)]
pub(crate) struct WordPiece {
    /// Every piece, one after the other.
    text: String,
    /// Start of each piece in `text`, and the end of the last.
    starts: Vec<u32>,
    /// Open addressing over the hashes of the pieces: number of the piece + 1, or 0.
    slots: Vec<u32>,
    /// Bytes of the longest piece.
    longest: usize,
    unknown: u32,
    first: u32,
    last: u32,
}

impl WordPiece {
    /// The vocabulary of a `vocab.txt`: one piece a line, numbered from 0.
    ///
    /// # Errors
    /// What is wrong with it: a piece twice, or without `[UNK]`, `[CLS]` or `[SEP]`.
    pub(crate) fn parse(vocabulary: &str) -> Result<WordPiece, Flaw> {
        let lines = vocabulary.lines().count();
        let mut own = WordPiece {
            text: String::with_capacity(vocabulary.len()),
            starts: vec![0],
            slots: vec![0; (4 * lines).next_power_of_two()],
            longest: 0,
            unknown: 0,
            first: 0,
            last: 0,
        };
        for (line, piece) in (1..).zip(vocabulary.lines()) {
            let slot = match own.find(hash(START, piece), "", piece) {
                Err(free) => free,
                Ok(id) => {
                    let (line, first) = (line as usize, id as usize + 1);
                    return Err(Flaw::PieceTwice { piece: piece.into(), line, first });
                }
            };
            own.text.push_str(piece);
            own.starts.push(own.text.len() as u32);
            own.slots[slot] = line;
            own.longest = own.longest.max(piece.len());
        }
        let special = |name: &'static str| {
            let found = own.find(hash(START, name), "", name);
            found.map_err(|_| Flaw::NoPiece { name, lines })
        };
        (own.unknown, own.first, own.last) = (special("[UNK]")?, special("[CLS]")?, special("[SEP]")?);
        Ok(own)
    }

    /// Number of pieces.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The pieces of `text` between `[CLS]` and `[SEP]`, at most `limit` in all; what follows is not looked at.
    pub(crate) fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let mut ids = vec![self.first];
        let room = limit - 1;
        let mut rest = text;
        while ids.len() < room && !rest.is_empty() {
            let (plain, special, after) = until_special(rest);
            self.encode_plain(plain, room, &mut ids);
            if let Some(name) = special {
                ids.extend(self.find(hash(START, name), "", name));
            }
            rest = after;
        }
        ids.truncate(room);
        ids.push(self.last);
        ids
    }

    /// Appends the pieces of a text that names no special piece, until there are `room` or more.
    fn encode_plain(&self, text: &str, room: usize, ids: &mut Vec<u32>) {
        let mut word = String::new();
        for c in normal(text) {
            let cuts = is_punctuation(c);
            if cuts || c.is_whitespace() {
                self.encode_word(&word, ids);
                word.clear();
                if cuts {
                    self.encode_word(c.encode_utf8(&mut [0; 4]), ids);
                }
                if ids.len() >= room {
                    return;
                }
            } else if word.len() <= 4 * LONGEST_WORD {
                word.push(c);
            }
        }
        self.encode_word(&word, ids);
    }

    /// Appends the pieces of `word`, the longest first from the left.
    fn encode_word(&self, word: &str, ids: &mut Vec<u32>) {
        if word.is_empty() {
            return;
        }
        let before = ids.len();
        let mut rest = word;
        let is_long = word.len() > LONGEST_WORD && word.chars().count() > LONGEST_WORD;
        while !rest.is_empty() && !is_long {
            let mark = if rest.len() == word.len() { "" } else { "##" };
            let Some((id, length)) = self.longest_piece(mark, rest) else { break };
            ids.push(id);
            rest = &rest[length..];
        }
        if !rest.is_empty() {
            ids.truncate(before);
            ids.push(self.unknown);
        }
    }

    /// The longest piece that is `mark` and a beginning of `rest`, and how many bytes of `rest` it takes.
    fn longest_piece(&self, mark: &str, rest: &str) -> Option<(u32, usize)> {
        let mut ends = [(0, 0); 4 * LONGEST_WORD];
        let (mut state, mut count) = (hash(START, mark), 0);
        for (start, c) in rest.char_indices() {
            let end = start + c.len_utf8();
            if mark.len() + end > self.longest {
                break;
            }
            state = hash(state, &rest[start..end]);
            ends[count] = (state, end);
            count += 1;
        }
        let ends = ends[..count].iter().rev();
        ends.into_iter().find_map(|&(state, end)| self.find(state, mark, &rest[..end]).ok().map(|id| (id, end)))
    }

    /// The number of the piece `mark` + `piece` whose hash is `state`, else the slot where it would stand.
    fn find(&self, state: u64, mark: &str, piece: &str) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = (state ^ (state >> 32)) as usize & mask;
        while let Some(id) = self.slots[slot].checked_sub(1) {
            let (start, end) = (self.starts[id as usize] as usize, self.starts[id as usize + 1] as usize);
            if self.text[start..end].strip_prefix(mark) == Some(piece) {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
        Err(slot)
    }
}

/// FNV-1a, 64 bits.
const START: u64 = 0xcbf2_9ce4_8422_2325;

fn hash(state: u64, text: &str) -> u64 {
    text.bytes().fold(state, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What stands before the first name of a special piece, the name, and what follows it.
fn until_special(text: &str) -> (&str, Option<&'static str>, &str) {
    for (start, _) in text.match_indices('[') {
        if let Some(name) = SPECIAL.into_iter().find(|name| text[start..].starts_with(name)) {
            return (&text[..start], Some(name), &text[start + name.len()..]);
        }
    }
    (text, None, "")
}

/// The characters of `text`, cleaned, without accents and in lower case; Chinese ones between spaces.
fn normal(text: &str) -> impl Iterator<Item = char> {
    let clean = text.chars().filter(|&c| !matches!(c, '\0' | '\u{fffd}') && !is_control(c));
    let spaced = clean.flat_map(|c| {
        let c = if c.is_whitespace() { ' ' } else { c };
        let space = is_chinese(c).then_some(' ');
        space.into_iter().chain([c]).chain(space)
    });
    spaced.nfd().filter(|c| !c.is_mark_nonspacing()).flat_map(char::to_lowercase)
}

fn is_control(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r') && c.is_other()
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_punctuation()
}

/// The blocks of Chinese characters that BERT separates.
fn is_chinese(c: char) -> bool {
    matches!(
        u32::from(c),
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F
            | 0x2B740..=0x2B81F
            | 0x2B920..=0x2CEAF
            | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F
    )
}

#[cfg(test)]
mod tests;
