//! Which column of a data set is what, before it is known who reads it.

use crate::sources::logged::LogColumns;
use crate::sources::wide::ColumnMap;

/// Names of columns by role; None: the data set has no such column. In a wide table `cost`, `cached_tokens` and the like are
/// what a model's column adds to the model's name, and `model` and `quality` play no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Identifiers of the prompts.
    pub id: &'static str,
    /// Tasks of the prompts; of a wide table, None takes the first of the usual names.
    pub task: Option<&'static str>,
    /// Texts of the prompts.
    pub prompt: &'static str,
    /// The model that answered.
    pub model: Option<&'static str>,
    /// Score in [0, 1].
    pub quality: Option<&'static str>,
    /// Dollars of the call.
    pub cost: Option<&'static str>,
    /// Tokens that the model read.
    pub input_tokens: Option<&'static str>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<&'static str>,
    /// Tokens read that were charged as cached.
    pub cached_tokens: Option<&'static str>,
    /// Seconds until the answer was whole.
    pub latency_seconds: Option<&'static str>,
    /// The same in milliseconds.
    pub latency_milliseconds: Option<&'static str>,
}

impl Roles {
    /// Identifier and prompt under the project's own names, and nothing else.
    pub const PROMPTS: Roles = Roles {
        id: "sample_id",
        task: None,
        prompt: "prompt",
        model: None,
        quality: None,
        cost: None,
        input_tokens: None,
        output_tokens: None,
        cached_tokens: None,
        latency_seconds: None,
        latency_milliseconds: None,
    };

    /// The map for a wide table and the map for a long one. What the data set lacks keeps the usual name, under which the
    /// file has nothing.
    pub fn columns(&self) -> (ColumnMap, LogColumns) {
        let (wide, long) = (ColumnMap::default(), LogColumns::long());
        let named = |name: Option<&str>, usual: &str| name.unwrap_or(usual).to_owned();
        let map = ColumnMap {
            id: self.id.to_owned(),
            task: self.task.map(str::to_owned),
            prompt: self.prompt.to_owned(),
            cost_suffix: named(self.cost, &wide.cost_suffix),
            input_tokens_suffix: named(self.input_tokens, &wide.input_tokens_suffix),
            cached_tokens_suffix: named(self.cached_tokens, &wide.cached_tokens_suffix),
            output_tokens_suffix: named(self.output_tokens, &wide.output_tokens_suffix),
            latency_suffix: named(self.latency_seconds, &wide.latency_suffix),
            ..wide
        };
        let columns = LogColumns {
            id: self.id.to_owned(),
            task: named(self.task, &long.task),
            prompt: self.prompt.to_owned(),
            model: self.model.map(str::to_owned),
            quality: named(self.quality, &long.quality),
            cost: named(self.cost, &long.cost),
            input_tokens: named(self.input_tokens, &long.input_tokens),
            output_tokens: named(self.output_tokens, &long.output_tokens),
            cached_tokens: named(self.cached_tokens, &long.cached_tokens),
            latency: named(self.latency_seconds, &long.latency),
            latency_ms: named(self.latency_milliseconds, &long.latency_ms),
            ..long
        };
        (map, columns)
    }
}
