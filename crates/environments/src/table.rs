//! The outcome table: prompts x models, quality and dollars of every call.

use routing::{Dollars, TrainingSet};

/// Columns of a [`Table`], row-major where two-dimensional.
#[derive(Clone, Debug, Default)]
pub struct TableParts {
    /// One identifier for each prompt, n, unique.
    pub ids: Vec<String>,
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// Task of each prompt, n, an index into `tasks`.
    pub task_of: Vec<u16>,
    /// Names of the K models.
    pub models: Vec<String>,
    /// Width d of a feature row.
    pub dimension: usize,
    /// Features, n x d.
    pub features: Vec<f32>,
    /// Score of each model on each prompt, n x K, in [0, 1].
    pub quality: Vec<f32>,
    /// Dollars of each call, n x K, not negative.
    pub cost: Vec<Dollars>,
}

/// What every model answered to every prompt. Shapes were checked when it was made.
#[derive(Clone, Debug)]
pub struct Table {
    parts: TableParts,
}

impl Table {
    /// A table of the given columns, whose values a source has checked.
    ///
    /// # Panics
    /// If the columns disagree about the number of prompts, models or feature width.
    pub fn new(parts: TableParts) -> Table {
        let (n, k) = (parts.ids.len(), parts.models.len());
        assert_eq!(parts.task_of.len(), n, "one task for each prompt");
        assert_eq!(parts.features.len(), n * parts.dimension, "d features for each prompt");
        assert_eq!(parts.quality.len(), n * k, "one score for each prompt and model");
        assert_eq!(parts.cost.len(), n * k, "one cost for each prompt and model");
        assert!(parts.task_of.iter().all(|&task| usize::from(task) < parts.tasks.len()), "every task has a name");
        Table { parts }
    }

    /// Number of prompts n.
    pub fn len(&self) -> usize {
        self.parts.ids.len()
    }

    /// Whether there is no prompt.
    pub fn is_empty(&self) -> bool {
        self.parts.ids.is_empty()
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.parts.models.len()
    }

    /// Names of the K models.
    pub fn models(&self) -> &[String] {
        &self.parts.models
    }

    /// Names of the tasks.
    pub fn tasks(&self) -> &[String] {
        &self.parts.tasks
    }

    /// Width d of a feature row.
    pub fn dimension(&self) -> usize {
        self.parts.dimension
    }

    /// Identifier of a prompt.
    pub fn id(&self, row: usize) -> &str {
        &self.parts.ids[row]
    }

    /// Task of a prompt, an index into [`Table::tasks`].
    pub fn task(&self, row: usize) -> usize {
        usize::from(self.parts.task_of[row])
    }

    /// Features of a prompt, d numbers.
    pub fn features(&self, row: usize) -> &[f32] {
        &self.parts.features[row * self.parts.dimension..][..self.parts.dimension]
    }

    /// Scores of all models on a prompt, K numbers in [0, 1].
    pub fn quality(&self, row: usize) -> &[f32] {
        &self.parts.quality[row * self.arms()..][..self.arms()]
    }

    /// Dollars of all models on a prompt, K amounts.
    pub fn cost(&self, row: usize) -> &[Dollars] {
        &self.parts.cost[row * self.arms()..][..self.arms()]
    }

    /// Mean dollars of each model over `rows`: what a price list would say of a typical request.
    pub fn mean_cost(&self, rows: &[usize]) -> Vec<Dollars> {
        let mut sums = vec![0.0; self.arms()];
        for &row in rows {
            for (sum, cost) in sums.iter_mut().zip(self.cost(row)) {
                *sum += cost.0;
            }
        }
        sums.iter().map(|sum| Dollars(sum / rows.len() as f64)).collect()
    }

    /// The given fraction's quantile (in [0, 1], linear between order statistics) of all dollars on `rows`.
    pub fn cost_quantile(&self, rows: &[usize], fraction: f64) -> Dollars {
        quantile_of(rows.iter().flat_map(|&row| self.cost(row)).copied(), fraction)
    }

    /// Full labels of `rows`, for routers that are fitted on them.
    pub fn training_set(&self, rows: &[usize]) -> TrainingSet {
        TrainingSet::new(
            rows.iter().flat_map(|&row| self.features(row)).copied().collect(),
            rows.iter().flat_map(|&row| self.quality(row)).copied().collect(),
            rows.iter().flat_map(|&row| self.cost(row)).copied().collect(),
            self.dimension(),
            self.arms(),
        )
    }
}

/// The given fraction's quantile (in [0, 1], linear between order statistics) of some dollars.
///
/// # Panics
/// If there are none.
pub fn quantile_of(costs: impl Iterator<Item = Dollars>, fraction: f64) -> Dollars {
    let mut costs: Vec<f64> = costs.map(|cost| cost.0).collect();
    costs.sort_unstable_by(f64::total_cmp);
    let position = fraction * (costs.len() - 1) as f64;
    let (low, share) = (position as usize, position.fract());
    let high = (low + 1).min(costs.len() - 1);
    Dollars(costs[low] + share * (costs[high] - costs[low]))
}
