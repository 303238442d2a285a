//! Prices follow a book of list prices with dates: round t is day `start` + floor(t / rounds-per-day). Public.
//!
//! A model's list price and dollars are multiplied by p(day) / p(start), with p = (1 - o) input + o output the blended list
//! price at an `output-share` o of the tokens. The worlds keep dollars, not token counts, so a change that moves input and
//! output prices apart is told at the same blend for every request.

use super::price::multiply;
use super::registry::{Facts, Parameters, ShiftEntry, ShiftError, entry, within};
use super::{Claim, Course, Motion, Shift};
use crate::LastRequest;
use crate::price_book::{Date, ListPrice, PriceBook};
use routing::{Round, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const ENTRY: ShiftEntry =
    entry::<BookParameters>("price-book", "list price and dollars of models as a book of dated list prices says");

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BookParameters {
    /// Model of the world -> model of the book whose price it follows.
    models: BTreeMap<String, String>,
    /// Day of round 0, on which every model has a price.
    start: String,
    /// Rounds of a day, at least 1.
    rounds_per_day: u64,
    /// Share of output tokens, in [0, 1].
    output_share: f64,
    /// A book in TOML, CSV, JSONL or Parquet; none: the embedded one.
    file: Option<String>,
}

impl Default for BookParameters {
    fn default() -> Self {
        let (models, start) = (BTreeMap::new(), "2023-03-01".to_owned());
        BookParameters { models, start, rounds_per_day: 100, output_share: 0.25, file: None }
    }
}

impl BookParameters {
    fn start(&self) -> Result<Date, String> {
        self.start
            .parse()
            .map_err(|cause: String| format!("`start` must be a day, YYYY-MM-DD ({cause}), got {}", self.start))
    }

    /// Rounds and factors of the price changes of `model`, the first at round 0, within `rounds`.
    fn steps(&self, book: &PriceBook, model: &str, start: Date, rounds: u64) -> Result<Vec<Step>, String> {
        let share = self.output_share;
        let blend = |price: &ListPrice| (1.0 - share) * price.input + share * price.output;
        book.require([model]).map_err(|cause| format!("`models`: {cause}"))?;
        let Some(first) = book.entry_at(model, start) else {
            let from = book.history(model)[0].from;
            return Err(format!("`start` must not lie before the first price of `{model}` ({from}), got {start}"));
        };
        let base = blend(first);
        if base <= 0.0 {
            return Err(format!("`models` must have prices above 0 on {start}, got {base} for `{model}`"));
        }
        let mut steps = vec![Step { round: 0, factor: 1.0 }];
        for price in book.history(model).iter().filter(|price| price.from > start) {
            let days = (price.from.days() - start.days()) as u64;
            let round = days.saturating_mul(self.rounds_per_day);
            if round < rounds {
                steps.push(Step { round, factor: blend(price) / base });
            }
        }
        Ok(steps)
    }
}

impl Parameters for BookParameters {
    const HAS_COURSE: bool = false;

    fn check(&self) -> Result<(), String> {
        self.start()?;
        within("output-share", self.output_share, 0.0, 1.0)?;
        if self.rounds_per_day > 0 { Ok(()) } else { Err("`rounds-per-day` must be at least 1, got 0".into()) }
    }

    fn build(self, _: Course, facts: &Facts) -> Result<Box<dyn Shift>, ShiftError> {
        let names: Vec<String> = self.models.keys().cloned().collect();
        let arms = facts.models("models", &names)?;
        let start = self.start()?;
        let book = match &self.file {
            None => PriceBook::embedded(),
            Some(file) => PriceBook::read(Path::new(file)).map_err(|cause| format!("`file`: {cause}"))?,
        };
        let mut tariffs = Vec::new();
        for (arm, (name, model)) in arms.into_iter().zip(&self.models) {
            let steps = self.steps(&book, model, start, facts.rounds)?;
            tariffs.push(Tariff { arm, name: name.clone(), steps });
        }
        Ok(Box::new(Book { tariffs }))
    }
}

/// The factor that holds from a round on.
struct Step {
    round: u64,
    factor: f64,
}

/// The steps of one model, by ascending round from 0.
struct Tariff {
    arm: usize,
    name: String,
    steps: Vec<Step>,
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
        let step = |step: &Step| format!("{} {:x}", step.round, step.factor.to_bits());
        let tariff = |tariff: &Tariff| tariff.steps.iter().map(step).collect::<Vec<_>>().join(", ");
        self.tariffs.iter().map(tariff).collect::<Vec<_>>().join("; ")
    }

    fn start(&self, _: &Seed) -> Box<dyn Motion + '_> {
        Box::new(BookMotion(self))
    }
}

struct BookMotion<'a>(&'a Book);

impl Motion for BookMotion<'_> {
    fn apply(&self, round: Round, request: &mut LastRequest<'_>) {
        for Tariff { arm, steps, .. } in &self.0.tariffs {
            let begun = steps.partition_point(|step| step.round <= round.0);
            multiply(request, std::slice::from_ref(arm), steps[begun - 1].factor);
        }
    }
}
