//! EmbedLLM: right or wrong answers of 112 open models to 35,673 questions of ten benchmarks, without dollars or tokens.
//!
//! Layout checked against the release's own readers (richardzhuang0412/EmbedLLM: `algorithm/knn.py` and `mf.py` read
//! `prompt_id`, `prompt`, `model_id`, `model_name` and `label`) and others' (`category`); no file of the release was seen. The
//! release is `train.csv`, `val.csv` and `test.csv`: one of them, or the folder that holds them. Some answers stand several
//! times, once for each variant of a task; as in `knn.py` the largest label counts, and how many there were is told.

use super::error::{SourceError, SourceRule};
use super::files::{below, expect, text};
use super::matrix::{Answer, Matrix};
use super::{DataSource, Layout, Recorded, Release};
use std::path::Path;
use store::{Record, Records};

pub(super) const SOURCE: DataSource = DataSource {
    name: NAME,
    about: "EmbedLLM: right or wrong answers of 112 open models; train.csv, val.csv, test.csv or the folder of the three",
    licence: "Apache-2.0, by others' account of its data card",
    citation: "arXiv 2410.02223",
    columns: &COLUMNS,
    checked: "the release's own readers, no file of the release",
    recorded: Recorded::Nothing,
    releases: &[Release { what: "the release of RZ412", prompts: 35_673, models: 112, ids: None }],
    converter: None,
    layout: Layout::Other(read),
};

const NAME: &str = "embedllm";
const COLUMNS: [&str; 5] = ["prompt_id", "prompt", "model_name", "category", "label"];

fn read(path: &Path) -> Result<Matrix, SourceError> {
    let (mut matrix, mut twice, mut contrary) = (Matrix::default(), 0_u64, 0_u64);
    // The folder also has lists of the models and questions, in files of other names.
    for file in below(path, NAME, |name| matches!(name, "train.csv" | "val.csv" | "test.csv"))? {
        expect(&file, NAME, &COLUMNS)?;
        let (mut records, mut record) = (Records::open(&file)?, Record::default());
        while records.read(&mut record)? {
            let added = add(&mut matrix, &file, &record)?;
            twice += u64::from(added.twice);
            contrary += u64::from(added.contrary);
        }
    }
    if twice > 0 {
        matrix.note(format!(
            "{twice} answers stood before under another variant of their task: the largest label counts"
        ));
    }
    if contrary > 0 {
        matrix.note(format!("{contrary} rows have another category or prompt than the first row of their prompt_id"));
    }
    Ok(matrix)
}

/// What was remarkable about a row.
struct Added {
    /// Its answer stood in an earlier row.
    twice: bool,
    /// Its category or text is another than that of the first row of its prompt.
    contrary: bool,
}

/// Enters a row.
fn add(matrix: &mut Matrix, file: &Path, record: &Record) -> Result<Added, SourceError> {
    let bad = |what: String| {
        let value = format!("line {}: {what}", record.place);
        SourceError::refused(file, NAME, SourceRule::Cell, value)
    };
    if let Some(flaw) = &record.flaw {
        return Err(bad(flaw.clone()));
    }
    let text = |name: &str| text(record, name);
    let needed = |name: &str| text(name).ok_or_else(|| bad(format!("column `{name}` is empty")));
    let label = needed("label")?;
    let quality = match label.as_str() {
        "0" | "0.0" => 0.0,
        "1" | "1.0" => 1.0,
        _ => return Err(bad(format!("column `label` must be 0 or 1, got `{label}`"))),
    };
    let (category, text) = (needed("category")?, text("prompt"));
    let prompt = matrix.prompt(&needed("prompt_id")?, &category, text.clone());
    let contrary = !matrix.agrees(prompt, &category, text.as_deref());
    let model = matrix.model(&needed("model_name")?);
    let answer = |quality| Answer { quality: Some(quality), ..Answer::default() };
    let before = matrix.answer(prompt, model, answer(quality)).and_then(|before| before.quality);
    if let Some(before) = before {
        matrix.answer(prompt, model, answer(before.max(quality)));
    }
    Ok(Added { twice: before.is_some(), contrary })
}
