use super::*;
use store::{Direction, Replicate, Run, Score};

const GAIN: &str = r#"
[[claim]]
id = "over-offline"
text = "12.46 % over the strongest offline router (abstract)"
metric = "quality"
w_cost = 0.2
candidate = "barp"
baseline = "knn"
relation = "relative-gain-at-least"
threshold = 0.1
"#;

fn cell(environment: &str, policy: &str, replicate: u32, value: f64) -> Replicate {
    let score = Score {
        phase: "test".into(),
        round: 100,
        w_cost: Some(0.2),
        task: "all".into(),
        arm: None,
        metric: "quality".into(),
        unit: "score".into(),
        direction: Direction::Up,
        value,
        n: 500,
        outcomes: if policy == "barp" { 100 } else { 1100 },
        dollars: 1.0,
        tuning_trials: 0,
    };
    let earlier = Score { round: 50, value: 0.0, ..score.clone() };
    let of_one_model = Score { round: 200, arm: Some("gpt".into()), value: 9.0, ..score.clone() };
    Replicate {
        identity: store::Identity::default(),
        environment: environment.into(),
        policy: policy.into(),
        replicate,
        scores: vec![earlier, score, of_one_model],
    }
}

/// Both policies move together from one replicate to the next, so only pairing shows the gain.
fn run(ahead: &str, behind: &str) -> Vec<Replicate> {
    let shared = [0.50, 0.60, 0.70, 0.55, 0.65];
    let small = [0.001, -0.002, 0.0, 0.002, -0.001];
    let mut cells = Vec::new();
    for (number, (base, noise)) in shared.into_iter().zip(small).enumerate() {
        cells.push(cell("e", ahead, number as u32, 1.2 * base + noise));
        cells.push(cell("e", behind, number as u32, base));
    }
    cells
}

fn verdict(toml: &str, replicates: &[Replicate]) -> Verdict {
    decide(&parse_claims(toml, "c.toml").unwrap(), &Run::of(replicates)).remove(0)
}

#[test]
fn swapping_two_policies_flips_the_verdict() {
    let passed = verdict(GAIN, &run("barp", "knn"));
    assert_eq!(passed.verdict, Decision::Pass, "{passed:?}");
    assert!((passed.effect.unwrap() - 0.2).abs() < 1e-3, "{passed:?}");
    assert_eq!((passed.replicates, passed.n), (5, 500));
    assert_eq!((passed.outcomes_candidate, passed.outcomes_baseline), (100.0, 1100.0));
    let failed = verdict(GAIN, &run("knn", "barp"));
    assert_eq!(failed.verdict, Decision::Fail, "{failed:?}");
}

#[test]
fn a_threshold_inside_the_interval_stays_open() {
    let effect = verdict(GAIN, &run("barp", "knn")).effect.unwrap();
    let claim = GAIN.replace("threshold = 0.1", &format!("threshold = {effect}"));
    let open = verdict(&claim, &run("barp", "knn"));
    assert_eq!(open.verdict, Decision::Inconclusive);
    assert!(open.why.contains("both sides"), "{}", open.why);
}

#[test]
fn an_interval_that_starts_at_the_threshold_passes() {
    let low = verdict(GAIN, &run("barp", "knn")).low.unwrap();
    let claim = GAIN.replace("threshold = 0.1", &format!("threshold = {low}"));
    assert_eq!(verdict(&claim, &run("barp", "knn")).verdict, Decision::Pass);
}

#[test]
fn a_saving_is_a_gain_the_other_way_round() {
    let claim = GAIN.replace("relative-gain-at-least", "relative-saving-at-least");
    assert_eq!(verdict(&claim, &run("barp", "knn")).verdict, Decision::Fail);
    let saved = verdict(&claim, &run("knn", "barp"));
    assert_eq!(saved.verdict, Decision::Pass);
    assert!((saved.effect.unwrap() - (1.0 - 1.0 / 1.2)).abs() < 1e-3, "{saved:?}");
    assert!(saved.low.unwrap() < saved.effect.unwrap() && saved.effect.unwrap() < saved.high.unwrap());
}

#[test]
fn a_difference_is_in_the_unit_of_the_metric() {
    let claim = GAIN.replace("relative-gain-at-least", "difference-at-least");
    let verdict = verdict(&claim, &run("barp", "knn"));
    assert!((verdict.effect.unwrap() - 0.12).abs() < 1e-9, "{verdict:?}");
}

#[test]
fn two_that_are_equivalent_lie_within_and_two_that_are_not_lie_beyond() {
    let within = |threshold: &str| {
        let claim = GAIN.replace("relative-gain-at-least", "difference-within");
        verdict(&claim.replace("threshold = 0.1", &format!("threshold = {threshold}")), &run("barp", "knn"))
    };
    let ends = within("0.2");
    let (low, high) = (ends.low.unwrap(), ends.high.unwrap());
    assert_eq!(ends.verdict, Decision::Pass, "{ends:?}");
    assert_eq!(within(&high.to_string()).verdict, Decision::Pass);
    assert_eq!(within(&(0.5 * (low + high)).to_string()).verdict, Decision::Inconclusive);
    let beyond = within(&(0.9 * low).to_string());
    assert_eq!(beyond.verdict, Decision::Fail);
    assert!(beyond.rule.contains("within \u{b1}") && beyond.why.contains("beyond"), "{beyond:?}");
    let swapped = GAIN.replace("relative-gain-at-least", "difference-within").replace("0.1", "0.01");
    assert_eq!(verdict(&swapped, &run("knn", "barp")).verdict, Decision::Fail, "below is beyond too");
}

#[test]
fn a_policy_is_compared_with_itself_at_another_weight() {
    let mut replicates = run("barp", "knn");
    for one in replicates.iter_mut().filter(|one| one.policy == "knn") {
        one.scores.iter_mut().for_each(|score| score.w_cost = Some(0.8));
    }
    let of_knn: Vec<Score> =
        replicates.iter().filter(|one| one.policy == "knn").flat_map(|one| one.scores.clone()).collect();
    for (one, scores) in replicates.iter_mut().filter(|one| one.policy == "barp").zip(of_knn.chunks(3)) {
        one.scores.extend_from_slice(scores);
    }
    let claim = format!("{}baseline_w_cost = 0.8\n", GAIN.replace("\"knn\"", "\"barp\""));
    let dial = verdict(&claim, &replicates);
    assert_eq!(dial.verdict, Decision::Pass, "{dial:?}");
    assert!((dial.effect.unwrap() - 0.2).abs() < 1e-3 && dial.replicates == 5, "{dial:?}");
    assert!(
        dial.rule.contains("over `barp` at w_cost 0.8 in quality (phase test, task all, w_cost 0.2)"),
        "{}",
        dial.rule
    );
}

#[test]
fn what_cannot_be_decided_says_why() {
    let check = |toml: &str, replicates: &[Replicate], reason: &str| {
        let verdict = verdict(toml, replicates);
        assert_eq!(verdict.verdict, Decision::Inconclusive);
        assert!(verdict.why.contains(reason), "{}", verdict.why);
    };
    let run = run("barp", "knn");
    check(&format!("{GAIN}unavailable = \"no GraphRouter here\""), &run, "no GraphRouter here");
    check(GAIN, &run[..2], "1 replicate");
    check(GAIN, &[], "no replicate");
    check(&GAIN.replace("w_cost = 0.2", "w_cost = 0.3"), &run, "w_cost 0.3");
    check(&GAIN.replace("w_cost = 0.2", ""), &run, "measured quality");
    let mut two = run.clone();
    two.push(cell("f", "barp", 0, 0.5));
    check(GAIN, &two, "several: e, f");
    assert_eq!(verdict(&format!("{GAIN}environment = \"e\""), &two).verdict, Decision::Pass);
}

#[test]
fn an_unpaired_replicate_is_left_out() {
    let mut replicates = run("barp", "knn");
    replicates.push(cell("e", "barp", 9, 0.01));
    assert_eq!(verdict(GAIN, &replicates), verdict(GAIN, &run("barp", "knn")));
}

#[test]
fn a_wrong_file_of_claims_is_told_what_is_wrong() {
    let check = |toml: String, expected: &str| {
        let message = parse_claims(&toml, "c.toml").unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    check(format!("{GAIN}treshold = 0.2"), "treshold");
    check(GAIN.replace("metric = \"quality\"", ""), "metric");
    check(GAIN.replace("relative-gain-at-least", "better"), "better");
    check(format!("{GAIN}{GAIN}"), "`id` must be unique");
    check(GAIN.replace("\"knn\"", "\"barp\""), "must be another than the candidate");
    check(
        format!("{}baseline_w_cost = 0.2", GAIN.replace("\"knn\"", "\"barp\"")),
        "must be another than the candidate",
    );
    check(format!("{}baseline_w_cost = 0.8", GAIN.replace("w_cost = 0.2", "")), "needs a `w_cost`");
    check(GAIN.replace("threshold = 0.1", "threshold = inf"), "finite");
    check(GAIN.replace("relative-gain-at-least", "difference-within").replace("0.1\n", "-0.1\n"), "at least 0");
}

#[test]
fn verdicts_are_told_and_stored() {
    let claims =
        parse_claims(&format!("{GAIN}{}", GAIN.replace("over-offline", "other").replace("0.1\n", "0.9\n")), "c.toml");
    let verdicts = decide(&claims.unwrap(), &Run::of(&run("barp", "knn")));
    let words = in_words(&verdicts);
    assert!(
        words.starts_with("1 of 2 claims appeared (1 when all are decided at once):\n  over-offline: 12.46 %"),
        "{words}"
    );
    assert!(words.contains("1 of 2 claims did not appear (1 when all are decided at once):\n  other: "), "{words}");
    assert!(words.contains("stays below 90.00 %"), "{words}");
    let json: Value = serde_json::from_str(&claims_json(&verdicts)).unwrap();
    assert_eq!(json[0]["verdict"], "pass");
    assert_eq!(json[1]["replicates"], 5);
    assert!(json[0]["rule"].as_str().unwrap().contains("at or above 10.00 %"));
}
