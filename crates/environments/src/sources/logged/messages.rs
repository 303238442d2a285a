//! Conversations in the OpenAI message shape: a list of `{"role": ..., "content": ...}`, where content is text or a list of
//! parts of which those of type `text` count.

use serde_json::Value;

/// The text of the last user message, which is what a router decides on.
///
/// Earlier messages (the system's, the assistant's answers) are left out: they are shared by many requests, and would make
/// prompts look alike that are not. Parts of other types (images, files) are left out too. Around the list may stand an object that
/// has it as `messages` or `input`, and it may be JSON text. Text that is no JSON is the prompt itself.
///
/// # Errors
/// When the value is no list of messages, or no message of the user has text; the value at fault is in the words.
pub fn last_user_text(messages: &Value) -> Result<String, String> {
    if let Value::String(text) = messages {
        let json = text.trim_start().starts_with(['[', '{']);
        if !json {
            return Ok(text.clone());
        }
        let parsed = serde_json::from_str::<Value>(text).map_err(|error| format!("not JSON: {error}"))?;
        return last_user_text(&parsed);
    }
    if let Some(inner) = ["messages", "input"].iter().find_map(|key| messages.get(key)) {
        return last_user_text(inner);
    }
    let list = messages.as_array().ok_or_else(|| format!("must be a list of messages, got {}", shown(messages)))?;
    for (at, message) in list.iter().enumerate() {
        if message.get("role").and_then(Value::as_str).is_none() {
            return Err(format!("message {}: `role` must be text, got {}", at + 1, shown(message)));
        }
    }
    let user = list.iter().rev().find(|message| message["role"] == "user");
    let user = user.ok_or_else(|| format!("none of {} messages has the role `user`", list.len()))?;
    let content = user.get("content").or_else(|| user.get("parts")).unwrap_or(&Value::Null);
    let text = match content {
        // An empty prompt is a prompt like any other; one without words but with an image is another thing.
        Value::String(text) => return Ok(text.clone()),
        Value::Array(parts) => parts.iter().filter_map(part_text).collect::<Vec<_>>().join("\n"),
        other => return Err(format!("`content` must be text or a list of parts, got {}", shown(other))),
    };
    if text.trim().is_empty() { Err("the last user message has no text".into()) } else { Ok(text) }
}

/// The text of a part: `text` as OpenAI and Anthropic write it, `content` as OpenTelemetry, `value` as TensorZero.
fn part_text(part: &Value) -> Option<&str> {
    if part["type"] != "text" && part["type"] != "input_text" {
        return None;
    }
    ["text", "content", "value"].iter().find_map(|key| part.get(key)).and_then(Value::as_str)
}

/// The beginning of a value, for a message.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
