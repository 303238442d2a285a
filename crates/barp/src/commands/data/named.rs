//! `--source NAME`: a published data set, by name.

use super::{Source, say_gaps};
use crate::commands::leaks;
use crate::failure::Failure;
use crate::output::complain;
use crate::output::say_dropped;
use clap::Args;
use clap::builder::PossibleValuesParser;
use environments::sources::logged::LogColumns;
use environments::sources::named::{DATA_SOURCES, DataSource, Opened, Pricing, SourceError};
use environments::sources::wide::{ImportOptions, Imported, OnBadRow};
use environments::sources::{TextEncoder, import_frame_with};
use std::cell::OnceCell;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The Python that runs converters.
const PYTHON: &str = "python3";

/// Which published data set a file is.
#[derive(Args)]
pub(super) struct NamedArguments {
    /// A published data set, which brings its own layout (`barp list sources`)
    #[arg(
        long,
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(DATA_SOURCES.iter().map(|source| source.name)),
        hide_possible_values = true,
        conflicts_with_all = ["format", "columns", "column", "judge_scale"]
    )]
    source: Option<String>,
    /// Data sets that record neither dollars nor tokens: import them with every cost 0
    #[arg(long, requires = "source")]
    no_dollars: bool,
    /// Opened once: to convert and reshape takes a while.
    #[arg(skip)]
    opened: OnceCell<Opened>,
}

impl NamedArguments {
    pub(super) fn is_given(&self) -> bool {
        self.source.is_some()
    }

    /// The table that the data set is; warns of what a user must know of it.
    pub(super) fn import(&self, source: &Source, encoder: &TextEncoder) -> Result<Imported, Failure> {
        let opened = self.opened(source)?;
        let columns = opened.columns.clone();
        let (on_bad_row, group) = (source.on_bad_row(), source.group.clone());
        let options = ImportOptions { columns, on_bad_row, gaps: source.gaps.into(), prices: None, group };
        let embeddings = source.embeddings.as_deref();
        let imported = import_frame_with(&source.file, opened.frame.clone(), embeddings, encoder, &options);
        let imported = imported.map_err(Failure::input)?;
        say_dropped(&imported.dropped);
        say_gaps(&imported);
        let table = &imported.table;
        let ids = (0..table.len()).map(|row| table.id(row));
        if let Some(strange) = self.entry()?.strangeness(ids, table.arms()) {
            complain!("warning: {}: {strange}", source.file.display());
        }
        Ok(imported)
    }

    /// The rows that the table is made of.
    pub(super) fn rows(&self, source: &Source) -> Result<leaks::Rows<'_>, Failure> {
        let Opened { frame, columns, .. } = self.opened(source)?;
        let (id, prompt) = (columns.id.clone(), columns.prompt.clone());
        Ok(leaks::Rows { origin: leaks::Origin::Frame(frame), id, prompt })
    }

    fn entry(&self) -> Result<&'static DataSource, Failure> {
        let name = self.source.as_deref().unwrap_or_default();
        let found = DATA_SOURCES.iter().find(|source| source.name == name);
        found.ok_or_else(|| Failure::Input(format!("`--source`: no data set is called `{name}`")))
    }

    fn opened(&self, source: &Source) -> Result<&Opened, Failure> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = self.open(source)?;
        say_dropped(&opened.dropped);
        for note in &opened.notes {
            complain!("warning: {}: {note}", source.file.display());
        }
        Ok(self.opened.get_or_init(|| opened))
    }

    fn open(&self, source: &Source) -> Result<Opened, Failure> {
        let entry = self.entry()?;
        let options = source.log.options(LogColumns::default(), OnBadRow::Refuse)?;
        let pricing = Pricing { prices: options.prices, date: options.price_date, no_dollars: self.no_dollars };
        let open = |path: &Path| entry.open(path, &pricing, source.on_bad_row());
        let Some(program) = entry.converter else { return open(&source.file).map_err(Failure::input) };
        let folder = TempDir::new().map_err(Failure::failed)?;
        let (script, csv) = (folder.path().join("convert.py"), folder.path().join("converted.csv"));
        store::write_whole(&script, program.as_bytes()).map_err(Failure::failed)?;
        convert(&script, &source.file, &csv)?;
        // The user knows the pickle, not the file that was made of it.
        let renamed = |error: SourceError| {
            error.to_string().replace(&csv.display().to_string(), &source.file.display().to_string())
        };
        open(&csv).map_err(|error| Failure::Input(renamed(error)))
    }
}

/// Runs `script` on `file`, which writes `csv`.
fn convert(script: &Path, file: &Path, csv: &Path) -> Result<(), Failure> {
    let ended = Command::new(PYTHON).arg(script).arg(file).arg(csv).output().map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => format!("`{PYTHON}` is not installed, and only Python with pandas reads a pickle"),
            _ => format!("`{PYTHON}` cannot be started: {error}"),
        };
        Failure::Input(format!("{}: {why}", file.display()))
    })?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let lacks = said.contains("No module named");
    let hint =
        if lacks { format!("\n  `{PYTHON}` lacks a module: `{PYTHON} -m pip install pandas`") } else { String::new() };
    Err(Failure::Input(format!("{}: not converted by `{PYTHON}`: {}{hint}", file.display(), said.trim_end())))
}
