use super::{Outcome, Propensities, compare, evaluate, names};
use environments::sources::logged::{Log, LogOptions};
use statistics::off_policy::Estimator;

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
        let evaluations = evaluate(&log, &named, from).unwrap();
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
    let unknown = evaluate(&plain, &["cheepest".to_owned()], Propensities::Logged).unwrap_err();
    assert!(
        unknown.starts_with("unknown policy `cheepest` (nearest is `cheapest`; known: always:a, always:b"),
        "{unknown}"
    );
    let without = log(&folder, (0..10).map(|_| "a,x,1,0.1,".to_owned()));
    let error = evaluate(&without, &["random".to_owned()], Propensities::Logged).unwrap_err();
    assert!(error.starts_with("line 2: no propensity"), "{error}");
    let one = log(&folder, (0..40).map(|_| "a,x,1,0.1,1".to_owned()));
    let error = compare(&one, &["random".to_owned()], Propensities::Logged, super::Margins::default()).unwrap_err();
    assert!(error.contains("must name two or more, got 1"), "{error}");
}
