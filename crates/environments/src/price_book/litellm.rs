//! LiteLLM's price list (`model_prices_and_context_window.json`): dollars per token by model, without days.

use super::{ListPrice, PriceBook, PriceBookError, error};
use serde_json::{Map, Value};

/// Tokens that our own prices are quoted for.
const QUOTED: f64 = super::QUOTED_TOKENS;

/// The prices of every model that has one for tokens read and written. The list names no days: its prices hold on any.
///
/// # Errors
/// When the text is no JSON object, a price is no number, or no model has one.
pub(super) fn parse(text: &str) -> Result<PriceBook, PriceBookError> {
    let models: Map<String, Value> = serde_json::from_str(text).map_err(|cause| error(cause.to_string()))?;
    let mut entries = Vec::new();
    for (model, fields) in models.iter().filter(|(name, _)| *name != "sample_spec") {
        let price = |field: &str| match fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = || error(format!("`{model}`: `{field}` must be a number, got {value}"));
                value.as_f64().map(|dollars| Some(QUOTED * dollars)).ok_or_else(wrong)
            }
        };
        let (Some(input), Some(output)) = (price("input_cost_per_token")?, price("output_cost_per_token")?) else {
            continue;
        };
        let from = "1970-01-01".parse().expect("a day");
        let cached = price("cache_read_input_token_cost")?;
        entries.push(ListPrice { model: model.clone(), from, input, output, cached, source: "LiteLLM's list".into() });
    }
    PriceBook::new(entries)
}
