//! A folder of charts, tables and the page from the rows of a summary.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use store::{CellRecord, Manifest, Run, SummaryRow, TuningRow, in_parallel};

use crate::charts::{CHARTS, Chart, Source, best, compose, description};
use crate::claims::Verdict;
use crate::context::Context;
use crate::graphics::paint::{self, PaintError};
use crate::names;
use crate::page::{Figure, SHOWN};
use crate::tables::{self, Kind};

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The summary.
    pub rows: &'a [SummaryRow],
    /// What it was made from, for comparisons in pairs; without it tables have no bold.
    pub runs: &'a [Run],
    /// Every setting that was tried.
    pub tuning: &'a [TuningRow],
    /// Decided claims.
    pub claims: &'a [Verdict],
    /// The experiment; without one there is no page.
    pub manifest: Option<&'a Manifest>,
}

/// The files of a report, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Charts, each as SVG, as SVG for dark pages and as PNG.
    pub charts: Vec<PathBuf>,
    /// Tables, each as Markdown, CSV and LaTeX; that of tuning as Markdown.
    pub tables: Vec<PathBuf>,
    /// `report.html`.
    pub page: Option<PathBuf>,
}

/// Why a report could not be written.
#[derive(Debug)]
pub struct ReportError {
    /// The file.
    pub path: PathBuf,
    /// What went wrong.
    pub message: String,
}

impl std::fmt::Display for ReportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for ReportError {}

/// [`write_report`] of rows alone: charts and tables, no page.
///
/// # Errors
/// When a file cannot be drawn or written.
pub fn write(folder: &Path, rows: &[SummaryRow], context: &Context) -> Result<Written, ReportError> {
    write_report(folder, &Material { rows, runs: &[], tuning: &[], claims: &[], manifest: None }, context)
}

/// Writes everything that `material` holds something for under `folder`: `charts/<chart>.svg|dark.svg|png` (with several
/// environments `charts/<environment>/`), `tables/scores.md|csv|tex`, `tables/tasks.md|csv|tex`,
/// `tables/tuning.md` and `report.html`. Equal
/// material gives equal bytes.
///
/// # Errors
/// When a file cannot be drawn or written.
pub fn write_report(folder: &Path, material: &Material<'_>, context: &Context) -> Result<Written, ReportError> {
    let rows = material.rows;
    let (mut written, mut figures) = (Written::default(), Vec::new());
    // An environment whose cells are all missing has its place too, where nothing of an earlier report may stay.
    let planned = material.manifest.iter().flat_map(|manifest| &manifest.environments);
    let labels = rows.iter().map(|row| row.environment.as_str()).chain(planned.map(|planned| planned.label.as_str()));
    let environments = crate::charts::distinct(labels);
    let folders = names::folders(&environments);
    for (position, environment) in environments.iter().enumerate() {
        let own = crate::charts::of_environment(rows, environment);
        let runs: Vec<&Run> = material.runs.iter().filter(|run| run.environment == *environment).collect();
        let source = Source::new(&own, &runs);
        let mut place = folder.join("charts");
        if environments.len() > 1 {
            place.push(&folders[position]);
        }
        let best = best(&own);
        for drawn in in_parallel(CHARTS, |chart| draw(*chart, &source, &best, context, &place)) {
            let Some(drawn) = drawn? else { continue };
            if SHOWN.contains(&drawn.name) {
                figures.push(drawn.figure(environment, folder));
            }
            written.charts.extend(drawn.paths);
        }
    }
    for (name, kind) in [("scores", Kind::Scores), ("tasks", Kind::Tasks)] {
        let Some(table) = tables::render(kind, rows, material.runs, context) else { continue };
        for (ending, text) in [("md", table.markdown), ("csv", table.csv), ("tex", table.latex)] {
            let path = folder.join("tables").join(format!("{name}.{ending}"));
            put(&path, text.as_bytes())?;
            written.tables.push(path);
        }
    }
    let path = folder.join("tables/tuning.md");
    match tables::tuning(material.tuning) {
        Some(text) => {
            put(&path, text.as_bytes())?;
            written.tables.push(path);
        }
        // What an earlier report told of other cells.
        None => remove(&path)?,
    }
    if let Some(manifest) = material.manifest {
        let path = folder.join("report.html");
        let missing = missing(manifest, material.runs);
        let page = crate::page(rows, context, material.claims, manifest, &missing, &figures, material.tuning);
        put(&path, page.as_bytes())?;
        written.page = Some(path);
    }
    Ok(written)
}

/// The cells of `manifest` that are not among `runs`; without runs, those that were never computed.
fn missing<'a>(manifest: &'a Manifest, runs: &[Run]) -> Vec<&'a CellRecord> {
    let there: BTreeSet<(&str, &str, u32)> =
        runs.iter().map(|run| (run.environment.as_str(), run.policy.as_str(), run.replicate)).collect();
    let gone = |cell: &&CellRecord| match runs {
        [] => cell.ledger.is_none(),
        _ => !there.contains(&(cell.environment.as_str(), cell.policy.as_str(), cell.replicate)),
    };
    manifest.cells.iter().filter(gone).collect()
}

/// A chart that was drawn and written.
struct Drawn {
    name: &'static str,
    title: &'static str,
    words: String,
    svg: Vec<u8>,
    /// As SVG, as SVG for dark pages and as PNG.
    paths: Vec<PathBuf>,
}

impl Drawn {
    fn figure(&self, environment: &str, folder: &Path) -> Figure {
        let file = self.paths[0].strip_prefix(folder).unwrap_or(&self.paths[0]);
        Figure {
            environment: environment.to_owned(),
            title: self.title.to_owned(),
            words: self.words.clone(),
            svg: String::from_utf8_lossy(&self.svg).into_owned(),
            file: file.to_string_lossy().into_owned(),
        }
    }
}

fn draw(
    chart: &dyn Chart,
    source: &Source<'_>,
    best: &[String],
    context: &Context,
    place: &Path,
) -> Result<Option<Drawn>, ReportError> {
    let crate::About { name, title, .. } = chart.about();
    let path = |ending: &str| place.join(format!("{name}.{ending}"));
    let (light, dark, dots) = (path("svg"), path("dark.svg"), path("png"));
    let Some(mut table) = chart.data(source) else {
        // What an earlier report drew of cells that are gone.
        return [light, dark, dots].iter().try_for_each(|path| remove(path)).map(|()| None);
    };
    table.best = best.to_vec();
    let scene = compose(chart, &table, context);
    let words = description(chart, &table, context);
    let failed = |path: &Path, PaintError(message): PaintError| ReportError { path: path.to_owned(), message };
    let svg = paint::svg(&scene, &words, &context.command).map_err(|error| failed(&light, error))?;
    put(&light, &svg)?;
    put(&dark, &paint::svg(&scene.dark(), &words, &context.command).map_err(|error| failed(&dark, error))?)?;
    put(&dots, &paint::png(&scene, &words, &context.command).map_err(|error| failed(&dots, error))?)?;
    Ok(Some(Drawn { name, title, words, svg, paths: vec![light, dark, dots] }))
}

fn remove(path: &Path) -> Result<(), ReportError> {
    store::remove(path).map_err(|error| ReportError { path: path.to_owned(), message: error.to_string() })
}

pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    store::write_whole(path, bytes).map_err(|error| ReportError { path: path.to_owned(), message: error.to_string() })
}
