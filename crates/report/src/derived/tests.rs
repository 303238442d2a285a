use super::*;
use store::{Identity, Replicate, Score};

/// A policy: label, role, and (weight, dollars, quality, share of model `b`) of each setting. Dollars above 1 cost as much as
/// 1, tau being 1 for every request.
struct Made<'a>(&'a str, Role, &'a [(f64, f64, f64, f64)]);

fn score(metric: &str, w_cost: f64, value: f64) -> Score {
    Score {
        phase: "test".into(),
        round: 9,
        w_cost: Some(w_cost),
        task: "all".into(),
        arm: None,
        metric: metric.into(),
        unit: "score".into(),
        direction: Direction::Up,
        value,
        n: 50,
        outcomes: 7,
        dollars: 0.5,
        tuning_trials: 2,
    }
}

impl Made<'_> {
    fn replicate(&self) -> Replicate {
        let Made(label, role, settings) = *self;
        let mut scores = vec![Score { phase: "validation".into(), ..score("reward", 0.5, 0.1) }];
        for &(weight, dollars, quality, share) in settings {
            let reward = (1.0 - weight) * quality - weight * dollars;
            scores.extend([score("reward", weight, reward), score("quality", weight, quality)]);
            scores.push(score("cost_usd", weight, dollars));
            for (task, plus) in [("maths", 0.1), ("code", -0.05)] {
                scores.push(Score { task: task.into(), ..score("quality", weight, quality + plus) });
                scores.push(Score { task: task.into(), ..score("reward", weight, reward + plus) });
            }
            for (arm, share) in [("a", 1.0 - share), ("b", share)] {
                scores.push(Score { arm: Some(arm.into()), ..score("arm_share", weight, share) });
            }
        }
        let model = (role == Role::SingleModel).then(|| label.into());
        let identity = Identity { model, ..Identity::new("kind", role) };
        Replicate { environment: "e".into(), policy: label.into(), identity, replicate: 0, scores }
    }
}

const ROUTER: Made<'_> =
    Made("router", Role::Learner, &[(0.0, 0.5, 0.85, 0.6), (0.5, 0.3, 0.7, 0.3), (1.0, 0.1, 0.5, 0.0)]);
const WEAK: Made<'_> =
    Made("a", Role::SingleModel, &[(0.0, 0.1, 0.5, 0.0), (0.5, 0.1, 0.5, 0.0), (1.0, 0.1, 0.5, 0.0)]);
const STRONG: Made<'_> =
    Made("b", Role::SingleModel, &[(0.0, 0.8, 0.8, 1.0), (0.5, 0.8, 0.8, 1.0), (1.0, 0.8, 0.8, 1.0)]);

fn made(all: &[&Made<'_>]) -> Vec<Run> {
    derived(&Run::of(&all.iter().map(|one| one.replicate()).collect::<Vec<_>>()))
}

/// The value of `metric` of `policy`, spanning the dial or at a weight; none where it does not exist.
fn value(runs: &[Run], policy: &str, metric: &str, w_cost: Option<f64>) -> Option<f64> {
    let run = runs.iter().find(|run| &*run.policy == policy).unwrap();
    let own = run.scores.iter().find(|score| &*score.metric == metric && score.w_cost == w_cost);
    own.map(|score| score.value).filter(|value| value.is_finite())
}

#[test]
fn a_router_between_two_models_has_the_numbers_that_are_worked_out_by_hand() {
    let runs = made(&[&STRONG, &ROUTER, &WEAK]);
    let check = |metric: &str, w_cost: Option<f64>, expected: f64| {
        let found = value(&runs, "router", metric, w_cost).unwrap_or_else(|| panic!("{metric}"));
        assert!((found - expected).abs() < 1e-12, "{metric}: {found}, not {expected}");
    };
    check("aiq", None, (0.5 * (0.5 + 0.7) * 0.2 + 0.5 * (0.7 + 0.85) * 0.2) / 0.4);
    check("perf_gain", None, 0.05 / 0.8);
    check("cost_save", None, 0.375);
    check("qnc_orbit", None, 0.625);
    check("qnc", None, (0.3 + 0.2 * 0.1 / 0.15) / 0.8);
    check("hypervolume", None, 0.7 * 0.5 + 0.5 * 0.2 + 0.3 * 0.15);
    check("expected_utility", None, (0.85 + 0.2 - 0.1) / 3.0);
    // At weight 0 the router is ahead by .05, at one half level with the weak model, at 1 too.
    check("maximum_utility_loss", None, 0.0);
    check("dial_cost", None, 1.0);
    check("cpt_50", None, 0.3);
    check("cpt_80", None, 0.6);
    check("pgr", Some(0.5), 0.2 / 0.3);
    check("router_eval_vb", Some(0.5), 0.875);
    check("arena_score", Some(1.0), field::arena_score(0.5, 0.1).unwrap());
    check("task_mean_quality", None, (0.85 + 0.7 + 0.5) / 3.0 + 0.025);
    let run = runs.iter().find(|run| &*run.policy == "router").unwrap();
    assert_eq!((run.scores.get(0).n, run.scores.get(0).standing.outcomes), (50, 7));
}

#[test]
fn without_single_models_what_needs_them_is_left_out_and_the_rest_stays() {
    let runs = made(&[&ROUTER]);
    let all: Vec<&str> = WHOLE.iter().map(|about| about.name).collect();
    let there: Vec<&str> = all.into_iter().filter(|metric| value(&runs, "router", metric, None).is_some()).collect();
    let own = ["aiq", "expected_utility", "dial_cost", "dial_quality", "task_mean_reward", "task_mean_quality"];
    assert_eq!(there, own);
    assert!(value(&runs, "router", "arena_score", Some(1.0)).is_some(), "100 dollars for 1,000 requests");
    assert!(value(&runs, "router", "arena_score", Some(0.0)).is_none(), "500 dollars are beyond its scale");
    assert!(value(&runs, "router", "router_eval_vb", Some(0.0)).is_none());
    let rows = crate::summarise(&runs).unwrap();
    assert_eq!(rows.len(), own.len() + 1, "what no replicate has is no row");
}

#[test]
fn a_third_model_ends_what_is_said_of_two() {
    let third = Made("c", Role::SingleModel, &[(0.0, 0.2, 0.4, 0.0)]);
    let runs = made(&[&STRONG, &ROUTER, &WEAK, &third]);
    for metric in ["apgr", "apgr_routellm", "cpt_50", "cpt_80_routellm"] {
        assert_eq!(value(&runs, "router", metric, None), None, "{metric}");
    }
    assert!(value(&runs, "router", "aiq_routerbench", None).is_some());
}

#[test]
fn a_quality_that_is_not_reached_has_no_cost_and_no_row() {
    let low = Made("low", Role::Learner, &[(0.0, 0.5, 0.7, 0.6), (1.0, 0.1, 0.5, 0.0)]);
    let runs = made(&[&STRONG, &low, &WEAK]);
    for metric in ["iso_quality_saving", "qnc", "qnc_orbit", "cost_save"] {
        assert_eq!(value(&runs, "low", metric, None), None, "{metric}");
        assert!(crate::summarise(&runs).unwrap().iter().all(|row| &*row.policy != "low" || &*row.metric != metric));
    }
}

#[test]
fn a_reward_that_holds_waiting_has_no_utility_at_other_weights() {
    let mut timed = ROUTER.replicate();
    timed.scores.iter_mut().filter(|score| score.metric == "reward").for_each(|score| score.value -= 0.1);
    timed.scores.push(score("latency_s", 0.5, 2.0));
    let runs = derived(&Run::of(&[timed]));
    assert_eq!(value(&runs, "router", "expected_utility", None), None);
    assert!(value(&runs, "router", "aiq", None).is_some());
}

#[test]
fn claims_may_be_about_what_is_made_of_stored_scores() {
    let claims = "[[claim]]\nid = 'x'\ntext = 't'\ncandidate = 'router'\nbaseline = 'a'\nmetric = 'task_mean_reward'\n\
                  phase = 'test'\nrelation = 'difference-at-least'\nthreshold = 0.0\n";
    let claims = crate::parse_claims(claims, "claims.toml").unwrap();
    let replicates: Vec<Replicate> =
        (0..3).flat_map(|replicate| [&ROUTER, &WEAK].map(|one| Replicate { replicate, ..one.replicate() })).collect();
    let verdicts = crate::decide(&claims, &Run::of(&replicates));
    assert_eq!((verdicts[0].verdict, verdicts[0].replicates), (crate::Decision::Pass, 3), "{}", verdicts[0].why);
}

#[test]
fn all_tasks_and_replicates_together_have_a_middle_and_a_gap_to_the_best_single_model_of_each_task() {
    let worse = Made("router", Role::Learner, &[(0.0, 0.5, 0.25, 0.6), (0.5, 0.3, 0.1, 0.3), (1.0, 0.1, 0.5, 0.0)]);
    let second = |made: &Made<'_>| Replicate { replicate: 1, ..made.replicate() };
    let all = [&ROUTER, &WEAK, &STRONG].map(Made::replicate).into_iter();
    let all: Vec<Replicate> = all.chain([&worse, &WEAK, &STRONG].map(second)).collect();
    let rows = aggregates(&Run::of(&all));
    let row =
        |policy: &str, metric: &str| rows.iter().find(|row| row.policy == policy && row.metric == metric).unwrap();
    let near = |found: f64, right: f64| assert!((found - right).abs() < 1e-12, "{found} for {right}");
    // Rewards of the router: .95 / 3 and .05 / 3, with +.1 for maths and -.05 for code; the weak model has .2 and so .3 and .15.
    let middle = row("router", "iqm_reward");
    near(middle.value, (0.95 / 3.0 - 0.05 + 0.05 / 3.0 + 0.1) / 2.0);
    near(row("router", "optimality_gap_reward").value, (0.2 - 0.05 / 3.0) / 2.0);
    near(row("b", "optimality_gap_reward").value, 0.2);
    near(row("a", "optimality_gap_reward").value, 0.0);
    assert!(middle.ci_low.unwrap() < middle.value && middle.ci_method.starts_with("jackknife"), "{middle:?}");
    assert_eq!((middle.replicates, middle.n, middle.outcomes, middle.tuning_trials), (2, 50, 7.0, 2));
    let alone = aggregates(&Run::of(&[ROUTER.replicate()]));
    assert_eq!((alone.len(), alone[0].ci_low), (1, None), "without single models there is no target");
}
