use super::*;
use routing::{Round, Seed, random};

/// Rows with clusters of their own, of (weight, outcome, predicted, expected).
fn rows(given: &[(f64, f64, f64, f64)]) -> Vec<LoggedRow> {
    let row = |(cluster, &(weight, outcome, predicted, expected)): (u32, _)| LoggedRow {
        cluster,
        chance: 0.5 * weight,
        weight,
        outcome,
        predicted,
        expected,
        leverage: Some(0.0),
    };
    (0..).zip(given).map(row).collect()
}

fn gathered(given: &[(f64, f64, f64, f64)]) -> OffPolicy {
    OffPolicy::of(&rows(given))
}

/// Worked by hand: w = (2, 0, 1, 1), r = (1, 1, 0, .5), m = (.5, .5, .5, .5), expected = (.5, .5, .4, .6).
const FOUR: [(f64, f64, f64, f64); 4] =
    [(2.0, 1.0, 0.5, 0.5), (0.0, 1.0, 0.5, 0.5), (1.0, 0.0, 0.5, 0.4), (1.0, 0.5, 0.5, 0.6)];

#[test]
fn four_rows_have_known_answers() {
    let all = gathered(&FOUR);
    let value = |estimator| all.estimate(estimator).mean;
    assert!((value(Estimator::Ips) - 2.5 / 4.0).abs() < 1e-15);
    assert!((value(Estimator::Snips) - 2.5 / 4.0).abs() < 1e-15);
    assert!((value(Estimator::Replay) - 2.5 / 4.0).abs() < 1e-15);
    assert!((value(Estimator::DirectMethod) - 0.5).abs() < 1e-15);
    assert!((value(Estimator::DoublyRobust) - (0.5 + (1.0 - 0.5) / 4.0)).abs() < 1e-15);
    assert!((value(Estimator::SelfNormalisedRobust) - (0.5 + (1.0 - 0.5) / 4.0)).abs() < 1e-15);
    assert!((all.effective() - 16.0 / 6.0).abs() < 1e-12);
    assert_eq!((all.largest_weight(), all.matched(), all.rows(), all.clusters()), (2.0, 3, 4, 4));
    // SNIPS: w (r - v) / (1 - w / 4) = 1.5, 0, -.8333, -.1667 with squares 2.97222; error sqrt(2.97222 4 / 3) / 4.
    assert!((all.standard_error(Estimator::Snips) - (107.0_f64 / 36.0 * 4.0 / 3.0).sqrt() / 4.0).abs() < 1e-12);
    // IPS: values 2, 0, 0, .5 with mean .625; squares 1.890625 + .390625 + .390625 + .015625 = 2.6875.
    assert!((all.standard_error(Estimator::Ips) - (2.6875f64 / 12.0).sqrt()).abs() < 1e-12);
    assert_eq!(all.flaw(), Some(Flaw::FewEffective { effective: all.effective() }));
    assert_eq!(all.estimate(Estimator::Ips).method, OVER_ROWS);
}

#[test]
fn self_normalisation_forgives_a_mean_weight_that_is_not_one() {
    // w = (3, 0, 1, 1): SNDR corrects by 1 / 5, doubly robust by 1 / 4.
    let mut given = FOUR;
    given[0].0 = 3.0;
    let all = gathered(&given);
    assert!((all.estimate(Estimator::SelfNormalisedRobust).mean - (0.5 + 1.0 / 5.0)).abs() < 1e-15);
    assert!((all.estimate(Estimator::DoublyRobust).mean - (0.5 + 1.0 / 4.0)).abs() < 1e-15);
}

#[test]
fn rows_written_again_or_in_another_order_change_nothing() {
    let given: Vec<(f64, f64, f64, f64)> = (0..200)
        .map(|at| (f64::from(at % 3), f64::from(at % 5) / 4.0, f64::from(at % 3) / 2.0, f64::from(at % 7) / 6.0))
        .collect();
    let single = rows(&given);
    let mut double = [single.clone(), single.clone()].concat();
    double.sort_by(|a, b| a.outcome.total_cmp(&b.outcome));
    let [one, two] = [&single, &double].map(|rows| OffPolicy::of(rows));
    assert!((one.effective() - two.effective()).abs() < 1e-9);
    for estimator in Estimator::ALL {
        let [a, b] = [&one, &two].map(|all| all.estimate(estimator));
        assert!((a.mean - b.mean).abs() < 1e-14, "{estimator:?}");
        let ends = [(a.low, b.low), (a.high, b.high)];
        assert!(
            ends.iter().all(|(a, b)| (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-12),
            "{estimator:?} {a:?} {b:?}"
        );
    }
    assert_eq!(two.estimate(Estimator::Ips).method, BY_CLUSTER);
}

#[test]
fn what_has_no_interval_says_why() {
    let mut given = rows(&FOUR);
    given[1].leverage = None;
    given[3].chance = 0.25;
    let all = OffPolicy::of(&given);
    for (estimator, word) in [(Estimator::DirectMethod, "task alone"), (Estimator::Replay, "equal chances")] {
        let interval = all.estimate(estimator);
        assert!(interval.low.is_none() && interval.method.contains(word), "{interval:?}");
    }
    given.iter_mut().for_each(|row| row.cluster = 7);
    assert_eq!(OffPolicy::of(&given).estimate(Estimator::Ips).method, "none (all rows move together)");
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    assert_eq!(gathered(&[]).flaw(), Some(Flaw::NoSupport));
    assert!(gathered(&[]).estimate(Estimator::Ips).mean.is_nan());
    let unsupported = gathered(&[(0.0, 1.0, 0.5, 0.5); 100]);
    assert_eq!(unsupported.flaw(), Some(Flaw::NoSupport));
    assert!(unsupported.estimate(Estimator::Snips).mean.is_nan());
    assert_eq!(gathered(&[(1.0, 1.0, 0.0, 0.0); 100]).flaw(), None);
    assert!(matches!(gathered(&[(2.0, 1.0, 0.0, 0.0); 100]).flaw(), Some(Flaw::MeanWeight { mean: 2.0, .. })));
    assert_eq!(weight(0.5, 0.0).unwrap_err().to_string(), "the propensity must lie in (0, 1], got 0");
    assert_eq!(weight(1.5, 0.5).unwrap_err().to_string(), "the target's probability must lie in [0, 1], got 1.5");
    assert!(weight(0.5, f64::NAN).is_err());
    assert_eq!(weight(0.5, 0.25), Ok(2.0));
}

/// A log of `rows` over two kinds of request and three arms; the truth of the target is known in closed form. `bias` is
/// added to the model.
fn simulated(replicate: u64, count: u32, bias: f64) -> OffPolicy {
    const LOGGING: [[f64; 3]; 2] = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]];
    let mut generator = Seed::root(5).stream("off-policy").at(Round(replicate));
    let mut all = Vec::new();
    for cluster in 0..count {
        let kind = random::below(&mut generator, 2);
        let draw = random::uniform(&mut generator);
        let logging = LOGGING[kind];
        let arm = if draw < logging[0] { 0 } else { 1 + usize::from(draw >= logging[0] + logging[1]) };
        let outcome = f64::from(u8::from(random::uniform(&mut generator) < MEANS[kind][arm]));
        let expected: f64 = (0..3).map(|arm| TARGET[kind][arm] * (MEANS[kind][arm] + bias)).sum();
        let weight = weight(TARGET[kind][arm], logging[arm]).unwrap();
        let (chance, predicted) = (TARGET[kind][arm], MEANS[kind][arm] + bias);
        all.push(LoggedRow { cluster, chance, weight, outcome, predicted, expected, leverage: None });
    }
    OffPolicy::of(&all)
}

const MEANS: [[f64; 3]; 2] = [[0.2, 0.5, 0.9], [0.8, 0.4, 0.1]];
const TARGET: [[f64; 3]; 2] = [[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]];
/// Half the requests earn .9, the others the mean of .8 and .4.
const TRUTH: f64 = 0.75;

#[test]
fn estimates_are_unbiased_and_intervals_hold_the_truth() {
    let replicates = 2000;
    for (estimator, bias) in [
        (Estimator::Ips, 0.0),
        (Estimator::Snips, 0.0),
        (Estimator::DoublyRobust, 0.0),
        (Estimator::DoublyRobust, -0.4),
        (Estimator::SelfNormalisedRobust, 0.0),
        (Estimator::SelfNormalisedRobust, -0.4),
    ] {
        let (mut sum, mut held) = (0.0, 0);
        for replicate in 0..replicates {
            let interval = simulated(replicate, 400, bias).estimate(estimator);
            sum += interval.mean;
            held += u32::from(interval.low.unwrap() <= TRUTH && TRUTH <= interval.high.unwrap());
        }
        let (mean, coverage) = (sum / replicates as f64, f64::from(held) / replicates as f64);
        assert!((mean - TRUTH).abs() < 0.01, "{estimator:?} {bias}: {mean}");
        assert!((coverage - CONFIDENCE).abs() < 0.025, "{estimator:?} {bias}: {coverage}");
    }
}

#[test]
fn a_wrong_model_misleads_the_direct_method_alone() {
    let all = simulated(0, 20_000, -0.4);
    assert!((all.estimate(Estimator::DirectMethod).mean - (TRUTH - 0.4)).abs() < 0.02);
    assert!((all.estimate(Estimator::DoublyRobust).mean - TRUTH).abs() < 0.05);
    assert_eq!(all.flaw(), None);
}

#[test]
fn agreement_needs_an_interval_within_the_margin() {
    assert_eq!(agreement(0.005, 0.001, 0.03, 1), Agreement::Agree);
    assert_eq!(agreement(0.1, 0.01, 0.03, 1), Agreement::Disagree);
    assert_eq!(agreement(0.01, 0.02, 0.03, 1), Agreement::Open);
    assert_eq!(agreement(0.021, 0.01, 0.001, 1), Agreement::Disagree);
    assert_eq!(agreement(0.021, 0.01, 0.001, 20), Agreement::Open);
}
