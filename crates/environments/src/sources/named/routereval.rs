//! RouterEval: scores of up to a thousand open models on twelve benchmarks, without dollars or tokens.
//!
//! Layout checked against the program that writes and reads the release (MilkThink-Lab/RouterEval: `get_router_dataset.py`,
//! `test_router.py`); no file of the release was seen. The release is one pickle of nested arrays for each benchmark, with
//! thirty pools of models in it. `crates/environments/scripts/routereval_pickle.py` takes one pool out as CSV:
//! `python routereval_pickle.py arc_router_dataset.pkl hard/10/strong_to_weak arc.csv`. That file is read here: `sample_id`,
//! `task`, `split`, `prompt`, and a column of scores for each model.

use super::error::{SourceError, SourceRule};
use super::files::expect;
use super::matrix::{Answer, Matrix};
use super::{DataSource, Layout, Recorded};
use std::path::Path;
use store::{Column, Frame};

pub(super) const SOURCE: DataSource = DataSource {
    name: NAME,
    about: "RouterEval, one pool of one benchmark, taken out of its pickle by scripts/routereval_pickle.py",
    licence: "MIT (its code; none stated for the scores)",
    citation: "arXiv 2503.10657",
    columns: &["sample_id", "task", "split", "prompt", "MODEL"],
    checked: "the program that writes the release, no file of the release",
    recorded: Recorded::Nothing,
    releases: &[],
    converter: None,
    layout: Layout::Other(read),
};

const NAME: &str = "routereval";
const COLUMNS: [&str; 4] = ["sample_id", "task", "split", "prompt"];

fn read(path: &Path) -> Result<Matrix, SourceError> {
    if path.extension().is_some_and(|ending| ending == "pkl") {
        let value = "a pickle is a program, which is not run; `crates/environments/scripts/routereval_pickle.py` takes one \
                     pool out of it as CSV";
        return Err(SourceError::refused(path, NAME, SourceRule::NoTable, value));
    }
    expect(path, NAME, &COLUMNS)?;
    let (frame, mut matrix) = (store::read(path)?, Matrix::default());
    let models: Vec<&(String, Column)> =
        frame.columns.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str())).collect();
    for row in 0..frame.rows() {
        let bad = |rule, what: String| SourceError::refused(path, NAME, rule, format!("row {}: {what}", row + 1));
        let text = |name: &str| cell(&frame, name, row);
        let id = text("sample_id").ok_or_else(|| bad(SourceRule::Cell, "column `sample_id` is empty".to_owned()))?;
        if matrix.has_prompt(&id) {
            return Err(bad(SourceRule::Twice, format!("`{id}`")));
        }
        let prompt = matrix.prompt(&id, &text("task").unwrap_or_default(), text("prompt"));
        for (name, column) in &models {
            let score = column.text(row).map(|text| {
                text.parse::<f64>()
                    .map_err(|_| bad(SourceRule::Cell, format!("column `{name}`: `{text}` is no number")))
            });
            let model = matrix.model(name);
            matrix.answer(prompt, model, Answer { quality: score.transpose()?, ..Answer::default() });
        }
    }
    Ok(matrix)
}

fn cell(frame: &Frame, name: &str, row: usize) -> Option<String> {
    frame.column(name).and_then(|column| column.text(row))
}
