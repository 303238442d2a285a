//! RouteLLM's own evaluations: right or wrong answers of GPT-4 Turbo and Mixtral to MMLU and GSM8K, without dollars or tokens.
//!
//! Layout checked against the release (lm-sys/RouteLLM: `routellm/evals/mmlu/responses/mmlu_*.csv` and
//! `gsm8k/gsm8k_responses.csv`): `prompt`, a column of True and False for each model, and for GSM8K `MODEL_response` beside it.
//! A prompt has no name there: it is called by its file and its line. What RouteLLM trains on is refused: battles of the
//! Chatbot Arena say which of two answers was preferred and score neither, and the data judged by GPT-4 score Mixtral alone.

use super::error::{SourceError, SourceRule};
use super::files::{below, expect, names, text};
use super::matrix::{Answer, Matrix};
use super::{DataSource, Layout, Recorded, Release};
use std::path::Path;
use store::{Record, Records};

pub(super) const SOURCE: DataSource = DataSource {
    name: NAME,
    about: "RouteLLM's evaluations: right or wrong, GPT-4 Turbo and Mixtral 8x7B on MMLU or GSM8K; a CSV file or their folder",
    licence: "Apache-2.0",
    citation: "arXiv 2406.18665",
    columns: &["prompt", "MODEL"],
    checked: "the release",
    recorded: Recorded::Nothing,
    releases: &[
        Release { what: "the release of lm-sys for GSM8K", prompts: 1_319, models: 2, ids: None },
        Release { what: "the release of lm-sys for MMLU", prompts: 14_042, models: 2, ids: None },
    ],
    converter: None,
    layout: Layout::Other(read),
};

const NAME: &str = "routellm";

/// A column that no table of scores has, and what a file with it is.
const OTHERS: [(&str, &str); 3] = [
    ("winner_model_a", "these are battles: they say which of two answers was preferred, and score neither"),
    ("model_a", "these are battles: they say which of two answers was preferred, and score neither"),
    ("mixtral_score", "GPT-4 as a judge scored the answers of Mixtral alone: the other model has no score"),
];

fn read(path: &Path) -> Result<Matrix, SourceError> {
    let mut matrix = Matrix::default();
    for file in below(path, NAME, |name| name.ends_with(".csv"))? {
        let names = names(&file, NAME)?;
        if let Some((_, what)) = OTHERS.iter().find(|(column, _)| names.iter().any(|name| name == column)) {
            return Err(SourceError::refused(&file, NAME, SourceRule::NoTable, *what));
        }
        expect(&file, NAME, &["prompt"])?;
        let models: Vec<String> =
            names.into_iter().filter(|name| name != "prompt" && !name.ends_with("_response")).collect();
        let task = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let (mut records, mut record) = (Records::open(&file)?, Record::default());
        while records.read(&mut record)? {
            add(&mut matrix, &file, &task, &models, &record)?;
        }
    }
    Ok(matrix)
}

fn add(matrix: &mut Matrix, file: &Path, task: &str, models: &[String], record: &Record) -> Result<(), SourceError> {
    let bad = |what: &str| {
        let value = format!("line {}: {what}", record.place);
        SourceError::refused(file, NAME, SourceRule::Cell, value)
    };
    if let Some(flaw) = &record.flaw {
        return Err(bad(flaw));
    }
    let text = |name: &str| text(record, name);
    let id = format!("{task}.{}", record.place);
    if matrix.has_prompt(&id) {
        let value = format!("two files below the folder are called `{task}.csv`");
        return Err(SourceError::refused(file, NAME, SourceRule::Twice, value));
    }
    let prompt = matrix.prompt(&id, task, text("prompt"));
    for name in models {
        let quality = match text(name).as_deref() {
            Some("True" | "true") => 1.0,
            Some("False" | "false") => 0.0,
            other => return Err(bad(&format!("column `{name}` must be True or False, got `{}`", other.unwrap_or("")))),
        };
        let model = matrix.model(name);
        matrix.answer(prompt, model, Answer { quality: Some(quality), ..Answer::default() });
    }
    Ok(())
}
