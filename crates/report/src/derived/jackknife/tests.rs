use super::super::{derived, in_groups};
use super::*;
use crate::comparison::compare;
use crate::evidence::{Bought, Evidence, Number, Paired};
use routing::random::{normal, uniform};
use statistics::Interval;
use store::words::{ALL_TASKS, metric, phase};
use store::{Direction, Identity, Replicate, Score, TestedFrame};

const MODELS: [&str; 2] = ["a", "b"];
const WEIGHTS: [f64; 3] = [0.0, 0.5, 1.0];

/// A prompt: cluster, task, and (quality, dollars) of each model; dollars count as they are in the reward.
#[derive(Clone, Copy)]
struct Prompt {
    cluster: u32,
    task: &'static str,
    outcomes: [(f64, f64); 2],
    signal: f64,
}

/// What a prompt got: task, place of the model, quality, dollars, reward.
type Row = (&'static str, usize, f64, f64, f64);

/// The cell of a policy that sends a prompt at a weight to the model at the place that `choose` says.
fn cell(policy: &str, replicate: u32, prompts: &[Prompt], choose: impl Fn(f64, &Prompt) -> usize) -> Run {
    let (mut frame, mut scores) = (TestedFrame::default(), Vec::new());
    let mut sweep = 0.0;
    for weight in WEIGHTS {
        let row = |prompt: &Prompt| {
            let model = choose(weight, prompt);
            let (quality, dollars) = prompt.outcomes[model];
            (prompt.task, model, quality, dollars, (1.0 - weight) * quality - weight * dollars)
        };
        let rows: Vec<Row> = prompts.iter().map(row).collect();
        for (prompt, &(task, model, quality, dollars, reward)) in prompts.iter().zip(&rows) {
            frame.sample_id.push(Some(prompt.cluster.to_string()));
            frame.cluster.push(Some(prompt.cluster.into()));
            frame.task.push(Some(task.into()));
            frame.model.push(Some(MODELS[model].into()));
            let numbers = [&mut frame.w_cost, &mut frame.quality, &mut frame.cost_usd, &mut frame.reward];
            numbers.into_iter().zip([weight, quality, dollars, reward]).for_each(|(to, value)| to.push(Some(value)));
            frame.regret.push(Some(0.0));
        }
        let mut push = |metric: &str, task: &str, arm: Option<&str>, of: &dyn Fn(&Row) -> f64| {
            let own: Vec<f64> = rows.iter().filter(|row| task == ALL_TASKS || row.0 == task).map(of).collect();
            if own.is_empty() {
                return 0.0;
            }
            let value = own.iter().sum::<f64>() / own.len() as f64;
            scores.push(Score { arm: arm.map(str::to_owned), ..score(metric, task, Some(weight), value) });
            value
        };
        sweep += push(metric::REWARD, ALL_TASKS, None, &|row| row.4) / WEIGHTS.len() as f64;
        push(metric::QUALITY, ALL_TASKS, None, &|row| row.2);
        push(metric::COST, ALL_TASKS, None, &|row| row.3);
        for task in ["maths", "code"] {
            push(metric::REWARD, task, None, &|row| row.4);
        }
        for (place, arm) in MODELS.into_iter().enumerate() {
            push(metric::ARM_SHARE, ALL_TASKS, Some(arm), &|row| f64::from(u8::from(row.1 == place)));
        }
    }
    scores.push(score(metric::SWEEP_REWARD, ALL_TASKS, None, sweep));
    frame.prompts = [prompts.len() as u64; 2];
    let role = if MODELS.contains(&policy) { Role::SingleModel } else { Role::Learner };
    let model = MODELS.contains(&policy).then(|| policy.into());
    let identity = Identity { model, ..Identity::new("kind", role) };
    let replicate = Replicate { environment: "e".into(), policy: policy.into(), identity, replicate, scores };
    Run::of(&[replicate]).remove(0).with_tested(&frame, true)
}

fn score(metric: &str, task: &str, w_cost: Option<f64>, value: f64) -> Score {
    Score {
        phase: phase::TEST.into(),
        round: 9,
        w_cost,
        task: task.into(),
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

/// A router and both single models on the same prompts.
fn replicate(number: u32, prompts: &[Prompt], choose: impl Fn(f64, &Prompt) -> usize) -> Vec<Run> {
    vec![
        cell("router", number, prompts, choose),
        cell("a", number, prompts, |_, _| 0),
        cell("b", number, prompts, |_, _| 1),
    ]
}

/// Prompts of a population in which model `b` is better and dearer, and a signal says where `a` is as good.
fn drawn(experiment: u64, count: u32) -> Vec<Prompt> {
    let mut generator = Seed::root(3).stream("prompts").at(Round(experiment));
    let prompt = |cluster: u32| {
        let hard = normal(&mut generator);
        let mut answer = |ease: f64| f64::from(u8::from(uniform(&mut generator) < ease));
        let [a, b] = [answer(if hard > 0.0 { 0.25 } else { 0.85 }), answer(if hard > 0.0 { 0.9 } else { 0.5 })];
        let length = 0.5 + uniform(&mut generator);
        let task = if uniform(&mut generator) < 0.3 { "maths" } else { "code" };
        let signal = hard + 0.5 * normal(&mut generator);
        Prompt { cluster, task, outcomes: [(a, 0.1 * length), (b, 0.6 * length)], signal }
    };
    (0..count).map(prompt).collect()
}

fn by_signal(weight: f64, prompt: &Prompt) -> usize {
    usize::from(prompt.signal > [-0.3, 0.4, 1.5][WEIGHTS.iter().position(|own| *own == weight).unwrap()])
}

fn about(metric: &str) -> About<'_> {
    About { phase: phase::TEST, metric, task: ALL_TASKS, w_cost: None, arm: None }
}

/// The interval of `metric` of the router.
fn interval(runs: &[Run], metric: &str) -> Interval {
    let side = Evidence::of(runs.iter().filter(|run| run.policy == "router"));
    let latest = side.latest(&about(metric), Bought::default());
    let (places, values): (Vec<usize>, Vec<f64>) =
        latest.iter().filter(|one| one.1.value.is_finite()).map(|(place, one)| (*place, one.value)).unzip();
    side.interval(&about(metric), &places, &values)
}

fn width(interval: &Interval) -> f64 {
    interval.high.unwrap() - interval.low.unwrap()
}

/// The influences of the groups on `metric` of the router.
fn influences(runs: &[Run], metric: &str) -> Option<Vec<f64>> {
    let run = runs.iter().find(|run| run.policy == "router").unwrap();
    let place = run.scores.quantities().iter().position(|quantity| &*quantity.metric == metric).unwrap();
    Some(run.influences.as_ref()?.of(place)?.into_iter().map(|(_, value)| value).collect())
}

/// Three prompts that are dealt into groups 0, 1 and 2 of three.
fn three(outcomes: [[(f64, f64); 2]; 3]) -> Vec<Prompt> {
    let group = |cluster: u32| {
        let row = store::TestedRow {
            cluster,
            task: 0,
            model: 0,
            w_cost: 0.0,
            quality: 0.0,
            cost_usd: 0.0,
            reward: 0.0,
            regret: 0.0,
        };
        Dealt::of(&Tested { rows: vec![row], ..Tested::default() }, 3).groups[0]
    };
    let cluster = |own: u32| (0..).find(|cluster| group(*cluster) == own).unwrap();
    let prompt = |(own, outcomes)| Prompt { cluster: cluster(own), task: "maths", outcomes, signal: 0.0 };
    (0..).zip(outcomes).map(prompt).collect()
}

#[test]
fn three_groups_move_a_metric_as_is_worked_out_by_hand() {
    let prompts = three([[(0.2, 0.1), (0.6, 0.3)], [(0.5, 0.1), (0.9, 0.4)], [(0.8, 0.1), (0.9, 0.5)]]);
    let last = prompts[2].cluster;
    let choose = |weight: f64, prompt: &Prompt| usize::from(weight < 0.5 && prompt.cluster != last);
    let made = in_groups(&replicate(0, &prompts, choose), 3);
    let check = |metric: &str, without: [f64; 3]| {
        let (found, mean) = (influences(&made, metric).unwrap(), without.iter().sum::<f64>() / 3.0);
        for (found, without) in found.iter().zip(without) {
            assert!((found - -2.0 / 3.0 * (without - mean)).abs() < 1e-12, "{metric}: {found}");
        }
    };
    // Best qualities (.9 + .8) / 2 beside .9, (.6 + .8) / 2 beside .75, and .75 beside .75.
    check("perf_gain", [-0.05 / 0.9, -0.05 / 0.75, 0.0]);
    // Two settings, so the height of the hull is the mean of both: a alone has .65, .5, .35.
    check("aiq", [0.5 * (0.65 + 0.85), 0.5 * (0.5 + 0.7), 0.5 * (0.35 + 0.75)]);
}

/// The router minus model `a` in the mean of `about`.
fn ahead(runs: &[Run], parts: Vec<About<'_>>) -> Interval {
    let side = |policy: &str| Evidence::of(runs.iter().filter(|run| run.policy == policy).collect::<Vec<_>>());
    let (router, other) = (side("router"), side("a"));
    let number = |side| Number { side, about: parts.clone(), bought: Bought::default() };
    Paired::new(number(&router), number(&other)).difference()
}

#[test]
fn of_a_mean_the_interval_by_groups_is_that_by_clusters() {
    let experiment = |seed: u64| -> Vec<Run> {
        let of = |number: u32| {
            let prompts = drawn(seed, 90);
            let tested: Vec<Prompt> =
                prompts.into_iter().filter(|prompt| !(prompt.cluster + number).is_multiple_of(3)).collect();
            replicate(number, &tested, by_signal)
        };
        (0..3).flat_map(of).collect()
    };
    let by_clusters = |runs: &[Run]| {
        let part = |task| WEIGHTS.map(|w| About { w_cost: Some(w), task, ..about(metric::REWARD) });
        ahead(runs, ["maths", "code"].into_iter().flat_map(part).collect())
    };
    let by_groups = |runs: &[Run], count: usize| ahead(&in_groups(runs, count), vec![about("task_mean_reward")]);
    let runs = experiment(0);
    let (clusters, alone) = (by_clusters(&runs), by_groups(&runs, 1_000_000));
    assert!((alone.mean - clusters.mean).abs() < 1e-12);
    assert!((width(&alone) / width(&clusters) - 1.0).abs() < 0.02, "one cluster a group: {alone:?} {clusters:?}");
    let squares = |seed: u64| {
        let runs = experiment(seed);
        let ratio = width(&by_groups(&runs, 20)) / width(&by_clusters(&runs));
        ratio * ratio
    };
    let mean = (1..=100).map(squares).sum::<f64>() / 100.0;
    // t of 19 degrees of freedom is wider than that of 89 by 5.3 %.
    assert!((0.93..1.07).contains(&(mean / (1.053 * 1.053))), "{mean}");
}

#[test]
fn nineteen_in_twenty_intervals_hold_the_truth_of_metrics_that_are_no_means() {
    let metrics = ["aiq", "iso_quality_saving"];
    let population = in_groups(&replicate(0, &drawn(1 << 32, 200_000), by_signal), 2);
    let truth = metrics.map(|metric| interval(&population, metric).mean);
    let (experiments, mut held) = (400, [0_u32; 2]);
    for experiment in 0..experiments {
        let made = derived(&replicate(0, &drawn(experiment, 400), by_signal));
        for ((held, metric), truth) in held.iter_mut().zip(metrics).zip(truth) {
            let found = interval(&made, metric);
            *held += u32::from(found.low.unwrap() <= truth && truth <= found.high.unwrap());
        }
    }
    for (held, metric) in held.into_iter().zip(metrics) {
        let coverage = f64::from(held) / experiments as f64;
        assert!((0.90..=0.98).contains(&coverage), "{metric}: {coverage}");
    }
}

#[test]
fn replicates_that_test_the_same_prompts_are_worth_one_and_the_method_says_so() {
    let of = |count: u32| -> Vec<Run> {
        derived(&(0..count).flat_map(|number| replicate(number, &drawn(5, 300), by_signal)).collect::<Vec<_>>())
    };
    let [one, five] = [of(1), of(5)].map(|runs| interval(&runs, "hypervolume"));
    assert!((width(&one) - width(&five)).abs() < 1e-9, "{one:?} {five:?}");
    assert_eq!(one.method, "95% by up to 20 groups of prompts (jackknife): new prompts, this training");
    assert!(five.method.starts_with("95% by up to 20 groups of prompts (jackknife) and replicates"), "{}", five.method);
}

#[test]
fn differences_are_paired_by_group_in_claims_and_comparisons() {
    let mut runs: Vec<Run> = (0..3).flat_map(|number| replicate(number, &drawn(8, 300), by_signal)).collect();
    let worse =
        |weight: f64, prompt: &Prompt| by_signal(weight, prompt) * usize::from(!prompt.cluster.is_multiple_of(10));
    runs.extend((0..3).map(|number| cell("worse", number, &drawn(8, 300), worse)));
    let found = compare(&runs, "e", "aiq", "router", "worse");
    assert_eq!((found.len(), found[0].replicates), (1, 3));
    assert!(found[0].interval.method.contains("(jackknife) and replicates"), "{:?}", found[0]);
    let made = derived(&runs);
    assert!(width(&found[0].interval) < 0.7 * width(&interval(&made, "aiq")), "{:?}", found[0]);
    let side = |policy: &str| Evidence::of(made.iter().filter(|run| run.policy == policy).collect::<Vec<_>>());
    let (router, other) = (side("router"), side("worse"));
    let pairs = Paired::new(Number::new(&router, about("aiq")), Number::new(&other, about("aiq")));
    assert_eq!(pairs.difference(), found[0].interval);
    assert!(pairs.contrast(1.0).unwrap().freedom < 20.0);
    assert!(pairs.gain().method.contains("(jackknife)"));
}

#[test]
fn what_does_not_exist_without_some_group_says_that_its_interval_covers_no_new_prompts() {
    // Without the first prompt the router is never as good as the best model.
    let prompts = three([[(0.9, 0.1), (0.1, 0.3)], [(0.1, 0.1), (0.5, 0.4)], [(0.1, 0.1), (0.6, 0.5)]]);
    let second = prompts[1].cluster;
    let choose = |weight: f64, prompt: &Prompt| usize::from(weight < 0.5 && prompt.cluster == second);
    let runs: Vec<Run> = (0..2).flat_map(|number| replicate(number, &prompts, choose)).collect();
    let made = in_groups(&runs, 3);
    let reached = influences(&made, "qnc_orbit");
    assert!(reached.is_none() && influences(&made, "hypervolume").is_some(), "{reached:?}");
    let found = interval(&made, "qnc_orbit");
    assert_eq!(found.method, "student-t 95% over replicates: new trainings, these rows alone");
    assert_eq!(interval(&made[..3], "qnc_orbit").method, "none (1 replicate)");
}

#[test]
fn independent_replicates_read_no_rows() {
    let of = |number: u32| replicate(number, &drawn(number.into(), 50), by_signal);
    let generated = |mut run: Run| {
        run.recorded = false;
        run
    };
    let runs: Vec<Run> = (0..2).flat_map(of).map(generated).collect();
    assert!(derived(&runs).iter().all(|run| run.influences.is_none()));
    assert!(derived(&runs[..3]).iter().all(|run| run.influences.is_some()), "one replicate has its prompts alone");
}
