//! Numbers as a reader wants them.

/// Stands for a number that nobody told.
pub(crate) const NOT_TOLD: &str = "not told";

/// A plain number with `decimals` decimals, a true minus sign and no negative zero.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let zero = digits.chars().all(|digit| matches!(digit, '0' | '.'));
    if value < 0.0 && !zero { format!("\u{2212}{digits}") } else { digits }
}

/// Dollars to two significant digits without an exponent: $0.0004, $0.12, $3.5, $1,200.
pub(crate) fn dollars(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "$0".to_owned();
    }
    let decimals = (1 - libm::floor(libm::log10(value.abs()) + 1e-9) as i32).max(0) as usize;
    if decimals == 0 {
        return format!("${}", count(value.round() as u64));
    }
    let digits = number(value, decimals);
    format!("${}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A whole number with a comma at every thousand.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count to three digits, as short as a tick wants it: 500, 20k, 81.9k, 1.5M.
pub(crate) fn short_count(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        hundreds if hundreds >= 99.95 => return format!("{}{suffix}", number(scaled, 0)),
        tens if tens >= 9.995 => 1,
        _ => 2,
    };
    let digits = number(scaled, decimals);
    format!("{}{suffix}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_no_exponent_and_no_needless_zero() {
        let found: Vec<String> =
            [0.0, 0.0004, 0.00015, 0.1, 0.12, 1.0, 2.5, 10.0, 1234.0].into_iter().map(dollars).collect();
        assert_eq!(found, ["$0", "$0.0004", "$0.00015", "$0.1", "$0.12", "$1", "$2.5", "$10", "$1,234"]);
    }

    #[test]
    fn counts_are_grouped_or_shortened() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let short = [0.0, 500.0, 2000.0, 81_920.0, 281_050.0, 1.5e6].map(short_count);
        assert_eq!(short, ["0", "500", "2k", "81.9k", "281k", "1.5M"]);
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!([number(-0.001, 2), number(-0.5, 1)], ["0.00", "\u{2212}0.5"]);
    }
}
