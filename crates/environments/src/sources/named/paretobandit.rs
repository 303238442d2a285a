//! ParetoBandit's pool of four models: quality is a judge's reward, dollars span a factor of 500.
//!
//! Layout checked against the rows in RouterBench's layout that this project works with, not against ParetoBandit's own files.

use super::{DataSource, Layout, Recorded, Release, Roles};

pub(super) const SOURCE: DataSource = DataSource {
    name: "paretobandit",
    about: "ParetoBandit, pool of four: newer models, an LLM judge's reward (compressed, means .79 to .93)",
    licence: "Apache-2.0",
    citation: "the ParetoBandit repository",
    columns: &["sample_id", "prompt", "eval_name", "MODEL|total_cost"],
    checked: "rows in RouterBench's layout, not ParetoBandit's own files",
    recorded: Recorded::Dollars,
    releases: &[Release {
        what: "the copy that this source was checked on",
        prompts: 3_559,
        models: 4,
        ids: Some("f77dbc2b8901a4ab48174f62d50300f067ac0b83390b6666eea669de38dfb2fa"),
    }],
    converter: None,
    layout: Layout::Wide(Roles { task: Some("eval_name"), cost: Some("|total_cost"), ..Roles::PROMPTS }),
};
