//! Published data sets by name: `barp data import --source NAME FILE`.
//!
//! A data set is one file here and one line in [`DATA_SOURCES`]. It says which columns its release has and how they become one
//! of the two layouts that are read anyway: the wide one ([`super::wide`]) or the long one ([`super::logged::pivot`]). Columns
//! are checked before anything else, and dollars are never made up: a set without dollars needs prices for its tokens, or the
//! user's word that every cost is to be 0.

mod bfcl;
mod embedllm;
mod error;
mod files;
mod llmrouterbench;
mod matrix;
mod paretobandit;
mod release;
mod roles;
mod routellm;
mod routerbench;
mod routereval;
mod sprout;
mod superhard;
#[cfg(test)]
mod tests;

pub use error::{SourceError, SourceRule};
pub use matrix::{Answer, Matrix};
pub use release::Release;
pub use roles::Roles;

use super::logged::{LogOptions, LogRule, pivot};
use super::wide::{ColumnMap, OnBadRow};
use crate::price_book::{Date, PriceBook};
use std::path::Path;
use store::Frame;

/// What a data set says of the dollars of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The dollars themselves.
    Dollars,
    /// Tokens, which a price book turns into dollars.
    Tokens,
    /// Neither.
    Nothing,
}

impl std::fmt::Display for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Recorded::Dollars => "recorded",
            Recorded::Tokens => "from tokens: needs --prices BOOK --price-date DAY",
            Recorded::Nothing => "none recorded, nor tokens: needs --no-dollars, which makes every cost 0",
        })
    }
}

/// How a data set is laid out.
pub enum Layout {
    /// One row for each prompt, as [`super::wide`] reads it.
    Wide(Roles),
    /// One row for each prompt and model, as [`super::logged::pivot`] reads it.
    Long(Roles),
    /// Otherwise; the function reads the file or folder.
    Other(fn(&Path) -> Result<Matrix, SourceError>),
}

/// A published data set.
pub struct DataSource {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Its licence, as far as it is stated.
    pub licence: &'static str,
    /// The paper or repository to cite.
    pub citation: &'static str,
    /// The columns that its file must have. `MODEL` stands for the name of each model.
    pub columns: &'static [&'static str],
    /// What the layout was checked against.
    pub checked: &'static str,
    /// What it says of dollars.
    pub recorded: Recorded,
    /// The releases that are known, to warn where a file is none of them.
    pub releases: &'static [Release],
    /// Python program that turns the file (first argument) into the CSV file that is read (second argument). This crate
    /// starts no program: the path given to [`DataSource::open`] is that of the CSV file.
    pub converter: Option<&'static str>,
    /// How it becomes a table.
    pub layout: Layout,
}

/// Every data set, in the order of `barp list sources`.
pub const DATA_SOURCES: &[DataSource] = &[
    bfcl::SOURCE,
    embedllm::SOURCE,
    llmrouterbench::SOURCE,
    paretobandit::SOURCE,
    routellm::SOURCE,
    routerbench::SOURCE,
    routerbench::PICKLE,
    routereval::SOURCE,
    sprout::SOURCE,
    superhard::SOURCE,
];

/// What is to be done about dollars that a data set does not record.
#[derive(Clone, Debug, Default)]
pub struct Pricing {
    /// Turns tokens into dollars.
    pub prices: Option<PriceBook>,
    /// Day whose prices hold.
    pub date: Option<Date>,
    /// Whether every cost is to be 0, for sets that record neither dollars nor tokens.
    pub no_dollars: bool,
}

/// A data set in the wide layout.
#[derive(Clone, Debug)]
pub struct Opened {
    /// One row for each prompt.
    pub frame: Frame,
    /// Which of its columns is what.
    pub columns: ColumnMap,
    /// Rows and requests of a long table that were left out, by the rule each broke.
    pub dropped: Vec<(LogRule, u64)>,
    /// What a user must know of how the table was made.
    pub notes: Vec<String>,
}

impl DataSource {
    /// Reads the data set at `path` and puts it into the wide layout, whose cells are not checked yet.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, is of a kind that holds no table of scores, or records no dollars and
    /// `pricing` does not say what to do about it; of a long table, also as [`pivot`].
    pub fn open(&self, path: &Path, pricing: &Pricing, on_bad_row: OnBadRow) -> Result<Opened, SourceError> {
        self.agree_on_dollars(path, pricing)?;
        let mut opened = match &self.layout {
            Layout::Wide(roles) => {
                files::expect(path, self.name, self.columns)?;
                let (columns, _) = roles.columns();
                Opened { frame: store::read(path)?, columns, dropped: Vec::new(), notes: Vec::new() }
            }
            Layout::Long(roles) => {
                files::expect(path, self.name, self.columns)?;
                let (_, columns) = roles.columns();
                let (prices, price_date) = (pricing.prices.clone(), pricing.date);
                let pivoted =
                    pivot(path, &LogOptions { columns, prices, price_date, on_bad_row, ..LogOptions::default() })?;
                let (columns, dropped) = (ColumnMap::default(), pivoted.dropped);
                Opened { frame: pivoted.frame, columns, dropped, notes: Vec::new() }
            }
            Layout::Other(read) => {
                let mut matrix = read(path)?;
                if self.recorded == Recorded::Tokens {
                    let refuse = |message| SourceError::refused(path, self.name, SourceRule::NoPrice, message);
                    matrix.price(pricing).map_err(refuse)?;
                }
                if pricing.no_dollars {
                    matrix.make_free();
                }
                let columns = ColumnMap { models: Some(matrix.models().to_vec()), ..ColumnMap::default() };
                let notes = matrix.notes().to_vec();
                Opened { frame: matrix.into_frame(), columns, dropped: Vec::new(), notes }
            }
        };
        if pricing.no_dollars {
            opened.notes.push(format!(
                "`{}` records no dollars: every cost of this table is 0, say nothing about cost",
                self.name
            ));
        }
        Ok(opened)
    }

    /// What is different from every known release; None where nothing is, or no release is known.
    pub fn strangeness<'a>(&self, ids: impl Iterator<Item = &'a str>, models: usize) -> Option<String> {
        release::strangeness(self.releases, ids, models)
    }

    /// Refuses a question about dollars that has no answer, before any file is read.
    fn agree_on_dollars(&self, path: &Path, pricing: &Pricing) -> Result<(), SourceError> {
        let value = match (self.recorded, pricing.no_dollars) {
            (Recorded::Tokens, false) if pricing.prices.is_none() || pricing.date.is_none() => {
                "it records tokens, so `--prices BOOK` and `--price-date DAY` are needed"
            }
            (Recorded::Nothing, false) => {
                "it records neither dollars nor tokens; `--no-dollars` imports it with every cost 0"
            }
            (Recorded::Dollars | Recorded::Nothing, _) if pricing.prices.is_some() => {
                "it records no tokens that are priced here: leave out `--prices`"
            }
            (Recorded::Dollars, true) => "it records dollars: leave out `--no-dollars`",
            (Recorded::Tokens, true) => "it records tokens: `--prices BOOK` and `--price-date DAY`, not `--no-dollars`",
            _ => return Ok(()),
        };
        Err(SourceError::refused(path, self.name, SourceRule::Dollars, value))
    }
}
