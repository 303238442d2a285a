//! How well two plain learners predict outcomes from features, measured in the same way on recorded and generated rows.
//!
//! Diagnostics of a data set, not routers: policies live in their own crate and never see a [`Table`].

use crate::Table;
use kernels::{Cholesky, gram, nearest};
use routing::{Round, Seed, random};

/// Neighbours of the kNN learner.
pub(super) const NEIGHBOURS: usize = 40;

/// Penalty of the linear learner on the squared norm of its weights, for features of unit length.
const RIDGE: f64 = 3.0;

/// A split of rows by task: 70 % training, 15 % validation, 15 % test, each task rounded for itself.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

impl Split {
    /// Split number `number` under `seed`.
    pub(super) fn new(table: &Table, seed: &Seed, number: u64) -> Split {
        let mut generator = seed.stream("split").at(Round(number));
        let mut split = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for task in 0..table.tasks().len() {
            let mut rows: Vec<usize> = (0..table.len()).filter(|&row| table.task(row) == task).collect();
            random::shuffle(&mut generator, &mut rows);
            let share = |fraction: f64| (fraction * rows.len() as f64).round() as usize;
            let (train, validation) = (share(0.7), share(0.85));
            split.train.extend(&rows[..train]);
            split.validation.extend(&rows[train..validation]);
            split.test.extend(&rows[validation..]);
        }
        split
    }

    /// Validation and test rows together.
    pub(super) fn held_out(&self) -> Vec<usize> {
        self.validation.iter().chain(&self.test).copied().collect()
    }
}

/// Numbers to predict: n x width, row-major over all rows of a table.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    pub(super) values: Vec<f64>,
    pub(super) width: usize,
}

impl Targets {
    /// The targets of row `row`.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// Means over `rows`, which are not empty.
    fn mean(&self, rows: &[usize]) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        for &row in rows {
            mean.iter_mut().zip(self.row(row)).for_each(|(sum, value)| *sum += value);
        }
        mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
        mean
    }
}

/// Predictions for the rows asked about, in their order: rows x width.
pub(super) type Predictions = Targets;

/// Predicts by the mean of the task's training rows (of all, where the task has none).
pub(super) fn by_family(table: &Table, train: &[usize], asked: &[usize], targets: &Targets) -> Predictions {
    let means: Vec<Vec<f64>> = (0..table.tasks().len())
        .map(|task| {
            let rows: Vec<usize> = train.iter().copied().filter(|&row| table.task(row) == task).collect();
            targets.mean(if rows.is_empty() { train } else { &rows })
        })
        .collect();
    let values = asked.iter().flat_map(|&row| means[table.task(row)].iter().copied()).collect();
    Targets { values, width: targets.width }
}

/// Predicts by the mean over the 40 training rows of largest inner product; also gives, for each row asked about, the share
/// of these neighbours that belong to its task.
pub(super) fn by_neighbours(
    table: &Table,
    train: &[usize],
    asked: &[usize],
    targets: &Targets,
) -> (Predictions, Vec<f64>) {
    let (candidates, queries) = (gather(table, train), gather(table, asked));
    let (mut values, mut purity) = (Vec::with_capacity(asked.len() * targets.width), Vec::with_capacity(asked.len()));
    nearest(&candidates, &queries, table.dimension(), NEIGHBOURS, |query, found| {
        let rows: Vec<usize> = found.iter().map(|neighbour| train[neighbour.row]).collect();
        values.extend(targets.mean(&rows));
        let same = rows.iter().filter(|&&row| table.task(row) == table.task(asked[query])).count();
        purity.push(same as f64 / rows.len() as f64);
    });
    (Targets { values, width: targets.width }, purity)
}

/// Predicts by ridge regression on centred features.
pub(super) fn by_ridge(table: &Table, train: &[usize], asked: &[usize], targets: &Targets) -> Predictions {
    let (d, width) = (table.dimension(), targets.width);
    let mut features = gather(table, train);
    let centre = column_means(&features, d);
    subtract(&mut features, &centre);
    let mut matrix = gram(&features, d);
    (0..d).for_each(|axis| matrix[axis * d + axis] += RIDGE);
    let factor = Cholesky::new(matrix, d).expect("a Gram matrix with a penalty on its diagonal is positive definite");
    let mean = targets.mean(train);
    let mut weights = vec![0.0; width * d];
    for (feature, &row) in features.chunks_exact(d).zip(train) {
        for ((weight, target), mean) in weights.chunks_exact_mut(d).zip(targets.row(row)).zip(&mean) {
            let scale = target - mean;
            weight.iter_mut().zip(feature).for_each(|(sum, &x)| *sum += scale * f64::from(x));
        }
    }
    weights.chunks_exact_mut(d).for_each(|weight| factor.solve(weight));
    let mut queries = gather(table, asked);
    subtract(&mut queries, &centre);
    let mut values = Vec::with_capacity(asked.len() * width);
    for query in queries.chunks_exact(d) {
        for (weight, mean) in weights.chunks_exact(d).zip(&mean) {
            values.push(mean + weight.iter().zip(query).map(|(w, &x)| w * f64::from(x)).sum::<f64>());
        }
    }
    Targets { values, width }
}

fn gather(table: &Table, rows: &[usize]) -> Vec<f32> {
    rows.iter().flat_map(|&row| table.features(row)).copied().collect()
}

fn column_means(features: &[f32], d: usize) -> Vec<f32> {
    let mut sums = vec![0.0; d];
    for row in features.chunks_exact(d) {
        sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    let rows = features.len() as f64 / d as f64;
    sums.iter().map(|sum| (sum / rows) as f32).collect()
}

fn subtract(features: &mut [f32], centre: &[f32]) {
    for row in features.chunks_exact_mut(centre.len()) {
        row.iter_mut().zip(centre).for_each(|(x, mean)| *x -= mean);
    }
}

/// Area under the ROC curve: how often a positive row's score exceeds a negative row's, ties counting half. None unless
/// both kinds are there.
pub(super) fn auc(scored: &mut [(f64, bool)]) -> Option<f64> {
    scored.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let positives = scored.iter().filter(|(_, positive)| *positive).count();
    let negatives = scored.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut wins, mut below) = (0.0, 0);
    for ties in scored.chunk_by(|a, b| a.0 == b.0) {
        let positive = ties.iter().filter(|(_, positive)| *positive).count();
        let negative = ties.len() - positive;
        wins += positive as f64 * (below as f64 + 0.5 * negative as f64);
        below += negative;
    }
    Some(wins / (positives as f64 * negatives as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_pairs_with_ties_as_half() {
        assert_eq!(auc(&mut [(0.1, false), (0.2, true), (0.2, false), (0.3, true)]), Some(0.875));
        assert_eq!(auc(&mut [(0.1, true), (0.2, false)]), Some(0.0));
        assert_eq!(auc(&mut [(0.1, true)]), None);
    }
}
