//! Where a log says nothing of a model, and whether its propensities can be those with which it chose.
//!
//! A model that never answers in a part of the traffic cannot be judged there. Parts that are looked at: tasks (see
//! `evaluate`), the time before a model's first and after its last answer, requests of a tenant, and prompts that hold a word.
//! A part is a hole where its prompts are so many that a model with its share elsewhere would hardly have missed all of them.

use super::table::{LogTable, Row};
use deployment::prompt_hash;
use environments::sources::logged::{LogRow, Moment};
use statistics::off_policy::{FEWEST_EFFECTIVE, Flaw, Weights};
use std::collections::{BTreeMap, BTreeSet};

/// Chance that no hole is found in a log without any, over all that is looked at.
const FALSE_ALARM: f64 = 1e-4;

/// Smallest share of the traffic that is looked at.
const SMALLEST: f64 = 0.01;

/// Most words and tenants that are counted; beyond, those of the smallest hashes.
const MOST_WORDS: usize = 100_000;

/// Letters of a prompt that are looked at.
const LETTERS: usize = 2_000;

/// A part of the traffic in which a model never answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// Position of the model.
    pub arm: usize,
    /// The part.
    pub part: Part,
    /// Its share of the rows, in [0, 1].
    pub share: f64,
}

/// A part of the traffic.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Rows of one task.
    Task(String),
    /// Rows before a model's first answer.
    Before(Moment),
    /// Rows after a model's last answer.
    After(Moment),
    /// Rows of one tenant.
    Tenant(String),
    /// Rows whose prompt holds a word.
    Word(String),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Part::Task(task) => write!(f, "on task `{task}`"),
            Part::Before(time) => write!(f, "before {time}"),
            Part::After(time) => write!(f, "after {time}"),
            Part::Tenant(tenant) => write!(f, "for tenant `{tenant}`"),
            Part::Word(word) => write!(f, "on prompts with the word `{word}`"),
        }
    }
}

impl Hole {
    /// Which of the holes a row lies in, by bit; time is left to [`LogTable::find_times`].
    pub(super) fn bits(holes: &[Hole], row: &LogRow) -> u64 {
        let words = words(row);
        let inside = |hole: &Hole| match &hole.part {
            Part::Tenant(tenant) => row.tenant.as_deref() == Some(tenant),
            Part::Word(word) => words.contains(word),
            Part::Task(_) | Part::Before(_) | Part::After(_) => false,
        };
        holes.iter().enumerate().fold(0, |bits, (at, hole)| bits | (u64::from(inside(hole)) << at))
    }
}

fn words(row: &LogRow) -> BTreeSet<String> {
    let text: String = row.prompt.as_deref().unwrap_or_default().chars().take(LETTERS).collect();
    let whole = |word: &&str| word.chars().count() > 1 && word.chars().all(char::is_alphabetic);
    text.split(|letter: char| !letter.is_alphanumeric()).filter(whole).map(str::to_lowercase).collect()
}

/// Prompts and answers of each model by the words of the prompts and by tenants.
pub(super) struct Words {
    models: usize,
    /// Different prompts, and rows without one.
    prompts: u64,
    met: BTreeSet<u64>,
    rows: Vec<u64>,
    parts: BTreeMap<u64, Counted>,
}

struct Counted {
    part: Part,
    prompts: u64,
    rows: Vec<u64>,
}

impl Words {
    pub(super) fn new(models: usize) -> Words {
        Words { models, prompts: 0, met: BTreeSet::new(), rows: vec![0; models], parts: BTreeMap::new() }
    }

    /// Enters a row.
    pub(super) fn add(&mut self, row: &LogRow) {
        let prompt = row.prompt.as_deref().filter(|prompt| !prompt.is_empty());
        let new = prompt.is_none_or(|prompt| self.met.insert(prompt_hash(prompt)));
        let arm = row.arm.index();
        self.prompts += u64::from(new);
        self.rows[arm] += 1;
        let tenant = row.tenant.clone().map(Part::Tenant);
        for part in words(row).into_iter().map(Part::Word).chain(tenant) {
            let counted = self.parts.entry(prompt_hash(&part.to_string()));
            let blank = || Counted { part, prompts: 0, rows: vec![0; self.models] };
            let counted = counted.or_insert_with(blank);
            counted.prompts += u64::from(new);
            counted.rows[arm] += 1;
        }
        while self.parts.len() > MOST_WORDS {
            self.parts.pop_last();
        }
    }

    /// The largest hole of each model; at most 60.
    pub(super) fn holes(&self) -> Vec<Hole> {
        let all: u64 = self.rows.iter().sum();
        let comparisons = (self.parts.len() * self.models).max(1) as f64;
        let largest = |arm: usize| {
            let found = self.parts.values().filter(|counted| counted.rows[arm] == 0 && self.rows[arm] > 0);
            let share = |counted: &Counted| counted.rows.iter().sum::<u64>() as f64 / all as f64;
            let missed = |counted: &&Counted| {
                let elsewhere = self.rows[arm] as f64 / (all as f64 * (1.0 - share(counted)));
                share(counted) >= SMALLEST && unlikely(elsewhere, counted.prompts, comparisons)
            };
            let widest = found.filter(missed).max_by(|a, b| share(a).total_cmp(&share(b)))?;
            Some(Hole { arm, part: widest.part.clone(), share: share(widest) })
        };
        (0..self.models).filter_map(largest).take(60).collect()
    }
}

/// Whether a model that answers a `share` elsewhere would hardly miss all of so many prompts.
fn unlikely(share: f64, prompts: u64, comparisons: f64) -> bool {
    libm::pow((1.0 - share).max(0.0), prompts as f64) * comparisons < FALSE_ALARM
}

impl LogTable {
    /// Forgets the holes that [`LogTable::find_times`] found.
    pub(super) fn forget_times(&mut self) {
        self.holes.retain(|hole| !matches!(hole.part, Part::Before(_) | Part::After(_)));
    }

    /// Notes which models answer on each task, which came after the first rows, and which were gone before the last.
    pub(super) fn find_times(&mut self) {
        self.answered = vec![vec![false; self.models.len()]; self.tasks.len()];
        self.rows.iter().for_each(|row| self.answered[usize::from(row.task)][usize::from(row.arm)] = true);
        let seen = |arm: usize| {
            let own = self.rows.iter().filter(|row| usize::from(row.arm) == arm).filter_map(|row| row.time);
            own.fold(None, |seen: Option<(Moment, Moment)>, time| {
                Some(seen.map_or((time, time), |(low, high)| (low.min(time), high.max(time))))
            })
        };
        let mut found = Vec::new();
        for (arm, seen) in (0..self.models.len()).map(seen).enumerate() {
            let Some((first, last)) = seen else { continue };
            let before: &dyn Fn(Moment) -> bool = &|time| time < first;
            let after: &dyn Fn(Moment) -> bool = &|time| time > last;
            for (part, outside) in [(Part::Before(first), before), (Part::After(last), after)] {
                found.extend(self.hole_in_time(arm, part, outside));
            }
        }
        self.holes.extend(found);
    }

    fn hole_in_time(&self, arm: usize, part: Part, outside: &dyn Fn(Moment) -> bool) -> Option<Hole> {
        let out = |row: &&Row| row.time.is_some_and(outside);
        let missed: BTreeSet<u32> = self.rows.iter().filter(out).map(|row| row.cluster).collect();
        let count = self.rows.iter().filter(out).count();
        let own = self.rows.iter().filter(|row| usize::from(row.arm) == arm).count() as f64;
        let share = count as f64 / self.rows.len() as f64;
        let elsewhere = own / (self.rows.len() - count).max(1) as f64;
        let hole = share >= SMALLEST && unlikely(elsewhere, missed.len() as u64, 2.0 * self.models.len() as f64);
        hole.then_some(Hole { arm, part, share })
    }

    /// Whether the log says nothing of a model where this row is.
    pub(super) fn is_hole(&self, row: &Row, arm: usize) -> bool {
        let inside = |(at, hole): (usize, &Hole)| match hole.part {
            Part::Before(time) => row.time.is_some_and(|own| own < time),
            Part::After(time) => row.time.is_some_and(|own| own > time),
            _ => row.holes >> at & 1 == 1,
        };
        let never = !self.answered[usize::from(row.task)][arm];
        never || self.holes.iter().enumerate().any(|(at, hole)| hole.arm == arm && inside((at, hole)))
    }
}

/// One verdict on the propensities of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct PropensityVerdict {
    /// Rows whose propensity was not logged and was taken to be the share of their model.
    pub estimated: u64,
    /// Rows.
    pub rows: u64,
    /// Why they cannot be those with which the log chose; none where nothing speaks against them.
    pub flaw: Option<Flaw>,
    /// Which model, and where, shows it.
    pub shown_by: Option<String>,
}

impl PropensityVerdict {
    /// It in a sentence.
    pub fn sentence(&self) -> String {
        let origin = match self.estimated {
            0 => "propensities are the log's own".to_owned(),
            all if all == self.rows => {
                "propensities are the shares of the models by task, right only if nothing but the task decided"
                    .to_owned()
            }
            some => format!(
                "{some} of {} propensities are missing and taken to be the shares of the models by task",
                self.rows
            ),
        };
        match (&self.flaw, &self.shown_by) {
            (Some(flaw), Some(by)) => {
                format!("{origin}; {flaw} (always {by}); every estimate that needs them is refused")
            }
            _ => format!("{origin}; nothing speaks against them"),
        }
    }

    /// Judges the propensities of a table's rows by the mean weight of every model, over all tasks and on each.
    pub(super) fn new(table: &LogTable, propensities: &[f64], estimated: u64) -> PropensityVerdict {
        let (tasks, models) = (table.tasks.len(), table.models.len());
        let comparisons = models * if tasks > 1 { tasks + 1 } else { 1 };
        let mut worst: Option<(f64, Flaw, String)> = None;
        let parts = std::iter::once(None).chain((0..tasks).filter(|_| tasks > 1).map(Some));
        for (task, arm) in parts.flat_map(|task| (0..models).map(move |arm| (task, arm))) {
            let wanted = |row: &Row| task.is_none_or(|task| usize::from(row.task) == task) && !table.is_hole(row, arm);
            let rows = table.rows.iter().zip(propensities).filter(|(row, _)| wanted(row));
            let weight = |row: &Row, p: f64| if usize::from(row.arm) == arm { 1.0 / p } else { 0.0 };
            let all = Weights::of(&rows.map(|(row, &p)| (row.cluster, weight(row, p))).collect::<Vec<_>>());
            let half_width = all.half_width(comparisons);
            let beyond = (all.mean - 1.0).abs() / half_width;
            if all.effective >= FEWEST_EFFECTIVE && beyond > worst.as_ref().map_or(1.0, |worst| worst.0) {
                let name = &table.models[arm];
                let by = task.map_or_else(|| name.clone(), |task| format!("{name}, task {}", table.tasks[task]));
                worst = Some((beyond, Flaw::Propensities { mean: all.mean, half_width }, by));
            }
        }
        let (flaw, shown_by) = worst.map_or((None, None), |(_, flaw, by)| (Some(flaw), Some(by)));
        PropensityVerdict { estimated, rows: table.rows.len() as u64, flaw, shown_by }
    }
}
