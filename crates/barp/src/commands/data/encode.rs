//! `barp data encode`: the texts of a table as vectors, in a file that `barp reproduce` and recorded environments read.

use crate::commands::dialect::DialectArguments;
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use crate::progress;
use clap::Args;
use encoder::Encoder;
use experiment::{cosine, encode_texts};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::{Column, Frame};

/// Least cosine between a vector and the stored one under `--check`.
const AGREEMENT: f64 = 0.9999;

#[derive(Args)]
pub(crate) struct Encode {
    /// Table with a column of texts: parquet, CSV (also .tsv) or JSONL (also .ndjson)
    file: PathBuf,
    /// Column of the texts; an empty one is a text like any other, a missing one an error
    #[arg(long, default_value = "prompt")]
    text_column: String,
    /// Column of the identifiers, unique; they are written as `sample_id`
    #[arg(long, default_value = "sample_id")]
    id_column: String,
    /// Encoder, as in `barp list encoders`
    #[arg(long, default_value = "hashed")]
    encoder: String,
    #[command(flatten)]
    csv: DialectArguments,
    #[command(flatten)]
    encoding: EncodingArguments,
    /// Parquet file for `sample_id` and `embedding`
    #[arg(long, required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Compare with a stored file of `sample_id` and `embedding`: exit 1 where a cosine is not above .9999
    #[arg(long)]
    check: Option<PathBuf>,
}

impl Encode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let encoder = self.encoding.open(&self.encoder)?;
        let frame = store::read_with(&self.file, &self.csv.dialect()).map_err(Failure::input)?;
        let ids = self.cells(&frame, &self.id_column)?;
        let texts = self.cells(&frame, &self.text_column)?;
        self.check_unique(&ids)?;
        let vectors = self.encode(&*encoder, &texts)?;
        if let Some(stored) = &self.check {
            compare(&ids, &vectors, stored)?;
        }
        let Some(out) = &self.out else { return Ok(()) };
        let rows = ids.len();
        let frame = Frame {
            columns: vec![
                ("sample_id".into(), Column::Text(ids.into_iter().map(Some).collect())),
                ("embedding".into(), Column::Vectors { width: encoder.width(), values: vectors }),
            ],
            metadata: vec![("encoder".into(), encoder.fingerprint()), ("text_column".into(), self.text_column.clone())],
        };
        store::write_parquet(out, &frame).map_err(Failure::failed)?;
        say!("{rows} texts, {} numbers each: {}", encoder.width(), out.display());
        Ok(())
    }

    /// The cells of a column as text, none of them missing.
    fn cells(&self, frame: &Frame, name: &str) -> Result<Vec<String>, Failure> {
        let refuse = |problem: String| Failure::Input(format!("{}: column `{name}`{problem}", self.file.display()));
        let Some(column) = frame.column(name) else {
            let known: Vec<String> = frame.columns.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(refuse(format!(" is missing: the file has {}", known.join(", "))));
        };
        if matches!(column, Column::Vectors { .. }) {
            return Err(refuse(" must hold single values, it has vectors".into()));
        }
        if let Some(flaw) = column.flaw() {
            return Err(refuse(format!(": {flaw}")));
        }
        let cell = |row| column.text(row).ok_or_else(|| refuse(format!(", row {}: a value is missing", row + 1)));
        (0..column.len()).map(cell).collect()
    }

    fn check_unique(&self, ids: &[String]) -> Result<(), Failure> {
        let mut first = BTreeMap::new();
        for (row, id) in ids.iter().enumerate() {
            if let Some(before) = first.insert(id, row) {
                let (file, column) = (self.file.display(), &self.id_column);
                let problem = format!("duplicate id: `{id}`, first in row {}", before + 1);
                return Err(Failure::Input(format!("{file}: column `{column}`, row {}: {problem}", row + 1)));
            }
        }
        Ok(())
    }

    fn encode(&self, encoder: &dyn Encoder, texts: &[String]) -> Result<Vec<f32>, Failure> {
        let bar = progress::counter("encode", texts.len() as u64, "texts");
        let how = self.encoding.how(&self.encoder);
        let vectors = encode_texts(encoder, texts, &how, |more| bar.inc(more as u64));
        bar.finish_and_clear();
        vectors.map_err(Failure::failed)
    }
}

/// Prints how `vectors` agree with those of `stored`; a failure where one does not.
fn compare(ids: &[String], vectors: &[f32], stored: &Path) -> Result<(), Failure> {
    let refuse = |problem: String| Failure::Input(format!("{}: {problem}", stored.display()));
    let frame = store::read(stored).map_err(Failure::input)?;
    let (Some(keys), Some(Column::Vectors { width, values })) = (frame.column("sample_id"), frame.column("embedding"))
    else {
        return Err(refuse("must have the columns `sample_id` and `embedding` (of vectors)".into()));
    };
    if width * ids.len() != vectors.len() {
        return Err(refuse(format!(
            "`embedding` must have {} numbers a row, got {width}",
            vectors.len() / ids.len().max(1)
        )));
    }
    let known: BTreeMap<Option<String>, &[f32]> =
        (0..keys.len()).map(|row| keys.text(row)).zip(values.chunks_exact(*width)).collect();
    let mut cosines = Vec::with_capacity(ids.len());
    for (id, vector) in ids.iter().zip(vectors.chunks_exact(*width)) {
        let other = known.get(&Some(id.clone())).ok_or_else(|| refuse(format!("`sample_id` {id} is not in it")))?;
        cosines.push((cosine(vector, other), id));
    }
    cosines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((least, id)) = cosines.first() else { return Err(refuse("there is no row to compare".into())) };
    let below = cosines.iter().filter(|(cosine, _)| *cosine <= AGREEMENT).count();
    let mean = cosines.iter().map(|(cosine, _)| cosine).sum::<f64>() / cosines.len() as f64;
    say!("{} rows: least cosine {least:.9} (`{id}`), mean {mean:.9}, {below} not above {AGREEMENT}", cosines.len());
    if below == 0 { Ok(()) } else { Err(Failure::Failed(format!("{below} of {} rows differ", cosines.len()))) }
}
