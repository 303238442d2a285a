//! How a log on the command line is read.

use super::files::{Spool, files};
use crate::commands::dialect::DialectArguments;
use crate::failure::Failure;
use crate::files::read;
use crate::output::say_dropped;
use clap::{Args, ValueEnum};
use environments::price_book::{Date, PriceBook};
use environments::repricing::Pricing;
use environments::sources::logged::{LOG_FORMATS, Log, LogColumns, LogFormat, LogOptions, MOST_DROPPED};
use environments::sources::wide::OnBadRow;
use experiment::log::{Propensities, Together};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::Dialect;

/// A log, and how to read it.
#[derive(Args)]
pub(crate) struct LogSource {
    /// The log, one row for each answered request: parquet, CSV (also .tsv), JSONL (also .ndjson) or a JSON list, the text ones also
    /// packed as .gz. Several files, folders and patterns ('logs/*.jsonl') count as one log; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The layout that a gateway or tracer writes, as in `barp list log-formats`
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// TOML file that says which column is what: id, prompt, messages, model, quality, thumbs, judge, judge_scale, cost, cost_unit,
    /// input_tokens, output_tokens, cached_tokens, latency, latency_ms, propensity, w_cost, task, timestamp, tenant, parent, models,
    /// and the tables alias, leave-out and feedback (over --from)
    #[arg(long)]
    columns: Option<PathBuf>,
    /// Another name for a model: `--alias openai/gpt-4o=gpt-4o` (repeatable)
    #[arg(long, value_name = "LOGGED=NAME")]
    alias: Vec<String>,
    /// A file of scores that came later, joined by the identifier of the request
    #[arg(long, value_name = "FILE")]
    feedback: Option<PathBuf>,
    #[command(flatten)]
    reading: LogArguments,
    /// Leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
    /// With --drop-bad-rows: largest share of rows that may break one rule about the scale of a column
    #[arg(long, value_name = "SHARE", default_value_t = MOST_DROPPED)]
    most_dropped: f64,
}

/// A log on the command line, with what keeps it there while it is read.
pub(crate) struct OpenLog {
    log: Log,
    _spool: Option<Spool>,
}

impl std::ops::Deref for OpenLog {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}

impl LogSource {
    /// The log, read once and found good.
    pub(crate) fn open(&self) -> Result<OpenLog, Failure> {
        let start = self.layout()?;
        let mut columns: LogColumns = self.reading.column_map(self.columns.as_deref(), start)?;
        for pair in &self.alias {
            let (logged, name) =
                pair.split_once('=')
                    .filter(|(logged, name)| !logged.is_empty() && !name.is_empty())
                    .ok_or_else(|| Failure::Input(format!("`--alias` must be LOGGED=NAME, got `{pair}`")))?;
            columns.alias.insert(logged.to_owned(), name.to_owned());
        }
        if !(0.0..=1.0).contains(&self.most_dropped) {
            return Err(Failure::Input(format!("`--most-dropped` must lie in [0, 1], got {}", self.most_dropped)));
        }
        let on_bad_row = if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse };
        let options = LogOptions {
            feedback: self.feedback.clone(),
            named: self.reading.named_columns(self.columns.as_deref())?,
            most_dropped: self.most_dropped,
            ..self.reading.options(columns, on_bad_row)?
        };
        let (paths, spool) = files(&self.files)?;
        let log = Log::open_all(&paths, &options).map_err(Failure::input)?;
        say_dropped(log.dropped());
        log.left_out().iter().for_each(|(rule, rows)| eprintln!("left out {rows} rows: {rule}"));
        if log.unmatched_feedback() > 0 {
            eprintln!("{} scores of the file with feedback belong to no row", log.unmatched_feedback());
        }
        Ok(OpenLog { log, _spool: spool })
    }

    /// The columns of the layout that is named, none where none is.
    fn layout(&self) -> Result<toml::Table, Failure> {
        let Some(name) = &self.from else { return Ok(toml::Table::new()) };
        let known: Vec<&str> = LOG_FORMATS.iter().map(|format| format.name).collect();
        let found = LogFormat::named(name).ok_or_else(|| {
            let near = experiment::nearest(name, &known).map_or(String::new(), |near| format!("nearest is `{near}`; "));
            Failure::Input(format!("`--from`: unknown layout `{name}` ({near}known: {})", known.join(", ")))
        })?;
        Ok(found.table())
    }

    /// What a calibration or a summary calls the log.
    pub(crate) fn name(&self) -> String {
        let stem = self.files.first().and_then(|file| file.file_stem()).filter(|stem| *stem != "-");
        stem.map_or_else(|| "log".into(), |stem| stem.to_string_lossy().into_owned())
    }

    /// The files as they were given, for a command or a message.
    pub(crate) fn shown(&self) -> String {
        self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
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
    /// Logs: the prices of this day hold for every row in place of the dollars that were paid, YYYY-MM-DD; needs tokens, and
    /// --prices unless the built-in book has them
    #[arg(long, value_name = "DAY")]
    reprice: Option<Date>,
    #[command(flatten)]
    csv: DialectArguments,
}

impl LogArguments {
    /// How the file is written, where it is a CSV.
    pub(crate) fn dialect(&self) -> Dialect {
        self.csv.dialect()
    }

    /// These arguments with a map of columns.
    pub(crate) fn options(&self, mut columns: LogColumns, on_bad_row: OnBadRow) -> Result<LogOptions, Failure> {
        match self.judge_scale[..] {
            [] => {}
            [low, high] if low < high => columns.judge_scale = Some([low, high]),
            _ => return Err(Failure::Input(format!("`--judge-scale` must be LOW,HIGH, got {:?}", self.judge_scale))),
        }
        let (mut prices, price_date, dialect) = (self.prices()?, self.price_date, self.dialect());
        if self.reprice.is_some() {
            prices.get_or_insert_with(PriceBook::embedded);
        }
        let reprice = self.reprice;
        Ok(LogOptions { columns, prices, price_date, reprice, on_bad_row, dialect, ..LogOptions::default() })
    }

    /// A map of columns: `start`, overridden by the file, overridden by `--column`.
    pub(crate) fn column_map<C: DeserializeOwned>(
        &self,
        file: Option<&Path>,
        start: toml::Table,
    ) -> Result<C, Failure> {
        let (mut map, name) = (start, file.map_or_else(|| "--column".to_owned(), |path| path.display().to_string()));
        map.extend(self.written(file)?);
        map.try_into()
            .map_err(|error: toml::de::Error| Failure::Input(format!("{name}: {}", error.to_string().trim_end())))
    }

    /// The columns that the file and `--column` name, which some row must have.
    fn named_columns(&self, file: Option<&Path>) -> Result<Vec<String>, Failure> {
        Ok(self.written(file)?.iter().filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect())
    }

    /// What the file says, overridden by `--column`; a column of no name is refused.
    fn written(&self, file: Option<&Path>) -> Result<toml::Table, Failure> {
        let (text, name) = match file {
            Some(path) => (read(path)?, path.display().to_string()),
            None => (String::new(), "--column".to_owned()),
        };
        let fail = |error: toml::de::Error| Failure::Input(format!("{name}: {}", error.to_string().trim_end()));
        let mut written: toml::Table = toml::from_str(&text).map_err(fail)?;
        if let Some((role, _)) = written.iter().find(|(_, value)| value.as_str() == Some("")) {
            return Err(Failure::Input(format!("{name}: `{role}` must be the name of a column, got an empty one")));
        }
        for pair in &self.column {
            let parts = pair.split_once('=').filter(|(_, column)| !column.is_empty());
            let wrong = || Failure::Input(format!("`--column` must be ROLE=NAME, got `{pair}`"));
            let (role, column) = parts.ok_or_else(wrong)?;
            written.insert(role.to_owned(), column.into());
        }
        Ok(written)
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

/// How much each row of a log says of another policy.
#[derive(Args)]
pub(super) struct Weighing {
    /// Where the propensities come from
    #[arg(long, value_enum, default_value = "logged")]
    pub(super) propensities: PropensitySource,
    /// Which rows move together, so that intervals count them once
    #[arg(long, value_enum, default_value = "prompt")]
    pub(super) cluster: ClusterSource,
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
