//! Requests on the command line: lines of JSON in, parsed and encoded together, lines of JSON out.

use crate::failure::Failure;
use crate::output;
use deployment::{Decision, Deployment, Prompt};
use environments::sources::logged::last_user_text;
use routing::{Arm, Preference};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// Bytes that are read ahead.
const AHEAD: usize = 1 << 18;

/// What the caller may say of a request, and sees again in its routed line.
const ABOUT: [&str; 3] = ["timestamp", "task", "tenant"];

/// Lines of a file or of stdin, as bytes, numbered from 1.
pub(crate) struct Lines {
    pub(crate) name: String,
    reader: BufReader<Box<dyn Read>>,
    number: u64,
    /// Bytes read, and how many there are where that is known.
    pub(crate) read: u64,
    pub(crate) length: Option<u64>,
}

impl Lines {
    /// Those of the file at `path`; `-` is stdin.
    pub(crate) fn open(path: &Path) -> Result<Lines, Failure> {
        let of = |name, source, length| Lines {
            name,
            reader: BufReader::with_capacity(AHEAD, source),
            number: 0,
            read: 0,
            length,
        };
        if path.as_os_str() == "-" {
            return Ok(of("stdin".into(), Box::new(std::io::stdin()) as Box<dyn Read>, None));
        }
        let name = path.display().to_string();
        let file = std::fs::File::open(path).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
        Ok(of(name, Box::new(file), length))
    }

    /// The next line with its number; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let mut bytes = Vec::new();
        let read = self.reader.read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| Failure::Input(format!("{}: {error}", self.name)))?;
        self.number += 1;
        self.read += read as u64;
        Ok((read > 0).then_some((self.number, bytes)))
    }

    /// Whether the next line may have to be waited for: then whoever wrote the last one is to be answered first.
    pub(crate) fn may_wait(&self) -> bool {
        self.length.is_none() && !self.reader.buffer().contains(&b'\n')
    }
}

/// A line as a JSON object; none if it is blank.
pub(crate) fn object(bytes: &[u8]) -> Result<Option<Map<String, Value>>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("it must be UTF-8, got another byte at position {}", error.valid_up_to() + 1))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|error| format!("it must be a JSON object: {error}"))
}

/// One prompt as its line states it.
pub(crate) struct Line {
    pub(crate) number: u64,
    /// `id` or `request_id`, under the name that the caller uses.
    pub(crate) id: Option<(&'static str, Value)>,
    pub(crate) preference: Preference,
    pub(crate) about: Map<String, Value>,
    /// Empty while its text waits to be encoded.
    pub(crate) features: Vec<f32>,
}

/// The request on a line and its text, empty where it has an embedding.
pub(crate) fn request(
    number: u64,
    mut fields: Map<String, Value>,
    deployment: &Deployment,
    fallback: Option<Preference>,
) -> Result<(Line, String), String> {
    let preference = preference(&fields, fallback)?;
    let (features, text) = prompt(&mut fields)?;
    let prompt = if fields.contains_key("embedding") { Prompt::Features(&features) } else { Prompt::Text(&text) };
    deployment.check(prompt).map_err(|error| error.to_string())?;
    let ids: Vec<_> = ["request_id", "id"].into_iter().filter_map(|name| Some((name, fields.remove(name)?))).collect();
    if ids.len() > 1 {
        return Err("it must have `request_id` or `id`, got both".into());
    }
    let about = ABOUT.iter().filter_map(|&name| Some((name.to_owned(), fields.remove(name)?))).collect();
    Ok((Line { number, id: ids.into_iter().next(), preference, about, features }, text))
}

fn preference(fields: &Map<String, Value>, fallback: Option<Preference>) -> Result<Preference, String> {
    match (fields.get("w_cost"), fallback) {
        (Some(Value::Number(weight)), _) => {
            Preference::new(weight.as_f64().unwrap_or(f64::NAN)).map_err(|error| format!("`w_cost`: {error}"))
        }
        (Some(other), _) => Err(format!("`w_cost` must be a number in [0, 1], got {other}")),
        (None, Some(preference)) => Ok(preference),
        (None, None) => Err("`w_cost` is missing, and no --w-cost was given".into()),
    }
}

/// The embedding or the text of a request; that of `messages` is the last user's, as in training.
fn prompt(fields: &mut Map<String, Value>) -> Result<(Vec<f32>, String), String> {
    let given = (fields.remove("prompt"), fields.remove("messages"), fields.get("embedding"));
    let two = |one: &str, other: &str| Err(format!("it must have `{one}` or `{other}`, got both"));
    match given {
        (Some(Value::String(text)), None, None) => Ok((Vec::new(), text)),
        (None, Some(messages), None) => {
            let text = last_user_text(&messages).map_err(|error| format!("`messages`: {error}"))?;
            Ok((Vec::new(), text))
        }
        (None, None, Some(embedding)) => Ok((numbers(embedding)?, String::new())),
        (Some(_), _, Some(_)) => two("prompt", "embedding"),
        (Some(_), Some(_), _) => two("prompt", "messages"),
        (_, Some(_), Some(_)) => two("messages", "embedding"),
        (Some(other), None, None) => Err(format!("`prompt` must be a text, got {other}")),
        (None, None, None) => Err("it must have `prompt`, `messages` or `embedding`, got neither".into()),
    }
}

/// The numbers of `embedding`.
fn numbers(value: &Value) -> Result<Vec<f32>, String> {
    let numbers = value.as_array().and_then(|items| items.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
    let numbers = numbers.ok_or_else(|| format!("`embedding` must be a list of numbers, got {value}"))?;
    Ok(numbers.into_iter().map(|x| x as f32).collect())
}

/// A routed line.
pub(crate) fn routed(line: &Line, decision: &Decision, deployment: &Deployment, ranked: Option<&[Arm]>) -> Value {
    let card = deployment.card();
    let name = |arm: &Arm| &card.models[arm.index()];
    let probabilities = card.models.iter().cloned().zip(decision.probabilities.iter().map(|&p| json!(p)));
    let mut fields = json!({
        "line": line.number,
        "w_cost": line.preference.cost(),
        "model": name(&decision.arm),
        "propensity": decision.propensity,
        "probabilities": Map::from_iter(probabilities),
        "predicted_quality": decision.expected.map(|expected| expected.quality),
        "predicted_cost_usd": decision.expected.map(|expected| expected.cost.0),
        "router": card.weights_sha256,
    });
    if let Some(ranked) = ranked {
        fields["ranked"] = ranked.iter().map(name).cloned().collect();
    }
    if let Some((name, id)) = &line.id {
        fields[*name] = id.clone();
    }
    for (name, value) in &line.about {
        fields[name] = value.clone();
    }
    fields
}

/// Stdout, whose reader may hang up.
pub(crate) struct Printed;

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        output::print(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
