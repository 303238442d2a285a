//! What is known of the published releases, so that a part or another version of one is not taken for it.

use sha2::{Digest, Sha256};

/// A published version of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// What it is called where another file is said not to be it.
    pub what: &'static str,
    /// Number of prompts.
    pub prompts: usize,
    /// Number of models.
    pub models: usize,
    /// SHA-256 of the prompts' identifiers, sorted, one a line without a last newline; None where they were not seen.
    pub ids: Option<&'static str>,
}

/// What is different from every one of `releases`, told of the one that is nearest in size.
pub(super) fn strangeness<'a>(
    releases: &[Release],
    ids: impl Iterator<Item = &'a str>,
    models: usize,
) -> Option<String> {
    let mut ids: Vec<&str> = ids.collect();
    let nearest = releases.iter().min_by_key(|release| release.prompts.abs_diff(ids.len()))?;
    let told = |differs: String| Some(format!("this is not {}: {differs}", nearest.what));
    if ids.len() != nearest.prompts {
        return told(format!("{} prompts, that one has {}", grouped(ids.len()), grouped(nearest.prompts)));
    }
    if models != nearest.models {
        return told(format!("{models} models, that one has {}", nearest.models));
    }
    let known = nearest.ids?;
    ids.sort_unstable();
    let hash = routing::hexadecimal(&Sha256::digest(ids.join("\n").as_bytes()));
    if hash == known { None } else { told("as many prompts and models, but other identifiers".to_owned()) }
}

/// A count with a comma before every three digits.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
