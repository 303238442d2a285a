//! How a log on the command line is read.

use crate::commands::dialect::DialectArguments;
use crate::failure::Failure;
use crate::files::read;
use crate::output::say_dropped;
use clap::{Args, ValueEnum};
use environments::price_book::{Date, PriceBook};
use environments::repricing::Pricing;
use environments::sources::logged::{Log, LogColumns, LogOptions};
use environments::sources::wide::OnBadRow;
use experiment::log::{Propensities, Together};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::Dialect;

/// A log, and how to read it.
#[derive(Args)]
pub(crate) struct LogSource {
    /// The log: parquet, CSV (also .tsv) or JSONL (also .ndjson), one row for each answered request
    pub(crate) file: PathBuf,
    /// TOML file that says which column is what: id, prompt, messages, model, quality, thumbs, judge, judge_scale, cost,
    /// input_tokens, output_tokens, cached_tokens, latency, latency_ms, propensity, w_cost, task, timestamp, tenant, models
    #[arg(long)]
    columns: Option<PathBuf>,
    #[command(flatten)]
    reading: LogArguments,
    /// Leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
}

impl LogSource {
    /// The log, read once and found good.
    pub(crate) fn open(&self) -> Result<Log, Failure> {
        let on_bad_row = if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse };
        self.reading.open(&self.file, self.columns.as_deref(), on_bad_row)
    }

    /// What a calibration or a summary calls the log.
    pub(crate) fn name(&self) -> String {
        self.file.file_stem().map_or_else(|| "log".into(), |stem| stem.to_string_lossy().into_owned())
    }
}

/// How a log is to be read; the defaults are in `LogColumns`.
#[derive(Args)]
pub(crate) struct LogArguments {
    /// Logs and long tables: a column by its role, for example `--column quality=score` (repeatable; over --columns)
    #[arg(long, value_name = "ROLE=NAME")]
    column: Vec<String>,
    /// Logs: lowest and highest score of the judge, mapped to 0 and 1
    #[arg(long, value_name = "LOW,HIGH", value_delimiter = ',', num_args = 1, allow_negative_numbers = true)]
    judge_scale: Vec<f64>,
    /// Price book (TOML or CSV) that turns tokens into dollars, or `embedded`. Wide tables: it replaces the dollars of every
    /// call; logs and long tables: of calls that have none
    #[arg(long, value_name = "FILE")]
    prices: Option<String>,
    /// Day whose prices hold for rows without a timestamp, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    price_date: Option<Date>,
    #[command(flatten)]
    csv: DialectArguments,
}

impl LogArguments {
    /// How the file is written, where it is a CSV.
    pub(crate) fn dialect(&self) -> Dialect {
        self.csv.dialect()
    }

    /// The log at `path`, read once and found good.
    pub(crate) fn open(&self, path: &Path, columns: Option<&Path>, on_bad_row: OnBadRow) -> Result<Log, Failure> {
        let columns = self.column_map(columns, toml::Table::new())?;
        let log = Log::open(path, &self.options(columns, on_bad_row)?).map_err(Failure::input)?;
        say_dropped(log.dropped());
        Ok(log)
    }

    /// These arguments with a map of columns.
    pub(crate) fn options(&self, mut columns: LogColumns, on_bad_row: OnBadRow) -> Result<LogOptions, Failure> {
        match self.judge_scale[..] {
            [] => {}
            [low, high] if low < high => columns.judge_scale = Some([low, high]),
            _ => return Err(Failure::Input(format!("`--judge-scale` must be LOW,HIGH, got {:?}", self.judge_scale))),
        }
        let (prices, price_date, dialect) = (self.prices()?, self.price_date, self.dialect());
        Ok(LogOptions { columns, prices, price_date, on_bad_row, dialect })
    }

    /// A map of columns: `start`, overridden by the file, overridden by `--column`.
    pub(crate) fn column_map<C: DeserializeOwned>(
        &self,
        file: Option<&Path>,
        start: toml::Table,
    ) -> Result<C, Failure> {
        let (text, name) = match file {
            Some(path) => (read(path)?, path.display().to_string()),
            None => (String::new(), "--column".to_owned()),
        };
        let fail = |error: toml::de::Error| Failure::Input(format!("{name}: {}", error.to_string().trim_end()));
        let (mut map, written): (toml::Table, toml::Table) = (start, toml::from_str(&text).map_err(fail)?);
        map.extend(written);
        for pair in &self.column {
            let wrong = || Failure::Input(format!("`--column` must be ROLE=NAME, got `{pair}`"));
            let (role, column) = pair.split_once('=').ok_or_else(wrong)?;
            map.insert(role.to_owned(), column.into());
        }
        map.try_into().map_err(fail)
    }

    /// The prices of a day, if they are asked for.
    pub(crate) fn pricing(&self) -> Result<Option<Pricing>, Failure> {
        let Some(book) = self.prices()? else { return Ok(None) };
        let date =
            self.price_date.ok_or_else(|| Failure::Input("`--price-date` is missing: a table needs a day".into()))?;
        Ok(Some(Pricing { book, date, names: BTreeMap::new() }))
    }

    /// The price book, if one is asked for.
    fn prices(&self) -> Result<Option<PriceBook>, Failure> {
        match self.prices.as_deref() {
            None => Ok(None),
            Some(name) => PriceBook::named(name).map(Some).map_err(Failure::input),
        }
    }
}

/// As [`Propensities`], with words for the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PropensitySource {
    /// The log's own column; where some rows have none, the share of the chosen model among those rows of its task
    Logged,
    /// The share of the chosen model among the rows of its task: right only if nothing else decided the choice
    Shares,
}

impl PropensitySource {
    pub(crate) fn propensities(self) -> Propensities {
        match self {
            PropensitySource::Logged => Propensities::Logged,
            PropensitySource::Shares => Propensities::Shares,
        }
    }
}

/// As [`Together`], with words for the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ClusterSource {
    /// Rows of equal prompts; without one, of equal request identifiers; without either, rows written again
    Prompt,
    /// Rows of one tenant, which may be a session (`--column tenant=SESSION`)
    Tenant,
}

impl ClusterSource {
    pub(crate) fn together(self) -> Together {
        match self {
            ClusterSource::Prompt => Together::Prompt,
            ClusterSource::Tenant => Together::Tenant,
        }
    }
}
