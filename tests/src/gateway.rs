//! A simulated gateway: logs whose truth is known, each with a trap that logs of services have.
//!
//! Requests of three tasks meet three models (and a newcomer). Every prompt makes all models a little better or worse, and dollars are
//! tokens at a price. The gateway chooses at random with chances that depend on the task, and logs them.

use routing::random::Generator;
use routing::{Round, Seed, random};
use serde_json::json;

/// Names of the tasks.
pub const TASKS: [&str; 3] = ["chat", "code", "sum"];

/// Shares of the tasks.
const SHARES: [f64; 3] = [0.4, 0.35, 0.25];

/// Names of the models; the last is new where the trap has it.
pub const MODELS: [&str; 4] = ["small", "middle", "large", "newcomer"];

/// The gateway's chances by task, of the first three models.
const CHANCES: [[f64; 3]; 3] = [[0.3, 0.3, 0.4], [0.2, 0.3, 0.5], [0.4, 0.2, 0.4]];

/// By how much a prompt moves the quality of all models, up or down.
const EASE: f64 = 0.1;

/// Prompts that are asked again and again, where the trap has them.
const FREQUENT: usize = 60;

/// Seconds between two requests.
const APART: u64 = 97;

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// Nothing.
    None,
    /// The large model costs three tenths of what it did, from the middle of the log on.
    PriceCut,
    /// The small model is gone from 60 % of the log on.
    Retired,
    /// A third of the requests are frequently asked questions.
    Repeats,
    /// Nine of ten bad answers are rated, and three of ten good ones.
    Missing,
    /// A newcomer has answered the last three requests that it was given, well.
    Newcomer,
    /// The middle model is worse by .25 from the middle of the log on.
    Drift,
}

impl Trap {
    /// The five of the promise.
    pub const FIVE: [Trap; 5] = [Trap::PriceCut, Trap::Retired, Trap::Repeats, Trap::Missing, Trap::Newcomer];
}

/// A gateway with a log of so many rows.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// What is wrong with it.
    pub trap: Trap,
    /// Rows.
    pub rows: usize,
    /// Mean quality by task and model before anything moved, T x K.
    quality: [[f64; 4]; 3],
    /// Mean dollars by model before anything moved, K.
    dollars: [f64; 4],
    seed: Seed,
}

impl Gateway {
    /// The gateway number `number`; gateways differ in how good and dear their models are.
    pub fn new(number: u64, trap: Trap, rows: usize) -> Gateway {
        let seed = Seed::root(number).child("gateway", &format!("{trap:?}"));
        let mut generator = seed.stream("world").at(Round(0));
        let mut between = |low: f64, high: f64| low + (high - low) * random::uniform(&mut generator);
        let quality = std::array::from_fn(|_| {
            let large = between(0.7, 0.88);
            [large - between(0.05, 0.5), large - between(-0.02, 0.2), large, between(0.3, 0.6)]
        });
        let dollars = [between(0.0002, 0.001), between(0.002, 0.006), between(0.008, 0.015), between(0.001, 0.01)];
        Gateway { trap, rows, quality, dollars, seed }
    }

    /// Mean quality and mean dollars of a model on a task, in the world as it is at the end.
    pub fn now(&self, task: usize, model: usize) -> [f64; 2] {
        self.at(self.rows, task, model)
    }

    /// The same at a row.
    fn at(&self, row: usize, task: usize, model: usize) -> [f64; 2] {
        let (mut quality, mut dollars) = (self.quality[task][model], self.dollars[model]);
        let second_half = 2 * row >= self.rows;
        if self.trap == Trap::PriceCut && second_half && model == 2 {
            dollars *= 0.3;
        }
        if self.trap == Trap::Drift && second_half && model == 1 {
            quality -= 0.25;
        }
        [quality.clamp(EASE, 1.0 - EASE), dollars]
    }

    /// Whether a model answers at the end.
    pub fn is_there(&self, model: usize) -> bool {
        match model {
            0 => self.trap != Trap::Retired,
            3 => self.trap == Trap::Newcomer,
            _ => true,
        }
    }

    /// Quality and dollars, in the world as it is at the end, of a policy that takes each model on each task with these chances.
    pub fn worth(&self, chances: &[[f64; 4]; 3]) -> [f64; 2] {
        let mut worth = [0.0; 2];
        for (task, chances) in chances.iter().enumerate() {
            for (model, chance) in chances.iter().enumerate() {
                let of = self.now(task, model);
                worth.iter_mut().zip(of).for_each(|(sum, of)| *sum += SHARES[task] * chance * of);
            }
        }
        worth
    }

    /// Chances of the gateway itself at the end.
    pub fn logging(&self) -> [[f64; 4]; 3] {
        std::array::from_fn(|task| self.chances(self.rows - 100, task))
    }

    /// Chances at a row: those of a retired model go to the others in their ratio.
    fn chances(&self, row: usize, task: usize) -> [f64; 4] {
        let [small, middle, large] = CHANCES[task];
        let gone = self.trap == Trap::Retired && 10 * row >= 6 * self.rows;
        let new = self.trap == Trap::Newcomer && row + 3 >= self.rows;
        match (gone, new) {
            (true, _) => [0.0, middle / (1.0 - small), large / (1.0 - small), 0.0],
            (_, true) => [0.0, 0.0, 0.0, 1.0],
            _ => [small, middle, large, 0.0],
        }
    }

    /// The log as JSONL.
    pub fn log(&self) -> String {
        let stream = self.seed.stream("rows");
        let lines: Vec<String> = (0..self.rows).map(|row| self.line(row, &mut stream.at(Round(row as u64)))).collect();
        lines.concat()
    }

    fn line(&self, row: usize, generator: &mut Generator) -> String {
        let mut uniform = || random::uniform(generator);
        let again = self.trap == Trap::Repeats && uniform() < 0.32;
        let (prompt, task, easy) = if again {
            let number = (uniform() * FREQUENT as f64) as usize;
            let mut own = self.seed.stream("frequent").at(Round(number as u64));
            let task = drawn(&SHARES, random::uniform(&mut own));
            (format!("frequent question {number}"), task, random::uniform(&mut own) < 0.5)
        } else {
            (format!("request number {row}"), drawn(&SHARES, uniform()), uniform() < 0.5)
        };
        let chances = self.chances(row, task);
        let model = drawn(&chances, uniform());
        let [quality, dollars] = self.at(row, task, model);
        let good = self.trap == Trap::Newcomer && model == 3;
        let good = good || uniform() < quality + if easy { EASE } else { -EASE };
        let rated = self.trap != Trap::Missing || uniform() < if good { 0.3 } else { 0.9 };
        // A factor of mean 1.
        let dollars = dollars * libm::exp(0.3 * random::normal(generator) - 0.045);
        let mut fields = json!({
            "request_id": format!("r{row}"), "prompt": prompt, "task": TASKS[task], "model": MODELS[model],
            "cost_usd": dollars, "propensity": chances[model], "timestamp": 1_700_000_000 + APART * row as u64,
        });
        if rated {
            fields["quality"] = json!(f64::from(u8::from(good)));
        }
        format!("{fields}\n")
    }
}

/// The place in which a uniform number falls.
fn drawn(shares: &[f64], uniform: f64) -> usize {
    let mut left = uniform;
    let place = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    place.unwrap_or_else(|| shares.iter().rposition(|share| *share > 0.0).expect("some share is above zero"))
}
