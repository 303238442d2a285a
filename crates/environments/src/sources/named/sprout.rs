//! SPROUT, the data of CARROT: some 44,000 prompts, thirteen models of 2024, a judge's score and tokens, no dollars.
//!
//! Layout checked against the release's own reader (somerstep/CARROT: `carrot/gen_sprout.py`) and others' (`key`, `dataset`);
//! no file of the release was seen. A row has `key`, `dataset`, `prompt`, and for each model a struct with `score`,
//! `num_input_tokens` and `num_output_tokens`: in parquet the columns `MODEL.score` and so on, in JSONL an object. A file, or
//! the folder of the parts. CARROT's own prices are in its `carrot/constants.py`; a price book of them makes CARROT's dollars.

use super::error::{SourceError, SourceRule};
use super::files::{below, expect, text};
use super::matrix::{Answer, Matrix};
use super::{DataSource, Layout, Recorded};
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;
use store::{Record, Records};

pub(super) const SOURCE: DataSource = DataSource {
    name: NAME,
    about: "SPROUT (CARROT): a judge's scores and tokens of thirteen models; parquet or JSONL, one file or the folder of the parts",
    licence: "not looked up: read its data card",
    citation: "arXiv 2502.03261",
    columns: &["key", "dataset", "prompt", "MODEL.score", "MODEL.num_input_tokens", "MODEL.num_output_tokens"],
    checked: "the release's own reader, no file of the release",
    recorded: Recorded::Tokens,
    releases: &[],
    converter: None,
    layout: Layout::Other(read),
};

const NAME: &str = "sprout";

fn read(path: &Path) -> Result<Matrix, SourceError> {
    let mut matrix = Matrix::default();
    for file in below(path, NAME, |name| name.ends_with(".parquet") || name.ends_with(".jsonl"))? {
        expect(&file, NAME, &["key", "dataset", "prompt"])?;
        let (mut records, mut record) = (Records::open(&file)?, Record::default());
        while records.read(&mut record)? {
            add(&mut matrix, &file, &record)?;
        }
    }
    Ok(matrix)
}

fn add(matrix: &mut Matrix, file: &Path, record: &Record) -> Result<(), SourceError> {
    let bad = |rule, what: &str| SourceError::refused(file, NAME, rule, format!("row {}: {what}", record.place));
    if let Some(flaw) = &record.flaw {
        return Err(bad(SourceRule::Cell, flaw));
    }
    let text = |name: &str| text(record, name);
    let key = text("key").ok_or_else(|| bad(SourceRule::Cell, "column `key` is empty"))?;
    if matrix.has_prompt(&key) {
        return Err(bad(SourceRule::Twice, &format!("key `{key}`")));
    }
    let models = models(record);
    if models.is_empty() {
        let what = "no model: a column `MODEL.score`, or an object with `score`, is needed for each";
        return Err(bad(SourceRule::NoColumn, what));
    }
    let prompt = matrix.prompt(&key, &text("dataset").unwrap_or_default(), text("prompt"));
    for name in models {
        let number = |field: &str| match record.get(&format!("{name}.{field}")).or_else(|| inside(record, name, field))
        {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| {
                bad(SourceRule::Cell, &format!("column `{name}`: `{field}` must be a number, got {value}"))
            }),
        };
        let tokens = |field: &str| match number(field)? {
            Some(count) if count < 0.0 || count.fract() != 0.0 || count > f64::from(u32::MAX) => {
                Err(bad(SourceRule::Cell, &format!("column `{name}`: `{field}` must be a whole number, got {count}")))
            }
            count => Ok(count.map(|count| count as u32)),
        };
        let (quality, input_tokens, output_tokens) =
            (number("score")?, tokens("num_input_tokens")?, tokens("num_output_tokens")?);
        let model = matrix.model(name);
        matrix.answer(prompt, model, Answer { quality, cost: None, input_tokens, output_tokens });
    }
    Ok(())
}

/// Names of the models that a row tells of.
fn models(record: &Record) -> Vec<&str> {
    let name = |(name, value): &'_ (String, Value)| match value {
        Value::Object(fields) => fields.contains_key("score").then_some(name.len()),
        _ => name.strip_suffix(".score").map(str::len),
    };
    record.fields.iter().filter_map(|field| name(field).map(|length| &field.0[..length])).collect()
}

/// A field of the object in column `name`, whose name may itself have dots.
fn inside<'a>(record: &'a Record, name: &str, field: &str) -> Option<Cow<'a, Value>> {
    let (_, object) = record.fields.iter().find(|(known, _)| known == name)?;
    object.get(field).filter(|value| !value.is_null()).map(Cow::Borrowed)
}
