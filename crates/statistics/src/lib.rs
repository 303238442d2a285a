//! Intervals over replicates, paired comparisons of two policies and off-policy evaluation, the same bits on every host (`libm` alone).
//!
//! What a replicate is, and which two belong together, is decided by the caller.

mod adjusted;
mod aggregate;
mod bootstrap;
mod chi_squared;
mod clustered;
mod contrast;
mod improvement;
mod interval;
mod kaplan_meier;
mod normal;
pub mod off_policy;
mod paired;
mod power;
mod ranks;
mod student;

pub use adjusted::{benjamini_hochberg, holm};
pub use aggregate::{JACKKNIFE, interquartile_mean, jackknife, optimality_gap};
pub use bootstrap::{BCA, PERCENTILE, bca_bootstrap, bca_ends, percentile_ends, stratified_bootstrap};
pub use chi_squared::chi_squared_tail;
pub use clustered::{
    CLUSTERED, Clustered, Influence, ONE_TRAINING, clustered_contrast, clustered_difference, clustered_gain,
    clustered_mean,
};
pub use contrast::Contrast;
pub use improvement::{IMPROVEMENT, probability_of_improvement};
pub use interval::{CONFIDENCE, Interval, STUDENT, interval_of_sums, mean_interval};
pub use kaplan_meier::{KAPLAN_MEIER, Lifetime, Step, Survival, kaplan_meier};
pub use normal::{normal_cdf, normal_quantile};
pub use paired::{FIELLER, PAIRED, paired_contrast, paired_difference, ratio_gain_interval};
pub use power::{Design, LEVEL, POWER, Spread, paired_power};
pub use ranks::{ALPHA, FEWEST_BLOCKS, Ranks, friedman};
pub use student::{t_cdf, t_quantile, two_sided_p};
