use super::*;
use std::collections::BTreeSet;

/// A text as JSON, a tab, and its pieces by the reference tokenizer (PyPI `tokenizers` 0.23.3 with the model's own file, at
/// most 256 pieces).
const REFERENCE: &str = include_str!("reference.txt");

fn cases() -> impl Iterator<Item = (String, Vec<&'static str>)> {
    REFERENCE.lines().map(|line| {
        let (text, pieces) = line.split_once('\t').unwrap();
        (serde_json::from_str(text).unwrap(), pieces.split(' ').collect())
    })
}

/// A vocabulary of those pieces: the longest match among them is the longest of all wherever it was taken.
fn vocabulary() -> Vec<&'static str> {
    let all: BTreeSet<&str> = cases().flat_map(|(_, pieces)| pieces).chain(SPECIAL).collect();
    all.into_iter().collect()
}

fn pieces(text: &str) -> Vec<&'static str> {
    let vocabulary = vocabulary();
    let own = WordPiece::parse(&vocabulary.join("\n")).unwrap();
    own.encode(text, 256).into_iter().map(|id| vocabulary[id as usize]).collect()
}

#[test]
fn odd_texts_are_cut_as_the_reference_cuts_them() {
    let mut count = 0;
    for (text, expected) in cases() {
        assert_eq!(pieces(&text), expected, "{text:?}");
        count += 1;
    }
    assert_eq!(count, 51);
}

#[test]
fn a_text_without_content_has_its_two_marks() {
    for text in ["", " ", "\u{0}\u{200b}"] {
        assert_eq!(pieces(text), ["[CLS]", "[SEP]"], "{text:?}");
    }
}

#[test]
fn a_megabyte_is_read_as_far_as_it_plays_a_part() {
    let long = "word ".repeat(200_000);
    assert_eq!(pieces(&long), pieces(&long[..5 * 254]));
    assert_eq!(pieces(&long).len(), 256);
    assert_eq!(pieces(&"x".repeat(1_000_000)), ["[CLS]", "[UNK]", "[SEP]"], "one word");
    assert_eq!(pieces(&"[".repeat(1_000_000)).len(), 256);
    assert_eq!(pieces(&"e\u{301}".repeat(500_000)), ["[CLS]", "[UNK]", "[SEP]"], "one word with accents");
}

#[test]
fn a_bad_vocabulary_is_refused() {
    let error = |vocabulary: &str| WordPiece::parse(vocabulary).unwrap_err().to_string();
    assert_eq!(error("[UNK]\na\na"), "line 3: a piece may stand once, `a` is in line 2 too");
    assert_eq!(error("[UNK]\n[CLS]"), "the vocabulary must have the piece `[SEP]`, it has 2 others");
}
