//! A generator fitted to recorded rows, so that everything runs without the recorded rows at hand.
//!
//! Each task has its own grades, mean dollars and correlations over models. A prompt is a handful of standard normal
//! factors: its length, factors that features show, and factors that they do not. Latent scores load on all of them and are
//! cut into grades (a Gaussian copula); log dollars load on length; features are the task's centre plus length, visible
//! factors and noise. [`fit()`] takes all of it from rows, and turns the features' dials until kNN and ridge learn as much from
//! generated rows as from recorded ones. [`fidelity()`] sets facts of the rows beside facts of the generator.
//!
//! Generated numbers are marked ([`Environment::simulated`]) and never stand for recorded ones.

mod copula;
mod factors;
mod fidelity;
mod fit;
mod from_log;
mod generate;
mod learnability;
mod marginals;
mod matching;
mod parameters;
#[cfg(test)]
mod tests;

pub use fidelity::{Fidelity, fidelity};
pub use fit::{DIMENSION, fit};
pub use from_log::{LogFit, LoggedCells, fit_log};
pub use parameters::{Calibration, CalibrationError, FORMAT, TaskCalibration};

use crate::{Batch, Environment, Episode, Request, Table, TableParts};
use generate::Generator;
use routing::{Dollars, Preference, Round, Seed, Stream, random};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::sync::Arc;

/// Parameters fitted to 1,796 RouterBench 0-shot rows with all eleven models (a subset; see the file's `source`).
const EMBEDDED: &str = include_str!("calibrated/routerbench-11.toml");

/// Changes whenever equal parameters and seeds would give other requests.
const REVISION: &str = "calibrated generator 1";

/// Numbers that a pool may have, of four bytes each.
const MOST_NUMBERS: usize = 1 << 31;

/// Requests drawn from a [`Calibration`].
#[derive(Clone, Debug)]
pub struct Calibrated {
    calibration: Calibration,
    generator: Generator,
    tasks: Vec<String>,
    list_prices: Vec<Dollars>,
    rows: usize,
    dimension: usize,
}

impl Calibrated {
    /// Draws from `calibration`: `rows` prompts in a pool, feature rows of width `dimension` (learnability is matched at
    /// [`Calibration::dimension`] alone).
    ///
    /// # Errors
    /// When the calibration breaks a rule, `rows` is 0, or `dimension` cannot hold the centres and signals.
    pub fn new(calibration: Calibration, rows: usize, dimension: usize) -> Result<Calibrated, CalibrationError> {
        Calibration { dimension, ..calibration.clone() }.check()?;
        if rows == 0 {
            return Err(CalibrationError::new("rows", "must be above 0, got 0"));
        }
        // Features, scores and dollars of a pool are held at once, in each thread.
        let numbers = rows.saturating_mul(dimension.saturating_add(3 * calibration.models.len()));
        if numbers > MOST_NUMBERS {
            let rule =
                format!("must be at most {} numbers in a pool (8 GB), got {rows} rows of {dimension}", MOST_NUMBERS);
            return Err(CalibrationError::new("rows and dimension", rule));
        }
        Ok(Calibrated {
            generator: Generator::new(&calibration, dimension),
            tasks: calibration.tasks.iter().map(|task| task.name.clone()).collect(),
            list_prices: expected_dollars(&calibration),
            calibration,
            rows,
            dimension,
        })
    }

    /// The embedded calibration: eleven models, seven tasks.
    ///
    /// # Errors
    /// As [`Calibrated::new`].
    pub fn embedded(rows: usize, dimension: usize) -> Result<Calibrated, CalibrationError> {
        Calibrated::new(Calibration::parse(EMBEDDED)?, rows, dimension)
    }

    /// The parameters.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Writes the request of `round` into `out`: a pure function of the stream and the round, without allocation once `out`
    /// has held a request.
    pub fn request(&self, requests: &Stream, round: Round, out: &mut Request) {
        self.generator.request(requests, round, out);
    }
}

/// The stream that all requests of a replicate come from.
fn requests_of(seed: &Seed) -> Stream {
    seed.stream("request")
}

/// Mean dollars of each model over the mix of tasks.
fn expected_dollars(calibration: &Calibration) -> Vec<Dollars> {
    let total: f64 = calibration.tasks.iter().map(|task| task.weight).sum();
    let mean = |model: usize| calibration.tasks.iter().map(|task| task.weight / total * task.dollars[model]).sum();
    (0..calibration.models.len()).map(|model| Dollars(mean(model))).collect()
}

/// A table of `rows` generated prompts, where `request(row, out)` writes prompt `row`.
fn tabulate(
    calibration: &Calibration,
    dimension: usize,
    rows: usize,
    mut request: impl FnMut(usize, &mut Request),
) -> Table {
    let mut parts = TableParts {
        ids: (0..rows).map(|row| format!("calibrated.{row}")).collect(),
        tasks: calibration.tasks.iter().map(|task| task.name.clone()).collect(),
        models: calibration.models.clone(),
        dimension,
        ..TableParts::default()
    };
    let mut drawn = Request::default();
    for row in 0..rows {
        request(row, &mut drawn);
        parts.task_of.push(drawn.task);
        parts.features.extend_from_slice(&drawn.features);
        parts.quality.extend_from_slice(&drawn.quality);
        parts.cost.extend_from_slice(&drawn.cost);
    }
    Table::new(parts)
}

impl Environment for Calibrated {
    fn models(&self) -> &[String] {
        &self.calibration.models
    }

    fn tasks(&self) -> &[String] {
        &self.tasks
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn fingerprint(&self) -> String {
        let parameters = serde_json::to_string(&self.calibration).expect("a calibration is numbers, strings and lists");
        let mut hash = Sha256::new();
        for part in [REVISION, &parameters, &self.rows.to_string(), &self.dimension.to_string()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        routing::hexadecimal(&hash.finalize())
    }

    fn simulated(&self) -> bool {
        true
    }

    fn task_shares(&self) -> Vec<f64> {
        let total: f64 = self.calibration.tasks.iter().map(|task| task.weight).sum();
        self.calibration.tasks.iter().map(|task| task.weight / total).collect()
    }

    fn pool(&self, seed: &Seed) -> Arc<Table> {
        let requests = requests_of(seed);
        Arc::new(tabulate(&self.calibration, self.dimension, self.rows, |row, out| {
            self.request(&requests, Round(row as u64), out);
        }))
    }

    fn episode(&self, seed: &Seed) -> Box<dyn Episode + '_> {
        Box::new(CalibratedEpisode {
            world: self,
            requests: requests_of(seed),
            preferences: seed.stream("preference"),
            available: vec![true; self.calibration.models.len()],
            scratch: RefCell::default(),
        })
    }
}

/// An endless stream of requests, with preferences uniform on the simplex.
struct CalibratedEpisode<'a> {
    world: &'a Calibrated,
    requests: Stream,
    preferences: Stream,
    available: Vec<bool>,
    scratch: RefCell<Request>,
}

impl Episode for CalibratedEpisode<'_> {
    fn task(&self, round: Round) -> usize {
        self.world.generator.task(&self.requests, round)
    }

    fn push(&self, round: Round, instead: Option<usize>, batch: &mut Batch) {
        let mut drawn = self.scratch.borrow_mut();
        let task = instead.unwrap_or_else(|| self.task(round));
        self.world.generator.request_of(task, &self.requests, round, &mut drawn);
        let preference = Preference::new(random::uniform(&mut self.preferences.at(round)));
        let preference = preference.expect("a uniform number lies in [0, 1)");
        batch.push_request(round, &drawn, preference, &self.world.list_prices, &self.available);
    }
}
