//! The two contrastive losses as gradients with respect to cosines.

use kernels::softmax_rows;
use routing::random::{self, Generator};

/// Positives and negatives of the sample-LLM loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranks {
    /// K+.
    pub(super) top_k: usize,
    /// K-.
    pub(super) last_k: usize,
}

/// A model above this score is never a negative (paper).
const MOST_OF_A_NEGATIVE: f64 = 0.5;

impl Ranks {
    /// Adds the gradient of the sample-LLM loss of one prompt to `slope`, with respect to the `logits` (cosines over the
    /// temperature) of the K models, of which `ranked` lists all by falling `scores`; a model whose score is NaN plays no part.
    pub(super) fn pull(&self, logits: &[f32], scores: &[f64], ranked: &[usize], slope: &mut [f32]) {
        let mut terms = Vec::with_capacity(self.last_k + 1);
        let mut shares = Vec::with_capacity(self.last_k + 1);
        let recorded = || ranked.iter().filter(|&&arm| !scores[arm].is_nan());
        for &positive in recorded().take(self.top_k).take_while(|&&arm| scores[arm] > 0.0) {
            let negative = |arm: &usize| scores[*arm] <= MOST_OF_A_NEGATIVE && scores[*arm] < scores[positive];
            terms.clear();
            terms.push(positive);
            terms.extend(recorded().rev().take(self.last_k).copied().filter(negative));
            push(&terms, logits, 1.0, &mut shares, slope);
        }
    }
}

/// Adds `weight` times the gradient of -log of the first term's share to `slope`; shares are the softmax of `logits` over
/// `terms`.
fn push(terms: &[usize], logits: &[f32], weight: f32, shares: &mut Vec<f32>, slope: &mut [f32]) {
    shares.clear();
    shares.extend(terms.iter().map(|&term| logits[term]));
    softmax_rows(shares, terms.len());
    slope[terms[0]] -= weight;
    for (&term, share) in terms.iter().zip(shares) {
        slope[term] += weight * *share;
    }
}

/// Adds `weight` times the gradient of the sample-sample loss of a batch to `slope` (b x b), with respect to the cosines
/// (b x b) of its prompts, whose groups are `clusters`: for each prompt that has one of its own group and one of another in
/// the batch, a positive and `negatives` negatives are drawn.
pub(super) fn gather(
    cosines: &[f32],
    clusters: &[usize],
    negatives: usize,
    weight: f32,
    generator: &mut Generator,
    slope: &mut [f32],
) {
    let rows = clusters.len();
    let (mut own, mut others) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (mut terms, mut shares) = (Vec::with_capacity(negatives + 1), Vec::with_capacity(negatives + 1));
    for (row, cluster) in clusters.iter().enumerate() {
        own.clear();
        others.clear();
        for (other, of_other) in clusters.iter().enumerate() {
            match of_other == cluster {
                true if other != row => own.push(other),
                true => (),
                false => others.push(other),
            }
        }
        if own.is_empty() || others.is_empty() {
            continue;
        }
        terms.clear();
        terms.push(own[random::below(generator, own.len())]);
        terms.extend((0..negatives).map(|_| others[random::below(generator, others.len())]));
        let line = row * rows..(row + 1) * rows;
        push(&terms, &cosines[line.clone()], weight, &mut shares, &mut slope[line]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed};

    fn slope(ranks: Ranks, scores: &[f64], ranked: &[usize]) -> Vec<f32> {
        let mut slope = vec![0.0; scores.len()];
        ranks.pull(&[0.0; 5][..scores.len()], scores, ranked, &mut slope);
        slope
    }

    #[test]
    fn a_prompt_is_pulled_to_models_that_are_right_and_pushed_from_those_that_are_wrong() {
        // Equal logits: each of two positives meets three negatives, with a share of a quarter each.
        let ranks = Ranks { top_k: 2, last_k: 3 };
        let slope = slope(ranks, &[1.0, 0.0, 1.0, 0.0, 0.0], &[0, 2, 1, 3, 4]);
        assert_eq!(slope, [-0.75, 0.5, -0.75, 0.5, 0.5]);
    }

    #[test]
    fn where_scores_do_not_tell_models_apart_nothing_moves() {
        let ranks = Ranks { top_k: 3, last_k: 3 };
        for scores in [[0.0; 3], [1.0; 3], [0.4; 3]] {
            assert_eq!(slope(ranks, &scores, &[2, 0, 1]), [0.0; 3], "{scores:?}");
        }
        // .7 is no negative although it is the last; .2 is one of .4 and not the other way round.
        assert_eq!(slope(ranks, &[1.0, 0.7], &[0, 1]), [0.0; 2]);
        assert_eq!(slope(ranks, &[0.2, 0.4], &[1, 0]), [0.5, -0.5]);
    }

    #[test]
    fn the_losses_fall_along_their_gradients_as_fast_as_these_say() {
        let logits = [0.3_f32, -0.8, 0.1, 0.9, -0.2];
        let (scores, ranked) = ([0.25, 1.0, 0.0, 0.5, 0.75], [1, 4, 3, 0, 2]);
        let loss = |logits: &[f32; 5]| {
            // Written out from the paper's equation: positives 1 and 4, negatives 2, 0 and 3 for both.
            let e = |arm: usize| libm::exp(f64::from(logits[arm]));
            let negatives = e(2) + e(0) + e(3);
            -libm::log(e(1) / (e(1) + negatives)) - libm::log(e(4) / (e(4) + negatives))
        };
        let mut slope = [0.0; 5];
        Ranks { top_k: 2, last_k: 3 }.pull(&logits, &scores, &ranked, &mut slope);
        for (arm, slope) in slope.into_iter().enumerate() {
            let at = |delta: f32| {
                let mut moved = logits;
                moved[arm] += delta;
                loss(&moved)
            };
            let numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((numeric - f64::from(slope)).abs() < 1e-3, "{arm}: {numeric} against {slope}");
        }
    }

    #[test]
    fn prompts_of_one_group_are_gathered() {
        let generator = &mut Seed::root(1).stream("pairs").at(Round(0));
        let clusters = [0, 1, 0, 1, 2];
        let mut slope = [0.0; 25];
        gather(&[0.0; 25], &clusters, 4, 1.0, generator, &mut slope);
        for (row, line) in slope.chunks(5).enumerate() {
            let own: f32 = (0..5).filter(|&other| clusters[other] == clusters[row]).map(|other| line[other]).sum();
            let others: f32 = (0..5).filter(|&other| clusters[other] != clusters[row]).map(|other| line[other]).sum();
            // Equal cosines: the one positive has a share of a fifth; a prompt alone in its group has none.
            let expected = if row == 4 { 0.0 } else { -0.8 };
            assert!((own - expected).abs() < 1e-6 && (others + expected).abs() < 1e-6, "{row}: {line:?}");
        }
    }
}
