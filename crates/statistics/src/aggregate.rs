//! One number for many runs over many tasks: interquartile mean and optimality gap.
//!
//! Does: both as rliable does (Agarwal et al. 2021, arXiv 2108.13264, section 4.3). The interquartile mean leaves out the lowest and
//! the highest quarter of all run x task scores, whole scores alone, so that neither a lucky run nor an easy task decides.
//! The optimality gap says how far scores fall short of a target on average, what is above it counting as the target.
//! Assumes: scores of one scale. Example: of 1, 2, 3, 100 the interquartile mean is 2.5.

/// The mean of the middle half of `scores`, in any order: the lowest and highest quarter (rounded down) are left out. NaN of
/// none.
pub fn interquartile_mean(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    let middle = &sorted[cut..sorted.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}

/// `target` less the mean of min(score, `target`): from 0, where every score reaches it. NaN of none.
pub fn optimality_gap(scores: &[f64], target: f64) -> f64 {
    target - scores.iter().map(|score| score.min(target)).sum::<f64>() / scores.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_in_the_upper_quarter_does_not_count() {
        assert_eq!(interquartile_mean(&[100.0, 2.0, 1.0, 3.0]), 2.5);
        assert_eq!(interquartile_mean(&[1.0, 2.0, 6.0]), 3.0, "three scores have no whole quarter to leave out");
        assert!(interquartile_mean(&[]).is_nan());
    }

    #[test]
    fn what_is_above_the_target_counts_as_the_target() {
        assert_eq!(optimality_gap(&[0.5, 2.0], 1.0), 0.25);
        assert_eq!(optimality_gap(&[1.0, 1.5], 1.0), 0.0);
    }
}
