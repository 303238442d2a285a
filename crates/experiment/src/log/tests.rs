use super::{EvaluationError, Evaluations, Outcome, Propensities, Together, compare, names};
use environments::sources::logged::{Log, LogOptions};
use statistics::off_policy::Estimator;

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
