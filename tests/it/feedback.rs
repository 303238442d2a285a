//! What of an outcome reaches a policy online, and when, changes what it learns and nothing else.

use crate::support::{plan, results};
use experiment::Spec;
use store::Replicate;

fn online(feedback: &str, policies: &[&str]) -> String {
    let policies: String = policies.iter().map(|kind| format!("[[policy]]\nkind = \"{kind}\"\n")).collect();
    format!(
        "name = \"told\"\nreplicates = 1\n[protocol]\nkind = \"online\"\nrounds = 2000\ncheckpoints = 1\n\
         [[environment]]\nkind = \"calibrated\"\nrows = 200\n{feedback}{policies}"
    )
}

fn regret(replicate: &Replicate) -> f64 {
    replicate.scores.iter().find(|score| score.metric == "regret" && score.phase == "online").unwrap().value
}

fn of(feedback: &str, policy: &str) -> Replicate {
    results(&online(feedback, &[policy])).remove(0)
}

#[test]
fn the_usual_feedback_is_the_default_at_the_same_address() {
    let (bare, stated) = (online("", &["lin-ucb"]), online("feedback = { delay = 0, arms = 1 }\n", &["lin-ucb"]));
    assert_eq!(plan(&bare).cells()[0].inputs, plan(&stated).cells()[0].inputs);
    let late = plan(&online("feedback = { delay = 7 }\n", &["lin-ucb"]));
    assert_ne!(plan(&bare).cells()[0].id, late.cells()[0].id);
    assert_eq!(plan(&late.resolved()).cells()[0].inputs, late.cells()[0].inputs);
}

#[test]
fn whatever_never_arrives_in_time_is_never_learnt() {
    let scores = |feedback: &str| of(feedback, "lin-ucb").scores;
    let lost = scores("feedback = { missing = 1.0 }\n");
    assert_eq!(lost, scores("feedback = { delay = 2000, law = \"fixed\" }\n"));
    let total = |feedback: &str| regret(&of(feedback, "lin-ucb"));
    let (lost, late, prompt) =
        (total("feedback = { missing = 1.0 }\n"), total("feedback = { delay = 500, law = \"fixed\" }\n"), total(""));
    assert!(prompt < late && late < lost, "{prompt} {late} {lost}");
}

#[test]
fn more_models_shown_are_paid_for_and_help() {
    let (chosen, all) = (of("", "lin-ucb"), of("feedback = { arms = 11 }\n", "lin-ucb"));
    assert_eq!((chosen.scores[0].outcomes, all.scores[0].outcomes), (2000, 22_000));
    assert_eq!(of("feedback = { arms = 3 }\n", "lin-ucb").scores[0].outcomes, 6000);
    assert!(regret(&all) < regret(&chosen), "{} {}", regret(&all), regret(&chosen));
}

#[test]
fn a_judge_who_is_always_wrong_teaches_the_contrary_and_changes_no_score_of_others() {
    let wrong = "feedback = { false-fail = 1.0, false-pass = 1.0 }\n";
    assert!(regret(&of(wrong, "lin-ucb")) > 1.2 * regret(&of("", "lin-ucb")));
    assert_eq!(of(wrong, "best-single").scores, of("", "best-single").scores);
}

#[test]
fn labels_show_every_model_in_exactly_so_many_rounds() {
    for at in ["start", "random"] {
        let some = of(&format!("feedback = {{ labels = 300, labels-at = \"{at}\" }}\n"), "lin-ucb");
        assert_eq!(some.scores[0].outcomes, 2000 + 300 * 10, "{at}");
        assert!(regret(&some) < regret(&of("", "lin-ucb")), "{at}");
    }
    let (all, shown) = (of("feedback = { labels = 2000 }\n", "lin-ucb"), of("feedback = { arms = 11 }\n", "lin-ucb"));
    assert_eq!(all.scores[0].outcomes, shown.scores[0].outcomes);
    let random = of("feedback = { labels = 2000, labels-at = \"random\" }\n", "lin-ucb");
    assert!(regret(&random) == regret(&all), "with m = T both are all rounds");
}

#[test]
fn what_is_censored_or_truncated_is_not_told() {
    let total = |feedback: &str| regret(&of(feedback, "lin-ucb"));
    let nothing = total("feedback = { missing = 1.0 }\n");
    assert!(
        total("feedback = { truncated-below = 0.0, censored-above = 1.0 }\n") == total(""),
        "no limit, no difference"
    );
    // Told that every answer is worth nothing, a policy learns costs alone: the cheapest model.
    let worthless = of("feedback = { censored-above = 0.0 }\n", "lin-ucb");
    let quality = |replicate: &Replicate| {
        replicate.scores.iter().rfind(|score| score.metric == "quality" && score.phase == "online").unwrap().value
    };
    assert!(quality(&worthless) < quality(&of("", "lin-ucb")) - 0.05);
    // A judge who turns all scores round leaves nothing above a limit on scores that are 0 or 1 but the bad ones, as 1.
    let silent = total("feedback = { truncated-below = 1.0, false-fail = 1.0, false-pass = 0.0 }\n");
    assert!(silent == nothing, "no score reaches the limit: {silent} against {nothing}");
    assert!(total("feedback = { truncated-below = 0.5 }\n") > total(""), "who hears the satisfied alone learns less");
}

#[test]
fn bad_rules_are_refused_with_table_field_rule_and_value() {
    for (feedback, expected) in [
        ("feedback = { delay = -1.0 }\n", "`delay` must be in [0, 1e9], got -1"),
        ("feedback = { missing-bad = 1.5 }\n", "`missing-bad` must be in [0, 1], got 1.5"),
        ("feedback = { arms = 0 }\n", "`arms` must be at least 1, got 0"),
        ("feedback = { labels = 2001 }\n", "`labels` must be at most `rounds` = 2000, got 2001"),
        ("feedback = { censored-above = 1.5 }\n", "`censored-above` must be in [0, 1], got 1.5"),
        ("feedback = { truncated-below = -0.5 }\n", "`truncated-below` must be in [0, 1], got -0.5"),
        ("feedback = { dely = 1 }\n", "unknown key `dely` (nearest is `delay`"),
    ] {
        let parsed = Spec::parse(&online(feedback, &["random"]), "bad.toml");
        let error = parsed.and_then(Spec::plan).err().unwrap().to_string();
        assert!(error.starts_with("bad.toml:10: [[environment]] calibrated.feedback: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}
