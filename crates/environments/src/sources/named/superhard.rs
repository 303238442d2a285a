//! Superhard: 56 counting and reasoning prompts, seventeen models of 2026, dollars and latency as measured.
//!
//! Layout checked against the rows in the long layout that this project works with.

use super::{DataSource, Layout, Recorded, Release, Roles};

pub(super) const SOURCE: DataSource = DataSource {
    name: "superhard",
    about: "llm-model-routing-benchmark, superhard set: right or wrong, measured dollars, latency in milliseconds",
    licence: "MIT, (c) 2026 Dennison Bertram",
    citation: "the llm-model-routing-benchmark repository",
    columns: &["sample_id", "prompt", "task", "model", "quality", "cost_usd", "latency_ms"],
    checked: "rows in the long layout",
    recorded: Recorded::Dollars,
    releases: &[Release {
        what: "the copy that this source was checked on",
        prompts: 56,
        models: 17,
        ids: Some("c371be7ad59ef9ed062564af0ba2c8a20759fb0f91e9b62970d33680b4a28c55"),
    }],
    converter: None,
    layout: Layout::Long(Roles {
        task: Some("task"),
        model: Some("model"),
        quality: Some("quality"),
        cost: Some("cost_usd"),
        latency_milliseconds: Some("latency_ms"),
        ..Roles::PROMPTS
    }),
};
