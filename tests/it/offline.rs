//! Routers that are fitted on full labels, on worlds where the right answer is known by hand.

use crate::support::Toy;
use policies::{POLICIES, Recipe};
use routing::{
    Choice, ContextsBuffer, Dollars, Objective, Preference, Problem, Round, Router, Seed, TrainingSet, random,
};
use serde_json::Value;

/// The router of policy `name` with `settings` in place of its defaults, fitted to `training`.
fn fitted(name: &str, settings: Value, problem: &Problem, training: &TrainingSet) -> Box<dyn Router> {
    let entry = POLICIES.iter().find(|entry| entry.name == name).unwrap();
    let mut parameters = (entry.defaults)();
    for (key, value) in settings.as_object().unwrap() {
        parameters[key] = value.clone();
    }
    let Recipe::Full(fit) = (entry.configure)(parameters).unwrap().recipe else { panic!("`{name}` takes full labels") };
    let router = fit(problem, training, &Seed::root(3));
    let restored = policies::restore(&router.save().unwrap(), problem).unwrap();
    for w_cost in [0.0, 0.4, 1.0] {
        let (mine, again) = (decide(&*router, training, w_cost), decide(&*restored, training, w_cost));
        assert_eq!(mine, again, "`{name}` with {settings} decides as it was saved");
    }
    router
}

/// What a router decides on the training prompts at one preference.
fn decide(router: &dyn Router, training: &TrainingSet, w_cost: f64) -> Vec<Choice> {
    let arms = training.arms();
    let mut requests = ContextsBuffer::new(training.dimension(), arms);
    for row in 0..training.len() {
        let preference = Preference::new(w_cost).unwrap();
        requests.push(
            Round(row as u64),
            training.feature_row(row),
            preference,
            &vec![Dollars(0.0); arms],
            &vec![true; arms],
        );
    }
    let mut choices = Vec::new();
    router.decide(&requests.view(), &mut choices);
    choices
}

fn share(choices: &[Choice], right: impl Fn(usize) -> usize) -> f64 {
    choices.iter().enumerate().filter(|(row, choice)| choice.arm.index() == right(*row)).count() as f64
        / choices.len() as f64
}

fn toy() -> (Toy, TrainingSet) {
    let toy = Toy::new(6, 3);
    let rows: Vec<usize> = (0..toy.table.len()).collect();
    let training = toy.table.training_set(&rows);
    (toy, training)
}

#[test]
fn router_dc_finds_the_model_of_each_cluster_and_knows_no_preference() {
    let (toy, training) = toy();
    let router = fitted("router-dc", serde_json::json!({}), &toy.problem, &training);
    let choices = decide(&*router, &training, 0.0);
    assert!(share(&choices, |row| row % 3) > 0.99, "the model that answers a cluster well is the most similar");
    let constant = (0..3).map(|arm| share(&choices, |_| arm)).fold(0.0, f64::max);
    assert!(constant < 0.4, "it is no constant choice");
    for w_cost in [0.3, 0.7, 1.0] {
        assert_eq!(choices, decide(&*router, &training, w_cost), "as published it chooses alike at every w");
    }
    assert!(choices.iter().all(|choice| choice.expected_reward.is_none()), "a cosine is no reward");
}

#[test]
fn router_dc_trained_on_the_reward_follows_the_preference() {
    let (toy, training) = toy();
    // Dear enough that the third model is worth its price in its own cluster only up to w_c = .58.
    let problem = Problem { objective: Objective::new(Dollars(0.004)), ..toy.problem };
    let router = fitted("router-dc", serde_json::json!({ "target": "reward" }), &problem, &training);
    let right = share(&decide(&*router, &training, 0.0), |row| row % 3);
    assert!(right > 0.99, "quality alone: {right} right");
    for w_cost in [0.8, 1.0] {
        let choices = decide(&*router, &training, w_cost);
        let dear = share(&choices, |_| 2);
        let third: Vec<Choice> = choices.into_iter().skip(2).step_by(3).collect();
        let cheap = share(&third, |_| 0);
        assert!(dear == 0.0 && cheap > 0.95, "w_c {w_cost}: {dear} the dearest, {cheap} of its cluster the cheapest");
    }
}

/// Two models and two features: the first model is right where both features have the same sign, the second elsewhere.
fn crossed() -> (Problem, TrainingSet) {
    let generator = &mut Seed::root(8).stream("crossed").at(Round(0));
    let (mut features, mut quality) = (Vec::new(), Vec::new());
    for _ in 0..600 {
        let (x, y) = (2.0 * random::uniform(generator) - 1.0, 2.0 * random::uniform(generator) - 1.0);
        features.extend([x as f32, y as f32]);
        quality.extend(if x * y > 0.0 { [1.0, 0.0] } else { [0.0, 1.0] });
    }
    let problem =
        Problem { models: vec!["same".into(), "other".into()], dimension: 2, objective: Objective::new(Dollars(1.0)) };
    (problem, TrainingSet::new(features, quality, vec![Dollars(0.5); 1200], 2, 2))
}

#[test]
fn an_mlp_learns_what_no_linear_regression_can() {
    let (problem, training) = crossed();
    let right = |name: &str, settings: Value| {
        let router = fitted(name, settings, &problem, &training);
        let best = |row: usize| usize::from(training.outcome(row, 1).unwrap().quality > 0.5);
        share(&decide(&*router, &training, 0.2), best)
    };
    let linear = right("ridge", serde_json::json!({}));
    assert!(linear < 0.65, "ridge: {linear}");
    for settings in [
        serde_json::json!({ "epochs": 300 }),
        serde_json::json!({ "epochs": 300, "networks": "one-a-model" }),
        serde_json::json!({ "epochs": 100, "hidden": [50, 50] }),
    ] {
        let curved = right("mlp", settings.clone());
        assert!(curved > 0.95, "mlp with {settings}: {curved}");
    }
}

#[test]
fn an_mlp_estimates_the_reward_that_it_gets() {
    let (problem, training) = crossed();
    let router = fitted("mlp", serde_json::json!({ "epochs": 2000 }), &problem, &training);
    let choices = decide(&*router, &training, 0.2);
    let expected = choices.iter().map(|choice| choice.expected_reward.unwrap()).sum::<f64>() / 600.0;
    // Right nearly always: .8 x 1 - .2 x .5.
    assert!((expected - 0.7).abs() < 0.04, "{expected}");
}

/// Two clusters of prompts and three models: quality .2, .6, 1 in the first and the other way round in the second; cost terms
/// .1, .2, .5 in both.
fn profiled() -> (Problem, TrainingSet) {
    let (mut features, mut quality, mut cost) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..40 {
        let aside = row as f32 / 400.0;
        if row % 2 == 0 {
            features.extend([1.0, aside]);
            quality.extend([0.2, 0.6, 1.0]);
        } else {
            features.extend([aside, 1.0]);
            quality.extend([1.0, 0.6, 0.2]);
        }
        cost.extend([0.1, 0.2, 0.5].map(Dollars));
    }
    let problem = Problem {
        models: vec!["small".into(), "middle".into(), "large".into()],
        dimension: 2,
        objective: Objective::new(Dollars(1.0)),
    };
    (problem, TrainingSet::new(features, quality, cost, 2, 3))
}

#[test]
fn avengers_pro_changes_its_mind_where_the_paper_s_score_does() {
    let (problem, training) = profiled();
    let settings = |scale: &str, nearest: u32| serde_json::json!({ "clusters": 2, "nearest": nearest, "scale": scale });
    let arms = |router: &dyn Router, alpha: f64| {
        let choices = decide(router, &training, 1.0 - alpha);
        assert!(choices.iter().enumerate().all(|(row, choice)| choice.arm == choices[row % 2].arm), "one in a cluster");
        [choices[0].arm.index(), choices[1].arm.index()]
    };
    // First cluster: p~ = 0, 1/2, 1 and q~ = 0, 1/4, 1, so the middle overtakes the small model at alpha = 1/3 and the large
    // one the middle at 3/5. In the second the small model is best and cheapest.
    let scaled = fitted("avengers-pro", settings("cluster", 1), &problem, &training);
    for (alpha, wanted) in [(0.32, 0), (0.35, 1), (0.58, 1), (0.62, 2), (1.0, 2)] {
        assert_eq!(arms(&*scaled, alpha), [wanted, 0], "alpha {alpha}");
    }
    // Averaged over both clusters all models are equally good.
    let both = fitted("avengers-pro", settings("cluster", 2), &problem, &training);
    assert_eq!(arms(&*both, 0.9), [0, 0]);
    // In the reward itself the changes come at .4 w_q = .1 w_c and .4 w_q = .3 w_c.
    let plain = fitted("avengers-pro", settings("reward", 1), &problem, &training);
    for (alpha, wanted) in [(0.19, 0), (0.21, 1), (0.42, 1), (0.44, 2)] {
        assert_eq!(arms(&*plain, alpha), [wanted, 0], "w_q {alpha}");
    }
}

#[test]
fn avengers_pro_expects_a_reward_only_on_the_scale_of_the_reward() {
    let (problem, training) = profiled();
    let first = |scale: &str| {
        let settings = serde_json::json!({ "clusters": 2, "nearest": 1, "scale": scale });
        decide(&*fitted("avengers-pro", settings, &problem, &training), &training, 0.5)[0].expected_reward
    };
    assert_eq!(first("cluster"), None);
    let expected = first("reward").unwrap();
    assert!((expected - (0.5 - 0.25)).abs() < 1e-6, "the large model in the first cluster: {expected}");
}
