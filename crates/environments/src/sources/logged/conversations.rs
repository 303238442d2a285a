//! Conversations alone: JSONL in the OpenAI message shape, turned into prompts that an encoder can read.

use super::messages::last_user_text;
use super::problem::{LogError, LogProblem, LogRule, Problems};
use crate::sources::wide::OnBadRow;
use std::path::Path;
use store::{Column, Dialect, Frame, Record, Records};

/// Prompts taken from conversations, and what was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompts {
    /// `sample_id` (the line) and `prompt` (the last user message).
    pub frame: Frame,
    /// Lines left out by the rule each broke; empty unless [`OnBadRow::Drop`].
    pub dropped: Vec<(LogRule, u64)>,
}

/// Reads the conversations at `path`, a file in `dialect` where it is a CSV, whose column `messages` holds them.
///
/// # Errors
/// When the file cannot be read, no conversation is left, or, with [`OnBadRow::Refuse`], a line is malformed, has no
/// messages, or they are not in the OpenAI shape or without a text of the user.
pub fn prompts(path: &Path, dialect: &Dialect, messages: &str, on_bad_row: OnBadRow) -> Result<Prompts, LogError> {
    let (mut records, mut record) = (Records::open_with(path, dialect)?, Record::default());
    let (mut ids, mut texts, mut problems) = (Vec::new(), Vec::new(), Problems::default());
    while records.read(&mut record)? {
        let problem = |rule, field: &str, value| LogProblem {
            file: None,
            place: record.place,
            field: field.to_owned(),
            rule,
            value,
        };
        let text = match (&record.flaw, record.get(messages)) {
            (Some(flaw), _) => Err(problem(LogRule::Malformed, "", flaw.clone())),
            (None, None) => Err(problem(LogRule::MissingCell, messages, String::new())),
            (None, Some(value)) => last_user_text(&value).map_err(|value| problem(LogRule::Messages, messages, value)),
        };
        match text {
            Ok(text) => {
                ids.push(Some(record.place.to_string()));
                texts.push(Some(text));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if texts.is_empty() && problems.total == 0 {
        problems.push(LogProblem {
            file: None,
            place: 0,
            field: String::new(),
            rule: LogRule::NoRows,
            value: String::new(),
        });
    }
    if problems.total > 0 && (on_bad_row == OnBadRow::Refuse || texts.is_empty()) {
        return Err(LogError::Refused { path: path.to_owned(), total: problems.total, shown: problems.shown });
    }
    let columns = vec![("sample_id".to_owned(), Column::Text(ids)), ("prompt".to_owned(), Column::Text(texts))];
    Ok(Prompts { frame: Frame { columns, metadata: Vec::new() }, dropped: problems.by_rule.into_iter().collect() })
}
