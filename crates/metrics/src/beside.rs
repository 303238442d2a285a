//! What stands in summaries beside the metrics that are accumulated here: what a protocol, a policy's own diagnostics, a
//! description or the summary itself measures. Each is registered here so that `barp list metrics` and the data dictionary
//! have it.

use crate::{About, Better, about};
use routing::words::metric;

/// What a train-then-test protocol measures over the grid of preferences.
pub const SWEEP_REWARD: About =
    about(metric::SWEEP_REWARD, "reward", Better::Higher, "mean reward over requests and the grid of weights on cost");

/// What policies say of themselves at each checkpoint, each name after `policy_`.
pub const DIAGNOSTICS: &[About] =
    &[about("policy_entropy", "nats", Better::Neither, "mean entropy of the distribution that the policy draws from")];

/// What a summary makes of right-censored times.
pub const SURVIVAL: &[About] = &[
    about(
        metric::RECOVERY_MEDIAN,
        "rounds",
        Better::Lower,
        "median over replicates of `recovery_rounds` (Kaplan-Meier), where half of them recovered",
    ),
    about(
        metric::RECOVERY_CURVE,
        "share",
        Better::Lower,
        "share of replicates that have not recovered `round` rounds after the change (Kaplan-Meier)",
    ),
    about(
        metric::DETECTION_MEDIAN,
        "rounds",
        Better::Lower,
        "median over replicates of `detection_delay` (Kaplan-Meier), where half of them raised an alarm",
    ),
    about(
        metric::DETECTION_CURVE,
        "share",
        Better::Lower,
        "share of replicates without an alarm `round` rounds after the change (Kaplan-Meier)",
    ),
];

/// What a summary makes of all replicates and tasks together.
pub const AGGREGATE: [About; 2] = [
    about(
        "iqm_reward",
        "reward",
        Better::Higher,
        "interquartile mean over replicates and tasks of the reward, each averaged over the weights on cost (rliable)",
    ),
    about(
        "optimality_gap_reward",
        "reward",
        Better::Lower,
        "mean over replicates and tasks of how far the reward, averaged over the weights on cost, falls short of the best \
         single model's on that task (rliable's optimality gap, that model being the target)",
    ),
];

/// What a description of a data set or of a log measures beside `quality` and `cost_usd`.
pub const DESCRIPTION: &[About] = &[
    about(
        metric::ORACLE_SHARE,
        "share",
        Better::Neither,
        "share of prompts on which the model is the cheapest of the best; `nobody`: no model scores",
    ),
    about(metric::LOGGED_SHARE, "share", Better::Neither, "share of the logged requests that the model answered"),
    about("with_prompt", "share", Better::Neither, "share of the logged rows that have a prompt"),
    about("with_quality", "share", Better::Neither, "share of the logged rows that have a score"),
    about("with_propensity", "share", Better::Neither, "share of the logged rows that have a propensity"),
];

/// What the card of a router says of the qualities that it tells beside its decisions.
pub const FORECAST: [About; 2] = [
    about(
        "forecast_error",
        "score",
        Better::Lower,
        "mean over deciles of the forecast quality of |mean forecast - mean obtained|, weighted by requests (router cards)",
    ),
    about(
        "forecast_chance",
        "score",
        Better::Neither,
        "`forecast_error` of a perfect forecast, by chance (router cards)",
    ),
];
