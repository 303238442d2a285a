//! Conversations in the OpenAI message shape: a list of `{"role": ..., "content": ...}`, where content is text or a list of
//! parts of which those of type `text` count.

use serde_json::Value;

/// The text of the last user message, which is what a router decides on.
///
/// Earlier messages (the system's, the assistant's answers) are left out: they are shared by many requests, and would make
/// prompts look alike that are not. Parts of other types (images, files) are left out too.
///
/// # Errors
/// When the value is no list of messages, or no message of the user has text; the value at fault is in the words.
pub fn last_user_text(messages: &Value) -> Result<String, String> {
    let parsed;
    let messages = match messages {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text).map_err(|error| format!("not JSON: {error}"))?;
            &parsed
        }
        other => other,
    };
    let list = messages.as_array().ok_or_else(|| format!("must be a list of messages, got {}", shown(messages)))?;
    for (at, message) in list.iter().enumerate() {
        if message.get("role").and_then(Value::as_str).is_none() {
            return Err(format!("message {}: `role` must be text, got {}", at + 1, shown(message)));
        }
    }
    let user = list.iter().rev().find(|message| message["role"] == "user");
    let user = user.ok_or_else(|| format!("none of {} messages has the role `user`", list.len()))?;
    let text = match &user["content"] {
        // An empty prompt is a prompt like any other; one without words but with an image is another thing.
        Value::String(text) => return Ok(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter(|part| part["type"] == "text").filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        other => return Err(format!("`content` must be text or a list of parts, got {}", shown(other))),
    };
    if text.trim().is_empty() { Err("the last user message has no text".into()) } else { Ok(text) }
}

/// The beginning of a value, for a message.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
