//! `barp learn FILE`: a saved router routes requests and learns from what came of them, line by line, and survives a kill.

use super::route::{DayArguments, price, refused};
use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::output::say;
use crate::requests::{self, Line, Lines};
use crate::routers;
use clap::Args;
use deployment::{Deployment, Exact, Learner, Request, Routed, Told};
use experiment::{Gathered, LearningRouter, TextVectors};
use routing::Preference;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Learn {
    /// A router made by `barp train` of a policy that goes on learning (`barp list policies`); what it learns is put into this file
    router: PathBuf,
    /// JSONL: requests as of `barp route`, each with a `request_id`, and outcomes: `request_id`, `quality` in [0, 1], `cost_usd`.
    /// One line is answered for each; `-` for stdin
    #[arg(long, default_value = "-")]
    lines: PathBuf,
    /// Keeps what is not in the router's file yet; on the disk before an outcome is acknowledged [default: ROUTER.journal]
    #[arg(long)]
    journal: Option<PathBuf>,
    #[command(flatten)]
    day: DayArguments,
    /// Draw decisions, and give this share of the requests, in [0, 1], to any model alike; 0 for the policy's own exploration.
    /// Without it decisions are greedy
    #[arg(long, value_name = "SHARE")]
    explore_floor: Option<f64>,
    /// A new model and its list price, dollars for a typical request: the router meets it without training; may be repeated
    #[arg(long, value_name = "MODEL=DOLLARS", value_parser = price)]
    join: Vec<(String, f64)>,
    /// Say which models would answer in turn if those before could not be called
    #[arg(long)]
    ranked: bool,
    /// Outcomes after which the router's file is written again; also at the end of the lines
    #[arg(long, value_name = "OUTCOMES", default_value_t = 1000)]
    checkpoint: u64,
    #[command(flatten)]
    encoding: EncodingArguments,
}

/// What a line wants.
enum Wanted {
    Route(Line),
    Learn(u64, Told),
    /// It cannot be read, or means nothing.
    Nothing(u64, String),
}

impl Learn {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut deployment = routers::open_with(&self.router, &self.join, &self.encoding)?;
        self.day.tell(&mut deployment, &self.router)?;
        let fallback = self.day.preference()?;
        let encoder = deployment.shared_encoder();
        let vectors = encoder.map(|encoder| {
            let how = self.encoding.how(encoder.name());
            TextVectors::shared(encoder, &how).map_err(Failure::failed)
        });
        let learner = Learner::new(deployment, self.explore_floor).map_err(|error| refused(&self.router, &error))?;
        let router = LearningRouter::open(learner, &self.router, &self.journal()).map_err(Failure::input)?;
        let mut learning =
            Learning { arguments: &self, router, vectors: vectors.transpose()?, first: None, refused: 0 };
        if !self.join.is_empty() {
            learning.router.checkpoint().map_err(Failure::failed)?;
        }
        let mut lines = Lines::open(&self.lines)?;
        let mut gathered = Gathered::default();
        while let Some((number, bytes)) = lines.next()? {
            let deployment = learning.router.learner().deployment();
            if let Some((wanted, text)) = wanted(number, &bytes, deployment, fallback) {
                gathered.push(wanted, text);
            }
            if gathered.is_full() || lines.may_wait() {
                learning.answer(gathered.take())?;
            }
        }
        learning.answer(gathered.take())?;
        learning.finish(&lines.name)
    }

    fn journal(&self) -> PathBuf {
        let beside = || {
            let mut name = self.router.as_os_str().to_owned();
            name.push(".journal");
            name.into()
        };
        self.journal.clone().unwrap_or_else(beside)
    }
}

/// What the line wants, and its text, empty where it has none; none if it is blank.
fn wanted(
    number: u64,
    bytes: &[u8],
    deployment: &Deployment,
    fallback: Option<Preference>,
) -> Option<(Wanted, String)> {
    let fields = requests::object(bytes).transpose()?;
    let wanted = fields.and_then(|fields| match fields.contains_key("quality") {
        true => Ok((Wanted::Learn(number, told(&fields)?), String::new())),
        false => {
            let (line, text) = requests::request(number, fields, deployment, fallback)?;
            // What no outcome could name is refused before it is routed.
            line.id.as_ref().map(|(name, id)| id_text(name, id)).transpose()?;
            Ok((Wanted::Route(line), text))
        }
    });
    Some(wanted.unwrap_or_else(|problem| (Wanted::Nothing(number, problem), String::new())))
}

/// The outcome on a line.
fn told(fields: &Map<String, Value>) -> Result<Told, String> {
    let id = ["request_id", "id"].into_iter().find_map(|name| Some((name, fields.get(name)?)));
    let (name, id) = id.ok_or("an outcome must have a `request_id`, got none")?;
    let id = id_text(name, id)?;
    let number = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) => Ok(Some(Exact(number))),
            None => Err(format!("request `{id}`: `{name}` must be a number, got {value}")),
        },
    };
    let needed =
        |name: &str| number(name)?.ok_or_else(|| format!("request `{id}`: `{name}` must be a number, got none"));
    let (quality, dollars, seconds) = (needed("quality")?, needed("cost_usd")?, number("latency_s")?);
    Ok(Told { id, quality, dollars, seconds })
}

fn id_text(name: &str, id: &Value) -> Result<String, String> {
    match id {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("`{name}` must be a text or a number, got {other}")),
    }
}

/// Lines on their way through encoder, router and journal.
struct Learning<'a> {
    arguments: &'a Learn,
    router: LearningRouter,
    vectors: Option<TextVectors<'static>>,
    /// The first line that was refused, and why.
    first: Option<(u64, String)>,
    /// Lines that were refused.
    refused: u64,
}

impl Learning<'_> {
    /// Answers the lines in their order, once all that was learnt is on the disk.
    fn answer(&mut self, gathered: Gathered<Wanted>) -> Result<(), Failure> {
        let Gathered { rows, texts, .. } = gathered;
        let is_text = |wanted: &Wanted| matches!(wanted, Wanted::Route(line) if line.features.is_empty());
        let own: Vec<&String> = rows.iter().zip(&texts).filter(|(row, _)| is_text(row)).map(|(_, text)| text).collect();
        let encoded = match &mut self.vectors {
            Some(vectors) => vectors.encode(&own, |_| ()).map_err(Failure::failed)?,
            None => Vec::new(),
        };
        let mut encoded = encoded.chunks_exact(self.router.learner().deployment().card().dimension);
        let learns = rows.iter().any(|wanted| matches!(wanted, Wanted::Learn(..)));
        let mut answers = Vec::with_capacity(rows.len());
        for wanted in rows {
            let is_text = is_text(&wanted);
            answers.push(match wanted {
                Wanted::Nothing(number, problem) => self.refuse(number, problem),
                Wanted::Learn(number, told) => self.learn(number, told)?,
                Wanted::Route(mut line) => {
                    if is_text {
                        line.features = encoded.next().expect("each of the texts has a vector").to_vec();
                    }
                    self.route(line)?
                }
            });
        }
        // A request that only a power cut can lose is not worth waiting for the disk.
        if learns {
            self.router.sync().map_err(Failure::failed)?;
        }
        answers.iter().for_each(|answer| say!("{answer}"));
        if self.router.since_checkpoint() >= self.arguments.checkpoint.max(1) {
            self.router.checkpoint().map_err(Failure::failed)?;
        }
        Ok(())
    }

    fn route(&mut self, line: Line) -> Result<Value, Failure> {
        let id = line.id.as_ref().map(|(name, id)| id_text(name, id).expect("it was read before"));
        let (features, preference, about) = (line.features.clone(), line.preference, line.about.clone());
        let routed = self.router.route(Request { id, features, preference, about }).map_err(Failure::failed)?;
        let deployment = self.router.learner().deployment();
        Ok(match routed {
            Err(refused) => self.refuse(line.number, refused.to_string()),
            Ok(decision) => {
                let ranks = || deployment.ranked(&line.features, line.preference, decision.arm);
                let ranked = self.arguments.ranked.then(ranks);
                let mut answer = requests::routed(&line, &decision, deployment, ranked.as_deref());
                answer["learnt"] = self.router.learner().learnt().into();
                answer
            }
        })
    }

    /// The answer to an outcome is the whole row of a log, but for the prompt.
    fn learn(&mut self, number: u64, told: Told) -> Result<Value, Failure> {
        let learnt = self.router.learn(told.clone()).map_err(Failure::failed)?;
        Ok(match learnt {
            Err(refused) => self.refuse(number, refused.to_string()),
            Ok(Routed { id, model, propensity, w_cost, about, .. }) => {
                let mut answer = json!({
                    "line": number, "request_id": id, "model": model, "propensity": propensity.0, "w_cost": w_cost.0,
                    "quality": told.quality.0, "cost_usd": told.dollars.0, "learnt": self.router.learner().learnt(),
                });
                if let Some(Exact(seconds)) = told.seconds {
                    answer["latency_s"] = seconds.into();
                }
                about.into_iter().for_each(|(name, value)| answer[name] = value);
                answer
            }
        })
    }

    fn refuse(&mut self, number: u64, problem: String) -> Value {
        let answer = json!({ "line": number, "error": problem });
        self.refused += 1;
        self.first.get_or_insert((number, problem));
        answer
    }

    fn finish(mut self, lines: &str) -> Result<(), Failure> {
        if self.router.since_checkpoint() > 0 {
            self.router.checkpoint().map_err(Failure::failed)?;
        }
        if self.router.learner().given_up() > 0 {
            eprintln!(
                "{} requests waited too long for their outcome and were given up",
                self.router.learner().given_up()
            );
        }
        match self.first {
            None => Ok(()),
            Some((number, problem)) => {
                let refused = self.refused;
                Err(Failure::Input(format!(
                    "{lines}: {refused} lines were refused; the first is line {number}: {problem}"
                )))
            }
        }
    }
}
