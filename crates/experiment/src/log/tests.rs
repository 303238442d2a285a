use super::{EvaluationError, Evaluations, Outcome, Propensities, Together, compare, names};
use environments::sources::logged::{Log, LogOptions};
use routing::{Round, Seed, random};
use statistics::off_policy::{Estimator, Flaw};

fn evaluate(log: &Log, named: &[String], from: Propensities) -> Result<Evaluations, EvaluationError> {
    super::evaluate(log, named, from, Together::Prompt)
}

fn log(folder: &tempfile::TempDir, rows: impl Iterator<Item = String>) -> Log {
    let mut text = "model,task,quality,cost_usd,propensity\n".to_owned();
    rows.for_each(|row| text += &(row + "\n"));
    let path = folder.path().join("log.csv");
    store::write_whole(&path, text.as_bytes()).unwrap();
    Log::open(&path, &LogOptions::default()).unwrap()
}

/// Two models in turn, the first always right on task x and never on y, the second the other way round.
fn alternating() -> impl Iterator<Item = String> {
    (0..400).map(|at| {
        let (model, task) = ([["a", "b"][at / 2 % 2], ["x", "y"][at / 4 % 2]][0], ["x", "y"][at / 4 % 2]);
        let right = u8::from((model == "a") == (task == "x"));
        format!("{model},{task},{right},{},0.5", if model == "a" { 0.25 } else { 0.5 })
    })
}

#[test]
fn policies_on_a_plain_log_have_known_values() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder, alternating());
    let named = names(log.models());
    assert_eq!(named, ["always:a", "always:b", "random", "cheapest", "largest", "best-single", "best-per-task"]);
    for from in [Propensities::Logged, Propensities::Shares] {
        let evaluations = evaluate(&log, &named, from).unwrap().all;
        let value = |policy: &str, outcome| {
            let found = evaluations.iter().find(|e| e.policy == policy && e.outcome == outcome).unwrap();
            assert_eq!(found.flaw(), None, "{policy}");
            found.gathered.estimate(Estimator::DoublyRobust).mean
        };
        let near = |policy, outcome, expected: f64| {
            let found = value(policy, outcome);
            assert!((found - expected).abs() < 1e-9, "{policy} {outcome:?}: {found}");
        };
        near("always:a", Outcome::Quality, 0.5);
        near("random", Outcome::Quality, 0.5);
        near("best-per-task", Outcome::Quality, 1.0);
        near("cheapest", Outcome::Dollars, 0.25);
        near("largest", Outcome::Dollars, 0.5);
        near("random", Outcome::Dollars, 0.375);
    }
}

#[test]
fn what_cannot_be_scored_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let plain = log(&folder, alternating());
    let unknown = evaluate(&plain, &["cheepest".to_owned()], Propensities::Logged).unwrap_err().to_string();
    assert!(
        unknown.starts_with("unknown policy `cheepest` (nearest is `cheapest`; known: always:a, always:b"),
        "{unknown}"
    );
    let without = log(&folder, (0..10).map(|_| "a,x,1,0.1,".to_owned()));
    let error = evaluate(&without, &["random".to_owned()], Propensities::Logged).unwrap_err().to_string();
    assert!(error.starts_with("line 2: no propensity"), "{error}");
    let one = log(&folder, (0..40).map(|_| "a,x,1,0.1,1".to_owned()));
    let error =
        compare(&one, &["random".to_owned()], Propensities::Logged, super::Margins::default()).unwrap_err().to_string();
    assert!(error.contains("must name two or more, got 1"), "{error}");
}

/// Requests answered by four models in turn, whose scores are drawn with means .2, .4, .6 and .8.
fn round_robin() -> Vec<String> {
    let score = |at: usize| u8::from((at * 7919) % 1000 < 200 * (1 + at % 4));
    let row = |at: usize| {
        let (model, task) = (["a", "b", "c", "d"][at % 4], ["x", "y"][at / 4 % 2]);
        format!("prompt {at},{model},{task},{},0.01,0.25", score(at))
    };
    (0..2000).map(row).collect()
}

fn prompted(folder: &tempfile::TempDir, rows: &[String]) -> Log {
    let text = "prompt,model,task,quality,cost_usd,propensity\n".to_owned() + &rows.join("\n") + "\n";
    let path = folder.path().join("log.csv");
    store::write_whole(&path, text.as_bytes()).unwrap();
    Log::open(&path, &LogOptions::default()).unwrap()
}

#[test]
fn the_order_of_lines_decides_nothing_and_one_model_after_the_other_is_no_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let values = |rows: &[String]| -> Vec<f64> {
        let log = prompted(&folder, rows);
        let evaluations = evaluate(&log, &names(log.models()), Propensities::Logged).unwrap().all;
        let all = |estimator| evaluations.iter().map(move |e| e.gathered.estimate(estimator).mean);
        [Estimator::DoublyRobust, Estimator::DirectMethod].into_iter().flat_map(all).collect()
    };
    let rows = round_robin();
    let ordered = values(&rows);
    for (model, mean) in [0.2, 0.4, 0.6, 0.8].into_iter().enumerate() {
        assert!((ordered[2 * model] - mean).abs() < 0.06, "model {model}: {}", ordered[2 * model]);
    }
    let mut moved: Vec<String> = (0..2000).map(|at| rows[at * 37 % 2000].clone()).collect();
    for _ in 0..2 {
        let again = values(&moved);
        assert!(ordered.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-12), "{ordered:?} against {again:?}");
        moved.reverse();
    }
}

#[test]
fn a_model_that_a_task_never_met_refuses_what_takes_it_there() {
    let folder = tempfile::tempdir().unwrap();
    // On task y the other three share the requests.
    let kept = |row: &String| !row.contains(",d,y,");
    let shared = |row: String| if row.contains(",y,") { row.replace(",0.25", ",0.3333333333333333") } else { row };
    let rows: Vec<String> = round_robin().into_iter().filter(kept).map(shared).collect();
    let log = prompted(&folder, &rows);
    let evaluations = evaluate(&log, &names(log.models()), Propensities::Logged).unwrap().all;
    let flaw = |policy: &str| evaluations.iter().find(|e| e.policy == policy).unwrap().flaw();
    assert!(flaw("always:d").is_some() && flaw("random").is_some(), "{:?} {:?}", flaw("always:d"), flaw("random"));
    assert_eq!((flaw("always:a"), flaw("always:c")), (None, None));
}

/// Rows of a log of three models with these chances, by whether the prompt asks for a refund, which a fifth do: their scores are
/// drawn with means .3, .5 and .7.
fn chosen(number: u64, rows: u64, chances: [[f64; 3]; 2], logged: impl Fn(f64) -> String) -> Vec<String> {
    let row = |at: u64| {
        let mut generator = Seed::root(number).stream("rows").at(Round(at));
        let mut uniform = || random::uniform(&mut generator);
        let refund = usize::from(uniform() < 0.2);
        let (draw, own) = (uniform(), chances[refund]);
        let arm = if draw < own[0] { 0 } else { 1 + usize::from(draw >= own[0] + own[1]) };
        let score = u8::from(uniform() < 0.3 + 0.2 * arm as f64);
        let (prompt, propensity) = (["question", "refund"][refund], logged(own[arm]));
        format!("{prompt} {at},{},all,{score},{},{propensity}", ["a", "b", "c"][arm], 0.01 + 0.01 * uniform())
    };
    (0..rows).map(row).collect()
}

#[test]
fn a_hole_of_a_fifth_of_the_traffic_is_refused_in_every_log() {
    let folder = tempfile::tempdir().unwrap();
    let chances = [[0.07, 0.53, 0.4], [0.0, 0.6, 0.4]];
    for number in 0..150 {
        let log = prompted(&folder, &chosen(number, 2000, chances, |p| p.to_string()));
        let found = evaluate(&log, &["always:a".to_owned(), "always:b".to_owned()], Propensities::Logged).unwrap();
        assert!(
            matches!(found.all[0].flaw(), Some(Flaw::Hole { share }) if share > 0.15),
            "{number}: {:?}",
            found.all[0].flaw()
        );
        assert_eq!((found.all[2].flaw(), &found.propensities.flaw), (None, &None), "{number}");
        assert!(found.holes.iter().any(|hole| hole.part.to_string().contains("refund")), "{:?}", found.holes);
    }
}

#[test]
fn wrong_propensities_mark_every_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = prompted(&folder, &chosen(1, 2000, [[0.5, 0.3, 0.2]; 2], |_| "0.333333".into()));
    let found = evaluate(&log, &names(log.models()), Propensities::Logged).unwrap();
    for evaluation in &found.all {
        assert!(
            matches!(evaluation.flaw(), Some(Flaw::Propensities { .. })),
            "{}: {:?}",
            evaluation.policy,
            evaluation.flaw()
        );
        assert_eq!(evaluation.believed(Estimator::Ips), None);
        assert!(evaluation.believed(Estimator::DirectMethod).is_some_and(|direct| direct.low.is_none()));
    }
    assert!(found.propensities.sentence().contains("every estimate that needs them is refused"));
}

#[test]
fn propensities_that_are_half_known_are_estimated_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = chosen(2, 3000, [[0.5, 0.3, 0.2]; 2], |p| p.to_string());
    for row in rows.iter_mut().step_by(2) {
        row.truncate(row.rfind(',').unwrap() + 1);
    }
    let log = prompted(&folder, &rows);
    let found = evaluate(&log, &["always:c".to_owned()], Propensities::Logged).unwrap();
    assert_eq!((found.propensities.estimated, &found.propensities.flaw), (1500, &None));
    assert!(found.to_json()[0]["propensities"].as_str().unwrap().starts_with("1500 of 3000 propensities are missing"));
    let interval = found.all[0].believed(Estimator::DoublyRobust).unwrap();
    assert!(interval.low.unwrap() < 0.7 && 0.7 < interval.high.unwrap(), "{interval:?}");
}

#[test]
fn champion_and_challenger_on_the_same_prompts_hold_the_truth() {
    let folder = tempfile::tempdir().unwrap();
    let pair = |at: usize| {
        let mut generator = Seed::root(3).stream("pairs").at(Round(at as u64));
        let mut row = |model: &str, mean: f64| {
            let score = u8::from(random::uniform(&mut generator) < mean);
            format!("prompt {at},{model},all,{score},{},0.5", 0.01 + 0.001 * random::uniform(&mut generator))
        };
        [row("champion", 0.6), row("challenger", 0.8)]
    };
    let log = prompted(&folder, &(0..1500).flat_map(pair).collect::<Vec<_>>());
    let found = evaluate(&log, &names(log.models()), Propensities::Logged).unwrap();
    for (policy, truth) in [("always:champion", 0.6), ("always:challenger", 0.8), ("random", 0.7)] {
        let one = found.all.iter().find(|one| one.policy == policy && one.outcome == Outcome::Quality).unwrap();
        for estimator in
            [Estimator::DoublyRobust, Estimator::SelfNormalisedRobust, Estimator::DirectMethod, Estimator::Ips]
        {
            let interval = one.believed(estimator).unwrap();
            assert!(
                interval.low.unwrap() < truth && truth < interval.high.unwrap(),
                "{policy} {estimator:?}: {interval:?}"
            );
        }
        assert_eq!(one.gathered.clusters(), 1500);
    }
}
