//! LLMRouterBench: ten benchmarks, thirteen models of 2025 with dollars and tokens (its performance-cost setting).
//!
//! Layout checked against the program that writes and reads the release (ynulihao/LLMRouterBench: `data_collector/storage.py`,
//! `baselines/data_loader.py`, `config/baseline_config_performance_cost.yaml`); no file of the release was seen. The release is
//! a folder of JSON files, one for each benchmark, split and model. The latest of a kind counts, trial runs (`demo`) do not,
//! both as in its own loader. Where the folder has files of the performance-cost setting, those are taken and the others
//! counted: the other twenty models answered other benchmarks and have no dollars worth the name.

use super::error::{SourceError, SourceRule};
use super::files::below;
use super::matrix::{Answer, Matrix};
use super::{DataSource, Layout, Recorded, Release};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) const SOURCE: DataSource = DataSource {
    name: NAME,
    about: "LLMRouterBench, performance-cost setting: the folder of its JSON files (bench-release), or one of them",
    licence: "MIT, by its README",
    citation: "arXiv 2601.07206",
    columns: &["dataset_name", "split", "model_name", "records[].index", "records[].score", "records[].cost"],
    checked: "the program that writes the release, no file of the release",
    recorded: Recorded::Dollars,
    releases: &[Release {
        what: "the release of NPULH (performance-cost setting)",
        prompts: 12_446,
        models: 13,
        ids: None,
    }],
    converter: None,
    layout: Layout::Other(read),
};

const NAME: &str = "llmrouterbench";

/// Benchmarks of the performance-cost setting.
const DATASETS: [&str; 10] =
    ["aime", "livemathbench", "gpqa", "hle", "livecodebench", "mmlupro", "swe-bench", "simpleqa", "tau2", "arenahard"];

/// Its splits.
const SPLITS: [&str; 5] = ["test", "hybrid", "v1", "test_3000", "verified"];

/// Its models.
const MODELS: [&str; 13] = [
    "claude-sonnet-4",
    "deepseek-v3-0324",
    "deepseek-v3.1-terminus",
    "deepseek-r1-0528",
    "gemini-2.5-flash",
    "gemini-2.5-pro",
    "gpt-5-chat",
    "gpt-5",
    "qwen3-235b-a22b-2507",
    "qwen3-235b-a22b-thinking-2507",
    "glm-4.6",
    "kimi-k2-0905",
    "intern-s1",
];

/// One benchmark, split and model.
#[derive(Deserialize)]
struct Results {
    dataset_name: String,
    split: String,
    model_name: String,
    #[serde(default)]
    demo: bool,
    records: Vec<Answered>,
}

/// One answer; what was asked and said beside it is not read.
#[derive(Deserialize)]
struct Answered {
    index: Value,
    #[serde(default)]
    origin_query: Value,
    score: Option<f64>,
    cost: Option<f64>,
    #[serde(default)]
    prompt_tokens: Option<u32>,
    #[serde(default)]
    completion_tokens: Option<u32>,
}

impl Results {
    fn in_setting(&self) -> bool {
        DATASETS.contains(&self.dataset_name.as_str())
            && SPLITS.contains(&self.split.as_str())
            && MODELS.contains(&self.model_name.as_str())
    }
}

fn read(path: &Path) -> Result<Matrix, SourceError> {
    let mut latest: BTreeMap<(String, String, String), (PathBuf, Results)> = BTreeMap::new();
    let mut trials = 0;
    for file in below(path, NAME, |name| name.ends_with(".json"))? {
        let results = parse(&file)?;
        if results.demo {
            trials += 1;
            continue;
        }
        let key = (results.dataset_name.clone(), results.split.clone(), results.model_name.clone());
        let is_later = latest.get(&key).is_none_or(|(known, _)| moment(&file) >= moment(known));
        if is_later {
            latest.insert(key, (file, results));
        }
    }
    let all = latest.len();
    if latest.values().any(|(_, results)| results.in_setting()) {
        latest.retain(|_, (_, results)| results.in_setting());
    }
    let mut matrix = Matrix::default();
    if trials > 0 || latest.len() < all {
        let (taken, others) = (latest.len(), all - latest.len());
        matrix.note(format!(
            "{taken} files of the performance-cost setting are read; {others} others and {trials} trial runs are not"
        ));
    }
    for (file, results) in latest.into_values() {
        add(&mut matrix, &file, results)?;
    }
    Ok(matrix)
}

fn parse(file: &Path) -> Result<Results, SourceError> {
    let refused = |value: String| SourceError::refused(file, NAME, SourceRule::NoColumn, value);
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| {
        let has = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(&text);
        let has: Vec<String> = has.into_iter().flat_map(BTreeMap::into_keys).map(|key| format!("`{key}`")).collect();
        refused(format!("{error}; the file has {}", if has.is_empty() { "no keys".to_owned() } else { has.join(", ") }))
    })
}

/// `YYYYMMDD_HHMMSS` at the end of a file's name; empty where it has none, so earlier than any.
fn moment(file: &Path) -> String {
    let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let tail: String = stem.chars().skip(stem.chars().count().saturating_sub(15)).collect();
    let is_moment = tail.len() == 15
        && tail.bytes().enumerate().all(|(place, byte)| if place == 8 { byte == b'_' } else { byte.is_ascii_digit() });
    if is_moment { tail } else { String::new() }
}

fn add(matrix: &mut Matrix, file: &Path, results: Results) -> Result<(), SourceError> {
    let model = matrix.model(&results.model_name);
    for record in results.records {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let id = format!("{}.{}.{}", results.dataset_name, results.split, plain(&record.index));
        let text = Some(&record.origin_query).filter(|query| !query.is_null()).map(plain);
        let prompt = matrix.prompt(&id, &results.dataset_name, text);
        let answer = Answer {
            quality: record.score,
            cost: record.cost,
            input_tokens: record.prompt_tokens,
            output_tokens: record.completion_tokens,
        };
        if matrix.answer(prompt, model, answer).is_some() {
            let value = format!("model `{}`, index {}", results.model_name, record.index);
            return Err(SourceError::refused(file, NAME, SourceRule::Twice, value));
        }
    }
    Ok(())
}
