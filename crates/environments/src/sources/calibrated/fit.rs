//! From rows to parameters: marginals, correlations, geometry of the features, then learnability by simulation.

use super::copula::{Cuts, latent_correlation};
use super::factors::{Matrix, loadings};
use super::marginals::{LATENT_ROWS, grade_probabilities, grades, rows_by_task, set_dollars, set_quality_on_length};
use super::matching::match_learnability;
use super::parameters::{Calibration, CalibrationError, FORMAT, TaskCalibration};
use crate::Table;
use sha2::{Digest, Sha256};

/// Width of the generated features at which learnability is matched.
pub const DIMENSION: usize = 64;

/// Most coordinates of a task's centre; more tasks than this share the directions along which they differ most.
const CENTRE_COORDINATES: usize = 32;

/// The parameters that make the generator reproduce `table`: two models or more, features, every task with rows. `source`
/// says in words where the rows come from. Deterministic; a few seconds for 2,000 rows x 384 features.
///
/// # Errors
/// When the table has fewer than two models, no features, or a task without rows.
pub fn fit(table: &Table, source: &str) -> Result<Calibration, CalibrationError> {
    let rows = rows_by_task(table);
    if let Some(empty) = rows.iter().position(Vec::is_empty) {
        return Err(CalibrationError::new(&table.tasks()[empty], "a task needs at least one row"));
    }
    if table.arms() < 2 || table.dimension() == 0 || table.is_empty() {
        let found = format!("got {} rows, {} models, {} features", table.len(), table.arms(), table.dimension());
        return Err(CalibrationError::new("table", format!("needs rows, two models and features; {found}")));
    }
    complete(table)?;
    let mut tasks: Vec<TaskCalibration> =
        rows.iter().enumerate().map(|(task, rows)| grades_of(table, task, rows)).collect();
    let cuts: Vec<Vec<Cuts>> = tasks.iter().map(cuts_of).collect();
    set_dollars(table, &rows, &mut tasks);
    set_quality_on_length(table, &rows, &cuts, &mut tasks);
    set_geometry(table, &rows, &mut tasks);
    let start = Calibration {
        format: FORMAT,
        source: source.to_owned(),
        rows: table.len() as u64,
        data_fingerprint: content_hash(table),
        dimension: DIMENSION,
        visible_amplitude: 0.0,
        nuisance_amplitude: 0.0,
        models: table.models().to_vec(),
        tasks,
    };
    let correlations = correlations(table, &rows, &cuts);
    let calibration = rounded(match_learnability(table, start, &cuts, &correlations));
    calibration.check()?;
    Ok(calibration)
}

/// Refuses a table with gaps: how the answers of models go together can only be told where all are known.
pub(super) fn complete(table: &Table) -> Result<(), CalibrationError> {
    let (gaps, cells) = (table.gaps(), table.len() * table.arms());
    let found = format!("needs an answer of every model to every prompt; {gaps} of {cells} cells are missing");
    if gaps == 0 { Ok(()) } else { Err(CalibrationError::new("table", found)) }
}

/// A task with its name, weight and grades; everything else is filled in later.
fn grades_of(table: &Table, task: usize, rows: &[usize]) -> TaskCalibration {
    let grades = grades(table, rows);
    TaskCalibration {
        name: table.tasks()[task].clone(),
        weight: rows.len() as f64 / table.len() as f64,
        grade_probabilities: grade_probabilities(table, rows, &grades),
        grades,
        dollars: Vec::new(),
        log_dollars_deviation: Vec::new(),
        dollars_on_length: Vec::new(),
        quality_on_length: Vec::new(),
        visible: vec![Vec::new(); table.arms()],
        hidden: vec![Vec::new(); table.arms()],
        centre: Vec::new(),
        scatter: 0.0,
        length_amplitude: 0.0,
    }
}

fn cuts_of(task: &TaskCalibration) -> Vec<Cuts> {
    task.grade_probabilities.iter().map(|probabilities| Cuts::new(&task.grades, probabilities)).collect()
}

/// Latent correlation of every two models in each task, shrunk to the one pooled over tasks by how much the grades tell.
fn correlations(table: &Table, rows: &[Vec<usize>], cuts: &[Vec<Cuts>]) -> Vec<Matrix> {
    let arms = table.arms();
    let evidence = |task: usize| {
        let information = |model: usize| cuts[task][model].information();
        Matrix::from_fn(arms, arms, |i, j| rows[task].len() as f64 * information(i) * information(j))
    };
    let own: Vec<Matrix> = rows.iter().zip(cuts).map(|(rows, cuts)| own_correlation(table, rows, cuts)).collect();
    let (mut sum, mut total) = (Matrix::zero(arms, arms), Matrix::zero(arms, arms));
    for (task, matrix) in own.iter().enumerate() {
        let weight = evidence(task);
        sum = sum.blend(1.0, &Matrix::from_fn(arms, arms, |i, j| weight.at(i, j) * matrix.at(i, j)), 1.0);
        total = total.blend(1.0, &weight, 1.0);
    }
    let shrink = |(task, matrix): (usize, &Matrix)| {
        let weight = evidence(task);
        Matrix::from_fn(arms, arms, |i, j| {
            let pooled = sum.at(i, j) / total.at(i, j).max(1e-9);
            (weight.at(i, j) * matrix.at(i, j) + LATENT_ROWS * pooled) / (weight.at(i, j) + LATENT_ROWS)
        })
    };
    own.iter().enumerate().map(shrink).collect()
}

fn own_correlation(table: &Table, rows: &[usize], cuts: &[Cuts]) -> Matrix {
    let arms = table.arms();
    let n = rows.len() as f64;
    let score = |row: usize, model: usize| f64::from(table.quality(row)[model]);
    let means: Vec<f64> = (0..arms).map(|model| rows.iter().map(|&row| score(row, model)).sum::<f64>() / n).collect();
    let mut result = Matrix::from_fn(arms, arms, |i, j| if i == j { 1.0 } else { 0.0 });
    for i in 0..arms {
        for j in 0..i {
            let cross: f64 = rows.iter().map(|&row| (score(row, i) - means[i]) * (score(row, j) - means[j])).sum();
            let latent = latent_correlation(&cuts[i], &cuts[j], cross / n);
            result.set(i, j, latent);
            result.set(j, i, latent);
        }
    }
    result
}

/// Places the tasks' centres so that their inner products are those of the rows (freed of the sampling noise of a mean), and
/// measures the scatter around each. Rows are taken at unit length, as the generator makes them.
fn set_geometry(table: &Table, rows: &[Vec<usize>], tasks: &mut [TaskCalibration]) {
    let d = table.dimension();
    let mut means = Matrix::zero(rows.len(), d);
    for (task, rows) in rows.iter().enumerate() {
        for &row in rows {
            let features = table.features(row);
            let scale = 1.0 / (rows.len() as f64 * norm(features).max(1e-12));
            let mean = &mut means.values[task * d..][..d];
            mean.iter_mut().zip(features).for_each(|(sum, &x)| *sum += scale * f64::from(x));
        }
    }
    let mut products = means.outer();
    for (at, (task, rows)) in tasks.iter_mut().zip(rows).enumerate() {
        // The mean square length is 1; a mean of n rows is longer than the centre by scatter / n.
        task.scatter = (1.0 - products.at(at, at)).max(1e-3);
        products.set(at, at, products.at(at, at) - task.scatter / rows.len() as f64);
    }
    let centres = loadings(&products, rows.len().min(CENTRE_COORDINATES));
    for (at, task) in tasks.iter_mut().enumerate() {
        task.centre = centres.row(at).to_vec();
    }
}

fn norm(features: &[f32]) -> f64 {
    features.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}

/// SHA-256 of a table's content, hexadecimal.
fn content_hash(table: &Table) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    table.models().iter().chain(table.tasks()).for_each(|name| text(name));
    for row in 0..table.len() {
        let id = table.id(row);
        hash.update((id.len() as u64).to_le_bytes());
        hash.update(id);
        hash.update((table.task(row) as u64).to_le_bytes());
        table.features(row).iter().chain(table.quality(row)).for_each(|x| hash.update(x.to_le_bytes()));
        table.cost(row).iter().for_each(|cost| hash.update(cost.0.to_le_bytes()));
    }
    routing::hexadecimal(&hash.finalize())
}

/// Every number to five significant digits: the file stays legible, and is far within the sampling error.
fn rounded(mut calibration: Calibration) -> Calibration {
    let round = |x: &mut f64| *x = format!("{x:.4e}").parse().expect("a formatted number reads back");
    round(&mut calibration.visible_amplitude);
    round(&mut calibration.nuisance_amplitude);
    for task in &mut calibration.tasks {
        [&mut task.weight, &mut task.scatter, &mut task.length_amplitude].into_iter().for_each(round);
        let lists = [
            &mut task.grades,
            &mut task.dollars,
            &mut task.log_dollars_deviation,
            &mut task.dollars_on_length,
            &mut task.quality_on_length,
            &mut task.centre,
        ];
        lists.into_iter().flatten().for_each(round);
        let tables = [&mut task.grade_probabilities, &mut task.visible, &mut task.hidden];
        tables.into_iter().flatten().flatten().for_each(round);
    }
    calibration
}
