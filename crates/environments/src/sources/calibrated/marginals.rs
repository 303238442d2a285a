//! What each model scores and costs in each task, and how far both go with the length of the prompt.
//!
//! Every estimate of a task is shrunk to the one pooled over tasks, by a weight that a task of a few dozen rows outgrows.

use super::copula::Cuts;
use super::factors::{Matrix, factor_analysis};
use super::generate::mean_log_dollars;
use super::learnability::Targets;
use super::parameters::TaskCalibration;
use crate::Table;

/// More distinct scores than this in a task are rounded to as many grades.
const MOST_GRADES: usize = 32;

/// Rows' worth of pooled evidence behind a deviation and behind a correlation of log dollars.
const DEVIATION_ROWS: f64 = 3.0;
const CORRELATION_ROWS: f64 = 3.0;

/// Latent rows' worth of pooled evidence behind a loading of quality (one graded row counts `Cuts::information`).
pub(super) const LATENT_ROWS: f64 = 5.0;

/// Smallest amount told apart from nothing, in dollars.
const SMALLEST: f64 = 1e-9;

/// The rows of each task.
pub(super) fn rows_by_task(table: &Table) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); table.tasks().len()];
    (0..table.len()).for_each(|row| rows[table.task(row)].push(row));
    rows
}

/// The grades of a task's `rows`: the distinct scores, or 32 at most that stand for them where there are more.
pub(super) fn grades(table: &Table, rows: &[usize]) -> Vec<f64> {
    let mut scores: Vec<f64> = rows.iter().flat_map(|&row| table.quality(row)).map(|&q| f64::from(q)).collect();
    scores.sort_unstable_by(f64::total_cmp);
    let mut distinct = scores.clone();
    distinct.dedup();
    if distinct.len() > MOST_GRADES { representatives(&scores) } else { distinct }
}

/// Values that stand for the ascending `scores`, each the mean of the scores nearest to it: Lloyd's algorithm from values of
/// which half are spaced evenly over the range, so that rare low scores keep values of their own, and half by rank, so that
/// crowded scores are still told apart.
fn representatives(scores: &[f64]) -> Vec<f64> {
    let (low, high) = (scores[0], scores[scores.len() - 1]);
    let half = MOST_GRADES / 2;
    let position = |at: usize| (at as f64 + 0.5) / half as f64;
    let even = (0..half).map(|at| low + (high - low) * position(at));
    let ranked = (0..half).map(|at| scores[(position(at) * scores.len() as f64) as usize]);
    let mut values: Vec<f64> = even.chain(ranked).collect();
    values.sort_unstable_by(f64::total_cmp);
    for _ in 0..10 {
        let nearest = scores.chunk_by(|&a, &b| nearest_grade(&values, a) == nearest_grade(&values, b));
        values = nearest.map(|scores| scores.iter().sum::<f64>() / scores.len() as f64).collect();
    }
    values
}

/// Probability of each grade for each model, K x G: counts, with one row's worth of the task's average model.
pub(super) fn grade_probabilities(table: &Table, rows: &[usize], grades: &[f64]) -> Vec<Vec<f64>> {
    let mut counts = vec![vec![0.0; grades.len()]; table.arms()];
    for &row in rows {
        for (count, &score) in counts.iter_mut().zip(table.quality(row)) {
            count[nearest_grade(grades, f64::from(score))] += 1.0;
        }
    }
    let total = (rows.len() * table.arms()) as f64;
    let average: Vec<f64> =
        (0..grades.len()).map(|g| counts.iter().map(|count| count[g]).sum::<f64>() / total).collect();
    for count in &mut counts {
        count.iter_mut().zip(&average).for_each(|(count, share)| *count = (*count + share) / (rows.len() as f64 + 1.0));
    }
    counts
}

fn nearest_grade(grades: &[f64], score: f64) -> usize {
    let distance = |&(_, grade): &(usize, &f64)| (grade - score).abs();
    let nearest = grades.iter().enumerate().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.expect("a task with rows has grades").0
}

/// Dollars of one task: mean and variance of logs for each model, and the correlations of the logs.
struct LogDollars {
    mean: Vec<f64>,
    variance: Vec<f64>,
    correlation: Matrix,
}

fn log_dollars(table: &Table, rows: &[usize]) -> LogDollars {
    let (n, arms) = (rows.len() as f64, table.arms());
    let log = |row: usize, model: usize| libm::log(table.cost(row)[model].0.max(SMALLEST));
    let over = |value: &dyn Fn(usize) -> f64| rows.iter().map(|&row| value(row)).sum::<f64>() / n;
    let centre: Vec<f64> = (0..arms).map(|model| over(&|row| log(row, model))).collect();
    let cross = Matrix::from_fn(arms, arms, |i, j| over(&|row| (log(row, i) - centre[i]) * (log(row, j) - centre[j])));
    let variance: Vec<f64> = (0..arms).map(|model| cross.at(model, model)).collect();
    let correlation =
        Matrix::from_fn(arms, arms, |i, j| cross.at(i, j) / (variance[i] * variance[j]).sqrt().max(1e-12));
    let mean = (0..arms).map(|model| over(&|row| table.cost(row)[model].0).max(SMALLEST)).collect();
    LogDollars { mean, variance, correlation }
}

/// Fills in the dollars of every task: mean, deviation of logs, and correlation with the one factor behind all models' logs.
pub(super) fn set_dollars(table: &Table, rows: &[Vec<usize>], tasks: &mut [TaskCalibration]) {
    let measured: Vec<LogDollars> = rows.iter().map(|rows| log_dollars(table, rows)).collect();
    let (n, arms) = (table.len() as f64, table.arms());
    let share = |task: usize| rows[task].len() as f64 / n;
    let mut variance = vec![0.0; arms];
    let mut correlation = Matrix::zero(arms, arms);
    for (task, part) in measured.iter().enumerate() {
        variance.iter_mut().zip(&part.variance).for_each(|(sum, value)| *sum += share(task) * value);
        correlation = correlation.blend(1.0, &part.correlation, share(task));
    }
    for ((task, part), rows) in tasks.iter_mut().zip(measured).zip(rows) {
        let n = rows.len() as f64;
        let shrunk = |own: f64, pooled: f64| (n * own + DEVIATION_ROWS * pooled) / (n + DEVIATION_ROWS);
        task.dollars = part.mean;
        task.log_dollars_deviation =
            part.variance.iter().zip(&variance).map(|(&own, &pooled)| shrunk(own, pooled).sqrt()).collect();
        // Shrunk in the logarithm of 1 - r, so that prices in a fixed ratio (r = 1) stay so.
        let own = n / (n + CORRELATION_ROWS);
        let distance = |r: f64| libm::log((1.0 - r).max(1e-9));
        let blended = Matrix::from_fn(arms, arms, |i, j| {
            1.0 - libm::exp(own * distance(part.correlation.at(i, j)) + (1.0 - own) * distance(correlation.at(i, j)))
        });
        task.dollars_on_length = factor_analysis(&blended, 1, &vec![0.999_99; arms]).values;
    }
}

/// The length of each prompt as its log dollars tell it: a standardised weighted mean over models.
pub(super) fn lengths(table: &Table, tasks: &[TaskCalibration]) -> Vec<f64> {
    let of_task = |task: &TaskCalibration| -> Vec<(f64, f64)> {
        let weight = |a: f64| a / (1.0 - a * a + 1e-3);
        let own: f64 = task.dollars_on_length.iter().map(|&a| weight(a) * weight(a) * (1.0 - a * a)).sum();
        let common: f64 = task.dollars_on_length.iter().map(|&a| weight(a) * a).sum();
        let scale = (common * common + own).sqrt().max(1e-9);
        (0..task.dollars.len())
            .map(|model| {
                let deviation = task.log_dollars_deviation[model].max(1e-9);
                let factor = weight(task.dollars_on_length[model]) / scale / deviation;
                (factor, mean_log_dollars(task, model))
            })
            .collect()
    };
    let scales: Vec<_> = tasks.iter().map(of_task).collect();
    let score = |row: usize| {
        let models = scales[table.task(row)].iter().zip(table.cost(row));
        models.map(|((factor, mean), cost)| factor * (libm::log(cost.0.max(SMALLEST)) - mean)).sum()
    };
    (0..table.len()).map(score).collect()
}

/// Fills in how the latent scores load on length: the correlation of score and length, freed of the grades' coarseness.
pub(super) fn set_quality_on_length(
    table: &Table,
    rows: &[Vec<usize>],
    cuts: &[Vec<Cuts>],
    tasks: &mut [TaskCalibration],
) {
    let (lengths, arms) = (lengths(table, tasks), table.arms());
    let mut pooled = vec![(0.0, 0.0); arms];
    for ((task, rows), cuts) in tasks.iter_mut().zip(rows).zip(cuts) {
        task.quality_on_length = (0..arms)
            .map(|model| {
                let scores = |&row: &usize| (f64::from(table.quality(row)[model]), lengths[row]);
                let (covariance, spread) = covariance_and_spread(rows.iter().map(scores));
                let raw = (covariance / (cuts[model].slope() * spread).max(1e-3)).clamp(-0.9, 0.9);
                let weight = rows.len() as f64 * cuts[model].information();
                pooled[model].0 += weight * raw;
                pooled[model].1 += weight;
                raw
            })
            .collect();
    }
    for ((task, rows), cuts) in tasks.iter_mut().zip(rows).zip(cuts) {
        for (model, loading) in task.quality_on_length.iter_mut().enumerate() {
            let weight = rows.len() as f64 * cuts[model].information();
            let (sum, total) = pooled[model];
            *loading = (weight * *loading + LATENT_ROWS * sum / total.max(1e-9)) / (weight + LATENT_ROWS);
        }
    }
}

/// Covariance of the pairs, and standard deviation of their second numbers.
fn covariance_and_spread(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let n = pairs.clone().count() as f64;
    let (x, y) = pairs.clone().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x / n, sum.1 + y / n));
    let (cross, square) =
        pairs.fold((0.0, 0.0), |sum, (a, b)| (sum.0 + (a - x) * (b - y) / n, sum.1 + (b - y) * (b - y) / n));
    (cross, square.sqrt())
}

/// What the learners are asked for when learnability is matched: each model's latent score as its grade tells it, less what
/// length explains, then the length itself; n x (K + 1).
pub(super) fn latent_targets(table: &Table, cuts: &[Vec<Cuts>], tasks: &[TaskCalibration]) -> Targets {
    /// Below this correlation of grade and latent score the grade tells too little to be scaled up.
    const FAINTEST: f64 = 0.35;
    let lengths = lengths(table, tasks);
    let mut values = Vec::with_capacity(table.len() * (table.arms() + 1));
    for (row, &length) in lengths.iter().enumerate() {
        let (cuts, task) = (&cuts[table.task(row)], &tasks[table.task(row)]);
        for ((cut, &score), on_length) in cuts.iter().zip(table.quality(row)).zip(&task.quality_on_length) {
            let scale = cut.variance.max(1e-6).sqrt() * cut.information().sqrt().max(FAINTEST);
            values.push((f64::from(score) - cut.mean) / scale - on_length * length);
        }
        values.push(length);
    }
    Targets { values, width: table.arms() + 1 }
}
