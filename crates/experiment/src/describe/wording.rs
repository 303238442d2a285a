//! How a finding is put: its examples, its dollars, its counts.

use store::{Finding, Severity};

/// Most cases that a finding shows.
const EXAMPLES: usize = 5;

/// A finding with the first of its examples.
pub(super) fn finding(
    name: &str,
    severity: Severity,
    what: String,
    numbers: &[(&str, f64)],
    examples: impl IntoIterator<Item = String>,
) -> Finding {
    Finding {
        name: name.to_owned(),
        severity,
        what,
        numbers: numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        examples: examples.into_iter().take(EXAMPLES).collect(),
    }
}

/// Dollars in three significant digits, for readers; the exact number stands among a finding's numbers.
pub(super) fn dollars(amount: f64) -> String {
    let magnitude = if amount > 0.0 { libm::floor(libm::log10(amount)) } else { 0.0 };
    let decimals = (2.0 - magnitude).clamp(0.0, 12.0) as usize;
    format!("${amount:.decimals$}")
}

/// A number with the word for what is counted: `1 model`, `2 models`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
