//! How a CSV file is written, as far as the file itself does not say; and which format a file has.

use super::input::unpacked_name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::str::FromStr;

/// How a CSV file is written. The default: commas between cells (tabs in a `.tsv` file), decimal points, spaces kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Dialect {
    /// What stands between cells; none: what the ending of the file's name says.
    #[schemars(with = "Option<String>", extend("x-rule" = "one ASCII character, or `tab`"))]
    pub delimiter: Option<Delimiter>,
    /// What stands before the decimals of a number.
    #[schemars(with = "String", extend("x-rule" = "`.` or `,`"))]
    pub decimal: Decimal,
    /// Whether spaces around cells and column names are left out.
    pub trim: bool,
}

/// The character between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

/// The character before the decimals of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Decimal {
    /// `0.5`.
    #[default]
    Point,
    /// `0,5`. Cells that are numbers are handed out with a point, their digits as written.
    Comma,
}

impl Delimiter {
    /// A comma.
    pub const COMMA: Delimiter = Delimiter(b',');
    /// A tab.
    pub const TAB: Delimiter = Delimiter(b'\t');

    /// The delimiter that is the ASCII character `character`.
    pub(super) const fn of(character: u8) -> Delimiter {
        Delimiter(character)
    }

    /// The character as a byte.
    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Delimiter, String> {
        match text.as_bytes() {
            _ if matches!(text, "tab" | "\\t") => Ok(Delimiter::TAB),
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(Delimiter(*byte)),
            _ => Err(format!("the delimiter must be one ASCII character other than a quote, or `tab`, got `{text}`")),
        }
    }
}

impl std::fmt::Display for Delimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Delimiter::TAB { f.write_str("tab") } else { write!(f, "{}", char::from(self.0)) }
    }
}

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Decimal, String> {
        match text {
            "." => Ok(Decimal::Point),
            "," => Ok(Decimal::Comma),
            _ => Err(format!("the decimal sign must be `.` or `,`, got `{text}`")),
        }
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Decimal::Comma { "," } else { "." })
    }
}

impl TryFrom<String> for Delimiter {
    type Error = String;

    fn try_from(text: String) -> Result<Delimiter, String> {
        text.parse()
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> String {
        delimiter.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Decimal, String> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> String {
        decimal.to_string()
    }
}

/// What a file holds.
pub(super) enum Format {
    Parquet,
    /// Cells with this between them.
    Csv(Delimiter),
    /// One object for each line.
    Jsonl,
    /// Objects in a list, or one after another.
    Json,
}

impl Format {
    /// The format that the ending of `path` stands for, in small or capital letters.
    ///
    /// # Errors
    /// When it stands for none, and when `dialect` was given for a file that is no CSV.
    pub(super) fn of(path: &Path, dialect: &Dialect) -> Result<Format, String> {
        let unpacked = unpacked_name(path);
        let name = unpacked.as_deref().unwrap_or(path);
        let ending = name.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let format = match ending.as_str() {
            "parquet" if unpacked.is_none() => Format::Parquet,
            "csv" => return Ok(Format::Csv(dialect.delimiter.unwrap_or(Delimiter::COMMA))),
            "tsv" => return Ok(Format::Csv(dialect.delimiter.unwrap_or(Delimiter::TAB))),
            "jsonl" | "ndjson" => Format::Jsonl,
            "json" => Format::Json,
            _ => {
                let packed = matches!(ending.as_str(), "zst" | "bz2" | "xz" | "zip");
                let hint = if packed { "; decompress the file first" } else { "" };
                return Err(format!(
                    "the ending must be .parquet, or .csv, .tsv, .jsonl, .ndjson or .json, also with .gz{hint}"
                ));
            }
        };
        if *dialect == Dialect::default() {
            Ok(format)
        } else {
            Err(format!("delimiter, decimal and trim are for .csv and .tsv files, not for .{ending}"))
        }
    }
}
