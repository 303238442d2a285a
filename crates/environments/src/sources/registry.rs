//! Kinds of environment that a configuration can name.

#[cfg(test)]
mod tests;

use super::Recorded;
use super::calibrated::{Calibrated, Calibration, DIMENSION};
use super::wide::{self, ColumnMap, EncodeAll, Features, ImportError, ImportOptions, OnBadRow, OnGaps};
use crate::near_duplicates::MOST_COMPARED;
use crate::price_book::PriceBook;
use crate::repricing::Pricing;
use crate::{Environment, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings::{Mistake, Parameters};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Dialect, Frame};

/// Turns texts into feature rows of `width` numbers.
pub struct TextEncoder {
    /// Numbers in a row.
    pub width: usize,
    /// The rows of some texts, one after the other.
    pub encode_all: Box<EncodeAll>,
}

/// What a source may ask for while it is opened.
pub struct Opening<'a> {
    /// The encoder of a name, or why there is none.
    pub encoder: &'a dyn Fn(&str) -> Result<TextEncoder, Mistake>,
}

type Open = fn(&Value, &Opening<'_>) -> Result<Arc<dyn Environment>, Mistake>;

/// A registered kind of environment.
pub struct SourceEntry {
    /// Name in configurations.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Every parameter with its default.
    pub defaults: fn() -> Value,
    /// The JSON schema of its parameters, made from their declaration.
    pub schema: fn() -> Value,
    /// Checks a table of parameters without opening anything.
    pub check: fn(&Value) -> Result<(), Mistake>,
    /// Opens it; the error says what is wrong with which file.
    pub open: Open,
}

/// Every kind of environment, in the order of `barp list`.
pub const SOURCES: &[SourceEntry] = &[
    SourceEntry {
        name: "calibrated",
        about: "generated requests, fitted to RouterBench 0-shot rows or to a file made by `barp data calibrate`",
        defaults: settings::defaults::<CalibratedParameters>,
        schema: settings::schema::<CalibratedParameters>,
        check: |value| settings::parse::<CalibratedParameters>(value).map(|_| ()),
        open: |value, _| settings::parse::<CalibratedParameters>(value)?.open(),
    },
    SourceEntry {
        name: "recorded",
        about: "real rows from a wide table (parquet, CSV or JSONL)",
        defaults: settings::defaults::<RecordedParameters>,
        schema: settings::schema::<RecordedParameters>,
        check: |value| settings::parse::<RecordedParameters>(value).map(|_| ()),
        open: |value, opening| settings::parse::<RecordedParameters>(value)?.open(opening),
    },
];

/// Prompts that a pool may have: ten times what any published benchmark has.
const MOST_ROWS: u32 = 10_000_000;

/// Width that a feature row may have: wider than any encoder in use.
const MOST_DIMENSIONS: u32 = 1 << 16;

/// Parameters of `calibrated`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CalibratedParameters {
    /// Prompts in the pool of a replicate.
    #[schemars(range(min = 1, max = MOST_ROWS))]
    rows: usize,
    /// Width of a feature row.
    #[schemars(range(min = 1, max = MOST_DIMENSIONS))]
    dimension: usize,
    /// A calibration to use instead of the embedded one.
    #[schemars(extend("x-rule" = "a path"))]
    file: Option<PathBuf>,
}

impl Default for CalibratedParameters {
    fn default() -> Self {
        CalibratedParameters { rows: 6000, dimension: DIMENSION, file: None }
    }
}

impl Parameters for CalibratedParameters {}

impl CalibratedParameters {
    fn open(&self) -> Result<Arc<dyn Environment>, Mistake> {
        let Some(path) = &self.file else {
            let world = Calibrated::embedded(self.rows, self.dimension).map_err(|error| error.to_string())?;
            return Ok(Arc::new(world));
        };
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
        let calibration = Calibration::parse(&text).map_err(|error| fail(&error))?;
        let world = Calibrated::new(calibration, self.rows, self.dimension).map_err(|error| fail(&error))?;
        Ok(Arc::new(world))
    }
}

/// Parameters of `recorded`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-required" = ["file"]))]
struct RecordedParameters {
    /// The table.
    #[schemars(extend("x-rule" = "a path"))]
    file: Option<PathBuf>,
    /// A second file with `sample_id` and `embedding`; without it the table's own column of embeddings is used, and
    /// without that the encoder.
    #[schemars(extend("x-rule" = "a path"))]
    embeddings: Option<PathBuf>,
    /// Encoder of prompts that have no embedding.
    #[schemars(extend("x-rule" = "the name of an encoder (see `barp list encoders`)"))]
    encoder: String,
    /// Which column is what.
    columns: ColumnMap,
    /// What to do with cells that are missing.
    gaps: OnGaps,
    /// A book whose prices replace the recorded dollars, call by call, where tokens are known; `embedded` for the one that is
    /// built in.
    #[schemars(extend("x-rule" = "a path, or `embedded`"))]
    prices: Option<String>,
    /// The day of these prices.
    #[schemars(extend("x-rule" = "a day, YYYY-MM-DD"))]
    price_date: Option<String>,
    /// Model of the table -> model of the book, where they differ.
    price_names: BTreeMap<String, String>,
    /// Column of what rows belong to: a user, a session, a document, a template. Rows with one value, like rows with equal
    /// prompts, never are on two sides of a split. An empty cell is refused.
    #[schemars(length(min = 1), extend("x-rule" = "the name of a column"))]
    group: Option<String>,
    /// Least cosine of the features at which two prompts belong together too. All pairs are compared, of at most 150000 prompts.
    #[schemars(range(min = 0.5, max = 1.0))]
    near_duplicates: Option<f64>,
    /// How a CSV table is written, where it is not with commas and decimal points.
    csv: Option<Dialect>,
}

impl Default for RecordedParameters {
    fn default() -> Self {
        RecordedParameters {
            file: None,
            embeddings: None,
            encoder: "hashed".into(),
            columns: ColumnMap::default(),
            gaps: OnGaps::Keep,
            prices: None,
            price_date: None,
            price_names: BTreeMap::new(),
            group: None,
            near_duplicates: None,
            csv: None,
        }
    }
}

impl Parameters for RecordedParameters {
    fn check(&self) -> Result<(), Mistake> {
        let unused =
            [self.price_date.as_deref().map(|_| "price-date"), self.price_names.keys().next().map(|_| "price-names")];
        match unused.into_iter().flatten().next().filter(|_| self.prices.is_none()) {
            None => Ok(()),
            Some(field) => Err(format!("`{field}` needs `prices`, a book").into()),
        }
    }
}

impl RecordedParameters {
    fn open(&self, opening: &Opening<'_>) -> Result<Arc<dyn Environment>, Mistake> {
        let path = self.file.as_deref().ok_or("`file` is missing: it must name a wide table")?;
        let encoder = (opening.encoder)(&self.encoder)?;
        let options = ImportOptions {
            columns: self.columns.clone(),
            on_bad_row: OnBadRow::Refuse,
            gaps: self.gaps,
            prices: self.pricing()?,
            group: self.group.clone(),
        };
        let frame = store::read_with(path, &self.csv.unwrap_or_default()).map_err(|error| error.to_string())?;
        let imported = import_frame_with(path, frame, self.embeddings.as_deref(), &encoder, &options);
        // A run never looks at its prompts again.
        let table = imported.map_err(|error| error.to_string())?.table.without_prompts();
        Ok(Arc::new(Recorded::new(Arc::new(self.linked(table)?))))
    }

    /// `table` with its near-duplicates linked, where that is asked for.
    fn linked(&self, table: Table) -> Result<Table, Mistake> {
        let Some(threshold) = self.near_duplicates else { return Ok(table) };
        let rule = format!("given for at most {MOST_COMPARED} prompts, as all pairs are compared");
        Mistake::unless(table.len() <= MOST_COMPARED, "near-duplicates", &rule, table.len())?;
        Ok(table.with_near_duplicates(threshold))
    }

    fn pricing(&self) -> Result<Option<Pricing>, Mistake> {
        let Some(book) = &self.prices else { return Ok(None) };
        let book = PriceBook::named(book).map_err(|error| format!("`prices`: {error}"))?;
        let date = self.price_date.as_deref().ok_or("`price-date` is missing: it must be a day, YYYY-MM-DD")?;
        let date = date.parse().map_err(|cause: String| format!("`price-date` {cause}"))?;
        Ok(Some(Pricing { book, date, names: self.price_names.clone() }))
    }
}

/// Imports a wide table, a frame that was read or made from the file at `path`, with the best features it has: those of the
/// `embeddings` file, else its own column of embeddings, else its prompts through `encoder`.
///
/// # Errors
/// As [`wide::import_frame`].
pub fn import_frame_with(
    path: &Path,
    frame: Frame,
    embeddings: Option<&Path>,
    encoder: &TextEncoder,
    options: &ImportOptions,
) -> Result<wide::Imported, ImportError> {
    if let Some(embeddings) = embeddings {
        return wide::import_frame(path, frame, Features::File(embeddings), options);
    }
    if frame.column(&options.columns.embedding).is_some() {
        return wide::import_frame(path, frame, Features::Column, options);
    }
    let features = Features::Texts { width: encoder.width, encode_all: &*encoder.encode_all };
    wide::import_frame(path, frame, features, options)
}
