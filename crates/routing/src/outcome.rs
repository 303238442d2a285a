//! What a model's answer to a prompt was worth, what it cost and how long it took; and tables of such outcomes with gaps.

use crate::Dollars;

/// A time in seconds, finite and not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Seconds(pub f32);

/// One cell of an outcome table.
///
/// ```
/// use routing::{Dollars, Outcome, Seconds};
///
/// let outcome = Outcome::untimed(0.9, Dollars(0.002));
/// assert_eq!(outcome.latency, None);
/// let timed = Outcome { latency: Some(Seconds(1.5)), ..outcome };
/// assert!(timed != outcome);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Score of the answer, in [0, 1].
    pub quality: f32,
    /// Dollars that the call cost.
    pub cost: Dollars,
    /// Time until the answer was there; none: nobody measured it.
    pub latency: Option<Seconds>,
}

impl Outcome {
    /// An outcome whose latency nobody measured.
    pub fn untimed(quality: f32, cost: Dollars) -> Outcome {
        Outcome { quality, cost, latency: None }
    }
}

/// Outcomes of n prompts x K models, row-major. A cell may be a gap: nobody recorded what the model would have answered, and
/// nothing stands in for it.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    arms: usize,
    /// NaN in a gap.
    quality: Vec<f32>,
    /// NaN in a gap.
    cost: Vec<Dollars>,
    /// NaN where nobody measured it.
    seconds: Vec<f32>,
}

impl Outcomes {
    /// No prompts yet, of `arms` models.
    pub fn new(arms: usize) -> Outcomes {
        Outcomes { arms, ..Outcomes::default() }
    }

    /// From row-major columns, n x K each: a cell with NaN as its quality or cost is a gap. `seconds` may be empty: nobody
    /// measured any.
    ///
    /// # Panics
    /// If the columns disagree about n x K.
    pub fn from_columns(arms: usize, mut quality: Vec<f32>, mut cost: Vec<Dollars>, mut seconds: Vec<f32>) -> Outcomes {
        assert_eq!(quality.len(), cost.len(), "one score and one cost for each prompt and model");
        assert!(quality.len().is_multiple_of(arms.max(1)), "one score for each prompt and model");
        if seconds.is_empty() {
            seconds = vec![f32::NAN; quality.len()];
        }
        assert_eq!(seconds.len(), quality.len(), "one latency for each prompt and model");
        for ((quality, cost), seconds) in quality.iter_mut().zip(&mut cost).zip(&mut seconds) {
            if quality.is_nan() || cost.0.is_nan() {
                (*quality, *cost, *seconds) = (f32::NAN, Dollars(f64::NAN), f32::NAN);
            }
        }
        Outcomes { arms, quality, cost, seconds }
    }

    /// Number of prompts n.
    pub fn len(&self) -> usize {
        self.quality.len().checked_div(self.arms).unwrap_or(0)
    }

    /// Whether there is no prompt.
    pub fn is_empty(&self) -> bool {
        self.quality.is_empty()
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// Forgets all prompts, keeping the memory.
    pub fn clear(&mut self) {
        self.quality.clear();
        self.cost.clear();
        self.seconds.clear();
    }

    /// Appends prompt `row` of `other`, which has as many models.
    pub fn push_row(&mut self, other: &Outcomes, row: usize) {
        let cells = row * self.arms..(row + 1) * self.arms;
        self.quality.extend_from_slice(&other.quality[cells.clone()]);
        self.cost.extend_from_slice(&other.cost[cells.clone()]);
        self.seconds.extend_from_slice(&other.seconds[cells]);
    }

    /// Appends a prompt that every model answered, its latency unknown: K scores and K costs.
    pub fn push_untimed(&mut self, quality: &[f32], cost: &[Dollars]) {
        self.quality.extend_from_slice(quality);
        self.cost.extend_from_slice(cost);
        self.seconds.resize(self.quality.len(), f32::NAN);
    }

    /// What the model at position `arm` answered to prompt `row`; none in a gap.
    pub fn get(&self, row: usize, arm: usize) -> Option<Outcome> {
        let cell = row * self.arms + arm;
        let (quality, cost, seconds) = (self.quality[cell], self.cost[cell], self.seconds[cell]);
        let latency = (!seconds.is_nan()).then_some(Seconds(seconds));
        (!quality.is_nan() && !cost.0.is_nan()).then_some(Outcome { quality, cost, latency })
    }

    /// What each of the K models answered to prompt `row`.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Option<Outcome>> + Clone + '_ {
        (0..self.arms).map(move |arm| self.get(row, arm))
    }

    /// Number of gaps.
    pub fn gaps(&self) -> usize {
        self.quality.iter().filter(|quality| quality.is_nan()).count()
    }

    /// All scores, n x K, NaN in a gap.
    pub fn quality(&self) -> &[f32] {
        &self.quality
    }

    /// All costs, n x K, NaN in a gap.
    pub fn cost(&self) -> &[Dollars] {
        &self.cost
    }

    /// All latencies in seconds, n x K, NaN where nobody measured one.
    pub fn seconds(&self) -> &[f32] {
        &self.seconds
    }

    /// Scores and costs of prompt `row`, K each, open to whatever moves the world; NaN in a gap has to stay.
    pub fn row_mut(&mut self, row: usize) -> (&mut [f32], &mut [Dollars]) {
        let cells = row * self.arms..(row + 1) * self.arms;
        (&mut self.quality[cells.clone()], &mut self.cost[cells])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_score_or_dollars_is_a_gap() {
        let cost = [1.0, 2.0, f64::NAN, 4.0].map(Dollars).to_vec();
        let outcomes = Outcomes::from_columns(2, vec![0.5, f32::NAN, 0.25, 1.0], cost, vec![0.1, 0.2, 0.3, f32::NAN]);
        let timed = Outcome { quality: 0.5, cost: Dollars(1.0), latency: Some(Seconds(0.1)) };
        assert_eq!(outcomes.row(0).collect::<Vec<_>>(), [Some(timed), None]);
        assert_eq!(outcomes.row(1).collect::<Vec<_>>(), [None, Some(Outcome::untimed(1.0, Dollars(4.0)))]);
        assert_eq!((outcomes.len(), outcomes.gaps()), (2, 2));
    }
}
