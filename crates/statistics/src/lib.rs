//! Intervals over replicates, paired comparisons of two policies and off-policy evaluation, the same bits on every host (`libm` alone).
//!
//! What a replicate is, and which two belong together, is decided by the caller.

mod chi_squared;
mod clustered;
mod improvement;
mod interval;
mod kaplan_meier;
pub mod off_policy;
mod paired;
mod ranks;
mod student;

pub use chi_squared::chi_squared_tail;
pub use clustered::{
    CLUSTERED, Clustered, Influence, ONE_TRAINING, clustered_difference, clustered_gain, clustered_mean,
};
pub use improvement::{IMPROVEMENT, probability_of_improvement};
pub use interval::{CONFIDENCE, Interval, STUDENT, interval_of_sums, mean_interval};
pub use kaplan_meier::{KAPLAN_MEIER, Lifetime, Step, Survival, kaplan_meier};
pub use paired::{FIELLER, PAIRED, paired_difference, ratio_gain_interval};
pub use ranks::{ALPHA, FEWEST_BLOCKS, Ranks, friedman};
pub use student::t_quantile;
