//! The leak guard: near-duplicate prompts, which carry answers from training into the test.

use crate::failure::Failure;
use crate::output::say;
use environments::near_duplicates::{NearDuplicates, THRESHOLD};
use environments::sources::logged::Log;
use std::collections::BTreeSet;
use std::path::Path;
use store::{Record, Records};

/// Most prompts that are compared: they have to be in memory.
const MOST: usize = 100_000;

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
    seen: u64,
}

/// Says what is found among the prompts of a log, of the first 100,000 rows that have one.
pub(super) fn of_log(log: &Log) -> Result<(), Failure> {
    let mut prompts = Prompts::default();
    if log.survey().with_prompt > 0 {
        for row in log.rows().map_err(Failure::input)? {
            let row = row.map_err(Failure::input)?;
            let Some(text) = row.prompt else { continue };
            prompts.seen += 1;
            if prompts.texts.len() < MOST {
                prompts.names.push(format!("line {}", row.place));
                prompts.texts.push(text);
            } else {
                break;
            }
        }
        prompts.seen = log.survey().with_prompt;
    }
    prompts.report();
    Ok(())
}

/// Says what is found among the prompts of a table; rows of one `id` count once.
pub(super) fn of_table(path: &Path, id: &str, prompt: &str) -> Result<(), Failure> {
    let (mut prompts, mut known) = (Prompts::default(), BTreeSet::new());
    let (mut records, mut record) = (Records::open(path).map_err(Failure::input)?, Record::default());
    while records.read(&mut record).map_err(Failure::input)? {
        let text = |name: &str| {
            let value = record.get(name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let (Some(name), Some(prompt)) = (text(id), text(prompt)) else { continue };
        if !known.insert(name.clone()) {
            continue;
        }
        prompts.seen += 1;
        if prompts.texts.len() < MOST {
            prompts.splits.extend(text(SPLIT));
            prompts.names.push(name);
            prompts.texts.push(prompt);
        }
    }
    prompts.report();
    Ok(())
}

impl Prompts {
    fn report(&self) {
        if self.texts.is_empty() {
            say!("near-duplicate prompts: not looked for, there are no prompts");
            return;
        }
        let found = NearDuplicates::find(&self.texts);
        let of = if self.seen > MOST as u64 {
            format!("the first {} of {}", self.texts.len(), self.seen)
        } else {
            self.seen.to_string()
        };
        say!(
            "near-duplicate prompts (triples of words shared to {THRESHOLD} or more): {} of {of}, in {} groups",
            found.in_groups(),
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
