//! Full labels, for routers that are fitted on every model's outcome of every training prompt.

use crate::Dollars;

/// n training prompts with the outcome of all K models. Taking this type is how a router declares that it uses full
/// information; the ledger charges n x K outcomes for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSet {
    features: Vec<f32>,
    quality: Vec<f32>,
    cost: Vec<Dollars>,
    dimension: usize,
    arms: usize,
}

impl TrainingSet {
    /// From row-major `features` (n x d), `quality` (n x K, in [0, 1]) and `cost` (n x K).
    ///
    /// # Panics
    /// If the three disagree about n.
    pub fn new(
        features: Vec<f32>,
        quality: Vec<f32>,
        cost: Vec<Dollars>,
        dimension: usize,
        arms: usize,
    ) -> TrainingSet {
        assert_eq!(features.len() * arms, quality.len() * dimension, "features and quality must have the same rows");
        assert_eq!(quality.len(), cost.len(), "quality and cost must have the same rows");
        TrainingSet { features, quality, cost, dimension, arms }
    }

    /// Number of prompts n.
    pub fn len(&self) -> usize {
        self.quality.len() / self.arms
    }

    /// Whether there is no prompt.
    pub fn is_empty(&self) -> bool {
        self.quality.is_empty()
    }

    /// Width d of a feature row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// All features, n x d.
    pub fn features(&self) -> &[f32] {
        &self.features
    }

    /// All scores, n x K, in [0, 1].
    pub fn quality(&self) -> &[f32] {
        &self.quality
    }

    /// All costs, n x K.
    pub fn cost(&self) -> &[Dollars] {
        &self.cost
    }

    /// Features of prompt `row`.
    pub fn feature_row(&self, row: usize) -> &[f32] {
        &self.features[row * self.dimension..][..self.dimension]
    }

    /// Scores of all models on prompt `row`.
    pub fn quality_row(&self, row: usize) -> &[f32] {
        &self.quality[row * self.arms..][..self.arms]
    }

    /// Costs of all models on prompt `row`.
    pub fn cost_row(&self, row: usize) -> &[Dollars] {
        &self.cost[row * self.arms..][..self.arms]
    }
}
