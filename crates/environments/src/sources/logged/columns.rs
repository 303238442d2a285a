//! Which column of a log is what.

use serde::{Deserialize, Serialize};

/// Which column is what, with the names that logs often have as defaults. In JSONL a name may be a dotted path
/// (`usage.prompt_tokens`). A column that the file does not have plays no part, but a row needs a model, and either dollars
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
    /// The models that may occur, in this order; None: any.
    pub models: Option<Vec<String>>,
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
            models: None,
        }
    }
}
