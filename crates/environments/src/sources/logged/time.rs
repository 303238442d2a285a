//! Moments as logs write them.

use crate::price_book::Date;
use serde_json::Value;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;
/// From here on they are microseconds.
const MICROSECONDS_FROM: f64 = 1e14;
/// From here on they are nanoseconds.
const NANOSECONDS_FROM: f64 = 1e17;

/// Seconds since 1970-01-01T00:00:00Z; fractions are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// Reads seconds, milliseconds, microseconds or nanoseconds since 1970, or a day with or without a time and an offset (RFC 3339;
    /// also `+0200`, `+02` and `UTC`; UTC where there is no offset). None when it is none of them.
    pub fn read(value: &Value) -> Option<Moment> {
        match value {
            Value::Number(number) => from_number(number.as_f64()?),
            Value::String(text) => text.parse().ok().and_then(from_number).or_else(|| from_text(text.trim())),
            _ => None,
        }
    }

    /// The day, UTC; None outside the years 1 to 9999.
    pub fn date(self) -> Option<Date> {
        Date::from_unix_seconds(self.0)
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (day, second) = (self.date(), self.0.rem_euclid(86_400));
        match day {
            Some(day) => write!(f, "{day}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60),
            None => write!(f, "{} s", self.0),
        }
    }
}

fn from_number(number: f64) -> Option<Moment> {
    let seconds = match number.abs() {
        size if size >= NANOSECONDS_FROM => number / 1e9,
        size if size >= MICROSECONDS_FROM => number / 1e6,
        size if size >= MILLISECONDS_FROM => number / 1e3,
        _ => number,
    };
    let moment = Moment(seconds.floor() as i64);
    (number.is_finite() && moment.date().is_some()).then_some(moment)
}

fn from_text(text: &str) -> Option<Moment> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let midnight = day.days() * 86_400;
    let Some(rest) = text[10..].strip_prefix(['T', 't', ' ']) else {
        return text[10..].is_empty().then_some(Moment(midnight));
    };
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-', ' ']) {
        Some(at) => (&rest[..at], offset(rest[at..].trim_start())?),
        None => (rest, 0),
    };
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = whole.split(':');
    let hour = part(parts.next(), 23)?;
    let minute = part(parts.next(), 59)?;
    let second = parts.next().map_or(Some(0), |text| part(Some(text), 60))?;
    parts.next().is_none().then_some(Moment(midnight + hour * 3600 + minute * 60 + second - offset))
}

/// Seconds that `Z`, `UTC`, `+hh:mm`, `-hhmm` or `+hh` is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return matches!(text, "Z" | "z" | "UTC" | "GMT").then_some(0),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 2 => (digits, "00"),
        None => digits.split_at_checked(2)?,
    };
    Some(sign * (part(Some(hours), 23)? * 3600 + part(Some(minutes), 59)? * 60))
}

/// Two digits up to `most`.
fn part(text: Option<&str>, most: i64) -> Option<i64> {
    let text = text.filter(|text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|&number: &i64| number <= most)
}
