//! List prices with the dates from which they hold, so that token counts of any day become the dollars of that day, and a
//! recorded run can be priced anew at another date.
//!
//! A book is a TOML file of `[[price]]` tables or a CSV file with the same columns:
//!
//! ```toml
//! [[price]]
//! model = "gpt-4o-2024-08-06"
//! from = "2024-08-06"     # the first day on which it holds
//! input = 2.5             # dollars per million tokens
//! output = 10.0
//! cached = 1.25            # dollars per million tokens read from the model's cache; may be left out: as `input`
//! source = "https://..."  # where it was read; may be left out
//! ```
//!
//! Within a model, dates ascend. Prices of one model hold until its next entry; the last one holds for good.

mod date;
mod litellm;
#[cfg(test)]
mod tests;

pub use date::Date;

use crate::Tokens;
use crate::table::MeanTokens;
use routing::Dollars;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use store::Column;

/// Tokens that a list price is quoted for.
const QUOTED_TOKENS: f64 = 1e6;

/// The embedded book: OpenAI's announcements, each with the page it was read from.
const EMBEDDED: &str = include_str!("price_book/openai.toml");

/// What a model costs from a day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// Name of the model as logs and tables call it.
    pub model: String,
    /// First day on which the price holds.
    pub from: Date,
    /// Dollars per million tokens read, finite, not negative.
    pub input: f64,
    /// Dollars per million tokens written, finite, not negative.
    pub output: f64,
    /// Dollars per million tokens that came from the model's cache, finite, not negative; none: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Where the price was read; may be empty.
    #[serde(default)]
    pub source: String,
}

impl ListPrice {
    /// Dollars of a call with so many `tokens`, which need not be whole numbers.
    pub fn dollars(&self, tokens: &MeanTokens) -> Dollars {
        let fresh = self.input * (tokens.input - tokens.cached);
        let cached = self.cached.unwrap_or(self.input) * tokens.cached;
        Dollars((fresh + cached + self.output * tokens.output) / QUOTED_TOKENS)
    }
}

/// List prices by model and date. Every rule was checked when it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceBook {
    prices: BTreeMap<String, Vec<ListPrice>>,
}

/// Why there is no book, or no price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceBookError {
    /// What is wrong: file, entry, field, rule and value as far as they are known.
    pub message: String,
}

impl std::fmt::Display for PriceBookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PriceBookError {}

fn error(message: impl Into<String>) -> PriceBookError {
    PriceBookError { message: message.into() }
}

/// A TOML file of prices.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    price: Vec<ListPrice>,
}

impl PriceBook {
    /// A book of the given entries, in any order of models; the dates of a model ascend.
    ///
    /// # Errors
    /// When there is no entry, a model has no name, a price is negative or not finite, or the dates of a model repeat or
    /// descend. Entries are counted from 1.
    pub fn new(entries: Vec<ListPrice>) -> Result<PriceBook, PriceBookError> {
        if entries.is_empty() {
            return Err(error("no entries: a price book needs at least one"));
        }
        let mut prices: BTreeMap<String, Vec<ListPrice>> = BTreeMap::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let known = prices.entry(entry.model.clone()).or_default();
            check(&entry, known.last()).map_err(|rule| error(format!("entry {}: {rule}", at + 1)))?;
            known.push(entry);
        }
        Ok(PriceBook { prices })
    }

    /// Reads a book from TOML text.
    ///
    /// # Errors
    /// When the text is not TOML of this layout, or as [`PriceBook::new`].
    pub fn parse(text: &str) -> Result<PriceBook, PriceBookError> {
        let written: Written = toml::from_str(text).map_err(|cause| error(cause.to_string().trim_end()))?;
        PriceBook::new(written.price)
    }

    /// Reads a book from a `.toml`, `.csv`, `.jsonl` or `.parquet` file, or from LiteLLM's price list (`.json`).
    ///
    /// # Errors
    /// As [`PriceBook::parse`], and when the file cannot be read or lacks a column; the message names the file.
    pub fn read(path: &Path) -> Result<PriceBook, PriceBookError> {
        let named = |cause: &dyn std::fmt::Display| error(format!("{}: {cause}", path.display()));
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = std::fs::read_to_string(path).map_err(|cause| named(&cause))?;
            return PriceBook::parse(&text).map_err(|cause| named(&cause));
        }
        if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(path).map_err(|cause| named(&cause))?;
            return litellm::parse(&text).map_err(|cause| named(&cause));
        }
        let frame = store::read(path).map_err(|cause| error(cause.to_string()))?;
        let entries = (0..frame.rows()).map(|row| entry_of(&frame, row)).collect::<Result<_, _>>();
        entries.and_then(PriceBook::new).map_err(|cause| named(&cause))
    }

    /// The embedded book: some list prices of OpenAI from March 2023 to August 2026, with their sources.
    pub fn embedded() -> PriceBook {
        PriceBook::parse(EMBEDDED).expect("the embedded book is checked by a test")
    }

    /// The embedded book for the name `embedded`, else as [`PriceBook::read`].
    ///
    /// # Errors
    /// As [`PriceBook::read`].
    pub fn named(name: &str) -> Result<PriceBook, PriceBookError> {
        if name == "embedded" { Ok(PriceBook::embedded()) } else { PriceBook::read(Path::new(name)) }
    }

    /// Names of the models, ascending.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.prices.keys().map(String::as_str)
    }

    /// The prices of `model` by ascending date; empty for an unknown one.
    pub fn history(&self, model: &str) -> &[ListPrice] {
        self.prices.get(model).map_or(&[], Vec::as_slice)
    }

    /// The price of `model` in force on `date`; None before its first entry, and for an unknown model.
    pub fn entry_at(&self, model: &str, date: Date) -> Option<&ListPrice> {
        let history = self.history(model);
        let begun = history.partition_point(|price| price.from <= date);
        begun.checked_sub(1).map(|last| &history[last])
    }

    /// Dollars per million tokens read and written by `model` on `date`; None before its first entry, and for an unknown
    /// model.
    pub fn price_at(&self, model: &str, date: Date) -> Option<(f64, f64)> {
        self.entry_at(model, date).map(|price| (price.input, price.output))
    }

    /// Dollars of a call with so many `tokens`, at the list price of `date`.
    ///
    /// # Errors
    /// When the model is unknown, or has no price yet on that date.
    pub fn dollars(&self, model: &str, date: Date, tokens: Tokens) -> Result<Dollars, PriceBookError> {
        let price = self.entry_at(model, date).ok_or_else(|| self.absence(model, date))?;
        Ok(price.dollars(&tokens.into()))
    }

    /// Refuses a list of models of which one is not in the book.
    ///
    /// # Errors
    /// Names the first unknown model and all known ones.
    pub fn require<'a>(&self, models: impl IntoIterator<Item = &'a str>) -> Result<(), PriceBookError> {
        match models.into_iter().find(|model| !self.prices.contains_key(*model)) {
            None => Ok(()),
            Some(unknown) => Err(self.unknown(unknown)),
        }
    }

    fn unknown(&self, model: &str) -> PriceBookError {
        let known: Vec<&str> = self.models().collect();
        error(format!("no price for model `{model}` (known: {})", known.join(", ")))
    }

    fn absence(&self, model: &str, date: Date) -> PriceBookError {
        match self.history(model).first() {
            None => self.unknown(model),
            Some(first) => {
                error(format!("no price for model `{model}` on {date}: its first holds from {}", first.from))
            }
        }
    }
}

/// The rule that `entry` breaks, given the entry of the same model before it.
fn check(entry: &ListPrice, before: Option<&ListPrice>) -> Result<(), String> {
    let model = &entry.model;
    if model.is_empty() {
        return Err("`model` must not be empty".into());
    }
    let cached = entry.cached.map(|cached| ("cached", cached));
    for (field, value) in [("input", entry.input), ("output", entry.output)].into_iter().chain(cached) {
        if !(value.is_finite() && value >= 0.0) {
            return Err(format!("`{model}`: `{field}` must be finite and not negative, got {value}"));
        }
    }
    match before {
        Some(before) if before.from == entry.from => Err(format!("`{model}`: `from` stands twice: {}", entry.from)),
        Some(before) if before.from > entry.from => {
            Err(format!("`{model}`: `from` must ascend within a model, got {} after {}", entry.from, before.from))
        }
        _ => Ok(()),
    }
}

/// Row `row` of a table of prices.
fn entry_of(frame: &store::Frame, row: usize) -> Result<ListPrice, PriceBookError> {
    let cell = |name: &str| -> Result<String, PriceBookError> {
        let column = frame.column(name).ok_or_else(|| error(format!("column `{name}` is missing")))?;
        if let Some(flaw) = column.flaw() {
            return Err(error(format!("column `{name}`: {flaw}")));
        }
        column.text(row).ok_or_else(|| error(format!("row {}, column `{name}`: missing cell", row + 1)))
    };
    let number = |name: &str| -> Result<f64, PriceBookError> {
        cell(name)?;
        let number = frame.column(name).map_or(Ok(None), |column| column.number(row));
        let missing = || error(format!("row {}, column `{name}`: missing cell", row + 1));
        number
            .map_err(|found| error(format!("row {}, column `{name}`: not a number: {found}", row + 1)))?
            .ok_or_else(missing)
    };
    let from = cell("from")?;
    let from = from.parse().map_err(|cause| error(format!("row {}, column `from`: {cause}", row + 1)))?;
    let cached = frame.column("cached").and_then(|column: &Column| column.text(row)).filter(|text| !text.is_empty());
    let cached = cached.map(|_| number("cached")).transpose()?;
    let source = frame.column("source").and_then(|column: &Column| column.text(row)).unwrap_or_default();
    Ok(ListPrice { model: cell("model")?, from, input: number("input")?, output: number("output")?, cached, source })
}
