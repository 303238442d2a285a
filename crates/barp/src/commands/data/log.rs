//! `--format log`: production logs in, described and imitated, streamed row by row.

use crate::commands::dialect::DialectArguments;
use crate::commands::run::{read, write};
use crate::failure::Failure;
use crate::output::say;
use crate::table::aligned;
use clap::Args;
use environments::Tokens;
use environments::price_book::{Date, PriceBook};
use environments::repricing::Pricing;
use environments::sources::calibrated::{LoggedCells, fit_log};
use environments::sources::logged::{Log, LogColumns, LogError, LogOptions, LogRow, Survey};
use environments::sources::wide::OnBadRow;
use experiment::logged::{Comparisons, Margins, Propensities, Verdict, compare, names};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use store::{Column, Dialect, Frame, ParquetParts};

/// Rows of a log that are written at a time.
const PART_ROWS: usize = 1 << 16;

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
        super::say_dropped(log.dropped());
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

/// Writes the log with our own names of columns, in parts, so that its length does not matter.
pub(crate) fn import(log: &Log, out: &Path) -> Result<(), Failure> {
    let path = out.join("log.parquet");
    let (mut rows, mut parts) = (log.rows().map_err(Failure::input)?, None::<ParquetParts>);
    loop {
        let batch: Vec<LogRow> =
            rows.by_ref().take(PART_ROWS).collect::<Result<_, LogError>>().map_err(Failure::input)?;
        if batch.is_empty() {
            break;
        }
        let frame = frame(log, &batch);
        match &mut parts {
            Some(parts) => parts.write(&frame).map_err(Failure::failed)?,
            None => parts = Some(ParquetParts::create(&path, &frame).map_err(Failure::failed)?),
        }
    }
    if let Some(parts) = parts {
        parts.finish().map_err(Failure::failed)?;
    }
    say!("{} rows, {} models, {} tasks: {}", log.len(), log.models().len(), log.tasks().len(), path.display());
    Ok(())
}

fn frame(log: &Log, rows: &[LogRow]) -> Frame {
    let text = |cell: &dyn Fn(&LogRow) -> Option<String>| Column::Text(rows.iter().map(cell).collect());
    let real = |cell: &dyn Fn(&LogRow) -> Option<f64>| Column::Real(rows.iter().map(cell).collect());
    let columns = [
        ("request_id", text(&|row| row.id.clone())),
        ("prompt", text(&|row| row.prompt.clone())),
        ("task", text(&|row| Some(log.tasks()[row.task].clone()))),
        ("model", text(&|row| Some(log.models()[row.arm.index()].clone()))),
        ("quality", real(&|row| row.quality.map(f64::from))),
        ("cost_usd", real(&|row| Some(row.cost.0))),
        ("propensity", real(&|row| row.propensity.map(f64::from))),
        ("w_cost", real(&|row| row.w_cost)),
        ("timestamp", text(&|row| row.time.map(|time| time.to_string()))),
        ("tenant", text(&|row| row.tenant.clone())),
    ];
    let mut columns: Vec<(String, Column)> = columns.map(|(name, column)| (name.to_owned(), column)).into();
    // What no row of the log has gets no column.
    let names = LogColumns::default();
    if log.survey().with_tokens > 0 {
        let tokens = |cell: fn(&Tokens) -> u32| real(&|row| row.tokens.as_ref().map(|tokens| cell(tokens).into()));
        columns.push((names.input_tokens, tokens(|tokens| tokens.input)));
        columns.push((names.cached_tokens, tokens(|tokens| tokens.cached)));
        columns.push((names.output_tokens, tokens(|tokens| tokens.output)));
    }
    if log.survey().with_latency > 0 {
        columns.push((names.latency, real(&|row| row.latency.map(|latency| latency.0.into()))));
    }
    Frame { columns, metadata: Vec::new() }
}

/// Says what is in a log.
pub(crate) fn describe(log: &Log) -> String {
    let survey = log.survey();
    let mut text = format!("{} rows, {} models, {} tasks\n", survey.rows, log.models().len(), log.tasks().len());
    if let Some(time) = survey.time {
        text += &format!("from {} to {}\n", time.low, time.high);
    }
    let share = |count: u64| 100.0 * count as f64 / survey.rows as f64;
    text += &format!(
        "with a prompt {:.1} %, a score {:.1} %, a propensity {:.1} %",
        share(survey.with_prompt),
        share(survey.with_quality),
        share(survey.with_propensity)
    );
    if let Some(range) = survey.propensity {
        text += &format!(" ({} to {})", range.low, range.high);
    }
    text += "\n\n";
    text += &aligned(&by_model(survey), 1);
    text.push('\n');
    text += &aligned(&by_task(survey), 2);
    let others =
        if survey.other_tenants > 0 { format!(", {} rows of others", survey.other_tenants) } else { String::new() };
    if !survey.tenants.is_empty() {
        text += &format!("\n{} tenants{others}\n", survey.tenants.len());
    }
    text + "\na log shows chosen models only: means are over the requests each was chosen for\n"
}

fn by_model(survey: &Survey) -> Vec<[String; 5]> {
    let mut lines = vec![["model", "rows", "share", "quality", "USD/request"].map(str::to_owned)];
    lines.extend(survey.models.iter().enumerate().map(|(at, model)| {
        let cell = survey.of_model(at);
        let share = format!("{:.3}", cell.rows as f64 / survey.rows as f64);
        [model.clone(), cell.rows.to_string(), share, score(cell.mean_quality()), dollars(cell.mean_dollars())]
    }));
    lines
}

fn by_task(survey: &Survey) -> Vec<[String; 6]> {
    let mut lines = vec![["task", "model", "rows", "scored", "quality", "USD/request"].map(str::to_owned)];
    for (task, cells) in survey.tasks.iter().zip(&survey.cells) {
        lines.extend(survey.models.iter().zip(cells).map(|(model, cell)| {
            let (rows, scored) = (cell.rows.to_string(), cell.scored.to_string());
            [task.clone(), model.clone(), rows, scored, score(cell.mean_quality()), dollars(cell.mean_dollars())]
        }));
    }
    lines
}

/// A mean score, or a dash where there is none.
pub(crate) fn score(mean: f64) -> String {
    if mean.is_nan() { "-".into() } else { format!("{mean:.4}") }
}

/// A mean amount, or a dash where there is none.
pub(crate) fn dollars(mean: f64) -> String {
    if mean.is_nan() { "-".into() } else { format!("{mean:.7}") }
}

/// Fits the generator to a log, writes it, and asks whether simulation and off-policy evaluation agree.
pub(crate) fn calibrate(
    log: &Log,
    name: &str,
    out: &Path,
    from: Propensities,
    margins: Margins,
) -> Result<(), Failure> {
    let survey = log.survey();
    let cells = LoggedCells { models: log.models(), tasks: log.tasks(), cells: &survey.cells };
    let fitted = fit_log(cells, name).map_err(Failure::input)?;
    write(out, &fitted.calibration.to_toml())?;
    say!("calibration of {} logged rows: {}", log.len(), out.display());
    fitted.assumed.iter().for_each(|sentence| say!("{sentence}"));
    if from == Propensities::Logged && survey.with_propensity == 0 {
        say!(
            "no row has a propensity: whether simulation and off-policy evaluation agree stays open (--propensities shares)"
        );
        return Ok(());
    }
    let compared = compare(log, &names(log.models()), from, margins).map_err(Failure::input)?;
    say!("\n{}", table(&compared, margins).trim_end());
    match compared.verdict() {
        Verdict::Disagree => Err(Failure::Failed("simulation and off-policy evaluation disagree".into())),
        Verdict::Agree | Verdict::Open => Ok(()),
    }
}

fn table(compared: &Comparisons, margins: Margins) -> String {
    let header = ["policy", "outcome", "log", "+-", "simulated", "+-", "effective rows", "verdict"];
    let mut lines = vec![header.map(str::to_owned)];
    let mut reasons = String::new();
    for comparison in &compared.all {
        let (estimate, simulated) = (comparison.estimate(), comparison.simulated);
        let evaluation = &comparison.evaluation;
        let half = |interval: statistics::Interval| interval.high.map_or(f64::NAN, |high| high - interval.mean);
        let digits = |value: f64| match evaluation.outcome {
            experiment::logged::Outcome::Quality => score(value),
            experiment::logged::Outcome::Dollars => dollars(value),
        };
        lines.push([
            evaluation.policy.clone(),
            evaluation.outcome.name().to_owned(),
            digits(estimate.mean),
            digits(half(estimate)),
            digits(simulated.mean),
            digits(half(simulated)),
            format!("{:.0}", evaluation.gathered.effective()),
            comparison.verdict.name().to_owned(),
        ]);
        if let Some(flaw) = evaluation.flaw() {
            reasons += &format!("{} ({}): {flaw}\n", evaluation.policy, evaluation.outcome.name());
        }
    }
    let [agree, disagree, open] =
        [Verdict::Agree, Verdict::Disagree, Verdict::Open].map(|verdict| compared.count(verdict));
    let whole = match compared.verdict() {
        Verdict::Agree => "simulation and off-policy evaluation agree",
        Verdict::Disagree => {
            "simulation and off-policy evaluation disagree: choices depended on more than the task, \
                              propensities are wrong, or the world moved within the log"
        }
        Verdict::Open => "too few rows to say whether simulation and off-policy evaluation agree",
    };
    format!(
        "simulated values come from a generator fitted to the first {} rows, estimates (doubly robust, 95 %) from the last {}\n\
         {}{reasons}{agree} agree within the margin (quality {}, dollars {} %), {disagree} disagree, {open} stay open\n{whole}\n",
        compared.rows[0],
        compared.rows[1],
        aligned(&lines, 2),
        margins.quality,
        100.0 * margins.dollars,
    )
}
