//! Metrics and statistics beside what other people's programs compute of the same numbers, to 1e-9.
//!
//! `tests/golden/*.json` are written by `benchmarks/peers/golden`, and say which packages of which versions made them.

use metrics::field::{self, Pair, Point, Split};
use serde_json::Value;
use std::path::Path;

const TOLERANCE: f64 = 1e-9;

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let whole: Value = serde_json::from_str(&text).unwrap();
    let versions = whole["versions"].as_object().unwrap();
    assert!(!versions.is_empty() && versions.values().all(Value::is_string), "{name}: which versions made it");
    whole
}

/// The cases of `name` called `list`, of which there is at least one.
fn cases(name: &str, list: &str) -> Vec<Value> {
    let cases = golden(name)[list].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{name}: {list}");
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn table(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn points(value: &Value) -> Vec<Point> {
    table(value).iter().map(|pair| Point { cost: pair[0], quality: pair[1] }).collect()
}

/// Holds `found` against the `key` of `case`; null there is a value that does not exist.
#[track_caller]
fn same(case: &Value, key: &str, found: impl Into<Option<f64>>) {
    let (found, expected) = (found.into(), case.get(key).unwrap_or_else(|| panic!("no `{key}`")).as_f64());
    let close = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * b.abs().max(1.0);
    let agree = match (found, expected) {
        (Some(a), Some(b)) => close(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    assert!(agree, "{key}: {found:?} against {expected:?}");
}

#[track_caller]
fn all_same(found: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() <= TOLERANCE * b.abs().max(1.0), "{a} against {b}");
    }
}

#[test]
fn hulls_and_their_areas_are_those_of_routerbench() {
    let mut reached = 0;
    for case in cases("routerbench", "dials") {
        let (router, singles) = (points(&case["router"]), points(&case["singles"]));
        same(&case, "aiq", field::aiq(&router));
        same(&case, "aiq_routerbench", field::aiq_routerbench(&router, number(&case["common"])));
        same(&case, "zero_router_gain", field::zero_router_gain(&router, &singles));
        let best = field::best_single(&singles).unwrap().quality;
        let saving = field::iso_quality_saving(&router, &singles, best);
        reached += usize::from(saving.is_some());
        same(&case, "iso_quality_saving", saving);
    }
    assert!(reached > 3, "some routers reach the best single model, some do not");
}

#[test]
fn hypervolume_and_utilities_are_those_of_morl_baselines() {
    for case in cases("morl_baselines", "fronts") {
        let (front, others) = (points(&case["front"]), points(&case["others"]));
        let (reference, weights) = (numbers(&case["reference"]), numbers(&case["weights"]));
        let reference = Point { cost: reference[0], quality: reference[1] };
        same(&case, "hypervolume", field::hypervolume(&front, reference));
        same(&case, "expected_utility", field::expected_utility(&front, &weights));
        same(&case, "maximum_utility_loss", field::maximum_utility_loss(&front, &others, &weights));
    }
}

#[test]
fn aggregates_and_percentiles_are_those_of_rliable() {
    for case in cases("rliable", "scores") {
        let scores = table(&case["scores"]);
        let flat: Vec<f64> = scores.iter().flatten().copied().collect();
        same(&case, "interquartile_mean", statistics::interquartile_mean(&flat));
        same(&case, "optimality_gap", statistics::optimality_gap(&flat, number(&case["target"])));
        let mean = |task: usize| scores.iter().map(|run| run[task]).sum::<f64>() / scores.len() as f64;
        same(&case, "task_mean", field::task_mean(&(0..scores[0].len()).map(mean).collect::<Vec<_>>()));
        if let Some(resampled) = case.get("resampled") {
            let (low, high) = statistics::percentile_ends(&numbers(resampled));
            all_same(&[low, high], &case["percentile_ends"]);
        }
    }
}

#[test]
fn distributions_and_bootstrap_ends_are_those_of_scipy() {
    for case in cases("scipy", "students") {
        let (t, freedom) = (number(&case["t"]), number(&case["freedom"]));
        same(&case, "cdf", statistics::t_cdf(t, freedom));
        same(&case, "two_sided_p", statistics::two_sided_p(t, freedom));
    }
    for case in cases("scipy", "normals") {
        same(&case, "cdf", statistics::normal_cdf(number(&case["z"])));
        same(&case, "quantile", statistics::normal_quantile(number(&case["probability"])));
    }
    for case in cases("scipy", "bootstraps") {
        let (resampled, jackknife) = (numbers(&case["resampled"]), table(&case["jackknife"]));
        let (low, high) = statistics::bca_ends(number(&case["estimate"]), &resampled, &jackknife).unwrap();
        all_same(&[low, high], &case["bca_ends"]);
    }
}

#[test]
fn adjusted_p_values_and_power_are_those_of_statsmodels() {
    for case in cases("statsmodels", "adjusted") {
        let p_values = numbers(&case["p_values"]);
        all_same(&statistics::holm(&p_values), &case["holm"]);
        all_same(&statistics::benjamini_hochberg(&p_values), &case["benjamini_hochberg"]);
    }
    for case in cases("statsmodels", "powers") {
        let pairs = case["pairs"].as_u64().unwrap();
        same(&case, "power", statistics::paired_power(number(&case["standardised"]), pairs));
    }
    for case in cases("statsmodels", "needed") {
        let spread = statistics::Spread { training: 1.0, prompt: 0.0 };
        let design = statistics::Design { replicates: 2, prompts: 1, pool: None };
        assert_eq!(spread.replicates(number(&case["standardised"]), design), case["pairs"].as_u64());
    }
}

#[test]
fn a_router_beside_single_models_is_what_the_definitions_say() {
    for case in cases("definitions", "beside_singles") {
        let (router, singles) = (points(&case["router"]), points(&case["singles"]));
        same(&case, "qnc", field::qnc(&router, &singles));
        same(&case, "qnc_orbit", field::qnc_orbit(&router, &singles));
        same(&case, "nauc_orbit", field::nauc_orbit(&router, &singles));
        same(&case, "perf_gain", field::perf_gain(&router, &singles));
        same(&case, "cost_save", field::cost_save(&router, &singles));
        let all: Vec<Point> = router.iter().chain(&singles).copied().collect();
        let distance = field::pareto_dist(&router, &field::pareto_front(&all), number(&case["scale"]));
        same(&case, "pareto_dist", distance);
        let best = field::best_single(&singles).unwrap().quality;
        same(&case, "vb", field::router_eval_vb(number(&case["vb_of"]), best));
    }
}

#[test]
fn two_models_are_measured_as_routellm_says_and_as_its_code_does() {
    let mut misread = 0;
    for case in cases("definitions", "two_models") {
        let (strong, quality) = (numbers(&case["strong"]), numbers(&case["quality"]));
        let settings: Vec<Split> =
            strong.iter().zip(&quality).map(|(&strong, &quality)| Split { strong, quality }).collect();
        let pair = Pair { weak: number(&case["weak_quality"]), strong: number(&case["strong_quality"]) };
        let recovered: Vec<f64> = quality.iter().map(|&quality| field::pgr(quality, pair).unwrap()).collect();
        all_same(&recovered, &case["pgr"]);
        same(&case, "apgr", field::apgr(&settings, pair));
        same(&case, "apgr_routellm", field::apgr_routellm(&settings, pair));
        for (name, target) in [("cpt_50", 0.5), ("cpt_80", 0.8)] {
            let (ours, code) = (field::cpt(&settings, pair, target), field::cpt_routellm(&settings, pair, target));
            same(&case, name, ours);
            same(&case, &format!("{name}_routellm"), code);
            misread += usize::from(ours.zip(code).is_some_and(|(ours, code)| code > ours));
        }
    }
    assert!(misread > 0, "on some curve that falls the code reads more strong calls than a setting needs");
}

#[test]
fn what_is_measured_by_prompt_is_what_the_definitions_say() {
    for case in cases("definitions", "by_prompt") {
        let scores = table(&case["scores"]);
        let (models, flat) = (scores[0].len(), scores.iter().flatten().copied().collect::<Vec<f64>>());
        let chosen: Vec<usize> = numbers(&case["chosen"]).iter().map(|&arm| arm as usize).collect();
        let dearest = case["dearest"].as_u64().unwrap() as usize;
        same(&case, "rci", field::routing_collapse(&flat, models, &chosen, dearest));
        let probabilities: Vec<f64> = table(&case["probabilities"]).into_iter().flatten().collect();
        same(&case, "ep", field::router_eval_ep(&probabilities, models));
        let (confidence, quality) = (numbers(&case["confidence"]), numbers(&case["quality"]));
        same(&case, "mu", field::router_eval_mu(&quality));
        let pairs: Vec<(f64, f64)> = confidence.iter().copied().zip(quality.iter().copied()).collect();
        same(&case, "brier", field::brier(&pairs));
        let losses: Vec<(f64, f64)> = pairs.iter().map(|&(sure, quality)| (sure, 1.0 - quality)).collect();
        let risks: Vec<f64> = field::risk_coverage(&losses).iter().map(|point| point.risk).collect();
        all_same(&risks, &case["risks"]);
        same(&case, "aurc", field::aurc(&losses));
    }
}

#[test]
fn arena_scores_and_dials_are_what_the_definitions_say() {
    for case in cases("definitions", "arenas") {
        same(&case, "score", field::arena_score(number(&case["accuracy"]), number(&case["dollars"])));
    }
    for case in cases("definitions", "dials") {
        same(&case, "monotonicity", field::dial_monotonicity(&numbers(&case["values"])));
    }
}
