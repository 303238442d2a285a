//! The parameters of the calibrated generator as they stand in a TOML file, and the rules they must meet.

use serde::{Deserialize, Serialize};

/// Version of the file layout; a file of another version is refused.
pub const FORMAT: u32 = 1;

/// Most hidden numbers a prompt may have (length, visible and hidden factors together).
pub(super) const MAX_FACTORS: usize = 16;

/// Directions of the features that vary much and tell nothing, as an embedding's leading components do within a task.
pub const NUISANCES: usize = 8;

/// Everything the generator knows of a data set: K models, and one [`TaskCalibration`] for each task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Version of this layout, [`FORMAT`].
    pub format: u32,
    /// What the parameters were fitted to, in words.
    pub source: String,
    /// Rows they were fitted to.
    pub rows: u64,
    /// SHA-256 of those rows (identifiers, tasks, features, scores, dollars), hexadecimal.
    pub data_fingerprint: String,
    /// Width d at which the learnability was matched; another width gives another learnability.
    pub dimension: usize,
    /// Share, as a standard deviation in [0, 1), of a prompt's place around its task's centre that each visible factor
    /// accounts for.
    pub visible_amplitude: f64,
    /// As `visible_amplitude`, for each of `NUISANCES` directions that tell nothing: they carry what a prompt is about
    /// beyond its task and its outcomes.
    pub nuisance_amplitude: f64,
    /// Names of the K models, unique.
    pub models: Vec<String>,
    /// The tasks, at least one.
    pub tasks: Vec<TaskCalibration>,
}

/// One task. Every list over models has K entries, in the order of [`Calibration::models`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskCalibration {
    /// Its name, unique.
    pub name: String,
    /// Share of requests, above zero; shares are taken relative to their sum.
    pub weight: f64,
    /// The scores an answer can get, ascending, in [0, 1].
    pub grades: Vec<f64>,
    /// Probability of each grade, K x G; rows are taken relative to their sum.
    pub grade_probabilities: Vec<Vec<f64>>,
    /// Mean dollars of a call, above zero.
    pub dollars: Vec<f64>,
    /// Standard deviation of the natural logarithm of dollars.
    pub log_dollars_deviation: Vec<f64>,
    /// Correlation of log dollars with the prompt's length factor, in [-1, 1].
    pub dollars_on_length: Vec<f64>,
    /// Loading of the latent score on the length factor.
    pub quality_on_length: Vec<f64>,
    /// Loadings of the latent score on the visible factors, K x v. A row's squares over length, visible and hidden factors
    /// sum to at most 1; the rest is the model's own luck on the prompt.
    pub visible: Vec<Vec<f64>>,
    /// Loadings of the latent score on the hidden factors, K x h.
    pub hidden: Vec<Vec<f64>>,
    /// Coordinates of the task's centre among features of unit length; as many in every task, at most d - v - 1 - NUISANCES.
    pub centre: Vec<f64>,
    /// Variance of the features around the centre, summed over axes; above zero.
    pub scatter: f64,
    /// As [`Calibration::visible_amplitude`], for the length factor.
    pub length_amplitude: f64,
}

/// A calibration that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalibrationError {
    /// Where: the task's name and the field, or the field alone.
    pub field: String,
    /// The rule, and the value that breaks it.
    pub message: String,
}

impl std::fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "calibration: {}: {}", self.field, self.message)
    }
}

impl std::error::Error for CalibrationError {}

impl CalibrationError {
    /// The error for `field` that says `message`.
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> CalibrationError {
        CalibrationError { field: field.into(), message: message.into() }
    }
}

impl Calibration {
    /// Reads a calibration from TOML and checks it.
    ///
    /// # Errors
    /// When the text is not TOML of this layout, or a rule of [`Calibration::check`] is broken.
    pub fn parse(text: &str) -> Result<Calibration, CalibrationError> {
        let calibration: Calibration =
            toml::from_str(text).map_err(|error| CalibrationError::new("file", error.to_string()))?;
        calibration.check()?;
        Ok(calibration)
    }

    /// The TOML text that [`Calibration::parse`] reads back to equal parameters.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a calibration is numbers, strings and lists, which TOML can hold")
    }

    /// Checks shapes and ranges.
    ///
    /// # Errors
    /// Names the first field that breaks its rule.
    pub fn check(&self) -> Result<(), CalibrationError> {
        let rule = |holds: bool, field: &str, message: String| {
            if holds { Ok(()) } else { Err(CalibrationError::new(field, message)) }
        };
        rule(self.format == FORMAT, "format", format!("must be {FORMAT}, got {}", self.format))?;
        rule(self.models.len() >= 2, "models", format!("must name two or more, got {}", self.models.len()))?;
        rule(unique(&self.models), "models", "must be unique".into())?;
        rule(!self.tasks.is_empty(), "tasks", "must not be empty".into())?;
        let names: Vec<String> = self.tasks.iter().map(|task| task.name.clone()).collect();
        rule(unique(&names), "tasks", "names must be unique".into())?;
        let first = &self.tasks[0];
        let (visible, hidden) = (width(&first.visible), width(&first.hidden));
        let factors = 1 + visible + hidden;
        rule(factors <= MAX_FACTORS, "visible and hidden", format!("at most {MAX_FACTORS} factors, got {factors}"))?;
        let structured = first.centre.len() + visible + 1 + NUISANCES;
        let message = format!("must be at least {structured} (centres, factors, nuisances), got {}", self.dimension);
        rule(structured <= self.dimension, "dimension", message)?;
        for task in &self.tasks {
            let check = TaskCheck { task, models: self.models.len(), visible, hidden };
            check.shapes()?;
            check.ranges()?;
            let nuisance = NUISANCES as f64 * square(self.nuisance_amplitude);
            let share = visible as f64 * square(self.visible_amplitude) + square(task.length_amplitude) + nuisance;
            check.rule(share < 1.0, "length_amplitude", format!("squared amplitudes must sum below 1, got {share}"))?;
            check.rule(task.centre.len() == first.centre.len(), "centre", "must be as long in every task".into())?;
        }
        Ok(())
    }
}

/// Largest weight, dollars or coordinate: sums of products of larger ones leave the range in which features can be told apart.
const LARGEST: f64 = 1e6;

/// Largest standard deviation of log dollars: two of them beyond the mean are e^20 times its price.
const MOST_DEVIATION: f64 = 10.0;

/// One task against its rules.
struct TaskCheck<'a> {
    task: &'a TaskCalibration,
    models: usize,
    visible: usize,
    hidden: usize,
}

impl TaskCheck<'_> {
    fn rule(&self, holds: bool, field: &str, message: String) -> Result<(), CalibrationError> {
        if holds { Ok(()) } else { Err(CalibrationError::new(format!("{}.{field}", self.task.name), message)) }
    }

    fn shapes(&self) -> Result<(), CalibrationError> {
        let task = self.task;
        let lists = [
            ("grade_probabilities", task.grade_probabilities.len()),
            ("dollars", task.dollars.len()),
            ("log_dollars_deviation", task.log_dollars_deviation.len()),
            ("dollars_on_length", task.dollars_on_length.len()),
            ("quality_on_length", task.quality_on_length.len()),
            ("visible", task.visible.len()),
            ("hidden", task.hidden.len()),
        ];
        for (field, length) in lists {
            self.rule(length == self.models, field, format!("must have {} entries, got {length}", self.models))?;
        }
        let tables = [
            ("grade_probabilities", &task.grade_probabilities, task.grades.len()),
            ("visible", &task.visible, self.visible),
            ("hidden", &task.hidden, self.hidden),
        ];
        for (field, rows, width) in tables {
            self.rule(
                rows.iter().all(|row| row.len() == width),
                field,
                format!("every row must have {width} numbers"),
            )?;
        }
        Ok(())
    }

    fn ranges(&self) -> Result<(), CalibrationError> {
        let task = self.task;
        let probability = |p: &f64| (0.0..=1.0).contains(p);
        let positive = |x: &f64| *x <= LARGEST && *x > 0.0;
        let ascending = task.grades.windows(2).all(|pair| pair[0] < pair[1]);
        let graded = !task.grades.is_empty() && ascending && task.grades.iter().all(probability);
        self.rule(
            positive(&task.weight),
            "weight",
            format!("must be above 0 and at most a million, got {}", task.weight),
        )?;
        self.rule(
            positive(&task.scatter),
            "scatter",
            format!("must be above 0 and at most a million, got {}", task.scatter),
        )?;
        self.rule(graded, "grades", format!("must ascend within [0, 1], got {:?}", task.grades))?;
        self.rule(task.dollars.iter().all(positive), "dollars", "must be above 0".into())?;
        let deviations = task.log_dollars_deviation.iter().all(|s| *s <= MOST_DEVIATION && *s >= 0.0);
        self.rule(deviations, "log_dollars_deviation", "must not be negative".into())?;
        let correlations = task.dollars_on_length.iter().all(|a| a.abs() <= 1.0);
        self.rule(correlations, "dollars_on_length", "must lie in [-1, 1]".into())?;
        self.rule(task.centre.iter().all(|x| x.abs() <= LARGEST), "centre", "must not be beyond a million".into())?;
        for (model, row) in task.grade_probabilities.iter().enumerate() {
            let total: f64 = row.iter().sum();
            let whole = row.iter().all(probability) && (total - 1.0).abs() < 1e-3;
            self.rule(whole, "grade_probabilities", format!("row {model} must sum to 1, got {total}"))?;
            let shared = task.shared(model);
            self.rule(shared <= 1.0, "visible", format!("row {model}: loadings' squares must sum to 1, got {shared}"))?;
        }
        Ok(())
    }
}

impl TaskCalibration {
    /// Share of model `model`'s latent variance that length, visible and hidden factors account for.
    pub(super) fn shared(&self, model: usize) -> f64 {
        let squares = |row: &[f64]| row.iter().map(|&x| square(x)).sum::<f64>();
        square(self.quality_on_length[model]) + squares(&self.visible[model]) + squares(&self.hidden[model])
    }
}

fn width(rows: &[Vec<f64>]) -> usize {
    rows.first().map_or(0, Vec::len)
}

fn square(x: f64) -> f64 {
    x * x
}

fn unique(names: &[String]) -> bool {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}
