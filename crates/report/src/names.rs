//! Names of folders, and words of charts, from labels, which may be any text: one for each label, whatever it is.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// Most letters of a folder: a file system takes 255 bytes, some take 260 for the whole path.
const MOST: usize = 80;
/// Letters of a shortened name before its mark.
const KEPT: usize = 60;
/// Hexadecimal digits of a mark.
const DIGITS: usize = 10;

/// A folder for each of `labels`, which differ: small letters, digits and dots, a hyphen for anything else. Labels that would
/// share a folder, that have no letter or digit of this kind, or that are too long carry a mark that is made from the label
/// alone; but a label that is written as its folder keeps it.
pub(crate) fn folders(labels: &[String]) -> Vec<String> {
    let plain: Vec<String> = labels.iter().map(|label| plain(label)).collect();
    let folder = |(label, name): (&String, &String)| {
        let says = name.chars().any(|letter| letter.is_ascii_alphanumeric());
        let alone = label == name || plain.iter().filter(|other| *other == name).count() == 1;
        if says && alone && name.len() <= MOST { name.clone() } else { marked(label, name) }
    };
    labels.iter().zip(&plain).map(folder).collect()
}

fn plain(label: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter.to_ascii_lowercase() } else { '-' };
    label.chars().map(plain).collect()
}

/// The beginning of `name` and the hash of `label`. The line between them stands in no plain name.
fn marked(label: &str, name: &str) -> String {
    let kept = name[..name.len().min(KEPT)].trim_matches(['-', '.']);
    format!("{kept}_{}", mark(label))
}

/// A label as charts write it: one of more than [`MOST`] letters is its beginning and a mark of its own.
pub(crate) fn brief(label: &str) -> Cow<'_, str> {
    if label.chars().count() <= MOST {
        return Cow::Borrowed(label);
    }
    let kept: String = label.chars().take(KEPT).collect();
    Cow::Owned(format!("{kept}\u{2026} {}", mark(label)))
}

/// Digits that depend on the label alone.
fn mark(label: &str) -> String {
    let hash = routing::hexadecimal(&Sha256::digest(label.as_bytes()));
    hash[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[&str]) -> Vec<String> {
        folders(&labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_that_say_enough_stay_as_they_were() {
        assert_eq!(
            of(&["calibrated", "Price Drift/2", "moves.cut+drop"]),
            ["calibrated", "price-drift-2", "moves.cut-drop"]
        );
    }

    #[test]
    fn no_two_labels_share_a_folder() {
        let long = "x".repeat(300);
        let longer = format!("{long}y");
        let labels = ["a b", "a/b", "a-b", "A-B", "数学", "物理", "..", ".", "-", "", &long, &longer, "a_b"];
        let folders = of(&labels);
        assert_eq!(folders[2], "a-b");
        for (place, folder) in folders.iter().enumerate() {
            assert!(!folders[..place].contains(folder), "{folder}");
            assert!(folder.len() <= MOST && folder.chars().any(|letter| letter.is_ascii_alphanumeric()), "{folder}");
        }
        assert!(folders[0].starts_with("a-b_") && folders[4].starts_with('_'), "{folders:?}");
    }

    #[test]
    fn a_mark_does_not_depend_on_the_order() {
        let (mut there, mut back) = (of(&["a b", "数学", "a/b"]), of(&["a/b", "数学", "a b"]));
        back.reverse();
        assert_eq!(there, back);
        there.dedup();
        assert_eq!(there.len(), 3);
    }

    #[test]
    fn a_label_cannot_take_the_marked_name_of_another() {
        let marked = of(&["a b", "a/b"])[0].clone();
        let folders = of(&["a b", "a/b", &marked]);
        assert!(folders[0] == marked && folders[2] != marked, "{folders:?}");
    }
}
