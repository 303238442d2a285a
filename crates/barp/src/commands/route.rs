//! `barp route FILE`: a saved router chooses a model for each prompt of a JSONL file.

use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::{output, progress, routers};
use clap::Args;
use deployment::{Decision, Deployment, DeploymentError, Prompt};
use experiment::{Gathered, TextVectors};
use indicatif::ProgressBar;
use routing::{Dollars, Preference, Round};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Prompts that are routed together.
const BATCH: usize = 256;

#[derive(Args)]
pub(crate) struct Route {
    /// A router made by `barp train`
    router: PathBuf,
    /// JSONL with `prompt` (text) or `embedding` (numbers), and `w_cost` unless --w-cost is given; `-` for stdin
    #[arg(long)]
    prompts: PathBuf,
    /// Weight on cost of the lines that have none, from 0 (quality alone) to 1 (cost alone)
    #[arg(long)]
    w_cost: Option<f64>,
    /// List price in force instead of the one of training, dollars for a typical request; may be repeated
    #[arg(long, value_name = "MODEL=DOLLARS", value_parser = price)]
    list_price: Vec<(String, f64)>,
    /// A model that cannot be called; may be repeated
    #[arg(long, value_name = "MODEL")]
    without: Vec<String>,
    #[command(flatten)]
    encoding: EncodingArguments,
    /// The routed prompts, JSONL [default: stdout]
    #[arg(long)]
    out: Option<PathBuf>,
}

fn price(text: &str) -> Result<(String, f64), String> {
    let parsed = text.rsplit_once('=').and_then(|(model, price)| Some((model.to_owned(), price.parse().ok()?)));
    parsed.ok_or_else(|| format!("must be MODEL=DOLLARS, got `{text}`"))
}

/// One prompt as its line states it.
struct Line {
    number: u64,
    id: Option<Value>,
    preference: Preference,
    /// Empty while its text waits to be encoded.
    features: Vec<f32>,
}

impl Route {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut deployment = routers::open(&self.router, &self.encoding)?;
        let refuse = |error: DeploymentError| Failure::Input(format!("{}: {error}", self.router.display()));
        for (model, price) in &self.list_price {
            deployment.set_price(model, Dollars(*price)).map_err(refuse)?;
        }
        for model in &self.without {
            deployment.set_down(model).map_err(refuse)?;
        }
        let fallback = self.w_cost.map(Preference::new).transpose();
        let fallback = fallback.map_err(|error| Failure::Input(format!("--w-cost: {error}")))?;
        match &self.out {
            None => self.route_all(&deployment, fallback, &mut Printed),
            Some(out) => {
                let fail = |error: std::io::Error| Failure::Failed(format!("{}: {error}", out.display()));
                let mut file = store::Whole::begin(out).map_err(fail)?;
                self.route_all(&deployment, fallback, &mut file)?;
                file.finish().map_err(fail)
            }
        }
    }

    fn route_all(
        &self,
        deployment: &Deployment,
        fallback: Option<Preference>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let mut lines = Lines::open(&self.prompts)?;
        let open = |encoder| TextVectors::open(encoder, &self.encoding.how(encoder.name()));
        let vectors = deployment.encoder().map(open).transpose().map_err(Failure::failed)?;
        let bar = self.bar(lines.length);
        let mut routing =
            Routing { deployment, vectors, gathered: Gathered::default(), ready: Vec::new(), out, bar, routed: 0 };
        while let Some((number, bytes)) = lines.next()? {
            let at = |problem: String| Failure::Input(format!("{}: line {number}: {problem}", lines.name));
            let Some((line, text)) = parse(number, &bytes, deployment, fallback).map_err(at)? else { continue };
            routing.gathered.push(line, text);
            if routing.gathered.is_full() {
                routing.encode()?;
                routing.bar.set_position(lines.read);
            }
        }
        routing.encode()?;
        routing.flush()?;
        routing.bar.finish_and_clear();
        Ok(())
    }

    /// Shows how far it is, unless routed lines are what the terminal shows.
    fn bar(&self, length: Option<u64>) -> ProgressBar {
        if self.out.is_none() && std::io::stdout().is_terminal() {
            return ProgressBar::hidden();
        }
        progress::bytes("route", length)
    }
}

/// Lines on their way through encoder and router.
struct Routing<'a> {
    deployment: &'a Deployment,
    vectors: Option<TextVectors<'a>>,
    gathered: Gathered<Line>,
    ready: Vec<Line>,
    out: &'a mut dyn Write,
    bar: ProgressBar,
    /// Prompts that have been encoded.
    routed: u64,
}

impl Routing<'_> {
    /// Encodes what was gathered and routes all of it that fills a batch.
    fn encode(&mut self) -> Result<(), Failure> {
        let Gathered { rows, texts, .. } = self.gathered.take();
        // A line with an embedding has no text to be encoded.
        let texts: Vec<&String> =
            rows.iter().zip(&texts).filter(|(line, _)| line.features.is_empty()).map(|(_, text)| text).collect();
        let done = AtomicU64::new(self.routed);
        let heard = |more: usize| {
            let done = done.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
            self.bar.set_message(format!(" · {done} prompts"));
        };
        let encoded = match &mut self.vectors {
            Some(vectors) => vectors.encode(&texts, heard).map_err(Failure::failed)?,
            None => Vec::new(),
        };
        self.routed += rows.len() as u64;
        let mut encoded = encoded.chunks_exact(self.deployment.card().dimension);
        for mut line in rows {
            if line.features.is_empty() {
                line.features = encoded.next().expect("each of the texts has a vector").to_vec();
            }
            self.ready.push(line);
            if self.ready.len() == BATCH {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Routes what is encoded and writes it out.
    fn flush(&mut self) -> Result<(), Failure> {
        let Some(first) = self.ready.first() else { return Ok(()) };
        let features: Vec<f32> = self.ready.iter().flat_map(|line| &line.features).copied().collect();
        let preferences: Vec<Preference> = self.ready.iter().map(|line| line.preference).collect();
        let decisions = self.deployment.route(Round(first.number - 1), &features, &preferences);
        for (line, decision) in self.ready.iter().zip(&decisions) {
            let text = format!("{}\n", routed(line, decision, &self.deployment.card().models));
            self.out.write_all(text.as_bytes()).map_err(Failure::failed)?;
        }
        self.ready.clear();
        Ok(())
    }
}

/// Stdout, whose reader may hang up.
struct Printed;

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        output::print(String::from_utf8_lossy(bytes).trim_end_matches('\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Lines of a file or of stdin, as bytes, numbered from 1.
struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    number: u64,
    /// Bytes read, and how many there are where that is known.
    read: u64,
    length: Option<u64>,
}

impl Lines {
    fn open(path: &PathBuf) -> Result<Lines, Failure> {
        if path.as_os_str() == "-" {
            let reader = Box::new(BufReader::new(std::io::stdin()));
            return Ok(Lines { name: "stdin".into(), reader, number: 0, read: 0, length: None });
        }
        let name = path.display().to_string();
        let file = std::fs::File::open(path).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
        Ok(Lines { name, reader: Box::new(BufReader::new(file)), number: 0, read: 0, length })
    }

    fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let mut bytes = Vec::new();
        let read = self.reader.read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| Failure::Input(format!("{}: {error}", self.name)))?;
        self.number += 1;
        self.read += read as u64;
        Ok((read > 0).then_some((self.number, bytes)))
    }
}

/// The prompt on a line and its text, empty where it has an embedding; none if the line is blank.
fn parse(
    number: u64,
    bytes: &[u8],
    deployment: &Deployment,
    fallback: Option<Preference>,
) -> Result<Option<(Line, String)>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("it must be UTF-8, got another byte at position {}", error.valid_up_to() + 1))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let mut fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("it must be a JSON object: {error}"))?;
    let preference = match (fields.get("w_cost"), fallback) {
        (Some(Value::Number(weight)), _) => {
            Preference::new(weight.as_f64().unwrap_or(f64::NAN)).map_err(|error| format!("`w_cost`: {error}"))?
        }
        (Some(other), _) => return Err(format!("`w_cost` must be a number in [0, 1], got {other}")),
        (None, Some(preference)) => preference,
        (None, None) => return Err("`w_cost` is missing, and no --w-cost was given".into()),
    };
    let (features, text) = match (fields.remove("prompt"), fields.get("embedding")) {
        (Some(Value::String(text)), None) => (Vec::new(), text),
        (None, Some(embedding)) => (numbers(embedding)?, String::new()),
        (Some(_), Some(_)) => return Err("it must have `prompt` or `embedding`, got both".into()),
        (Some(other), None) => return Err(format!("`prompt` must be a text, got {other}")),
        (None, None) => return Err("it must have `prompt` or `embedding`, got neither".into()),
    };
    let prompt = if fields.contains_key("embedding") { Prompt::Features(&features) } else { Prompt::Text(&text) };
    deployment.check(prompt).map_err(|error| error.to_string())?;
    Ok(Some((Line { number, id: fields.remove("id"), preference, features }, text)))
}

/// The numbers of `embedding`.
fn numbers(value: &Value) -> Result<Vec<f32>, String> {
    let numbers = value.as_array().and_then(|items| items.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
    let numbers = numbers.ok_or_else(|| format!("`embedding` must be a list of numbers, got {value}"))?;
    Ok(numbers.into_iter().map(|x| x as f32).collect())
}

fn routed(line: &Line, decision: &Decision, models: &[String]) -> Value {
    let probabilities = models.iter().cloned().zip(decision.probabilities.iter().map(|&p| json!(p)));
    let mut fields = json!({
        "line": line.number,
        "w_cost": line.preference.cost(),
        "model": models[decision.arm.index()],
        "probabilities": Map::from_iter(probabilities),
        "predicted_quality": decision.expected.map(|expected| expected.quality),
        "predicted_cost_usd": decision.expected.map(|expected| expected.cost.0),
    });
    if let Some(id) = &line.id {
        fields["id"] = id.clone();
    }
    fields
}
