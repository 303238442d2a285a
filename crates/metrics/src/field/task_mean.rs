//! The mean over tasks, each counting the same however many prompts it has: what tables of papers average.
//!
//! Does: the plain mean of one number a task. Assumes: numbers of the same unit. Beside it, `all` weighs tasks by their
//! prompts. Example: .9 on 2,000 prompts and .1 on 20 have .5 here.

use super::mean;
use crate::{About, Better, about};

/// [`task_mean`] of the rewards over the grid of weights.
pub const TASK_MEAN_REWARD: About = about(
    "task_mean_reward",
    "reward",
    Better::Higher,
    "mean reward over tasks, each counting the same, and over the grid of weights on cost",
);

/// [`task_mean`] of the qualities over the grid of weights.
pub const TASK_MEAN_QUALITY: About = about(
    "task_mean_quality",
    "score",
    Better::Higher,
    "mean quality over tasks, each counting the same, and over the grid of weights on cost",
);

/// The mean of one number a task; none without a task.
pub fn task_mean(values: &[f64]) -> Option<f64> {
    mean(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_counts_the_same() {
        assert_eq!((task_mean(&[0.75, 0.25]), task_mean(&[])), (Some(0.5), None));
    }
}
