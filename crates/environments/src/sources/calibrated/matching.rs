//! Learnability: the features' dials are turned until learners do as well on generated rows as on the recorded ones.
//!
//! Recorded rows: kNN and ridge predict every model's latent score within tasks on held-out rows. The covariance of their
//! predictions with the scores, over models, says in which directions of model space prompts are predictable; its leading
//! part is what the visible factors load on, up to one scale. Then, on draws of the same size with the same random numbers
//! throughout, five dials are turned: that scale (mean success of both learners), the amplitude of the visible factors in
//! the features (success of kNN against ridge), the amplitude of length in each task (how well length is predicted), and the
//! distance of each task's centre from the others (how many of a prompt's neighbours are of its task), and the amplitude of
//! the nuisances (how well ridge, which can ignore them as neighbours cannot, predicts scores over all tasks).

use super::copula::Cuts;
use super::factors::{Matrix, align, factor_analysis, loadings};
use super::generate::Generator;
use super::learnability::{Predictions, Split, Targets, by_neighbours, by_ridge};
use super::marginals::{latent_targets, rows_by_task};
use super::parameters::{Calibration, TaskCalibration};
use super::tabulate;
use crate::Table;
use routing::{Round, Seed};

/// Visible factors and hidden factors.
const FACTORS: usize = 3;

/// Most latent variance that length, visible and hidden factors share.
const MOST_SHARED: f64 = 0.98;

/// Largest amplitude of a nuisance: with the other dials at their ends, nine tenths of the scatter are spoken for.
const MOST_NUISANCE: f64 = 0.25;

/// Rows' worth of pooled evidence behind a task's learnability.
const POOLED_ROWS: f64 = 60.0;

/// Turns of the dials.
const TURNS: u32 = 20;

/// Splits of `rows` recorded rows, and draws for each turn: fewer where many rows make each say more.
fn repetitions(rows: usize) -> (u64, u64) {
    let affordable = (12_000 / rows.max(1)) as u64;
    (affordable.clamp(1, 6), affordable.clamp(2, 4))
}

/// What the learners achieved, within tasks, on held-out rows.
struct Learnt {
    /// Covariance over models of predictions (mean of both learners) with latent scores, K x K, for each task.
    covariances: Vec<Matrix>,
    /// Correlation of kNN's predictions with latent scores, mean over models.
    neighbours: f64,
    /// As `neighbours`, for ridge.
    ridge: f64,
    /// Correlation with length, mean of both learners, for each task; shrunk to their mean.
    lengths: Vec<f64>,
    /// Share of neighbours that are of the prompt's task, for each task.
    purity: Vec<f64>,
    /// Correlation of ridge's predictions with scores over all tasks, mean over models.
    overall: f64,
}

/// Where the dials stand.
struct Dials {
    scale: f64,
    visible_amplitude: f64,
    nuisance_amplitude: f64,
    length_amplitude: Vec<f64>,
    separation: Vec<f64>,
}

/// Completes `start` (whose centres, scatter, grades and dollars stand) with factors and amplitudes.
pub(super) fn match_learnability(
    table: &Table,
    start: Calibration,
    cuts: &[Vec<Cuts>],
    correlations: &[Matrix],
) -> Calibration {
    let seed = Seed::root(0).child("calibrated", "matching");
    let (splits, draws) = repetitions(table.len());
    let recorded = learn(table, &latent_targets(table, cuts, &start.tasks), 0..splits, &seed);
    let tasks = start.tasks.len();
    let mut dials = Dials {
        scale: 2.0,
        visible_amplitude: 0.2,
        nuisance_amplitude: 0.2,
        length_amplitude: vec![0.15; tasks],
        separation: vec![1.2; tasks],
    };
    for turn in 0..TURNS {
        let candidate = assemble(&start, &recorded.covariances, correlations, &dials);
        let generator = Generator::new(&candidate, candidate.dimension);
        let drawn: Vec<Learnt> = (0..draws)
            .map(|draw| {
                let requests = seed.child("draw", &draw.to_string()).stream("request");
                let drawn = tabulate(&candidate, candidate.dimension, table.len(), |row, out| {
                    generator.request_of(table.task(row), &requests, Round(row as u64), out);
                });
                learn(&drawn, &latent_targets(&drawn, cuts, &start.tasks), draw..draw + 1, &seed)
            })
            .collect();
        dials.turn(&recorded, &drawn, &start.tasks, table.len(), 1.0 / (1.0 + f64::from(turn) / 8.0));
    }
    assemble(&start, &recorded.covariances, correlations, &dials)
}

impl Dials {
    /// One step towards equal learnability, of size `step`.
    fn turn(&mut self, recorded: &Learnt, draws: &[Learnt], tasks: &[TaskCalibration], rows: usize, step: f64) {
        let mean = |value: &dyn Fn(&Learnt) -> f64| draws.iter().map(value).sum::<f64>() / draws.len() as f64;
        let neighbours = recorded.neighbours - mean(&|draw| draw.neighbours);
        let ridge = recorded.ridge - mean(&|draw| draw.ridge);
        let turned = |dial: f64, by: f64, range: std::ops::RangeInclusive<f64>| {
            (dial * libm::exp(by)).clamp(*range.start(), *range.end())
        };
        self.scale = turned(self.scale, 4.0 * step * (neighbours + ridge), 0.01..=20.0);
        self.visible_amplitude = turned(self.visible_amplitude, 4.0 * step * (neighbours - ridge), 0.08..=0.28);
        let overall = recorded.overall - mean(&|draw| draw.overall);
        self.nuisance_amplitude = turned(self.nuisance_amplitude, 10.0 * step * overall, 0.02..=MOST_NUISANCE);
        for (task, parameters) in tasks.iter().enumerate() {
            let n = parameters.weight * rows as f64;
            let length = recorded.lengths[task] - mean(&|draw| draw.lengths[task]);
            self.length_amplitude[task] = turned(self.length_amplitude[task], 2.0 * step * length, 0.02..=0.4);
            let purity = recorded.purity[task] - mean(&|draw| draw.purity[task]);
            let by = 1.5 * step * purity * n / (n + POOLED_ROWS);
            self.separation[task] = turned(self.separation[task], by, 0.5..=2.0);
        }
    }
}

/// The calibration with the dials where they stand.
fn assemble(start: &Calibration, covariances: &[Matrix], correlations: &[Matrix], dials: &Dials) -> Calibration {
    let mut calibration = start.clone();
    calibration.visible_amplitude = dials.visible_amplitude;
    calibration.nuisance_amplitude = dials.nuisance_amplitude;
    let rows = |task: &TaskCalibration| task.weight * start.rows as f64;
    let arms = start.models.len();
    let pooled = start
        .tasks
        .iter()
        .zip(covariances)
        .fold(Matrix::zero(arms, arms), |sum, (task, own)| sum.blend(1.0, own, task.weight));
    let rank = FACTORS.min(arms);
    let reference = loadings(&pooled.blend(dials.scale, &pooled, 0.0), rank);
    let grand: Vec<f64> = (0..start.tasks[0].centre.len())
        .map(|axis| start.tasks.iter().map(|task| task.weight * task.centre[axis]).sum())
        .collect();
    for (at, task) in calibration.tasks.iter_mut().enumerate() {
        let own = rows(task) / (rows(task) + POOLED_ROWS);
        let covariance = covariances[at].blend(own * dials.scale, &pooled, (1.0 - own) * dials.scale);
        let mut visible = align(&loadings(&covariance, rank), &reference);
        let left: Vec<f64> =
            task.quality_on_length.iter().map(|on_length| MOST_SHARED - on_length * on_length).collect();
        visible.cap_rows(&left.iter().map(|left| 0.9 * left).collect::<Vec<_>>());
        let on_length = Matrix { rows: arms, columns: 1, values: task.quality_on_length.clone() };
        let explained = visible.outer().blend(1.0, &on_length.outer(), 1.0);
        let limits: Vec<f64> = (0..arms).map(|model| left[model] - visible.row_square(model)).collect();
        let hidden = factor_analysis(&correlations[at].blend(1.0, &explained, -1.0), rank, &limits);
        task.visible = (0..arms).map(|model| visible.row(model).to_vec()).collect();
        task.hidden = (0..arms).map(|model| hidden.row(model).to_vec()).collect();
        task.length_amplitude = dials.length_amplitude[at];
        task.centre.iter_mut().zip(&grand).for_each(|(x, mean)| *x = mean + dials.separation[at] * (*x - mean));
    }
    calibration
}

/// Lets both learners predict `targets` (K latent scores, then length) on the held-out rows of the numbered splits.
fn learn(table: &Table, targets: &Targets, splits: std::ops::Range<u64>, seed: &Seed) -> Learnt {
    let tasks = table.tasks().len();
    let mut held: Vec<Vec<Centred>> = vec![Vec::new(); tasks];
    let mut purity = vec![(0.0, 0.0); tasks];
    let arms = table.arms();
    let mut overall = Vec::new();
    let scores = scores(table);
    for number in splits {
        let split = Split::new(table, seed, number);
        let asked = split.held_out();
        let (neighbours, same) = by_neighbours(table, &split.train, &asked, targets);
        let ridge = by_ridge(table, &split.train, &asked, targets);
        let predicted = by_ridge(table, &split.train, &asked, &scores);
        let over_tasks = |model| {
            let pairs = asked.iter().enumerate().map(|(at, &row)| (predicted.row(at)[model], scores.row(row)[model]));
            correlation(about_means(pairs.collect()).into_iter())
        };
        overall.extend((0..arms).map(over_tasks));
        for (at, (&row, same)) in asked.iter().zip(same).enumerate() {
            purity[table.task(row)].0 += same;
            purity[table.task(row)].1 += 1.0;
            held[table.task(row)].push(Centred::new(&neighbours, &ridge, targets, at, row));
        }
    }
    held.iter_mut().for_each(|rows| centre(rows));
    Learnt {
        covariances: held.iter().map(|rows| covariance(rows, arms)).collect(),
        neighbours: success(&held, arms, |row| &row.neighbours),
        ridge: success(&held, arms, |row| &row.ridge),
        lengths: lengths(table, &held, arms),
        purity: purity.iter().map(|(same, rows)| same / f64::max(*rows, 1.0)).collect(),
        overall: overall.iter().sum::<f64>() / overall.len() as f64,
    }
}

/// The scores themselves, n x K.
fn scores(table: &Table) -> Targets {
    let values = (0..table.len()).flat_map(|row| table.quality(row)).map(|&score| f64::from(score)).collect();
    Targets { values, width: table.arms() }
}

/// One held-out row: predictions of both learners and the truth, less their means over the task.
#[derive(Clone)]
struct Centred {
    neighbours: Vec<f64>,
    ridge: Vec<f64>,
    truth: Vec<f64>,
}

impl Centred {
    fn new(neighbours: &Predictions, ridge: &Predictions, targets: &Targets, at: usize, row: usize) -> Centred {
        let (neighbours, ridge) = (neighbours.row(at).to_vec(), ridge.row(at).to_vec());
        Centred { neighbours, ridge, truth: targets.row(row).to_vec() }
    }
}

fn centre(rows: &mut [Centred]) {
    let parts: [fn(&mut Centred) -> &mut Vec<f64>; 3] =
        [|row| &mut row.neighbours, |row| &mut row.ridge, |row| &mut row.truth];
    let n = rows.len() as f64;
    for part in parts {
        for column in 0..rows.first().map_or(0, |row| row.truth.len()) {
            let mean = rows.iter_mut().map(|row| part(row)[column]).sum::<f64>() / n;
            rows.iter_mut().for_each(|row| part(row)[column] -= mean);
        }
    }
}

/// Symmetrised covariance of the learners' mean prediction with the truth, K x K.
fn covariance(rows: &[Centred], arms: usize) -> Matrix {
    let mut sum = Matrix::zero(arms, arms);
    for row in rows {
        for i in 0..arms {
            let predicted = 0.5 * (row.neighbours[i] + row.ridge[i]) / rows.len() as f64;
            (0..arms).for_each(|j| sum.set(i, j, sum.at(i, j) + predicted * row.truth[j]));
        }
    }
    sum.blend(0.5, &sum.transposed(), 0.5)
}

/// Within-task correlation of `part` with the truth, mean over models.
fn success(held: &[Vec<Centred>], arms: usize, part: impl Fn(&Centred) -> &[f64]) -> f64 {
    (0..arms)
        .map(|model| correlation(held.iter().flatten().map(|row| (part(row)[model], row.truth[model]))))
        .sum::<f64>()
        / arms as f64
}

/// Correlation with length in each task, mean of both learners, shrunk to the mean over tasks; at least 0.
fn lengths(table: &Table, held: &[Vec<Centred>], arms: usize) -> Vec<f64> {
    let of = |rows: &[Centred]| {
        let with =
            |part: fn(&Centred) -> &[f64]| correlation(rows.iter().map(|row| (part(row)[arms], row.truth[arms])));
        0.5 * (with(|row| &row.neighbours) + with(|row| &row.ridge))
    };
    let counts = rows_by_task(table).into_iter().map(|rows| rows.len() as f64);
    let own: Vec<(f64, f64)> = counts.zip(held.iter().map(|rows| of(rows))).collect();
    let total: f64 = own.iter().map(|(n, _)| n).sum();
    let pooled = own.iter().map(|(n, value)| n * value).sum::<f64>() / total;
    own.iter().map(|(n, value)| ((n * value + POOLED_ROWS * pooled) / (n + POOLED_ROWS)).max(0.0)).collect()
}

/// The pairs less their means.
fn about_means(mut pairs: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let n = pairs.len() as f64;
    let (x, y) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / n, sum.1 + pair.1 / n));
    pairs.iter_mut().for_each(|pair| *pair = (pair.0 - x, pair.1 - y));
    pairs
}

/// Correlation of pairs of mean zero; 0 where either does not vary.
fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    if xx * yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}
