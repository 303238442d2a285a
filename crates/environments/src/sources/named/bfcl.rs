//! The Berkeley Function-Calling Leaderboard: 1,390 prompts with tools, 22 models of August 2024, tokens and latency.
//!
//! Layout checked against the rows in the long layout that this project works with, not against the leaderboard's own result
//! files. Dollars are not recorded: tokens and a price book give them. Two answers lack the tokens they wrote.

use super::{DataSource, Layout, Recorded, Release, Roles};

pub(super) const SOURCE: DataSource = DataSource {
    name: "bfcl",
    about: "Berkeley Function-Calling Leaderboard, August 2024: right or wrong calls, tokens, latency in seconds",
    licence: "none stated with the results; research use",
    citation: "the BFCL-Result repository (Berkeley Function-Calling Leaderboard, Gorilla)",
    columns: &["sample_id", "prompt", "task", "model", "quality", "input_tokens", "output_tokens", "latency_s"],
    checked: "rows in the long layout, not the leaderboard's own files",
    recorded: Recorded::Tokens,
    releases: &[Release {
        what: "the copy that this source was checked on",
        prompts: 1_390,
        models: 22,
        ids: Some("b97ff13e24291ba2672d37b9e54ea8b1b0a3681f629d8bfd61a0e1eb9b0e2ea6"),
    }],
    converter: None,
    layout: Layout::Long(Roles {
        task: Some("task"),
        model: Some("model"),
        quality: Some("quality"),
        input_tokens: Some("input_tokens"),
        output_tokens: Some("output_tokens"),
        latency_seconds: Some("latency_s"),
        ..Roles::PROMPTS
    }),
};
