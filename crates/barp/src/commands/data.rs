//! `barp data ...`: outcome tables in, described, and imitated.

use crate::commands::run::{read, write};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use environments::Table;
use environments::sources::calibrated::{Calibrated, Calibration, Fidelity, fidelity, fit};
use environments::sources::import_with;
use environments::sources::wide::{ColumnMap, Imported, OnBadRow, to_frame};
use routing::Seed;
use std::path::{Path, PathBuf};
use store::SummaryRow;

#[derive(Subcommand)]
pub(crate) enum Data {
    /// Check every row of a wide table and store it as DIR/table.parquet
    Import(Import),
    /// Quality and dollars by model and task, oracle shares, dominance
    Describe(Describe),
    /// Fit the generator to a table, and set its facts beside the table's
    Calibrate(Calibrate),
    /// Set the facts of a table beside those of a generator (the embedded one unless told otherwise)
    Fidelity(FidelityOf),
}

impl Data {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Data::Import(command) => command.run(),
            Data::Describe(command) => command.run(),
            Data::Calibrate(command) => command.run(),
            Data::Fidelity(command) => command.run(),
        }
    }
}

/// A wide table and how to read it.
#[derive(Args)]
struct Source {
    /// The table: parquet, CSV or JSONL, one row for each prompt, two columns for each model
    file: PathBuf,
    /// A second file with `sample_id` and `embedding`; else the table's column of embeddings; else the encoder
    #[arg(long)]
    embeddings: Option<PathBuf>,
    /// Encoder of prompts that have no embedding
    #[arg(long, default_value = "hashed")]
    encoder: String,
    /// TOML file that says which column is what (id, task, prompt, embedding, cost_suffix, models, tasks)
    #[arg(long)]
    columns: Option<PathBuf>,
    /// Leave out rows that break a rule, and say how many, instead of refusing the file
    #[arg(long)]
    drop_bad_rows: bool,
}

impl Source {
    fn import(&self) -> Result<Imported, Failure> {
        let columns = match &self.columns {
            None => ColumnMap::default(),
            Some(path) => toml::from_str(&read(path)?)
                .map_err(|error| Failure::Input(format!("{}: {}", path.display(), error.to_string().trim_end())))?,
        };
        let encoder = experiment::text_encoder(&self.encoder).map_err(Failure::input)?;
        let on_bad_row = if self.drop_bad_rows { OnBadRow::Drop } else { OnBadRow::Refuse };
        let imported = import_with(&self.file, self.embeddings.as_deref(), &encoder, &columns, on_bad_row);
        let imported = imported.map_err(Failure::input)?;
        for (rule, rows) in &imported.dropped {
            eprintln!("dropped {rows} rows: {rule}");
        }
        Ok(imported)
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
}

impl Import {
    fn run(self) -> Result<(), Failure> {
        let Imported { table, ignored, .. } = self.source.import()?;
        let path = self.out.join("table.parquet");
        store::write_parquet(&path, &to_frame(&table)).map_err(Failure::failed)?;
        let (n, k, d, tasks) = (table.len(), table.arms(), table.dimension(), table.tasks().len());
        println!("{n} prompts, {k} models, {tasks} tasks, {d} features each: {}", path.display());
        if !ignored.is_empty() {
            println!("columns that played no part: {}", ignored.join(", "));
        }
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    source: Source,
    /// Folder for summary, tables and charts
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

impl Describe {
    fn run(self) -> Result<(), Failure> {
        let name = self.source.name();
        let table = self.source.import()?.table;
        let rows = experiment::describe(&table, &name);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows).expect("a summary is plain text and numbers"));
        } else {
            print!("{}", described(&table, &rows));
        }
        let Some(out) = &self.out else { return Ok(()) };
        store::write_summary(out, &rows).map_err(Failure::failed)?;
        let context = report::Context {
            command: format!("barp data describe {} --out {}", self.source.file.display(), out.display()),
            simulated: false,
            experiment: name,
        };
        let written = report::write(out, &rows, &context).map_err(Failure::failed)?;
        for chart in &written.charts {
            println!("{}", chart.display());
        }
        Ok(())
    }
}

/// Three plain tables: means by model, quality by model and task, and who is dominated.
fn described(table: &Table, rows: &[SummaryRow]) -> String {
    let value = |model: &str, task: &str, metric: &str| {
        let found = rows.iter().find(|row| row.policy == model && row.task == task && row.metric == metric);
        found.map_or(f64::NAN, |row| row.value)
    };
    let width = table.models().iter().map(String::len).max().unwrap_or(0).max("nobody".len());
    let mut text = format!("{} prompts, {} models\n\n", table.len(), table.arms());
    text += &format!("{:<width$}  quality  USD/request  oracle share\n", "model");
    for model in table.models() {
        let [quality, cost, share] = ["quality", "cost_usd", "oracle_share"].map(|metric| value(model, "all", metric));
        text += &format!("{model:<width$}  {quality:>7.4}  {cost:>11.7}  {share:>12.3}\n");
    }
    text +=
        &format!("{:<width$}  {:>7}  {:>11}  {:>12.3}\n\n", "nobody", "", "", value("nobody", "all", "oracle_share"));
    let tasks: Vec<&String> = table.tasks().iter().collect();
    let prompts = |task: usize| (0..table.len()).filter(|&row| table.task(row) == task).count();
    text += &format!("{:<width$}", "quality by task");
    text += &tasks.iter().map(|task| format!("  {task:>7}")).collect::<String>();
    text += &format!("\n{:<width$}", "prompts");
    text += &tasks
        .iter()
        .enumerate()
        .map(|(i, task)| format!("  {:>w$}", prompts(i), w = task.len().max(7)))
        .collect::<String>();
    for model in table.models() {
        text += &format!("\n{model:<width$}");
        for task in &tasks {
            text += &format!("  {:>w$.3}", value(model, task, "quality"), w = task.len().max(7));
        }
    }
    text += "\n\n";
    for (model, by) in experiment::dominance(table).into_iter().filter(|(_, by)| !by.is_empty()) {
        text += &format!("{model} is dominated (no better and dearer on average) by {}\n", by.join(", "));
    }
    text
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
        println!("calibration of {} prompts: {}", table.len(), self.out.display());
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
    print!("{}", fidelity_table(&facts));
    Ok(())
}

fn fidelity_table(facts: &[Fidelity]) -> String {
    let mut text = format!(
        "{:<44} {:<14} {:<34} {:>11} {:>10} {:>11} {:>10} {:>10}  \n",
        "fact", "task", "model", "recorded", "+-", "generated", "tolerance", "published"
    );
    for fact in facts {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "all".into());
        let published = fact.published.map_or(String::new(), |value| format!("{value:.4}"));
        text += &format!(
            "{:<44} {:<14} {:<34} {:>11.6} {:>10.6} {:>11.6} {:>10.6} {:>10}  {}\n",
            format!("{} ({})", fact.what, fact.unit),
            name(&fact.task),
            name(&fact.model),
            fact.recorded,
            fact.recorded_error,
            fact.generated,
            fact.tolerance,
            published,
            if fact.within { "" } else { "outside" }
        );
    }
    let within = facts.iter().filter(|fact| fact.within).count();
    text + &format!("{within} of {} facts agree within their tolerance\n", facts.len())
}
