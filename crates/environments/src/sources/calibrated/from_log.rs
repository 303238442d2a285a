//! From a log to parameters: what one model's answers to each request can tell of a world in which all models answer.
//!
//! Taken from the log: each task's share; for each task and model the scores and how often each was given, mean dollars and
//! the spread of their logarithm, all among the requests that the model was chosen for, as they stand. That is what the model
//! would do on all requests of the task only if the choice depended on nothing but the task. What a log cannot tell is set to
//! nothing and said: models' scores and dollars on one prompt are independent given the task, features show the task alone.

use super::fit::DIMENSION;
use super::parameters::{Calibration, CalibrationError, FORMAT, TaskCalibration};
use crate::sources::logged::Cell;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// More distinct scores than this in a task are put together by hundredths of the scale.
const MOST_GRADES: usize = 101;

/// Rows that a task counts which has none, as a part of a log may have: it is rare, not impossible.
const UNSEEN_ROWS: f64 = 0.5;

/// Smallest mean dollars of a call that the generator can draw.
const SMALLEST: f64 = 1e-9;

/// Most axes on which centres of tasks lie; more tasks than this share axes, with opposite signs first.
const AXES: usize = 32;

/// Squared distance of a task's centre from the origin, as in the embedded calibration: features show the task well.
const CENTRE_SQUARE: f64 = 0.25;

/// Models, tasks and outcomes of a log, by task and then by model.
#[derive(Clone, Copy, Debug)]
pub struct LoggedCells<'a> {
    /// Names of the K models.
    pub models: &'a [String],
    /// Names of the T tasks.
    pub tasks: &'a [String],
    /// T x K.
    pub cells: &'a [Vec<Cell>],
}

/// A calibration made from a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFit {
    /// The parameters.
    pub calibration: Calibration,
    /// What had to be assumed, in sentences: first what no log can tell, then what this one does not.
    pub assumed: Vec<String>,
}

/// The parameters that make the generator's means those of a log. `source` says in words where the rows come from.
///
/// # Errors
/// When the log has fewer than two models, or a model without a single scored row.
pub fn fit_log(log: LoggedCells<'_>, source: &str) -> Result<LogFit, CalibrationError> {
    let mut all: Vec<Cell> = vec![Cell::default(); log.models.len()];
    for task in log.cells {
        all.iter_mut().zip(task).for_each(|(sum, cell)| sum.merge(cell));
    }
    if let Some(model) = all.iter().position(|cell| cell.scored == 0) {
        let message = format!("`{}` has no scored row in the log, which then tells nothing of it", log.models[model]);
        return Err(CalibrationError::new("models", message));
    }
    let rows: u64 = all.iter().map(|cell| cell.rows).sum();
    let mut assumed = vec![
        "no log can tell: scores and dollars of two models on one prompt are taken as independent given the task"
            .to_owned(),
        "no log can tell: features are taken to show the task and nothing else".to_owned(),
        "assumed: within a task, which model was chosen did not depend on the prompt".to_owned(),
    ];
    let tasks = log.tasks.iter().zip(log.cells).enumerate().map(|(at, (name, cells))| {
        let filled = filled(log.models, name, cells, &all, &mut assumed);
        let own = cells.iter().map(|cell| cell.rows).sum::<u64>() as f64;
        task_of(name, at, &filled, own.max(UNSEEN_ROWS) / rows as f64)
    });
    let tasks: Vec<TaskCalibration> = tasks.collect();
    let calibration = Calibration {
        format: FORMAT,
        source: format!("{source} (a log: independent models given the task, features that show the task alone)"),
        rows,
        data_fingerprint: fingerprint(log),
        dimension: DIMENSION,
        visible_amplitude: 0.0,
        nuisance_amplitude: 0.0,
        models: log.models.to_vec(),
        tasks: padded(tasks),
    };
    calibration.check()?;
    Ok(LogFit { calibration, assumed })
}

/// The cells of a task, those without a scored row replaced by the model's rows on all tasks, and that said.
fn filled(models: &[String], task: &str, cells: &[Cell], all: &[Cell], assumed: &mut Vec<String>) -> Vec<Cell> {
    let fill = |((model, cell), all): ((&String, &Cell), &Cell)| {
        if cell.scored > 0 {
            return cell.clone();
        }
        assumed.push(format!(
            "`{model}` was never chosen and scored on task `{task}`: its rows on all tasks stand for it"
        ));
        all.clone()
    };
    models.iter().zip(cells).zip(all).map(fill).collect()
}

fn task_of(name: &str, at: usize, cells: &[Cell], weight: f64) -> TaskCalibration {
    let (grades, grade_probabilities) = grades(cells);
    let arms = cells.len();
    let mut centre = vec![0.0; at % AXES + 1];
    centre[at % AXES] = if (at / AXES).is_multiple_of(2) { CENTRE_SQUARE.sqrt() } else { -CENTRE_SQUARE.sqrt() };
    TaskCalibration {
        name: name.to_owned(),
        weight,
        grades,
        grade_probabilities,
        dollars: cells.iter().map(|cell| cell.mean_dollars().max(SMALLEST)).collect(),
        log_dollars_deviation: cells.iter().map(log_deviation).collect(),
        dollars_on_length: vec![0.0; arms],
        quality_on_length: vec![0.0; arms],
        visible: vec![Vec::new(); arms],
        hidden: vec![Vec::new(); arms],
        centre,
        scatter: 1.0 - CENTRE_SQUARE,
        length_amplitude: 0.0,
    }
}

/// Centres of equal length.
fn padded(mut tasks: Vec<TaskCalibration>) -> Vec<TaskCalibration> {
    let axes = tasks.len().min(AXES);
    tasks.iter_mut().for_each(|task| task.centre.resize(axes, 0.0));
    tasks
}

fn log_deviation(cell: &Cell) -> f64 {
    let n = cell.rows as f64;
    let mean = cell.log_dollars / n;
    let squares = (cell.log_dollars_squared - n * mean * mean).max(0.0);
    if cell.rows > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 }
}

/// The scores of a task, ascending, and for each model how often it got each: K x G, rows summing to 1.
fn grades(cells: &[Cell]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut scores: BTreeMap<u64, (f64, u64)> = BTreeMap::new();
    let distinct = {
        let mut seen: Vec<u32> = cells.iter().flat_map(|cell| cell.grades.keys()).copied().collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    };
    let bin = |score: f64| (score * if distinct > MOST_GRADES { 100.0 } else { 10_000.0 }).round() as u64;
    for (score, rows) in cells.iter().flat_map(Cell::scores) {
        let (sum, count) = scores.entry(bin(score)).or_default();
        *sum += score * rows as f64;
        *count += rows;
    }
    let places: BTreeMap<u64, usize> = scores.keys().zip(0..).map(|(&bin, place)| (bin, place)).collect();
    let probabilities = cells.iter().map(|cell| {
        let mut shares = vec![0.0; places.len()];
        cell.scores().for_each(|(score, rows)| shares[places[&bin(score)]] += rows as f64 / cell.scored as f64);
        shares
    });
    let probabilities = probabilities.collect();
    (scores.values().map(|&(sum, count)| (sum / count as f64).clamp(0.0, 1.0)).collect(), probabilities)
}

/// SHA-256 of what was taken from the log, hexadecimal.
fn fingerprint(log: LoggedCells<'_>) -> String {
    let mut hash = Sha256::new();
    for name in log.models.iter().chain(log.tasks) {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
    }
    for cell in log.cells.iter().flatten() {
        hash.update(cell.rows.to_le_bytes());
        [cell.quality, cell.dollars, cell.log_dollars_squared].iter().for_each(|sum| hash.update(sum.to_le_bytes()));
        cell.grades.iter().for_each(|(grade, rows)| {
            hash.update(grade.to_le_bytes());
            hash.update(rows.to_le_bytes());
        });
    }
    routing::hexadecimal(&hash.finalize())
}
