//! Prices follow a book of list prices with dates: round t is day `start` + floor(t / rounds-per-day). Public.
//!
//! A model's list price and dollars are multiplied by p(day) / p(start), with p = (1 - o) input + o output the blended list
//! price at an `output-share` o of the tokens: a change that moves input and output prices apart is told at the same blend for
//! every request. Where the tokens of all calls of a model are known, none of this is assumed: each call costs its own tokens
//! at the price of the day, from round 0 on, and the list price is that of the model's mean tokens.

use super::price::multiply;
use super::registry::{Effect, Facts, ShiftEntry, entry};
use super::{Claim, Course, Motion, Shift};
use crate::price_book::{Date, ListPrice, PriceBook};
use crate::{LastRequest, MeanTokens};
use routing::{Round, Seed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Mistake, Parameters};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const ENTRY: ShiftEntry =
    entry::<BookParameters>("price-book", "list price and dollars of models as a book of dated list prices says");

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("x-required" = ["models"]))]
struct BookParameters {
    /// Model of the world -> model of the book whose price it follows.
    models: BTreeMap<String, String>,
    /// Day of round 0, on which every model has a price.
    #[schemars(extend("x-rule" = "a day, YYYY-MM-DD"))]
    start: String,
    /// Rounds of a day.
    #[schemars(range(min = 1))]
    rounds_per_day: u64,
    /// Share of output tokens, of models whose tokens are not known.
    #[schemars(range(min = 0.0, max = 1.0))]
    output_share: f64,
    /// A book in TOML, CSV, JSONL or Parquet; none: the embedded one.
    #[schemars(extend("x-rule" = "a path"))]
    file: Option<String>,
}

impl Default for BookParameters {
    fn default() -> Self {
        let (models, start) = (BTreeMap::new(), "2023-03-01".to_owned());
        BookParameters { models, start, rounds_per_day: 100, output_share: 0.25, file: None }
    }
}

impl BookParameters {
    fn start(&self) -> Result<Date, Mistake> {
        self.start
            .parse()
            .map_err(|cause: String| format!("`start` must be a day, YYYY-MM-DD ({cause}), got {}", self.start).into())
    }

    /// The price changes of `model`, the first at round 0, within `rounds`; a factor needs a price above 0 unless tokens are
    /// `counted`.
    fn steps(&self, book: &PriceBook, model: &str, counted: bool, rounds: u64) -> Result<Vec<Step>, Mistake> {
        let start = self.start()?;
        let share = self.output_share;
        let blend = |price: &ListPrice| (1.0 - share) * price.input + share * price.output;
        book.require([model]).map_err(|cause| format!("`models`: {cause}"))?;
        let Some(first) = book.entry_at(model, start) else {
            let from = book.history(model)[0].from;
            return Err(
                format!("`start` must not lie before the first price of `{model}` ({from}), got {start}").into()
            );
        };
        let base = blend(first);
        if base <= 0.0 && !counted {
            return Err(format!("`models` must have prices above 0 on {start}, got {base} for `{model}`").into());
        }
        let mut steps = vec![Step { round: 0, factor: 1.0, price: first.clone() }];
        for price in book.history(model).iter().filter(|price| price.from > start) {
            let days = (price.from.days() - start.days()) as u64;
            let round = days.saturating_mul(self.rounds_per_day);
            if round < rounds {
                steps.push(Step { round, factor: blend(price) / base, price: price.clone() });
            }
        }
        Ok(steps)
    }

    /// Refuses days so long that every change of a price comes after the last round; a book without changes says so itself.
    fn moves_within(&self, book: &PriceBook, tariffs: &[Tariff], rounds: u64) -> Result<(), Mistake> {
        // Where tokens are known, each call costs its own from round 0 on.
        if tariffs.iter().any(|tariff| tariff.steps.len() > 1 || tariff.tokens.is_some()) {
            return Ok(());
        }
        let start = self.start()?;
        let later = |model: &String| book.history(model).iter().map(|price| price.from).find(|&day| day > start);
        let Some(first) = self.models.values().filter_map(later).min() else { return Ok(()) };
        let rule = format!("let a price change within `rounds` = {rounds} of the protocol: the first does on {first}");
        Err(format!("`rounds-per-day` must {rule}, got {}", self.rounds_per_day).into())
    }
}

impl Parameters for BookParameters {
    fn check(&self) -> Result<(), Mistake> {
        self.start().map(|_| ())
    }
}

impl Effect for BookParameters {
    const HAS_COURSE: bool = false;

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, Mistake> {
        let names: Vec<String> = self.models.keys().cloned().collect();
        let arms = facts.models("models", &names)?;
        let book = match &self.file {
            None => PriceBook::embedded(),
            Some(file) => PriceBook::read(Path::new(file)).map_err(|cause| format!("`file`: {cause}"))?,
        };
        let mut tariffs = Vec::new();
        for (arm, (name, model)) in arms.into_iter().zip(&self.models) {
            let tokens = facts.mean_tokens[arm];
            let steps = self.steps(&book, model, tokens.is_some(), facts.rounds)?;
            tariffs.push(Tariff { arm, name: name.clone(), steps, tokens });
        }
        self.moves_within(&book, &tariffs, facts.rounds)?;
        Ok(Box::new(Book { tariffs }))
    }
}

/// What holds from a round on: the price, and its ratio to the first.
struct Step {
    round: u64,
    factor: f64,
    price: ListPrice,
}

/// The steps of one model, by ascending round from 0.
struct Tariff {
    arm: usize,
    name: String,
    steps: Vec<Step>,
    /// Mean tokens of its calls, where all are known.
    tokens: Option<MeanTokens>,
}

struct Book {
    tariffs: Vec<Tariff>,
}

impl Shift for Book {
    fn changes(&self) -> Vec<u64> {
        self.tariffs.iter().flat_map(|tariff| &tariff.steps).map(|step| step.round).collect()
    }

    fn claims(&self) -> Vec<Claim> {
        let claim = |tariff: &Tariff| Claim { subject: format!("the price of `{}`", tariff.name), span: (0, u64::MAX) };
        self.tariffs.iter().map(claim).collect()
    }

    /// The steps themselves: a book may change where its name does not.
    fn read(&self) -> String {
        let blended = |step: &Step| format!("{} {:x}", step.round, step.factor.to_bits());
        let priced = |step: &Step| {
            let ListPrice { input, output, cached, .. } = &step.price;
            let bits = [*input, *output, cached.unwrap_or(*input)].map(f64::to_bits);
            format!("{} tokens {bits:x?}", step.round)
        };
        let tariff = |tariff: &Tariff| {
            let steps = tariff.steps.iter();
            let steps: Vec<String> =
                if tariff.tokens.is_some() { steps.map(priced).collect() } else { steps.map(blended).collect() };
            steps.join(", ")
        };
        self.tariffs.iter().map(tariff).collect::<Vec<_>>().join("; ")
    }

    fn start(&self, _: &Seed) -> Box<dyn Motion + '_> {
        Box::new(BookMotion(self))
    }
}

struct BookMotion<'a>(&'a Book);

impl Motion for BookMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        for Tariff { arm, steps, tokens, .. } in &self.0.tariffs {
            let begun = steps.partition_point(|step| step.round <= round.0);
            let Step { factor, price, .. } = &steps[begun - 1];
            let Some(mean) = tokens else {
                multiply(request, std::slice::from_ref(arm), *factor);
                continue;
            };
            request.public.list_prices[*arm] = price.dollars(mean);
            if let Some(Some(tokens)) = request.tokens.get(*arm) {
                request.cost[*arm] = price.dollars(&(*tokens).into());
            }
        }
    }
}
