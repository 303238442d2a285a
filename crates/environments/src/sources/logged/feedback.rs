//! What was said of answers in a second file, joined with the log by the identifier of the request.

use super::columns::{FeedbackColumns, LogColumns};
use super::messages::shown;
use super::problem::{LogError, LogProblem, LogRule, Problems};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use store::{Dialect, Record, Records};

/// Scores in [0, 1] by identifier; of several for one identifier the one that stands last in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Feedback {
    of_request: BTreeMap<String, f64>,
    of_parent: BTreeMap<String, f64>,
}

impl Feedback {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, when the map of columns says nothing of feedback, and when a row has no identifier or no score.
    pub(super) fn read(path: &Path, columns: &LogColumns, dialect: &Dialect) -> Result<Feedback, LogError> {
        let Some(own) = &columns.feedback else {
            let message = "the map of columns has no table `feedback`, which says what its columns are".to_owned();
            return Err(LogError::Unusable { path: path.to_owned(), message });
        };
        let (mut records, mut record) = (Records::open_with(path, dialect)?, Record::default());
        let (mut feedback, mut problems) = (Feedback::default(), Problems::default());
        while records.read(&mut record)? {
            if let Err((field, rule, value)) = feedback.add(&record, own, columns.judge_scale) {
                problems.push(LogProblem { file: None, place: record.place, field, rule, value });
            }
        }
        if problems.total > 0 {
            let (total, shown) = (problems.total, problems.shown);
            return Err(LogError::Refused { path: path.to_owned(), total, shown });
        }
        Ok(feedback)
    }

    fn add(
        &mut self,
        record: &Record,
        columns: &FeedbackColumns,
        scale: Option<[f64; 2]>,
    ) -> Result<(), (String, LogRule, String)> {
        if let Some(flaw) = &record.flaw {
            return Err((String::new(), LogRule::Malformed, flaw.clone()));
        }
        let text =
            |name: &str| record.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let counts = columns.names.is_empty() || text(&columns.name).is_some_and(|name| columns.names.contains(&name));
        if !counts {
            return Ok(());
        }
        let Some(value) = record.get(&columns.value) else { return Ok(()) };
        let fail = |rule| (columns.value.clone(), rule, shown(&value));
        let score = score(&value, scale).map_err(fail)?;
        match (text(&columns.id), text(&columns.parent)) {
            (Some(id), _) => self.of_request.insert(id, score),
            (None, Some(parent)) => self.of_parent.insert(parent, score),
            (None, None) => return Err((columns.id.clone(), LogRule::MissingCell, String::new())),
        };
        Ok(())
    }

    /// The score of a request, or else that of what it is a part of.
    pub(super) fn of(&self, id: Option<&str>, parent: Option<&str>) -> Option<f64> {
        let own = id.and_then(|id| self.of_request.get(id));
        own.or_else(|| self.of_parent.get(parent?)).copied()
    }

    /// Identifiers of which there is a score.
    pub(super) fn len(&self) -> u64 {
        (self.of_request.len() + self.of_parent.len()) as u64
    }
}

/// A score on the judge's scale, where one is declared; else thumbs or a number in [0, 1].
fn score(value: &Value, scale: Option<[f64; 2]>) -> Result<f64, LogRule> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    match (scale, number) {
        (Some([low, high]), Some(number)) if low < high && (low..=high).contains(&number) => {
            Ok((number - low) / (high - low))
        }
        (Some(_), Some(_)) => Err(LogRule::JudgeScale),
        (None, Some(number)) if (0.0..=1.0).contains(&number) => Ok(number),
        (None, Some(_)) => Err(LogRule::Quality),
        (_, None) => thumbs(value).ok_or(LogRule::Thumbs),
    }
}

/// 1 for up, 0 for down; none for anything else.
pub(super) fn thumbs(value: &Value) -> Option<f64> {
    let text = match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        other => other.to_string(),
    };
    match text.as_str() {
        "up" | "true" | "1" | "1.0" | "yes" | "positive" => Some(1.0),
        "down" | "false" | "0" | "0.0" | "-1" | "-1.0" | "no" | "negative" => Some(0.0),
        _ => None,
    }
}
