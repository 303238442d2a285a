//! Where a log says nothing of a model.
//!
//! A model that never answers in a part of the traffic cannot be judged there. Parts that are looked at: tasks, the time before
//! a model's first and after its last answer, requests of a tenant, and prompts that hold a word. But for tasks a part is a
//! hole where its prompts are so many that a model with its share elsewhere would hardly have missed all of them.

use deployment::prompt_hash;
use environments::sources::logged::{LogRow, Moment};
use std::collections::{BTreeMap, BTreeSet};

/// Chance that no hole is found in a log without any, over all that is looked at.
const FALSE_ALARM: f64 = 1e-4;

/// Smallest share of the traffic that is looked at.
pub(super) const SMALLEST: f64 = 0.01;

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
    /// Which of the holes a row lies in, by bit; time is left to the table.
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
    /// Whether prompts are chosen for one by one, so that a part of them cannot lack a model by chance.
    by_prompt: bool,
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
    /// Where models are drawn for a whole tenant at a time, what one tenant lacks says nothing.
    pub(super) fn new(models: usize, by_prompt: bool) -> Words {
        Words { models, by_prompt, met: BTreeSet::new(), rows: vec![0; models], parts: BTreeMap::new() }
    }

    /// Enters a row.
    pub(super) fn add(&mut self, row: &LogRow) {
        if !self.by_prompt {
            return;
        }
        let prompt = row.prompt.as_deref().filter(|prompt| !prompt.is_empty());
        let new = prompt.is_none_or(|prompt| self.met.insert(prompt_hash(prompt)));
        let arm = row.arm.index();
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
pub(super) fn unlikely(share: f64, prompts: u64, comparisons: f64) -> bool {
    libm::pow((1.0 - share).max(0.0), prompts as f64) * comparisons < FALSE_ALARM
}
