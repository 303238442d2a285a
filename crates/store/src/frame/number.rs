//! What text counts as a number, and when a column of text may be kept as numbers without losing how it was written.

use super::Column;

/// A column of the cells of a CSV file: numbers where each of them, written again, gives the same text, else the text itself.
/// So identifiers such as `3.10`, `007` and `1e5` stay what they are, and can still be read by [`number`].
pub(super) fn typed(cells: Vec<Option<String>>) -> Column {
    if cells.iter().all(Option::is_none) {
        return Column::Text(cells);
    }
    if let Some(numbers) = parsed(&cells, whole) {
        return Column::Integer(numbers);
    }
    match parsed(&cells, real) {
        Some(numbers) => Column::Real(numbers),
        None => Column::Text(cells),
    }
}

/// Every cell that is there, read by `parse`; None when one cannot be.
fn parsed<T>(cells: &[Option<String>], parse: fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
    let number = |text: &String| parse(text).map(Some);
    cells.iter().map(|cell| cell.as_ref().map_or(Some(None), number)).collect()
}

/// Reads `text` as a whole number if writing it again gives the same text.
fn whole(text: &str) -> Option<u64> {
    let plain = text == "0" || text.starts_with(|c: char| matches!(c, '1'..='9'));
    if plain { text.parse().ok() } else { None }
}

/// Reads `text` as a number if writing it again gives the same text.
fn real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.to_string() == text)
}

/// Reads `text` where a number is asked for: digits with a decimal point, an exponent, a sign, spaces around; `NaN` and `inf`;
/// `true` and `false` (also `True`, `TRUE` ..) as 1 and 0. None when it is none of them.
pub(super) fn number(text: &str) -> Option<f64> {
    match text.trim() {
        "true" | "True" | "TRUE" => Some(1.0),
        "false" | "False" | "FALSE" => Some(0.0),
        text => text.parse().ok(),
    }
}

/// Whether `text` is a number and nothing else: no truth value, and no name made of digits (leading zeros, or more of them
/// than f64 holds exactly).
pub(super) fn is_number(text: &str) -> bool {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let is_name = (digits > 1 && unsigned.starts_with('0')) || (digits == unsigned.len() && digits > 15);
    !is_name && text.parse::<f64>().is_ok()
}

/// `text` with a decimal point if it is a number with a decimal comma; its digits stay as written.
pub(super) fn with_point(text: &str) -> Option<String> {
    let pointed = if text.contains('.') { None } else { Some(text.replacen(',', ".", 1)) };
    pointed.filter(|pointed| pointed.trim().parse::<f64>().is_ok())
}

/// What is wrong with `text` as a number where decimal commas are declared, if it is one with a decimal point: `1.500` may mean
/// one and a half or fifteen hundred.
pub(super) fn point_among_commas(text: &str) -> Option<String> {
    let is_number = text.contains('.') && text.trim().parse::<f64>().is_ok();
    is_number.then(|| format!("`{text}` has a point where decimal commas were declared"))
}
