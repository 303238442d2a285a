//! Routing collapse (RCI): does a router with money to spend send everything to the dearest model?
//!
//! Does: the share of requests for which NOT [(the chosen model is among the best and is not the dearest) or (the dearest
//! alone is best and was chosen)], at the largest swept budget (ORBIT, code; the index is EquiRouter's, arXiv 2602.03478).
//! Assumes: every model's score on every request is recorded. The dearest is one model for all requests. Example: always
//! taking the dearest has 1 less the share of requests on which it alone is best.

use crate::{About, Better, about};

/// [`routing_collapse`].
pub const ROUTING_COLLAPSE: About = about(
    "rci",
    "share",
    Better::Lower,
    "share of requests, at the largest budget, that went neither to a best model other than the dearest nor to the dearest \
     where it alone is best (routing collapse index; ORBIT, code)",
);

/// The index, in [0, 1]. `scores` holds K numbers for each request, row by row; `chosen` a model for each request; `dearest`
/// is the model of the highest mean cost. None without a request.
///
/// # Panics
/// When the rows are not as many as the choices, or a model is not below K.
pub fn routing_collapse(scores: &[f64], models: usize, chosen: &[usize], dearest: usize) -> Option<f64> {
    assert!(models > 0 && scores.len() == models * chosen.len(), "{models} scores for each choice");
    let right = |(row, &arm): (&[f64], &usize)| {
        let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let alone = row.iter().enumerate().all(|(model, &score)| (score == best) == (model == dearest));
        if arm == dearest { alone } else { row[arm] == best }
    };
    let wrong = scores.chunks(models).zip(chosen).filter(|&one| !right(one)).count();
    (!chosen.is_empty()).then(|| wrong as f64 / chosen.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_is_right_only_where_it_alone_is_best() {
        let scores = [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        assert_eq!(routing_collapse(&scores, 2, &[1, 1, 1, 1], 1), Some(0.75));
        assert_eq!(routing_collapse(&scores, 2, &[0, 1, 0, 0], 1), Some(0.0));
        assert_eq!(routing_collapse(&scores, 2, &[0, 0, 0, 0], 1), Some(0.25));
        assert_eq!(routing_collapse(&[], 2, &[], 1), None);
    }
}
