//! The leak guard: near-duplicate prompts, which carry answers from training into the test.

use crate::failure::Failure;
use crate::output::say;
use crate::progress;
use environments::Table;
use environments::near_duplicates::{NearDuplicates, SampledDuplicates, THRESHOLD};
use environments::sources::logged::Log;
use experiment::Texts;
use statistics::interval_of_sums;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::{Dialect, Frame, Record, Records};

/// Most prompts of a log that are compared with each other: they have to be in memory.
const MOST: usize = 100_000;

/// Prompts of a longer log that are held, to be compared with all others.
const SAMPLE: u64 = 1 << 15;

/// Prompts of such a log, and their bytes, that are compared with the sample at a time.
const PART: (usize, usize) = (8192, 1 << 24);

/// Pairs that are shown.
const SHOWN: usize = 3;

/// Share of prompts that experiments train on unless told otherwise.
const TRAIN: f64 = 0.7;

/// Column that says which split a prompt belongs to.
const SPLIT: &str = "split";

/// Prompts with their names and, where the file has a column `split`, their splits.
#[derive(Default)]
struct Prompts {
    names: Vec<String>,
    texts: Vec<String>,
    splits: Vec<String>,
}

/// Says what is found among the prompts of a log: all of them held in memory where that is possible, else a sample that all of
/// them meet.
pub(crate) fn of_log(log: &Log) -> Result<(), Failure> {
    let seen = log.survey().with_prompt;
    if seen > MOST as u64 {
        return of_long_log(log, seen);
    }
    let mut prompts = Prompts::default();
    if seen > 0 {
        each_prompt(log, |place, text| {
            prompts.names.push(format!("line {place}"));
            prompts.texts.push(text);
        })?;
    }
    prompts.report();
    Ok(())
}

/// Calls `meet` with the line and the text of each prompt.
fn each_prompt(log: &Log, mut meet: impl FnMut(u64, String)) -> Result<(), Failure> {
    for row in log.rows().map_err(Failure::input)? {
        let row = row.map_err(Failure::input)?;
        if let Some(text) = row.prompt {
            meet(row.place, text);
        }
    }
    Ok(())
}

/// Compares each of the `seen` prompts with every so-many-th of them.
fn of_long_log(log: &Log, seen: u64) -> Result<(), Failure> {
    let bar = progress::counter("near-duplicates", 2 * seen, "prompts");
    let step = seen.div_ceil(SAMPLE);
    let (mut sample, mut number) = (Vec::new(), 0);
    each_prompt(log, |place, text| {
        if number % step == 0 {
            sample.push((place, text));
        }
        number += 1;
        bar.inc(1);
    })?;
    let mut found = SampledDuplicates::of(&sample);
    let (mut part, mut bytes) = (Vec::new(), 0);
    each_prompt(log, |place, text| {
        bytes += text.len();
        part.push((place, text));
        if part.len() == PART.0 || bytes >= PART.1 {
            found.meet(&part);
            bar.inc(part.len() as u64);
            part.clear();
            bytes = 0;
        }
    })?;
    found.meet(&part);
    bar.finish_and_clear();
    say!("{}", in_words(&found, step, seen));
    Ok(())
}

fn in_words(found: &SampledDuplicates, step: u64, seen: u64) -> String {
    let (n, hits) = (found.len() as u64, found.with_duplicates() as f64);
    let share = interval_of_sums(n, hits, hits, "student-t 95 % over sampled prompts");
    let percent = |share: Option<f64>| 100.0 * share.unwrap_or(f64::NAN).clamp(0.0, 1.0);
    let mut text = format!(
        "near-duplicate prompts (triples of words shared to {THRESHOLD} or more): {:.2} % [{:.2}, {:.2}] of {seen} have one, \
         from 1 in {step} ({n}) beside all of them ({})",
        percent(Some(share.mean)),
        percent(share.low),
        percent(share.high),
        share.method,
    );
    for pair in &found.pairs {
        text += &format!("\n  line {} and line {}: {:.2}", pair.first, pair.second, pair.similarity);
    }
    let leak = 100.0 * found.expected_leak(TRAIN);
    text + &format!(
        "\n  a random split with 70 % in training puts one of them into training for {leak:.2} % of all others"
    )
}

/// Where the rows of a table are read from, by the names of their columns.
pub(crate) struct Rows<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) id: String,
    pub(crate) prompt: String,
}

/// What holds the rows of a table.
pub(crate) enum Origin<'a> {
    /// A file.
    File(&'a Path, Dialect),
    /// Columns that were made from other files.
    Frame(&'a Frame),
}

impl Rows<'_> {
    /// Calls `meet` with the id, the prompt and the split of each row that has the first two.
    fn each(&self, mut meet: impl FnMut(String, String, Option<String>)) -> Result<(), Failure> {
        let mut row = |text: &dyn Fn(&str) -> Option<String>| {
            if let (Some(id), Some(prompt)) = (text(&self.id), text(&self.prompt)) {
                meet(id, prompt, text(SPLIT));
            }
        };
        match &self.origin {
            Origin::Frame(frame) => {
                for place in 0..frame.rows() {
                    row(&|name| frame.column(name).and_then(|column| column.text(place)));
                }
            }
            Origin::File(path, dialect) => {
                let mut records = Records::open_with(path, dialect).map_err(Failure::input)?;
                let mut record = Record::default();
                while records.read(&mut record).map_err(Failure::input)? {
                    row(&|name| {
                        let value = record.get(name)?;
                        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    });
                }
            }
        }
        Ok(())
    }

    /// Says what is found among the prompts, all of them; rows of one id count once.
    pub(crate) fn report(&self) -> Result<(), Failure> {
        let (mut prompts, mut known) = (Prompts::default(), BTreeSet::new());
        self.each(|name, text, split| {
            if known.insert(name.clone()) {
                prompts.splits.extend(split);
                prompts.names.push(name);
                prompts.texts.push(text);
            }
        })?;
        prompts.report();
        Ok(())
    }

    /// The texts of the prompts of `table`, which was made of these rows, in its own order; none where a prompt has no text.
    pub(crate) fn texts(&self, table: &Table) -> Result<Option<Texts>, Failure> {
        let places: BTreeMap<&str, usize> = (0..table.len()).map(|row| (table.id(row), row)).collect();
        let mut splits: Vec<Option<String>> = vec![None; table.len()];
        self.each(|name, _, split| {
            if let Some(&row) = places.get(name.as_str()) {
                splits[row] = splits[row].take().or(split);
            }
        })?;
        Ok(table.prompts().map(|texts| Texts::new(texts.to_vec(), splits.into_iter().collect())))
    }
}

impl Prompts {
    fn report(&self) {
        if self.texts.is_empty() {
            say!("near-duplicate prompts: not looked for, there are no prompts");
            return;
        }
        let found = NearDuplicates::find(&self.texts);
        say!(
            "near-duplicate prompts (triples of words shared to {THRESHOLD} or more): {} of {}, in {} groups",
            found.in_groups(),
            self.texts.len(),
            found.groups.len()
        );
        for pair in found.pairs.iter().take(SHOWN) {
            say!("  {} and {}: {:.2}", self.names[pair.first], self.names[pair.second], pair.similarity);
        }
        if self.splits.len() == self.texts.len() {
            let splits: Vec<&str> = self.splits.iter().map(String::as_str).collect();
            let across = found.across(&splits);
            if across.is_empty() {
                say!("  none lies across splits");
            }
            for (split, prompts) in across {
                say!("  leak: {prompts} prompts of split `{split}` have one in another split");
            }
        } else if !found.groups.is_empty() {
            let share = 100.0 * found.expected_leak(TRAIN);
            say!(
                "  a random split with 70 % in training puts one of them into training for {share:.2} % of all others"
            );
        }
    }
}
