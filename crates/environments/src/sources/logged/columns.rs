//! Which column of a log is what.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which column is what, with the names that logs often have as defaults. A name may be a dotted path into objects, lists and
/// text that holds JSON, and of several names (`model_name or model`) the first that leads to something counts (see
/// [`store::Record::get`]). A column that the file does not have plays no part, but a row needs a model, and either dollars
/// or tokens and a price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogColumns {
    /// Identifier of the request.
    pub id: String,
    /// Text of the request.
    pub prompt: String,
    /// Conversation in the OpenAI message shape, used where a row has no `prompt`: the last user message is encoded.
    pub messages: String,
    /// The model that answered; None: `model`, or `arm` as in the decisions of `barp run --log decisions`.
    pub model: Option<String>,
    /// Score of the answer in [0, 1].
    pub quality: String,
    /// Thumbs, used where a row has no `quality`: up, 1 or true is 1; down, 0, -1 or false is 0.
    pub thumbs: String,
    /// A judge's score, used where a row has neither `quality` nor `thumbs`.
    pub judge: String,
    /// Lowest and highest score a judge can give, mapped to 0 and 1; must be declared where `judge` is used.
    pub judge_scale: Option<[f64; 2]>,
    /// Dollars of the call.
    pub cost: String,
    /// Dollars that one unit of `cost` is: 0.01 where a log counts cents.
    pub cost_unit: f64,
    /// Tokens that the model read, used with a price book where a row has no dollars.
    pub input_tokens: String,
    /// Tokens that the model wrote.
    pub output_tokens: String,
    /// Of the tokens that the model read, those from its cache.
    pub cached_tokens: String,
    /// Seconds until the answer was there.
    pub latency: String,
    /// The same in milliseconds, used where a row has no `latency`.
    pub latency_ms: String,
    /// Probability with which the model was chosen.
    pub propensity: String,
    /// Weight on cost of the request, in [0, 1].
    pub w_cost: String,
    /// Kind of request.
    pub task: String,
    /// When it was answered: seconds or milliseconds since 1970, or a day with or without a time (RFC 3339).
    pub timestamp: String,
    /// On whose behalf.
    pub tenant: String,
    /// What the request is a part of, such as a trace, where feedback may be about that.
    pub parent: String,
    /// The models that may occur, in this order; None: any.
    pub models: Option<Vec<String>>,
    /// Names of models as the log has them, with the names that stand for them.
    pub alias: BTreeMap<String, String>,
    /// Rows that are no answered request: failed calls, answers from a cache. They are counted and left out.
    #[serde(rename = "leave-out")]
    pub leave_out: Vec<LeaveOut>,
    /// What the columns of a second file with feedback are.
    pub feedback: Option<FeedbackColumns>,
}

/// Which rows are left out, by what a column holds; a row without the column stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveOut {
    /// The column.
    pub column: String,
    /// Rows with one of these are left out, in small or capital letters.
    #[serde(default)]
    pub is: Vec<String>,
    /// Rows with anything else than these are left out.
    #[serde(default)]
    pub unless: Vec<String>,
}

/// The columns of a file with feedback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedbackColumns {
    /// Identifier of the request: that of [`LogColumns::id`].
    pub id: String,
    /// Where a row has none: identifier of what the request is a part of, that of [`LogColumns::parent`].
    pub parent: String,
    /// The score: on the judge's scale where one is declared, else thumbs or a number in [0, 1].
    pub value: String,
    /// Name of the score, where a file holds several.
    pub name: String,
    /// The names that count; empty: all.
    pub names: Vec<String>,
}

impl Default for FeedbackColumns {
    fn default() -> FeedbackColumns {
        let name = str::to_owned;
        FeedbackColumns {
            id: name("request_id"),
            parent: name("trace_id"),
            value: name("value"),
            name: name("name"),
            names: Vec::new(),
        }
    }
}

impl LeaveOut {
    /// Whether a row with this text in the column is left out.
    pub(super) fn covers(&self, text: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(text));
        among(&self.is) || (!self.unless.is_empty() && !among(&self.unless))
    }
}

impl Default for LogColumns {
    fn default() -> LogColumns {
        let name = str::to_owned;
        LogColumns {
            id: name("request_id"),
            prompt: name("prompt"),
            messages: name("messages"),
            model: None,
            quality: name("quality"),
            thumbs: name("thumbs"),
            judge: name("judge_score"),
            judge_scale: None,
            cost: name("cost_usd"),
            cost_unit: 1.0,
            input_tokens: name("usage.prompt_tokens"),
            output_tokens: name("usage.completion_tokens"),
            cached_tokens: name("usage.prompt_tokens_details.cached_tokens"),
            latency: name("latency_s"),
            latency_ms: name("latency_ms"),
            propensity: name("propensity"),
            w_cost: name("w_cost"),
            task: name("task"),
            timestamp: name("timestamp"),
            tenant: name("tenant"),
            parent: name("trace_id"),
            models: None,
            alias: BTreeMap::new(),
            leave_out: Vec::new(),
            feedback: None,
        }
    }
}
