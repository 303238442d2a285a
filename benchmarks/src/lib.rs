//! Holds the criterion benches; `peers/` has what a user would pick instead, run beside them by `make bench`.

pub mod coverage;
pub mod off_policy;
