//! Learnability: the features' dials are turned until learners do as well on generated rows as on the recorded ones.
//!
//! Recorded rows: kNN and ridge predict every model's latent score within tasks on held-out rows. The covariance of their
//! predictions with the scores, over models, says in which directions of model space prompts are predictable; its leading
//! part is what the visible factors load on, up to one scale. Then, on draws of the same size with the same random numbers
//! throughout, five dials are turned: that scale (mean success of both learners), the amplitude of the visible factors in
//! the features (success of kNN against ridge), the amplitude of length in each task (how well length is predicted), and the
//! distance of each task's centre from the others (how many of a prompt's neighbours are of its task), and the amplitude of
//! the nuisances (how well ridge, which can ignore them, tells the task; neighbours cannot).

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

/// Rows' worth of pooled evidence behind a task's learnability.
const POOLED_ROWS: f64 = 60.0;

/// Splits of the recorded rows, turns of the dials, and draws for each turn.
const SPLITS: u64 = 6;
const TURNS: u32 = 20;
const DRAWS: u64 = 4;

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
    /// Ridge's prediction of the indicator of a prompt's own task, mean over prompts.
    recognition: f64,
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
    let recorded = learn(table, &latent_targets(table, cuts, &start.tasks), 0..SPLITS, &seed);
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
        let draws: Vec<Learnt> = (0..DRAWS)
            .map(|draw| {
                let requests = seed.child("draw", &draw.to_string()).stream("request");
                let drawn = tabulate(&candidate, candidate.dimension, table.len(), |row, out| {
                    generator.request_of(table.task(row), &requests, Round(row as u64), out);
                });
                learn(&drawn, &latent_targets(&drawn, cuts, &start.tasks), draw..draw + 1, &seed)
            })
            .collect();
        dials.turn(&recorded, &draws, &start.tasks, table.len(), 1.0 / (1.0 + f64::from(turn) / 8.0));
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
        let recognition = recorded.recognition - mean(&|draw| draw.recognition);
        self.nuisance_amplitude = turned(self.nuisance_amplitude, 4.0 * step * recognition, 0.02..=0.32);
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
    let mut recognised = (0.0, 0.0);
    let own_task = indicators(table);
    for number in splits {
        let split = Split::new(table, seed, number);
        let asked = split.held_out();
        let (neighbours, same) = by_neighbours(table, &split.train, &asked, targets);
        let ridge = by_ridge(table, &split.train, &asked, targets);
        let told = by_ridge(table, &split.train, &asked, &own_task);
        for (at, &row) in asked.iter().enumerate() {
            recognised = (recognised.0 + told.row(at)[table.task(row)], recognised.1 + 1.0);
        }
        for (at, (&row, same)) in asked.iter().zip(same).enumerate() {
            purity[table.task(row)].0 += same;
            purity[table.task(row)].1 += 1.0;
            held[table.task(row)].push(Centred::new(&neighbours, &ridge, targets, at, row));
        }
    }
    held.iter_mut().for_each(|rows| centre(rows));
    let arms = targets.width - 1;
    Learnt {
        covariances: held.iter().map(|rows| covariance(rows, arms)).collect(),
        neighbours: success(&held, arms, |row| &row.neighbours),
        ridge: success(&held, arms, |row| &row.ridge),
        lengths: lengths(table, &held, arms),
        purity: purity.iter().map(|(same, rows)| same / f64::max(*rows, 1.0)).collect(),
        recognition: recognised.0 / f64::max(recognised.1, 1.0),
    }
}

/// For each task, 1 on its prompts and 0 on others: n x tasks.
fn indicators(table: &Table) -> Targets {
    let width = table.tasks().len();
    let values =
        (0..table.len()).flat_map(|row| (0..width).map(move |task| f64::from(u8::from(table.task(row) == task))));
    Targets { values: values.collect(), width }
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
