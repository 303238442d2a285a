//! Full labels, for routers that are fitted on every model's outcome of every training prompt.

use crate::{Dollars, Objective, Outcome, Outcomes, Terms};

/// n training prompts with the outcomes of all K models, as far as they were recorded. Taking this type is how a router
/// declares that it uses full information; the ledger charges for every outcome in it.
///
/// ```
/// use routing::{Dollars, Objective, TrainingSet};
///
/// // Two prompts of one feature, two models; the second model's answer to the second prompt was not recorded.
/// let quality = vec![0.25, 1.0, 0.75, f32::NAN];
/// let set = TrainingSet::new(vec![0.1, 0.9], quality, vec![Dollars(0.0); 4], 1, 2);
/// assert_eq!((set.len(), set.arms(), set.feature_row(1)), (2, 2, &[0.9][..]));
/// assert_eq!(set.outcome(1, 1), None);
/// let means = set.mean_terms(&Objective::new(Dollars(0.01)));
/// assert_eq!((means[0].value, means[1].value), (0.5, 1.0));
/// ```
#[derive(Clone, Debug)]
pub struct TrainingSet {
    features: Vec<f32>,
    outcomes: Outcomes,
    dimension: usize,
}

impl TrainingSet {
    /// From row-major `features` (n x d), `quality` (n x K, in [0, 1]) and `cost` (n x K); NaN in either is a gap.
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
        TrainingSet::from_outcomes(features, Outcomes::from_columns(arms, quality, cost, Vec::new()), dimension)
    }

    /// From row-major `features` (n x d) and the outcomes of the same prompts.
    ///
    /// # Panics
    /// If the two disagree about n.
    pub fn from_outcomes(features: Vec<f32>, outcomes: Outcomes, dimension: usize) -> TrainingSet {
        assert_eq!(features.len(), outcomes.len() * dimension, "features and outcomes must have the same rows");
        TrainingSet { features, outcomes, dimension }
    }

    /// Number of prompts n.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether there is no prompt.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Width d of a feature row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.outcomes.arms()
    }

    /// All features, n x d.
    pub fn features(&self) -> &[f32] {
        &self.features
    }

    /// Features of prompt `row`.
    pub fn feature_row(&self, row: usize) -> &[f32] {
        &self.features[row * self.dimension..][..self.dimension]
    }

    /// All outcomes, n x K.
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// What the model at position `arm` answered to prompt `row`; none where nobody recorded it.
    pub fn outcome(&self, row: usize, arm: usize) -> Option<Outcome> {
        self.outcomes.get(row, arm)
    }

    /// The two terms of the reward of a cell; none where nobody recorded it.
    pub fn terms(&self, objective: &Objective, row: usize, arm: usize) -> Option<Terms> {
        self.outcome(row, arm).map(|outcome| objective.terms(&outcome))
    }

    /// The models by which prompts they answered: each time the prompts, ascending, and the models that answered just these.
    /// Without gaps that is one pair of all prompts and all models.
    pub fn models_by_answered(&self) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for arm in 0..self.arms() {
            let answered: Vec<usize> = (0..self.len()).filter(|&row| self.outcome(row, arm).is_some()).collect();
            match groups.iter_mut().find(|(rows, _)| *rows == answered) {
                Some((_, models)) => models.push(arm),
                None => groups.push((answered, vec![arm])),
            }
        }
        groups
    }

    /// Mean terms of each model over the prompts that it answered, in order; [`Terms::WORST`] for one that answered none,
    /// so that nobody routes to a model of which nothing is known.
    pub fn mean_terms(&self, objective: &Objective) -> Vec<Terms> {
        let mean = |arm: usize| {
            let (mut value, mut penalty, mut count) = (0.0, 0.0, 0_u32);
            for terms in (0..self.len()).filter_map(|row| self.terms(objective, row, arm)) {
                value += terms.value;
                penalty += terms.penalty;
                count += 1;
            }
            let count = f64::from(count);
            if count > 0.0 { Terms { value: value / count, penalty: penalty / count } } else { Terms::WORST }
        };
        (0..self.arms()).map(mean).collect()
    }
}
