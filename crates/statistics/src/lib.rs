//! Intervals over replicates and paired comparisons of two policies, the same bits on every host (`libm` alone).
//!
//! What a replicate is, and which two belong together, is decided by the caller.

mod chi_squared;
mod improvement;
mod interval;
mod paired;
mod ranks;
mod student;

pub use chi_squared::chi_squared_tail;
pub use improvement::{IMPROVEMENT, probability_of_improvement};
pub use interval::{CONFIDENCE, Interval, STUDENT, mean_interval};
pub use paired::{FIELLER, PAIRED, paired_difference, ratio_gain_interval};
pub use ranks::{ALPHA, FEWEST_BLOCKS, Ranks, friedman};
pub use student::t_quantile;
