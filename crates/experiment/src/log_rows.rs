//! The scored rows of a log in memory, as features and outcomes, split by prompt.

use crate::logged::share;
use crate::settings::{Place, SpecError};
use crate::train::hexadecimal;
use encoder::Encoder;
use environments::sources::logged::{Log, LogRow};
use routing::{Feedback, Round, Seed, random};
use sha2::{Digest, Sha256};

/// Least probability of a logged choice that is estimated: one rare row must not outweigh all others.
const LEAST_PROPENSITY: f32 = 0.01;

/// n scored rows.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Features, n x d.
    pub(crate) features: Vec<f32>,
    /// Width d of a feature row.
    pub(crate) dimension: usize,
    /// What was chosen and what came of it, n.
    pub(crate) feedback: Vec<Feedback>,
    /// Probability of each choice, n, in (0, 1].
    pub(crate) propensities: Vec<f32>,
}

impl Rows {
    fn new(dimension: usize) -> Rows {
        Rows { features: Vec::new(), dimension, feedback: Vec::new(), propensities: Vec::new() }
    }

    /// Number of rows n.
    pub(crate) fn len(&self) -> usize {
        self.feedback.len()
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
}

/// Reads the scored rows and encodes their prompts. All rows of one prompt are on one side, so that nothing is tested on a
/// prompt it was trained on; which side is drawn from `seed` and the prompt alone.
pub(crate) fn read(
    place: &Place,
    log: &Log,
    encoder: &dyn Encoder,
    test_share: f64,
    seed: &Seed,
) -> Result<LogParts, SpecError> {
    let (mut train, mut test) = (Rows::new(encoder.width()), Rows::new(encoder.width()));
    let (mut unscored, mut estimated, mut hash) = (0, 0, Sha256::new());
    let mut features = vec![0.0; encoder.width()];
    for row in log.rows().map_err(|error| place.error(error.to_string()))? {
        let row = row.map_err(|error| place.error(error.to_string()))?;
        let Some(quality) = row.quality else {
            unscored += 1;
            continue;
        };
        let Some(prompt) = &row.prompt else {
            let rule = "must have a prompt or messages to learn from, got neither";
            return Err(place.error(format!("line {}: the row {rule}", row.place)));
        };
        let propensity = row.propensity.unwrap_or_else(|| {
            estimated += 1;
            (share(log, &row) as f32).max(LEAST_PROPENSITY)
        });
        absorb(&mut hash, &row, prompt, quality, propensity);
        encoder.encode(prompt, &mut features);
        let drawn = random::uniform(&mut seed.child("prompt", prompt).stream("side").at(Round(0)));
        let side = if drawn < test_share { &mut test } else { &mut train };
        side.features.extend_from_slice(&features);
        side.feedback.push(Feedback { arm: row.arm, quality, cost: row.cost });
        side.propensities.push(propensity);
    }
    place.unless(train.len() > 0, "the log", "at least one scored row to train on", "none")?;
    place.unless(test.len() > 0, "the log", "at least one scored row to test on", "none")?;
    Ok(LogParts { train, test, unscored, estimated, fingerprint: hexadecimal(&hash.finalize()) })
}

fn absorb(hash: &mut Sha256, row: &LogRow, prompt: &str, quality: f32, propensity: f32) {
    hash.update((prompt.len() as u64).to_le_bytes());
    hash.update(prompt);
    hash.update(row.arm.0.to_le_bytes());
    hash.update(quality.to_le_bytes());
    hash.update(row.cost.0.to_le_bytes());
    hash.update(propensity.to_le_bytes());
}
