//! `barp route FILE`: a saved router chooses a model for each prompt of a JSONL file.

use crate::encoding::EncodingArguments;
use crate::failure::Failure;
use crate::requests::{self, Line, Lines, Printed};
use crate::{progress, routers};
use clap::Args;
use deployment::{Deployment, DeploymentError};
use experiment::{Gathered, TextVectors};
use indicatif::ProgressBar;
use routing::{Dollars, Preference, Round, Seed};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Prompts that are routed together.
const BATCH: usize = 256;

#[derive(Args)]
pub(crate) struct Route {
    /// A router made by `barp train`
    router: PathBuf,
    /// JSONL with `prompt` (text), `messages` (of which the last user's counts) or `embedding` (numbers), and `w_cost` unless
    /// --w-cost is given; `-` for stdin, where each line is answered before the next is waited for
    #[arg(long)]
    prompts: PathBuf,
    #[command(flatten)]
    day: DayArguments,
    /// Draw decisions, and give this share of the requests, in [0, 1], to any model alike: every model then keeps a known
    /// probability, and the log can be evaluated (`barp log ope`)
    #[arg(long, value_name = "SHARE")]
    explore_floor: Option<f64>,
    /// Root of the draws of --explore-floor
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Say which models would answer in turn if those before could not be called
    #[arg(long)]
    ranked: bool,
    #[command(flatten)]
    encoding: EncodingArguments,
    /// The routed prompts, JSONL [default: stdout]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// What a router is told of the day on which it works.
#[derive(Args)]
pub(crate) struct DayArguments {
    /// Weight on cost of the lines that have none, from 0 (quality alone) to 1 (cost alone)
    #[arg(long)]
    w_cost: Option<f64>,
    /// List price in force instead of the one of training, dollars for a typical request; may be repeated
    #[arg(long, value_name = "MODEL=DOLLARS", value_parser = price)]
    list_price: Vec<(String, f64)>,
    /// A model that cannot be called; may be repeated
    #[arg(long, value_name = "MODEL")]
    without: Vec<String>,
}

impl DayArguments {
    /// Tells `deployment`, whose file is at `router`.
    pub(crate) fn tell(&self, deployment: &mut Deployment, router: &Path) -> Result<(), Failure> {
        let refuse = |error: DeploymentError| refused(router, &error);
        for (model, price) in &self.list_price {
            deployment.set_price(model, Dollars(*price)).map_err(refuse)?;
        }
        for model in &self.without {
            deployment.set_down(model).map_err(refuse)?;
        }
        Ok(())
    }

    /// The preference of lines that have none.
    pub(crate) fn preference(&self) -> Result<Option<Preference>, Failure> {
        let fallback = self.w_cost.map(Preference::new).transpose();
        fallback.map_err(|error| Failure::Input(format!("--w-cost: {error}")))
    }
}

/// What is wrong with a use of the router at `router`.
pub(crate) fn refused(router: &Path, error: &DeploymentError) -> Failure {
    Failure::Input(format!("{}: {error}", router.display()))
}

/// MODEL=DOLLARS.
pub(crate) fn price(text: &str) -> Result<(String, f64), String> {
    let parsed = text.rsplit_once('=').and_then(|(model, price)| Some((model.to_owned(), price.parse().ok()?)));
    parsed.ok_or_else(|| format!("must be MODEL=DOLLARS, got `{text}`"))
}

impl Route {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut deployment = routers::open(&self.router, &self.encoding)?;
        self.day.tell(&mut deployment, &self.router)?;
        if let Some(floor) = self.explore_floor {
            let seed = Seed::root(self.seed).child("router", &deployment.card().weights_sha256);
            deployment.explore(floor, &seed).map_err(|error| refused(&self.router, &error))?;
        }
        let fallback = self.day.preference()?;
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
        let (bar, gathered) = (self.bar(lines.length), Gathered::default());
        let (ready, ranked) = (Vec::new(), self.ranked);
        let mut routing = Routing { deployment, ranked, vectors, gathered, ready, out, bar, routed: 0, decided: 0 };
        while let Some((number, bytes)) = lines.next()? {
            let at = |problem: String| Failure::Input(format!("{}: line {number}: {problem}", lines.name));
            if let Some(fields) = requests::object(&bytes).map_err(at)? {
                let (line, text) = requests::request(number, fields, deployment, fallback).map_err(at)?;
                routing.gathered.push(line, text);
            }
            if routing.gathered.is_full() {
                routing.encode()?;
                routing.bar.set_position(lines.read);
            }
            if lines.may_wait() {
                routing.finish()?;
            }
        }
        routing.finish()?;
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
    ranked: bool,
    vectors: Option<TextVectors<'a>>,
    gathered: Gathered<Line>,
    ready: Vec<Line>,
    out: &'a mut dyn Write,
    bar: ProgressBar,
    /// Prompts that have been encoded.
    routed: u64,
    /// Prompts that have been decided: the next one's round.
    decided: u64,
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

    /// Answers everything that was read.
    fn finish(&mut self) -> Result<(), Failure> {
        self.encode()?;
        self.flush()?;
        self.out.flush().map_err(Failure::failed)
    }

    /// Routes what is encoded and writes it out.
    fn flush(&mut self) -> Result<(), Failure> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let features: Vec<f32> = self.ready.iter().flat_map(|line| &line.features).copied().collect();
        let preferences: Vec<Preference> = self.ready.iter().map(|line| line.preference).collect();
        let decisions = self.deployment.route(Round(self.decided), &features, &preferences);
        self.decided += decisions.len() as u64;
        for (line, decision) in self.ready.iter().zip(&decisions) {
            let ranks = || self.deployment.ranked(&line.features, line.preference, decision.arm);
            let ranked = self.ranked.then(ranks);
            let text = format!("{}\n", requests::routed(line, decision, self.deployment, ranked.as_deref()));
            self.out.write_all(text.as_bytes()).map_err(Failure::failed)?;
        }
        self.ready.clear();
        Ok(())
    }
}
