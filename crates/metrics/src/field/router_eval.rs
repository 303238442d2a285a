//! The three numbers of RouterEval: how good the chosen answers are, beside the best model, and how mixed the choice is.
//!
//! Does: mu, the mean score of the chosen models; V_b = mu / score of the best single model; E_p, the mean over requests of
//! the entropy (bits) of the router's distribution over models (RouterEval, code: sum of -p log2 p over requests, divided by
//! their number). Assumes: the distribution that a choice was drawn from is known. A router that always knows what it wants
//! has E_p 0, however mixed its choices are over requests: that is `choice_entropy`. Example: a fair coin between two of
//! five models has E_p 1.

use super::mean;
use crate::{About, Better, about};

/// [`router_eval_mu`]; the same as `quality`.
pub const ROUTER_EVAL_MU: About = about(
    "router_eval_mu",
    "score",
    Better::Higher,
    "mean score of the chosen models (RouterEval mu); summaries have it as `quality`",
);

/// [`router_eval_vb`].
pub const ROUTER_EVAL_VB: About = about(
    "router_eval_vb",
    "ratio",
    Better::Higher,
    "mean score of the chosen models over that of the best single model (RouterEval V_b)",
);

/// [`router_eval_ep`].
pub const ROUTER_EVAL_EP: About = about(
    "router_eval_ep",
    "bits",
    Better::Neither,
    "mean over requests of the entropy of the distribution that the choice is drawn from (RouterEval E_p)",
);

/// [`router_eval_ep_drawn`].
pub const ROUTER_EVAL_EP_DRAWN: About = about(
    "router_eval_ep_drawn",
    "bits",
    Better::Neither,
    "mean over requests of -log2 of the probability of the choice: RouterEval's E_p on average, without the whole distribution",
);

/// Mean of `scores`, one a request; none of none.
pub fn router_eval_mu(scores: &[f64]) -> Option<f64> {
    mean(scores)
}

/// `mu` over the mean score of the `best` single model on the same requests; none where that is not above zero.
pub fn router_eval_vb(mu: f64, best: f64) -> Option<f64> {
    (best > 0.0).then(|| mu / best)
}

/// Mean entropy in bits, in [0, log2 K]. `probabilities` holds K numbers for each request, row by row, which sum to 1.
/// None without a request.
///
/// # Panics
/// When the numbers are no whole rows of `models`.
pub fn router_eval_ep(probabilities: &[f64], models: usize) -> Option<f64> {
    assert!(models > 0 && probabilities.len().is_multiple_of(models), "whole rows of {models} models");
    let bits = |&p: &f64| if p > 0.0 { -p * libm::log2(p) } else { 0.0 };
    let rows: Vec<f64> = probabilities.chunks(models).map(|row| row.iter().map(bits).sum()).collect();
    mean(&rows)
}

/// [`router_eval_ep`] as far as the draws tell: mean of -log2 p over the `probabilities` of the choices that were drawn, in bits.
/// Its expectation is the entropy, because a choice comes up with its own probability. None without a request.
pub fn router_eval_ep_drawn(probabilities: &[f64]) -> Option<f64> {
    // A sure choice has 0 bits, not -0.
    let bits: Vec<f64> = probabilities.iter().map(|&p| if p < 1.0 { -libm::log2(p) } else { 0.0 }).collect();
    mean(&bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_each_request_not_of_their_mix() {
        assert_eq!(router_eval_ep(&[1.0, 0.0, 0.0, 1.0], 2), Some(0.0));
        assert_eq!(router_eval_ep(&[0.5, 0.5, 1.0, 0.0], 2), Some(0.5));
        assert_eq!(router_eval_ep(&[], 2), None);
    }

    #[test]
    fn draws_tell_the_entropy_on_average() {
        assert_eq!(router_eval_ep_drawn(&[0.25, 0.25]), Some(2.0));
        assert_eq!((router_eval_ep_drawn(&[1.0, 1.0]), router_eval_ep_drawn(&[])), (Some(0.0), None));
        // A coin of 1/4 comes up once in four.
        let law = router_eval_ep(&[0.25, 0.75], 2).unwrap();
        let drawn = router_eval_ep_drawn(&[0.25, 0.75, 0.75, 0.75]).unwrap();
        assert!((law - drawn).abs() < 1e-15, "{law} {drawn}");
    }

    #[test]
    fn the_best_single_model_has_the_ratio_one() {
        assert_eq!(router_eval_mu(&[1.0, 0.0, 1.0, 1.0]), Some(0.75));
        assert_eq!((router_eval_vb(0.75, 0.75), router_eval_vb(0.75, 0.0)), (Some(1.0), None));
    }
}
