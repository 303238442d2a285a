//! What is published for the whole RouterBench 0-shot file (36,497 rows x 11 models), to stand beside a subset of it.
//!
//! Source: PAPER.md, from arXiv 2403.12031's data and independent audits of it.

/// One model: mean score, mean dollars, score on GSM8K, score on MBPP, oracle share.
struct Published {
    model: &'static str,
    score: f64,
    dollars: f64,
    gsm8k: f64,
    mbpp: f64,
    oracle: f64,
}

const fn row(model: &'static str, [score, dollars, gsm8k, mbpp, oracle]: [f64; 5]) -> Published {
    Published { model, score, dollars, gsm8k, mbpp, oracle }
}

const MODELS: [Published; 11] = [
    row("gpt-4-1106-preview", [0.7814, 0.003_292_8, 0.6588, 0.6862, 0.021]),
    row("zero-one-ai/Yi-34B-Chat", [0.6475, 0.000_185_5, 0.5481, 0.3864, 0.145]),
    row("claude-v2", [0.6358, 0.002_418_6, 0.6626, 0.6417, 0.009]),
    row("claude-v1", [0.6301, 0.002_144_7, 0.6508, 0.5972, 0.012]),
    row("gpt-3.5-turbo-1106", [0.6193, 0.000_243_3, 0.6048, 0.6534, 0.029]),
    row("claude-instant-v1", [0.5984, 0.000_232_9, 0.6272, 0.6042, 0.043]),
    row("mistralai/mixtral-8x7b-chat", [0.5471, 0.000_134_6, 0.5190, 0.5410, 0.168]),
    row("WizardLM/WizardLM-13B-V1.2", [0.4311, 0.000_072_9, 0.5063, 0.3700, 0.229]),
    row("meta/llama-2-70b-chat", [0.3287, 0.000_202_7, 0.5230, 0.3302, 0.018]),
    row("mistralai/mistral-7b-chat", [0.3061, 0.000_045_7, 0.4115, 0.3443, 0.276]),
    row("meta/code-llama-instruct-34b-chat", [0.2022, 0.000_172_0, 0.4566, 0.5176, 0.013]),
];

/// Whether `models` are RouterBench's eleven, in any order.
pub(super) fn describes(models: &[String]) -> bool {
    models.len() == MODELS.len() && MODELS.iter().all(|published| models.iter().any(|name| name == published.model))
}

/// The published value of a fact, where there is one.
pub(super) fn value(what: &str, task: Option<&str>, model: Option<&str>) -> Option<f64> {
    let of = |model: &str| MODELS.iter().find(|published| published.model == model);
    match (what, task, model) {
        ("mean quality", None, Some(model)) => of(model).map(|published| published.score),
        ("mean quality", Some("gsm8k"), Some(model)) => of(model).map(|published| published.gsm8k),
        ("mean quality", Some("mbpp"), Some(model)) => of(model).map(|published| published.mbpp),
        ("mean dollars", None, Some(model)) => of(model).map(|published| published.dollars),
        ("oracle share", None, Some(model)) => of(model).map(|published| published.oracle),
        ("nobody correct", None, None) => Some(0.036),
        ("paying helps, from the task", ..) => Some(0.714),
        ("paying helps, ridge", ..) => Some(0.618),
        ("paying helps, ridge within tasks", ..) => Some(0.54),
        ("correctness, ridge, least predictable model", ..) => Some(0.614),
        ("correctness, ridge, most predictable model", ..) => Some(0.819),
        _ => None,
    }
}
