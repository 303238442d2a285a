//! RouterBench: 36,497 prompts, eleven models of 2023, quality and dollars of every call.
//!
//! Layout checked against genuine rows. The wide layout of this program is RouterBench's own, so nothing is reshaped; what the
//! answers were (`MODEL|model_response`) and which model is best (`oracle_model_to_route_to`) play no part. The release is a
//! pandas pickle, which only pandas can read: `routerbench-pickle` has Python turn it into CSV first.

use super::{DataSource, Layout, Recorded, Release, Roles};

/// The table as parquet, CSV or JSONL.
pub(super) const SOURCE: DataSource = DataSource {
    name: "routerbench",
    about: "RouterBench: MMLU, HellaSwag, GSM8K, MBPP and others, eleven models of 2023; parquet, CSV or JSONL",
    licence: "none stated on its data card (code: MIT)",
    citation: "arXiv 2403.12031",
    columns: &["sample_id", "prompt", "eval_name", "MODEL|total_cost"],
    checked: "genuine rows",
    recorded: Recorded::Dollars,
    releases: &[Release { what: "the release of withmartian", prompts: 36_497, models: 11, ids: None }],
    converter: None,
    // No task: rows with RouterBench's families (`task_family`) are read by family, the release by `eval_name`.
    layout: Layout::Wide(Roles { cost: Some("|total_cost"), ..Roles::PROMPTS }),
};

/// The pickle that is published.
pub(super) const PICKLE: DataSource = DataSource {
    name: "routerbench-pickle",
    about: "RouterBench as it is published, a pandas pickle (routerbench_0shot.pkl); needs python3 with pandas",
    converter: Some(include_str!("../../../scripts/routerbench_pickle.py")),
    ..SOURCE
};
