//! `barp data ...`: outcome tables in, described, and imitated; logs are in `barp log`.

mod describe;
mod encode;
mod named;

use crate::commands::leaks;
use crate::commands::log::LogArguments;
use crate::failure::Failure;
use crate::files::{read, write};
use crate::output::{complain, say, say_dropped};
use crate::progress;
use crate::table::aligned;
use clap::{Args, Subcommand, ValueEnum};
use describe::Describe;
use environments::Table;
use environments::sources::calibrated::{Calibrated, Calibration, Fidelity, fidelity, fit};
use environments::sources::import_frame_with;
use environments::sources::logged::{LogColumns, LogOptions, pivot, prompts};
use environments::sources::wide::{ColumnMap, ImportOptions, Imported, OnBadRow, OnGaps, write_table};
use named::NamedArguments;
use routing::Seed;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum Data {
    /// Check every row of a table or list of conversations and store it as DIR/table.parquet or prompts.parquet
    Import(Import),
    /// What is odd about a table, quality and dollars by model and task, oracle shares
    Describe(Describe),
    /// Fit the generator to a table, and set its facts beside the table's
    Calibrate(Calibrate),
    /// Turn a column of texts into vectors, for --embeddings
    Encode(encode::Encode),
    /// Set the facts of a table beside those of a generator (the embedded one unless told otherwise)
    Fidelity(FidelityOf),
}

impl Data {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Data::Import(command) => command.run(),
            Data::Describe(command) => command.run(),
            Data::Calibrate(command) => command.run(),
            Data::Encode(command) => command.run(),
            Data::Fidelity(command) => command.run(),
        }
    }
}

/// How rows are laid out.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table with one row for each prompt, two columns for each model
    Wide,
    /// A table with one row for each prompt and model
    Long,
    /// Conversations in the OpenAI message shape; import takes the last user message of each as its prompt
    Chat,
}

/// What becomes of cells that are missing.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Gaps {
    /// They stay missing: who chooses one gets no outcome, and scores leave it out
    Keep,
    /// Prompts that have one are left out
    DropPrompts,
    /// Models that have one are left out
    DropModels,
}

impl From<Gaps> for OnGaps {
    fn from(gaps: Gaps) -> OnGaps {
        match gaps {
            Gaps::Keep => OnGaps::Keep,
            Gaps::DropPrompts => OnGaps::DropPrompts,
            Gaps::DropModels => OnGaps::DropModels,
        }
    }
}

/// A table, and how to read it.
#[derive(Args)]
struct Source {
    /// The file: parquet, CSV (also .tsv) or JSONL (also .ndjson); of some data sets (--source) a folder or a pickle
    file: PathBuf,
    /// How its rows are laid out
    #[arg(long, value_enum, default_value = "wide")]
    format: Format,
    /// Tables: a second file with `sample_id` and `embedding`; else the table's column of embeddings; else the encoder
    #[arg(long)]
    embeddings: Option<PathBuf>,
    /// Tables: encoder of prompts that have no embedding
    #[arg(long, default_value = "hashed")]
    encoder: String,
    /// TOML file that says which column is what. Wide tables: id, task, prompt, embedding, cost_suffix, input_tokens_suffix,
    /// cached_tokens_suffix, output_tokens_suffix, latency_suffix, models, tasks. Logs
    /// and long tables: id, prompt, messages, model, quality, thumbs, judge, judge_scale, cost, input_tokens, output_tokens,
    /// cached_tokens, latency, latency_ms,
    /// propensity, w_cost, task, timestamp, tenant, models
    #[arg(long)]
    columns: Option<PathBuf>,
    #[command(flatten)]
    named: NamedArguments,
    #[command(flatten)]
    log: LogArguments,
    /// Leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
    /// Tables: what becomes of cells that are missing
    #[arg(long, value_enum, default_value = "keep")]
    gaps: Gaps,
    /// Tables: column of what rows belong to, such as users or sessions; no cell may be empty. table.parquet has it as `group`
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
}

impl Source {
    fn on_bad_row(&self) -> OnBadRow {
        if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse }
    }

    /// The table that the file is.
    fn import(&self) -> Result<Imported, Failure> {
        let encoder = experiment::text_encoder(&self.encoder, &progress::encoding()).map_err(Failure::input)?;
        if self.named.is_given() {
            return self.named.import(self, &encoder);
        }
        let options = ImportOptions { gaps: self.gaps.into(), group: self.group.clone(), ..ImportOptions::default() };
        let embeddings = self.embeddings.as_deref();
        let imported = match self.format {
            Format::Wide => {
                let columns: ColumnMap = self.log.column_map(self.columns.as_deref(), toml::Table::new())?;
                let (on_bad_row, prices) = (self.on_bad_row(), self.log.pricing()?);
                let frame = store::read_with(&self.file, &self.log.dialect()).map_err(Failure::input)?;
                let options = ImportOptions { columns, on_bad_row, prices, ..options };
                import_frame_with(&self.file, frame, embeddings, &encoder, &options)
            }
            Format::Long => {
                let pivoted = pivot(&self.file, &self.long_options()?).map_err(Failure::input)?;
                say_dropped(&pivoted.dropped);
                import_frame_with(&self.file, pivoted.frame, embeddings, &encoder, &options)
            }
            Format::Chat => {
                return Err(Failure::Input("a table is needed: `--format` must be wide or long".into()));
            }
        };
        let imported = imported.map_err(Failure::input)?;
        say_dropped(&imported.dropped);
        say_gaps(&imported);
        Ok(imported)
    }

    fn long_options(&self) -> Result<LogOptions, Failure> {
        let start = toml::Table::from_iter([("id".to_owned(), toml::Value::String(LogColumns::long().id))]);
        let columns = self.log.column_map(self.columns.as_deref(), start)?;
        self.log.options(columns, self.on_bad_row())
    }

    /// The rows that the table is made of, for what is said of their texts.
    fn rows(&self) -> Result<leaks::Rows<'_>, Failure> {
        if self.named.is_given() {
            return self.named.rows(self);
        }
        let (id, prompt) = if self.format == Format::Wide {
            let columns: ColumnMap = self.log.column_map(self.columns.as_deref(), toml::Table::new())?;
            (columns.id, columns.prompt)
        } else {
            let columns = self.long_options()?.columns;
            (columns.id, columns.prompt)
        };
        Ok(leaks::Rows { origin: leaks::Origin::File(&self.file, self.log.dialect()), id, prompt })
    }

    /// What a calibration or a chart calls the table.
    fn name(&self) -> String {
        self.file.file_stem().map_or_else(|| "table".into(), |stem| stem.to_string_lossy().into_owned())
    }
}

#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    source: Source,
    /// Folder for table.parquet
    #[arg(long)]
    out: PathBuf,
    /// Tables: leave the texts of the prompts out of table.parquet; no other encoder can then be tried on it
    #[arg(long)]
    without_prompts: bool,
}

impl Import {
    fn run(self) -> Result<(), Failure> {
        match self.source.format {
            Format::Wide | Format::Long => self.table(),
            Format::Chat => self.prompts(),
        }
    }

    fn table(self) -> Result<(), Failure> {
        let Imported { table, ignored, .. } = self.source.import()?;
        let path = self.out.join("table.parquet");
        let table = if self.without_prompts { table.without_prompts() } else { table };
        write_table(&path, &table).map_err(Failure::failed)?;
        let (n, k, d, tasks) = (table.len(), table.arms(), table.dimension(), table.tasks().len());
        say!("{n} prompts, {k} models, {tasks} tasks, {d} features each: {}", path.display());
        if table.groups().is_some() || (table.prompts().is_none() && table.repeated() > 0) {
            say!(
                "rows that belong together have one value in column `group`: `group = \"group\"` keeps them on one side"
            );
        }
        if !ignored.is_empty() {
            say!("columns that played no part: {}", ignored.join(", "));
        }
        describe::warn_of_free_calls(&table);
        self.source.rows()?.report()
    }

    fn prompts(self) -> Result<(), Failure> {
        let columns: LogColumns = self.source.log.column_map(self.source.columns.as_deref(), toml::Table::new())?;
        let Source { file, log, .. } = &self.source;
        let taken = prompts(file, &log.dialect(), &columns.messages, self.source.on_bad_row());
        let taken = taken.map_err(Failure::input)?;
        say_dropped(&taken.dropped);
        let path = self.out.join("prompts.parquet");
        store::write_parquet(&path, &taken.frame).map_err(Failure::failed)?;
        say!("{} prompts: {}", taken.frame.rows(), path.display());
        Ok(())
    }
}

/// Says on stderr which cells are missing, and what was left out because of them.
fn say_gaps(imported: &Imported) {
    let table = &imported.table;
    let gaps = table.gaps();
    if gaps > 0 {
        complain!("{gaps} of {} cells are missing: nothing stands in for them", table.len() * table.arms());
    }
    if imported.halves > 0 {
        complain!(
            "{} cells have a score without dollars, or dollars without a score: they are missing too",
            imported.halves
        );
    }
    if imported.cut_prompts > 0 {
        complain!("left out {} prompts that a model did not answer", imported.cut_prompts);
    }
    if !imported.cut_models.is_empty() {
        let (count, names) = (imported.cut_models.len(), imported.cut_models.join(", "));
        complain!("left out {count} models that did not answer every prompt: {names}");
    }
}

#[derive(Args)]
pub(crate) struct Calibrate {
    #[command(flatten)]
    source: Source,
    /// TOML file for the calibration, to be named by `file` of a `calibrated` environment
    #[arg(long)]
    out: PathBuf,
}

impl Calibrate {
    fn run(self) -> Result<(), Failure> {
        let table = self.source.import()?.table;
        let calibration = fit(&table, &self.source.name()).map_err(Failure::failed)?;
        write(&self.out, &calibration.to_toml())?;
        say!("calibration of {} prompts: {}", table.len(), self.out.display());
        compare(&table, calibration)
    }
}

#[derive(Args)]
pub(crate) struct FidelityOf {
    #[command(flatten)]
    source: Source,
    /// A calibration made by `barp data calibrate` [default: the embedded one]
    #[arg(long)]
    calibration: Option<PathBuf>,
}

impl FidelityOf {
    fn run(self) -> Result<(), Failure> {
        let table = self.source.import()?.table;
        let calibration = match &self.calibration {
            None => Calibrated::embedded(1, environments::sources::calibrated::DIMENSION)
                .map_err(Failure::failed)?
                .calibration()
                .clone(),
            Some(path) => parse(path)?,
        };
        compare(&table, calibration)
    }
}

fn parse(path: &Path) -> Result<Calibration, Failure> {
    Calibration::parse(&read(path)?).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// Prints the facts of `table` beside those of the generator.
fn compare(table: &Table, calibration: Calibration) -> Result<(), Failure> {
    let dimension = calibration.dimension;
    let generated = Calibrated::new(calibration, table.len(), dimension).map_err(Failure::input)?;
    let facts = fidelity(table, &generated, &Seed::root(1).child("command", "fidelity")).map_err(Failure::input)?;
    say!("{}", fidelity_table(&facts).trim_end());
    Ok(())
}

fn fidelity_table(facts: &[Fidelity]) -> String {
    let header = ["fact", "task", "model", "recorded", "+-", "generated", "tolerance", "all 36,497 rows", ""];
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "all".into());
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(facts.iter().map(|fact| {
        [
            format!("{} ({})", fact.what, fact.unit),
            name(&fact.task),
            name(&fact.model),
            format!("{:.6}", fact.recorded),
            format!("{:.6}", fact.recorded_error),
            format!("{:.6}", fact.generated),
            format!("{:.6}", fact.tolerance),
            fact.published.map_or_else(String::new, |value| format!("{value:.4}")),
            if fact.within { String::new() } else { "outside".into() },
        ]
    }));
    let within = facts.iter().filter(|fact| fact.within).count();
    aligned(&lines, 3) + &format!("{within} of {} facts agree within their tolerance\n", facts.len())
}
