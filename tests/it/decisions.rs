//! From a log to a decision: on simulated gateways with known truth, each with a trap.

use crate::support::barp;
use environments::sources::logged::{Log, LogOptions};
use experiment::Progress;
use experiment::log::{Candidate, Conclusion, Decision, Goal, Propensities, Question, Together, decide};
use std::path::Path;
use tests::gateway::{Gateway, MODELS, Trap};

const ROWS: usize = 4_000;

fn question(goal: Goal) -> Question {
    Question { goal, incumbent: None, margin: 0.02, propensities: Propensities::Logged, together: Together::Prompt }
}

fn decided(folder: &Path, text: &str, question: &Question) -> Decision {
    let path = folder.join("log.jsonl");
    store::write_whole(&path, text.as_bytes()).unwrap();
    let log = Log::open(&path, &LogOptions::default()).unwrap();
    decide(&log, &[], question, &Progress::default()).unwrap()
}

/// Chances of a policy of the table; none where it is made from the rows.
fn chances(name: &str, gateway: &Gateway) -> Option<[[f64; 4]; 3]> {
    let one = |model: usize| [std::array::from_fn(|at| if at == model { 1.0 } else { 0.0 }); 3];
    let by = |of: &dyn Fn(usize, usize) -> f64| {
        std::array::from_fn(|task| {
            let there = (0..4).filter(|&model| gateway.is_there(model) && model < 3);
            let best = there.max_by(|&a, &b| of(task, a).total_cmp(&of(task, b))).unwrap();
            std::array::from_fn(|at| if at == best { 1.0 } else { 0.0 })
        })
    };
    let overall = |model: usize, which: usize| gateway.worth(&one(model))[which];
    match name {
        "as logged" => Some(gateway.logging()),
        "cheapest" => Some(by(&|_, model| -overall(model, 1))),
        "largest" => Some(by(&|_, model| overall(model, 1))),
        "best-single" => Some(by(&|_, model| overall(model, 0))),
        "best-per-task" => Some(by(&|task, model| gateway.now(task, model)[0])),
        "random" => None,
        always => MODELS.iter().position(|model| always.strip_prefix("always:") == Some(model)).map(one),
    }
}

/// Whether what the decision says is so, or it says nothing.
fn is_right_or_open(decision: &Decision, gateway: &Gateway) -> bool {
    let logging = gateway.worth(&gateway.logging());
    let better = |name: &str, least: f64| {
        chances(name, gateway).is_some_and(|chances| {
            let worth = gateway.worth(&chances);
            worth[0] > logging[0] - 0.02 && worth[1] < logging[1] * (1.0 - least)
        })
    };
    let there = |name: &str| {
        MODELS.iter().enumerate().all(|(at, model)| gateway.is_there(at) || name != format!("always:{model}"))
    };
    match &decision.conclusion {
        Conclusion::Open { .. } => true,
        Conclusion::Switch { to } => there(to) && better(to, 0.0),
        // A saving that is hardly worth it, or a quality at the edge, may be missed.
        Conclusion::Stay { .. } => {
            !decision.candidates.iter().any(|candidate| there(&candidate.name) && better(&candidate.name, 0.08))
        }
    }
}

/// Words by which a sentence names a trap.
fn words(trap: Trap) -> &'static str {
    match trap {
        Trap::None => "",
        Trap::PriceCut => "the price of large moved",
        Trap::Retired => "small is retired",
        Trap::Repeats => "repeat a prompt",
        Trap::Missing => "feedback is missing not at random",
        Trap::Newcomer => "newcomer is new since",
        Trap::Drift => "the quality of middle drifted",
    }
}

#[test]
fn on_gateways_with_traps_the_decision_is_right_or_open_and_names_the_trap() {
    let folder = tempfile::tempdir().unwrap();
    let (mut right, mut decisive, mut wrong) = (0, 0, Vec::new());
    for trap in Trap::FIVE {
        for number in 0..5 {
            let gateway = Gateway::new(number, trap, ROWS);
            let decision = decided(folder.path(), &gateway.log(), &question(Goal::Saving));
            let sentence = decision.sentence();
            assert!(sentence.contains(words(trap)), "{trap:?} {number}: {sentence}");
            right += u32::from(is_right_or_open(&decision, &gateway));
            decisive += u32::from(!matches!(decision.conclusion, Conclusion::Open { .. }));
            if !is_right_or_open(&decision, &gateway) {
                wrong.push(format!("{trap:?} {number}: {sentence}"));
            }
        }
    }
    assert!(right >= 24, "{right} of 25: {wrong:#?}");
    assert!(decisive >= 8, "a decision that is always open is none: {decisive} of 25");
}

#[test]
fn printed_intervals_hold_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let (mut held, mut all) = (0, 0);
    for number in 0..40 {
        let trap = [Trap::None, Trap::PriceCut, Trap::Retired, Trap::Repeats, Trap::Missing][number as usize % 5];
        let gateway = Gateway::new(100 + number, trap, 2_000);
        let decision = decided(folder.path(), &gateway.log(), &question(Goal::Saving));
        let logging = gateway.worth(&gateway.logging());
        let judged = decision.candidates.iter().chain([&decision.incumbent]).filter(|one| one.refused.is_none());
        for candidate in judged.filter(|one| one.name.starts_with("always") || one.name == "as logged") {
            let truth = gateway.worth(&chances(&candidate.name, &gateway).unwrap());
            let Candidate { quality, dollars, .. } = candidate;
            let mut pairs = vec![(quality.own, truth[0]), (dollars.own, truth[1])];
            if candidate.name != "as logged" {
                pairs
                    .extend([(quality.difference, truth[0] - logging[0]), (dollars.difference, truth[1] - logging[1])]);
            }
            if let Some(saving) = candidate.saving.filter(|_| candidate.name != "as logged") {
                pairs.push((saving, 1.0 - truth[1] / logging[1]));
            }
            held += pairs
                .iter()
                .filter(|(interval, truth)| interval.low.unwrap() <= *truth && *truth <= interval.high.unwrap())
                .count();
            all += pairs.len();
        }
    }
    let coverage = held as f64 / all as f64;
    assert!(all > 300 && (0.92..=0.98).contains(&coverage), "{held} of {all}: {coverage}");
}

#[test]
fn a_log_that_is_written_twice_or_in_another_order_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let text = Gateway::new(7, Trap::None, 1_500).log();
    let bare: Vec<String> = text
        .lines()
        .map(|line| line.replace("\"prompt\"", "\"question\"").replace("\"request_id\"", "\"nr\""))
        .collect();
    for lines in [text.lines().map(str::to_owned).collect::<Vec<_>>(), bare] {
        let of = |lines: &[String]| decided(folder.path(), &(lines.join("\n") + "\n"), &question(Goal::Saving));
        let single = of(&lines);
        let mut other: Vec<String> = (0..lines.len()).map(|at| lines[at * 37 % lines.len()].clone()).collect();
        let moved = of(&other);
        other.extend(lines.iter().cloned());
        let double = of(&other);
        for ((a, b), c) in single.candidates.iter().zip(&moved.candidates).zip(&double.candidates) {
            for (a, b, c) in [(a.quality, b.quality, c.quality), (a.dollars, b.dollars, c.dollars)] {
                for (a, b, c) in [(a.own, b.own, c.own), (a.difference, b.difference, c.difference)] {
                    assert!((a.mean - b.mean).abs() < 1e-12, "{a:?} {b:?}");
                    let width = |interval: statistics::Interval| interval.high.unwrap() - interval.low.unwrap();
                    assert!((width(a) - width(b)).abs() < 1e-12, "{a:?} {b:?}");
                    assert!((width(a) - width(c)).abs() <= 0.01 * width(a), "{a:?} {c:?}");
                }
            }
        }
        assert_eq!(single.conclusion, moved.conclusion);
    }
}

#[test]
fn the_command_answers_in_text_json_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::new(3, Trap::Retired, 2_000);
    store::write_whole(&folder.path().join("log.jsonl"), gateway.log().as_bytes()).unwrap();
    let run = |extra: &[&str]| {
        let output = barp(folder.path(), &[&["log", "decide", "log.jsonl"], extra].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&["--html", "page.html", "--incumbent", "large", "--w-cost", "0.3"]);
    assert_eq!(code, Some(0), "{text}");
    for words in [
        "small is retired: it has not answered since ",
        "always:large",
        "reward difference",
        "rows that count",
        "may take over",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("small is retired") && !page.contains("<script"), "{page}");
    let (_, json) = run(&["--json", "--dollars-at-most", "0.004"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let names = |key: &str| json[key].as_array().unwrap().len();
    assert_eq!((json["goal"]["kind"].as_str(), names("models")), (Some("dollars-at-most"), 3));
    let find = |name: &str| json["candidates"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let [gone, there] = ["always:small", "always:middle"].map(find);
    assert!(gone["region"].is_null() && gone["refused"].is_string(), "a retired model is refused: {gone}");
    assert!(there["region"]["reach"].as_f64().unwrap() > 5.99, "{there}");
    let (code, text) = run(&["--incumbent", "lage"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("--incumbent: unknown model `lage` (nearest is `large`"), "{text}");
    assert_eq!(run(&["--margin", "-1"]).0, Some(2));
}
