//! The scored rows of a log in memory, as features and outcomes, split by prompt.

use super::training::LogTraining;
use crate::features::{Gathered, TextVectors};
use deployment::{PromptSet, prompt_hash};
use encoder::Encoder;
use environments::sources::logged::{Log, LogRow};
use routing::{Feedback, Outcome, Round, Seed, hexadecimal, random};
use settings::{Place, SpecError};
use sha2::{Digest, Sha256};

/// Least probability of a logged choice that is estimated: one rare row must not outweigh all others.
const LEAST_PROPENSITY: f32 = 0.01;

/// n scored rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Features, n x d.
    pub(crate) features: Vec<f32>,
    /// Width d of a feature row.
    pub(crate) dimension: usize,
    /// What was chosen and what came of it, n.
    pub(crate) feedback: Vec<Feedback>,
    /// Probability of each choice, n, in (0, 1].
    pub(crate) propensities: Vec<f32>,
    /// A hash of each prompt, n: rows of one prompt move together.
    pub(crate) prompts: Vec<u64>,
}

impl Rows {
    fn new(dimension: usize) -> Rows {
        Rows { dimension, ..Rows::default() }
    }

    /// Number of rows n.
    pub(crate) fn len(&self) -> usize {
        self.feedback.len()
    }

    /// The position of each row's prompt among all prompts, n.
    pub(crate) fn clusters(&self) -> Vec<u32> {
        let mut all = self.prompts.clone();
        all.sort_unstable();
        all.dedup();
        let place = |prompt| all.binary_search(prompt).expect("every prompt is listed") as u32;
        self.prompts.iter().map(place).collect()
    }

    /// Features of a row, d numbers.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.features[row * self.dimension..][..self.dimension]
    }
}

/// What was read of a log.
pub(crate) struct LogParts {
    pub(crate) train: Rows,
    pub(crate) test: Rows,
    /// Rows without a score.
    pub(crate) unscored: u64,
    /// Rows whose propensity was estimated.
    pub(crate) estimated: u64,
    /// SHA-256 of the scored rows.
    pub(crate) fingerprint: String,
    /// Which prompts were trained on.
    pub(crate) trained_on: PromptSet,
}

/// Which side of the split a row fell on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Train,
    Test,
}

/// Root of everything that is drawn when a router is trained on a log.
pub(crate) fn seed_of(root: u64) -> Seed {
    Seed::root(root).child("log", "train")
}

/// The side of a prompt: drawn from `seed` and the prompt alone, so that all rows of one prompt, in whatever log, are on one
/// side and nothing is tested on a prompt it was trained on.
pub(crate) fn side(prompt: &str, test_share: f64, seed: &Seed) -> Side {
    let drawn = random::uniform(&mut seed.child("prompt", prompt).stream("side").at(Round(0)));
    if drawn < test_share { Side::Test } else { Side::Train }
}

/// What is kept of a row while its prompt waits to be encoded.
struct Waiting {
    side: Side,
    prompt: u64,
    feedback: Feedback,
    propensity: f32,
}

/// The share of the row's model among the log's rows of its task: the propensity, if nothing but the task decided.
fn share(log: &Log, row: &LogRow) -> f64 {
    let cells = &log.survey().cells[row.task];
    let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
    cells[row.arm.index()].rows as f64 / rows as f64
}

/// Reads the scored rows and encodes their prompts, split by [`side`].
pub(crate) fn read(
    place: &Place,
    log: &Log,
    encoder: &dyn Encoder,
    training: &LogTraining,
    seed: &Seed,
) -> Result<LogParts, SpecError> {
    let mut parts = LogParts::new(encoder.width());
    let (mut hash, mut waiting) = (Sha256::new(), Gathered::default());
    let fail = |error: &dyn std::fmt::Display| place.error(error.to_string());
    let mut vectors = TextVectors::open(encoder, &training.encoding).map_err(|error| fail(&error))?;
    let scored = log.survey().with_quality as usize;
    let mut encode = |parts: &mut LogParts, part: Gathered<Waiting>| {
        let encoded = vectors.encode(&part.texts, |more| training.progress.tell(more, scored));
        parts.extend(part.rows, &encoded.map_err(|error| fail(&error))?);
        Ok(())
    };
    for row in log.rows().map_err(|error| fail(&error))? {
        let row = row.map_err(|error| fail(&error))?;
        let Some(quality) = row.quality else {
            parts.unscored += 1;
            continue;
        };
        let Some(prompt) = &row.prompt else {
            let rule = "must have a prompt or messages to learn from, got neither";
            return Err(place.error(format!("line {}: the row {rule}", row.place)));
        };
        let propensity = row.propensity.unwrap_or_else(|| {
            parts.estimated += 1;
            (share(log, &row) as f32).max(LEAST_PROPENSITY)
        });
        absorb(&mut hash, &row, prompt, quality, propensity);
        let side = side(prompt, training.test_share, seed);
        if side == Side::Train {
            parts.trained_on.add(prompt);
        }
        let feedback = Feedback { arm: row.arm, outcome: Outcome::untimed(quality, row.cost) };
        let waits = Waiting { side, prompt: prompt_hash(prompt), feedback, propensity };
        waiting.push(waits, row.prompt.unwrap_or_default());
        if waiting.is_full() {
            encode(&mut parts, waiting.take())?;
        }
    }
    encode(&mut parts, waiting)?;
    parts.fingerprint = hexadecimal(&hash.finalize());
    place.unless(parts.train.len() > 0, "the log", "at least one scored row to train on", "none")?;
    place.unless(parts.test.len() > 0, "the log", "at least one scored row to test on", "none")?;
    Ok(parts)
}

impl LogParts {
    fn new(dimension: usize) -> LogParts {
        LogParts {
            train: Rows::new(dimension),
            test: Rows::new(dimension),
            unscored: 0,
            estimated: 0,
            fingerprint: String::new(),
            trained_on: PromptSet::default(),
        }
    }

    fn extend(&mut self, rows: Vec<Waiting>, features: &[f32]) {
        for (row, features) in rows.into_iter().zip(features.chunks_exact(self.train.dimension)) {
            let side = if row.side == Side::Test { &mut self.test } else { &mut self.train };
            side.features.extend_from_slice(features);
            side.feedback.push(row.feedback);
            side.propensities.push(row.propensity);
            side.prompts.push(row.prompt);
        }
    }
}

fn absorb(hash: &mut Sha256, row: &LogRow, prompt: &str, quality: f32, propensity: f32) {
    hash.update((prompt.len() as u64).to_le_bytes());
    hash.update(prompt);
    hash.update(row.arm.0.to_le_bytes());
    hash.update(quality.to_le_bytes());
    hash.update(row.cost.0.to_le_bytes());
    hash.update(propensity.to_le_bytes());
}
