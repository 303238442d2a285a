//! One row of a log, checked.

use super::LogOptions;
use super::columns::{LeaveOut, LogColumns};
use super::feedback::{Feedback, thumbs};
use super::messages::{last_user_text, shown};
use super::problem::{LogProblem, LogRule};
use super::time::Moment;
use crate::Tokens;
use serde_json::Value;
use std::borrow::Cow;
use store::Record;

/// Names under which the model is looked for where the map names none.
const MODEL_COLUMNS: [&str; 2] = ["model", "arm"];

/// A row that breaks no rule.
pub(super) struct Checked<'r> {
    pub place: u64,
    pub id: Option<Cow<'r, str>>,
    pub prompt: Option<Cow<'r, str>>,
    pub model: Cow<'r, str>,
    pub quality: Option<f64>,
    /// None only where the rows are cells of a table, which may be gaps.
    pub dollars: Option<f64>,
    pub tokens: Option<Tokens>,
    pub seconds: Option<f64>,
    pub propensity: Option<f64>,
    pub w_cost: Option<f64>,
    pub task: Option<Cow<'r, str>>,
    pub time: Option<Moment>,
    pub tenant: Option<Cow<'r, str>>,
}

/// Reads rows by a map of columns.
pub(super) struct Reader<'o> {
    options: &'o LogOptions,
    /// Whether a row may lack its dollars.
    gaps: bool,
    feedback: Option<&'o Feedback>,
}

/// What is wrong with a field: its name, the rule, the value.
type Fault = (String, LogRule, String);

impl<'o> Reader<'o> {
    pub(super) fn new(options: &'o LogOptions, feedback: Option<&'o Feedback>) -> Reader<'o> {
        Reader { options, gaps: false, feedback }
    }

    /// The reader of a table whose cells may be gaps.
    pub(super) fn of_table(options: &'o LogOptions) -> Reader<'o> {
        Reader { options, gaps: true, feedback: None }
    }

    /// Which rule of [`LogColumns::leave_out`] the row falls under.
    pub(super) fn left_out(&self, record: &Record) -> Option<usize> {
        let covers = |rule: &LeaveOut| match record.get(&rule.column).as_deref() {
            None => false,
            Some(Value::String(text)) => rule.covers(text),
            Some(value) => rule.covers(&value.to_string()),
        };
        self.options.columns.leave_out.iter().position(covers)
    }

    /// The row, or the first rule that it breaks.
    pub(super) fn check<'r>(&self, record: &'r Record) -> Result<Checked<'r>, LogProblem> {
        let problem = |(field, rule, value)| LogProblem { file: None, place: record.place, field, rule, value };
        match &record.flaw {
            Some(flaw) => Err(problem((String::new(), LogRule::Malformed, flaw.clone()))),
            None => self.fields(record).map_err(problem),
        }
    }

    /// The identifier under which feedback was found for a row.
    pub(super) fn matched(&self, record: &Record, row: &Checked<'_>) -> Option<String> {
        let feedback = self.feedback?;
        let own = row.id.as_deref().filter(|id| feedback.of(Some(id), None).is_some()).map(str::to_owned);
        own.or_else(|| {
            let parent = text(record, &self.options.columns.parent).ok()??;
            feedback.of(None, Some(&parent)).map(|_| parent.into_owned())
        })
    }

    fn fields<'r>(&self, record: &'r Record) -> Result<Checked<'r>, Fault> {
        let columns = &self.options.columns;
        let model = self.model(record)?;
        let time = moment(record, columns)?;
        let tokens = tokens_of(record, columns)?;
        let id = text(record, &columns.id)?;
        let quality = match (quality(record, columns)?, self.feedback) {
            (None, Some(feedback)) => feedback.of(id.as_deref(), text(record, &columns.parent)?.as_deref()),
            (own, _) => own,
        };
        Ok(Checked {
            place: record.place,
            id,
            prompt: prompt(record, columns)?,
            quality,
            dollars: self.dollars(record, &model, time, tokens)?,
            tokens,
            seconds: seconds(record, columns)?,
            model,
            propensity: within(record, &columns.propensity, LogRule::Propensity, |p| p > 0.0 && p <= 1.0)?,
            w_cost: within(record, &columns.w_cost, LogRule::Weight, |w| (0.0..=1.0).contains(&w))?,
            task: text(record, &columns.task)?,
            time,
            tenant: text(record, &columns.tenant)?,
        })
    }

    fn model<'r>(&self, record: &'r Record) -> Result<Cow<'r, str>, Fault> {
        let columns = &self.options.columns;
        let names = columns.model.as_deref().map_or_else(|| MODEL_COLUMNS.to_vec(), |name| vec![name]);
        for name in &names {
            let Some(model) = text(record, name)? else { continue };
            let model = columns.alias.get(&*model).map_or(model, |known| Cow::Owned(known.clone()));
            return match &columns.models {
                Some(known) if !known.iter().any(|known| *known == model) => {
                    let value = format!("`{model}` (known: {})", known.join(", "));
                    Err(((*name).to_owned(), LogRule::UnknownModel, value))
                }
                _ => Ok(model),
            };
        }
        Err((names[0].to_owned(), LogRule::MissingCell, String::new()))
    }

    fn dollars(
        &self,
        record: &Record,
        model: &str,
        time: Option<Moment>,
        tokens: Option<Tokens>,
    ) -> Result<Option<f64>, Fault> {
        let columns = &self.options.columns;
        if let Some(day) = self.options.reprice {
            let missing = |what: &str| (columns.input_tokens.clone(), LogRule::NoReprice, what.to_owned());
            let tokens = tokens.ok_or_else(|| missing("no tokens"))?;
            let book = self.options.prices.as_ref().ok_or_else(|| missing("no price book"))?;
            let priced = book.dollars(model, day, tokens);
            return priced
                .map(|dollars| Some(dollars.0))
                .map_err(|error| (columns.cost.clone(), LogRule::NoPrice, error.message));
        }
        if let Some(dollars) = within(record, &columns.cost, LogRule::Dollars, |d| d.is_finite() && d >= 0.0)? {
            return Ok(Some(columns.cost_unit * dollars));
        }
        let (Some(tokens), Some(book)) = (tokens, &self.options.prices) else {
            if self.gaps {
                return Ok(None);
            }
            return Err((columns.cost.clone(), LogRule::NoCost, String::new()));
        };
        let Some(date) = time.and_then(Moment::date).or(self.options.price_date) else {
            let value = "the row has no timestamp, and no date of prices was given".to_owned();
            return Err((columns.timestamp.clone(), LogRule::NoPrice, value));
        };
        let priced = book.dollars(model, date, tokens);
        priced.map(|dollars| Some(dollars.0)).map_err(|error| (columns.cost.clone(), LogRule::NoPrice, error.message))
    }
}

/// The text of a cell; numbers and booleans as they are written. None where it is absent or empty.
fn text<'r>(record: &'r Record, name: &str) -> Result<Option<Cow<'r, str>>, Fault> {
    let text = match record.get(name) {
        None => return Ok(None),
        Some(Cow::Borrowed(Value::String(text))) => Cow::Borrowed(text.as_str()),
        Some(Cow::Owned(Value::String(text))) => Cow::Owned(text),
        Some(value) => match &*value {
            value @ (Value::Number(_) | Value::Bool(_)) => Cow::Owned(value.to_string()),
            value => return Err((name.to_owned(), LogRule::NotText, shown(value))),
        },
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The number in a cell, written as a number or as text; truth values are 1 and 0. None where it is absent.
fn number(record: &Record, name: &str) -> Result<Option<f64>, Fault> {
    let Some(value) = record.get(name) else { return Ok(None) };
    let number = match &*value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        _ => None,
    };
    number.map(Some).ok_or_else(|| (name.to_owned(), LogRule::NotANumber, shown(&value)))
}

/// The number in a cell, which must be `allowed`.
fn within(record: &Record, name: &str, rule: LogRule, allowed: fn(f64) -> bool) -> Result<Option<f64>, Fault> {
    match number(record, name)? {
        Some(value) if !allowed(value) => Err((name.to_owned(), rule, value.to_string())),
        number => Ok(number),
    }
}

/// Tokens read, from the cache and written; None unless those read and written are known.
fn tokens_of(record: &Record, columns: &LogColumns) -> Result<Option<Tokens>, Fault> {
    let counts = (tokens(record, &columns.input_tokens)?, tokens(record, &columns.output_tokens)?);
    let cached = tokens(record, &columns.cached_tokens)?.unwrap_or(0);
    let (Some(input), Some(output)) = counts else { return Ok(None) };
    if cached > input {
        let value = format!("{cached} from the cache of {input} read");
        return Err((columns.cached_tokens.clone(), LogRule::Tokens, value));
    }
    Ok(Some(Tokens { input, cached, output }))
}

fn seconds(record: &Record, columns: &LogColumns) -> Result<Option<f64>, Fault> {
    let allowed = |time: f64| time.is_finite() && time >= 0.0;
    if let Some(seconds) = within(record, &columns.latency, LogRule::Latency, allowed)? {
        return Ok(Some(seconds));
    }
    Ok(within(record, &columns.latency_ms, LogRule::Latency, allowed)?.map(|milliseconds| milliseconds / 1000.0))
}

fn tokens(record: &Record, name: &str) -> Result<Option<u32>, Fault> {
    match number(record, name)? {
        None => Ok(None),
        Some(count) if count >= 0.0 && count.fract() == 0.0 && count <= f64::from(u32::MAX) => Ok(Some(count as u32)),
        Some(count) => Err((name.to_owned(), LogRule::Tokens, count.to_string())),
    }
}

fn prompt<'r>(record: &'r Record, columns: &LogColumns) -> Result<Option<Cow<'r, str>>, Fault> {
    if let Some(prompt) = text(record, &columns.prompt)? {
        return Ok(Some(prompt));
    }
    let Some(messages) = record.get(&columns.messages) else {
        // An empty prompt is a prompt like any other.
        return Ok(record.may_be_empty(&columns.prompt).then_some(Cow::Borrowed("")));
    };
    let last = last_user_text(&messages);
    last.map(|text| Some(Cow::Owned(text))).map_err(|value| (columns.messages.clone(), LogRule::Messages, value))
}

/// Quality as logged; else thumbs; else a judge's score on its scale.
fn quality(record: &Record, columns: &LogColumns) -> Result<Option<f64>, Fault> {
    // A column that is named as thumbs or as a judge's score is not read as a score in [0, 1], whatever it is called.
    let taken = columns.quality == columns.thumbs || columns.quality == columns.judge;
    let own =
        if taken { None } else { within(record, &columns.quality, LogRule::Quality, |q| (0.0..=1.0).contains(&q))? };
    if own.is_some() {
        return Ok(own);
    }
    if let Some(value) = record.get(&columns.thumbs) {
        return thumbs(&value).map(Some).ok_or_else(|| (columns.thumbs.clone(), LogRule::Thumbs, shown(&value)));
    }
    let Some(score) = number(record, &columns.judge)? else { return Ok(None) };
    match columns.judge_scale {
        Some([low, high]) if low < high && (low..=high).contains(&score) => Ok(Some((score - low) / (high - low))),
        Some([low, high]) => {
            Err((columns.judge.clone(), LogRule::JudgeScale, format!("{score}, scale {low} to {high}")))
        }
        None => Err((columns.judge.clone(), LogRule::JudgeScale, format!("{score}, no scale"))),
    }
}

fn moment(record: &Record, columns: &LogColumns) -> Result<Option<Moment>, Fault> {
    let Some(value) = record.get(&columns.timestamp) else { return Ok(None) };
    let moment = Moment::read(&value);
    moment.map(Some).ok_or_else(|| (columns.timestamp.clone(), LogRule::Timestamp, shown(&value)))
}
