//! What several policies learn with.

pub(crate) mod actor;
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
