//! Scores of many cells in little memory: what was measured is written once for all cells that measured the same.

use crate::{Direction, Label, Score};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

/// What a number is about: a [`Score`] without its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// As in [`Score::phase`].
    pub phase: Label,
    /// As in [`Score::w_cost`].
    pub w_cost: Option<f64>,
    /// As in [`Score::task`].
    pub task: Label,
    /// As in [`Score::arm`].
    pub arm: Option<Label>,
    /// As in [`Score::metric`].
    pub metric: Label,
    /// As in [`Score::unit`].
    pub unit: Label,
    /// As in [`Score::direction`].
    pub direction: Direction,
}

/// Where a policy stood when it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// As in [`Score::round`].
    pub round: u64,
    /// As in [`Score::outcomes`].
    pub outcomes: u64,
    /// As in [`Score::dollars`].
    pub dollars: f64,
    /// As in [`Score::tuning_trials`].
    pub tuning_trials: u64,
}

/// One number of a cell with what it is about, whose fields are read through it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement<'a> {
    /// What it is about.
    pub quantity: &'a Quantity,
    /// As in [`Score::value`].
    pub value: f64,
    /// As in [`Score::n`].
    pub n: u64,
    /// Where its policy stood.
    pub standing: Standing,
}

impl Deref for Measurement<'_> {
    type Target = Quantity;

    fn deref(&self) -> &Quantity {
        self.quantity
    }
}

/// All scores of one cell, in the order in which they were measured: about 20 bytes each.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    quantities: Arc<[Quantity]>,
    values: Vec<f64>,
    counts: Vec<u64>,
    standings: Vec<Standing>,
    /// For each score its place among the standings.
    places: Vec<u32>,
}

impl Scores {
    /// Scores that were measured at once: one of `values` for each of `quantities`, all over `n` requests.
    ///
    /// # Panics
    /// When there are more of one than of the other.
    pub fn at_once(quantities: Arc<[Quantity]>, values: Vec<f64>, n: u64, standing: Standing) -> Scores {
        assert_eq!(quantities.len(), values.len(), "every quantity needs a value");
        let (counts, places) = (vec![n; values.len()], vec![0; values.len()]);
        Scores { quantities, values, counts, standings: vec![standing], places }
    }

    /// Number of scores.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What was measured, in order.
    pub fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// Whether both are known to have measured the same in the same order, because they share the list of it.
    pub fn alike(&self, other: &Scores) -> bool {
        Arc::ptr_eq(&self.quantities, &other.quantities)
    }

    /// The score at `position`.
    ///
    /// # Panics
    /// When there is none.
    pub fn get(&self, position: usize) -> Measurement<'_> {
        Measurement {
            quantity: &self.quantities[position],
            value: self.values[position],
            n: self.counts[position],
            standing: self.standings[self.places[position] as usize],
        }
    }

    /// Every score, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Measurement<'_>> {
        (0..self.len()).map(|position| self.get(position))
    }
}

impl From<Measurement<'_>> for Score {
    fn from(one: Measurement<'_>) -> Score {
        let Standing { round, outcomes, dollars, tuning_trials } = one.standing;
        Score {
            phase: one.phase.to_string(),
            round,
            w_cost: one.w_cost,
            task: one.task.to_string(),
            arm: one.arm.as_ref().map(Label::to_string),
            metric: one.metric.to_string(),
            unit: one.unit.to_string(),
            direction: one.direction,
            value: one.value,
            n: one.n,
            outcomes,
            dollars,
            tuning_trials,
        }
    }
}

/// The number of a text in a [`Pool`].
pub(crate) type Symbol = u32;

/// A missing text.
pub(crate) const NOTHING: Symbol = Symbol::MAX;

/// The texts of a [`Quantity`] as symbols (phase, task, arm, metric, unit, direction), and the bits of its weight.
pub(crate) type Code = ([Symbol; 6], u64);

/// The code of a weight that is missing: a NaN that no computation makes.
pub(crate) const NO_WEIGHT: u64 = u64::MAX;

/// Texts and lists of quantities, each once; shared by the threads that read cells.
#[derive(Default)]
pub(crate) struct Pool {
    labels: Mutex<Labels>,
    lists: Mutex<BTreeMap<Vec<Code>, Arc<[Quantity]>>>,
    /// The same lists by the bytes of the columns they were read from.
    by_bytes: Mutex<BTreeMap<Vec<u8>, Arc<[Quantity]>>>,
    /// Columns of whole numbers by their bytes: cells of a replicate share the requests, those of a policy what it bought.
    integers: Mutex<BTreeMap<Vec<u8>, Arc<[u64]>>>,
}

/// Most columns of whole numbers that a [`Pool`] remembers: some megabytes.
const REMEMBERED: usize = 2_000;

#[derive(Default)]
struct Labels {
    numbers: BTreeMap<Label, Symbol>,
    labels: Vec<Label>,
}

const UNBROKEN: &str = "no thread panics while it holds the lock";

impl Pool {
    /// The shared copy of `text`.
    pub(crate) fn label(&self, text: &str) -> Label {
        let symbol = self.symbol(text);
        self.labels.lock().expect(UNBROKEN).labels[symbol as usize].clone()
    }

    /// The number of `text`.
    pub(crate) fn symbol(&self, text: &str) -> Symbol {
        let mut known = self.labels.lock().expect(UNBROKEN);
        if let Some(symbol) = known.numbers.get(text) {
            return *symbol;
        }
        let symbol = known.labels.len() as Symbol;
        let label = Label::from(text);
        known.labels.push(label.clone());
        known.numbers.insert(label, symbol);
        symbol
    }

    /// The text of `symbol`.
    pub(crate) fn text(&self, symbol: Symbol) -> Result<Label, String> {
        let known = self.labels.lock().expect(UNBROKEN);
        known.labels.get(symbol as usize).cloned().ok_or_else(|| "a text is missing".to_owned())
    }

    /// The list that was read from columns with these bytes.
    pub(crate) fn known(&self, bytes: &[u8]) -> Option<Arc<[Quantity]>> {
        self.by_bytes.lock().expect(UNBROKEN).get(bytes).cloned()
    }

    /// The whole numbers of a column with these bytes.
    pub(crate) fn known_integers(&self, bytes: &[u8]) -> Option<Arc<[u64]>> {
        self.integers.lock().expect(UNBROKEN).get(bytes).cloned()
    }

    /// Remembers what a column with these bytes holds.
    pub(crate) fn remember_integers(&self, bytes: Vec<u8>, numbers: &Arc<[u64]>) {
        let mut known = self.integers.lock().expect(UNBROKEN);
        if known.len() < REMEMBERED {
            known.insert(bytes, numbers.clone());
        }
    }

    /// Remembers where the quantities of `scores` were read from.
    pub(crate) fn remember(&self, bytes: Vec<u8>, scores: &Scores) {
        self.by_bytes.lock().expect(UNBROKEN).insert(bytes, scores.quantities.clone());
    }

    /// The shared list of the quantities with these codes.
    ///
    /// # Errors
    /// When a direction is none.
    fn list(&self, codes: Vec<Code>) -> Result<Arc<[Quantity]>, String> {
        if let Some(list) = self.lists.lock().expect(UNBROKEN).get(&codes) {
            return Ok(list.clone());
        }
        let known = self.labels.lock().expect(UNBROKEN);
        let text = |symbol: Symbol| known.labels[symbol as usize].clone();
        let quantity = |(row, &([phase, task, arm, metric, unit, direction], weight)): (usize, &Code)| {
            Ok(Quantity {
                phase: text(phase),
                w_cost: (weight != NO_WEIGHT).then(|| f64::from_bits(weight)),
                task: text(task),
                arm: (arm != NOTHING).then(|| text(arm)),
                metric: text(metric),
                unit: text(unit),
                direction: Direction::parse(&text(direction), row)?,
            })
        };
        let list: Arc<[Quantity]> = codes.iter().enumerate().map(quantity).collect::<Result<_, String>>()?;
        drop(known);
        Ok(self.lists.lock().expect(UNBROKEN).entry(codes).or_insert(list).clone())
    }
}

/// Gathers the scores of one cell, row by row.
#[derive(Default)]
pub(crate) struct ScoresBuilder {
    codes: Vec<Code>,
    values: Vec<f64>,
    counts: Vec<u64>,
    standings: Vec<Standing>,
    places: Vec<u32>,
}

impl ScoresBuilder {
    /// Appends a score of which the quantity is known, or told to [`ScoresBuilder::about`]. One standing follows another where policies learn, so the last few are looked through.
    pub(crate) fn push(&mut self, value: f64, n: u64, standing: Standing) {
        const LOOK_BACK: usize = 4;
        let first = self.standings.len().saturating_sub(LOOK_BACK);
        let same = |other: &Standing| *other == standing && other.dollars.to_bits() == standing.dollars.to_bits();
        let known = self.standings[first..].iter().position(same).map(|place| first + place);
        let place = known.unwrap_or(self.standings.len());
        if known.is_none() {
            self.standings.push(standing);
        }
        self.values.push(value);
        self.counts.push(n);
        self.places.push(place as u32);
    }

    /// What the next score is about.
    pub(crate) fn about(&mut self, code: Code) {
        self.codes.push(code);
    }

    /// The scores, with what they are about as `known`, else from `pool`.
    ///
    /// # Errors
    /// When a direction is none.
    pub(crate) fn finish(mut self, pool: &Pool, known: Option<Arc<[Quantity]>>) -> Result<Scores, String> {
        self.standings.shrink_to_fit();
        let quantities = match known {
            Some(known) => known,
            None => pool.list(self.codes)?,
        };
        let ScoresBuilder { values, counts, standings, places, .. } = self;
        Ok(Scores { quantities, values, counts, standings, places })
    }
}

impl Pool {
    /// Scores that are in memory already.
    pub(crate) fn scores(&self, scores: &[Score]) -> Scores {
        let mut builder = ScoresBuilder::default();
        for score in scores {
            let texts = [&score.phase, &score.task, &score.metric, &score.unit].map(|text| self.symbol(text));
            let [phase, task, metric, unit] = texts;
            let arm = score.arm.as_deref().map_or(NOTHING, |arm| self.symbol(arm));
            let direction = self.symbol(score.direction.name());
            let weight = score.w_cost.map_or(NO_WEIGHT, f64::to_bits);
            let standing = Standing {
                round: score.round,
                outcomes: score.outcomes,
                dollars: score.dollars,
                tuning_trials: score.tuning_trials,
            };
            builder.about(([phase, task, arm, metric, unit, direction], weight));
            builder.push(score.value, score.n, standing);
        }
        builder.finish(self, None).expect("a direction has a name that is read back")
    }
}
