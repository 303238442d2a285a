//! What several policies learn with.

pub(crate) mod actor;
pub(crate) mod clusters;
pub(crate) mod forgetting;
pub(crate) mod least_squares;
pub(crate) mod linear;
pub(crate) mod plug_in;

use routing::Arm;
use routing::random::{self, Generator};

/// The available arm with the highest score, the first among equals.
///
/// # Panics
/// If none is available, which planning refuses.
pub(crate) fn best(scores: impl IntoIterator<Item = f64>, available: &[bool]) -> Arm {
    let mut best: Option<(usize, f64)> = None;
    for (arm, (score, &up)) in scores.into_iter().zip(available).enumerate() {
        if up && best.is_none_or(|(_, top)| score > top) {
            best = Some((arm, score));
        }
    }
    Arm::at(best.expect("planning refuses an empty pool").0)
}

/// An available arm drawn uniformly, and how many there are.
pub(crate) fn any(available: &[bool], generator: &mut Generator) -> (Arm, usize) {
    let up = available.iter().filter(|&&up| up).count();
    let position = random::below(generator, up);
    let drawn = available.iter().enumerate().filter(|(_, up)| **up).nth(position);
    (Arm::at(drawn.expect("planning refuses an empty pool").0), up)
}

/// Scales each row of `d` numbers to unit length; a row of zeros stays.
pub(crate) fn normalise(features: &mut [f32], d: usize) {
    for row in features.chunks_exact_mut(d) {
        let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        if length > 0.0 {
            for x in row {
                *x = (f64::from(*x) / length) as f32;
            }
        }
    }
}

/// Scales scores to [0, 1] from the worst to the best; equal ones to 0.
pub(crate) fn stretch(scores: &mut [f64]) {
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let range = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low;
    for score in scores {
        *score = if range > 0.0 || score.is_nan() { (*score - low) / range } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_stretched_over_the_models_of_a_prompt() {
        let mut scores = [-0.2, 0.3, 0.05];
        stretch(&mut scores);
        assert!((scores[0], scores[1]) == (0.0, 1.0) && (scores[2] - 0.5).abs() < 1e-12);
        let mut equal = [0.7; 3];
        stretch(&mut equal);
        assert_eq!(equal, [0.0; 3]);
    }
}
