//! A day of the (proleptic) Gregorian calendar, without hours and without a clock.

use serde::{Deserialize, Serialize};

/// Days of each month of a common year.
const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A day, written YYYY-MM-DD; later days are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The given day; None where the calendar has none, and outside the years 1 to 9999.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let whole = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        (whole && day <= days_in(year, month)).then_some(Date { year, month, day })
    }

    /// Days since 1970-01-01, negative before it.
    pub fn days(self) -> i64 {
        let year = i64::from(self.year) - 1;
        let before = year * 365 + year / 4 - year / 100 + year / 400;
        let in_year: i64 = (1..self.month).map(|month| i64::from(days_in(self.year, month))).sum();
        before + in_year + i64::from(self.day) - 1 - EPOCH
    }

    /// The day `days` after 1970-01-01; None outside the years 1 to 9999.
    pub fn from_days(days: i64) -> Option<Date> {
        let since_one = days.checked_add(EPOCH)?;
        if since_one < 0 {
            return None;
        }
        let mut year = since_one * 400 / 146_097 + 1;
        let start = |year: i64| (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
        while start(year) > since_one {
            year -= 1;
        }
        while start(year + 1) <= since_one {
            year += 1;
        }
        let year = u16::try_from(year).ok()?;
        let mut left = since_one - start(i64::from(year));
        let mut month = 1;
        while left >= i64::from(days_in(year, month)) {
            left -= i64::from(days_in(year, month));
            month += 1;
        }
        Date::new(year, month, u8::try_from(left + 1).ok()?)
    }

    /// The day of a moment given in seconds since 1970-01-01T00:00:00Z; None outside the years 1 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Option<Date> {
        Date::from_days(seconds.div_euclid(86_400))
    }
}

/// 1970-01-01, counted from 0001-01-01.
const EPOCH: i64 = 719_162;

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    DAYS[usize::from(month) - 1] + u8::from(leap && month == 2)
}

impl std::str::FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Date, String> {
        let number = |range: std::ops::Range<usize>| -> Option<u16> {
            let digits = text.get(range)?;
            if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
        };
        let date = || {
            let plain = text.len() == 10 && text.get(4..5)? == "-" && text.get(7..8)? == "-";
            let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
            Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).filter(|_| plain)
        };
        date().ok_or_else(|| format!("must be a day written YYYY-MM-DD, got `{text}`"))
    }
}

impl TryFrom<String> for Date {
    type Error = String;
    fn try_from(text: String) -> Result<Date, String> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
