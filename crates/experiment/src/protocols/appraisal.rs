//! What the tested prompts say of a router at one weight beyond the metrics of each decision: whether what it expected
//! came, whether it was right where it was sure, whether it took the dearest model without need, and how mixed its draws are.
//!
//! These need every model's outcome or every request at once, so they are measured while the cell is tested. Whatever has no
//! input (no expectation, an outcome that nobody recorded, a propensity that is only estimated) has no score.

use super::tally::Moment;
use environments::Batch;
use metrics::field::{self, AURC, ROUTER_EVAL_EP_DRAWN, ROUTING_COLLAPSE};
use metrics::{About, Better, CALIBRATION, Calibration};
use routing::words::{metric, phase};
use routing::{Choice, Propensity};
use store::Score;

/// Accumulates the decisions of one setting, 32 bytes for each request with an expectation.
#[derive(Default)]
pub(super) struct Appraisal {
    calibration: Calibration,
    /// (expected reward, 1 - quality).
    sure: Vec<(f64, f64)>,
    collapsed: u64,
    /// Requests of which every model's score is recorded.
    complete: u64,
    /// Probability of each choice, as long as all are exact.
    drawn: Option<Vec<f64>>,
    decided: u64,
}

impl Appraisal {
    /// Takes in the `choice` for request `row` of `batch` and the `reward` that it got, if its outcome was recorded. `dearest` is the
    /// model of the highest mean cost; `scores` is room for K numbers.
    pub(super) fn observe(
        &mut self,
        (batch, row): (&Batch, usize),
        choice: &Choice,
        reward: Option<f64>,
        (dearest, scores): (usize, &mut Vec<f64>),
    ) {
        self.draw(choice.propensity);
        scores.clear();
        scores.extend(batch.quality(row).iter().map(|&quality| f64::from(quality)));
        if scores.iter().all(|quality| quality.is_finite()) {
            let wrong = field::routing_collapse(scores, scores.len(), &[choice.arm.index()], dearest);
            self.collapsed += u64::from(wrong == Some(1.0));
            self.complete += 1;
        }
        let quality = batch.outcome(row, choice.arm.index()).map(|outcome| f64::from(outcome.quality));
        if let (Some(expected), Some(reward), Some(quality)) = (choice.expected_reward, reward, quality) {
            self.calibration.observe(expected, reward);
            self.sure.push((expected, 1.0 - quality));
        }
    }

    fn draw(&mut self, propensity: Propensity) {
        match (propensity, self.decided, &mut self.drawn) {
            (Propensity::Exact(p), 0, drawn) => *drawn = Some(vec![p.into()]),
            (Propensity::Exact(p), _, Some(drawn)) => drawn.push(p.into()),
            _ => self.drawn = None,
        }
        self.decided += 1;
    }

    /// Appends the scores of the mix of tasks, and what became of expected rewards in phases `decile 01` to `decile 10`.
    pub(super) fn report(&self, at: &Moment<'_>, scores: &mut Vec<Score>) {
        self.calibrated(at, scores);
        let mut one = |about: &About, value: Option<f64>, n: u64| {
            scores.extend(value.map(|value| at.of(about, value, n)));
        };
        one(&AURC, field::aurc(&self.sure), self.sure.len() as u64);
        let collapse = (self.complete > 0).then(|| self.collapsed as f64 / self.complete as f64);
        one(&ROUTING_COLLAPSE, collapse, self.complete);
        let entropy = self.drawn.as_ref().and_then(|drawn| field::router_eval_ep_drawn(drawn));
        one(&ROUTER_EVAL_EP_DRAWN, entropy, self.decided);
    }

    fn calibrated(&self, at: &Moment<'_>, scores: &mut Vec<Score>) {
        let Some((values, n)) = self.calibration.readings() else { return };
        let whole = CALIBRATION.iter().zip(values);
        scores.extend(whole.map(|(about, value)| at.of(about, value, n)));
        for (bin, number) in self.calibration.bins().iter().zip(1..) {
            let at = Moment { phase: &phase::decile(number), ..*at };
            scores.push(at.score(metric::EXPECTED_REWARD, "reward", Better::Neither, bin.expected, bin.n));
            scores.push(at.score(metric::REWARD, "reward", Better::Higher, bin.obtained, bin.n));
        }
    }
}
