use super::*;
use routing::{Round, Seed, random};

fn gathered(rows: &[(f64, f64, f64, f64)]) -> OffPolicy {
    let mut all = OffPolicy::default();
    for &(weight, outcome, predicted, expected) in rows {
        all.add(&LoggedRow { weight, outcome, predicted, expected });
    }
    all
}

/// Worked by hand: w = (2, 0, 1, 1), r = (1, 1, 0, .5), m = (.5, .5, .5, .5), expected = (.5, .5, .4, .6).
#[test]
fn four_rows_have_known_answers() {
    let all = gathered(&[(2.0, 1.0, 0.5, 0.5), (0.0, 1.0, 0.5, 0.5), (1.0, 0.0, 0.5, 0.4), (1.0, 0.5, 0.5, 0.6)]);
    let value = |estimator| all.estimate(estimator).mean;
    assert!((value(Estimator::Ips) - 2.5 / 4.0).abs() < 1e-15);
    assert!((value(Estimator::Snips) - 2.5 / 4.0).abs() < 1e-15);
    assert!((value(Estimator::DirectMethod) - 0.5).abs() < 1e-15);
    assert!((value(Estimator::DoublyRobust) - (0.5 + (1.0 - 0.5) / 4.0)).abs() < 1e-15);
    assert!((all.effective() - 16.0 / 6.0).abs() < 1e-12);
    assert_eq!((all.largest_weight(), all.matched(), all.rows()), (2.0, 3, 4));
    // SNIPS: squares 4 (.375)^2 + 1 (.625)^2 + 1 (.125)^2 = .96875; error sqrt(.96875) / 4.
    assert!((all.standard_error(Estimator::Snips) - 0.96875f64.sqrt() / 4.0).abs() < 1e-12);
    // IPS: values 2, 0, 0, .5 with mean .625; squares 1.890625 + .390625 + .390625 + .015625 = 2.6875.
    assert!((all.standard_error(Estimator::Ips) - (2.6875f64 / 12.0).sqrt()).abs() < 1e-12);
    assert_eq!(all.flaw(), Some(Flaw::FewEffective { effective: all.effective() }));
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    assert_eq!(OffPolicy::default().flaw(), Some(Flaw::NoSupport));
    assert!(OffPolicy::default().estimate(Estimator::Ips).mean.is_nan());
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
fn simulated(replicate: u64, rows: usize, bias: f64) -> OffPolicy {
    const LOGGING: [[f64; 3]; 2] = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]];
    let mut generator = Seed::root(5).stream("off-policy").at(Round(replicate));
    let mut all = OffPolicy::default();
    for _ in 0..rows {
        let kind = random::below(&mut generator, 2);
        let draw = random::uniform(&mut generator);
        let logging = LOGGING[kind];
        let arm = if draw < logging[0] { 0 } else { 1 + usize::from(draw >= logging[0] + logging[1]) };
        let outcome = f64::from(u8::from(random::uniform(&mut generator) < MEANS[kind][arm]));
        let expected: f64 = (0..3).map(|arm| TARGET[kind][arm] * (MEANS[kind][arm] + bias)).sum();
        let weight = weight(TARGET[kind][arm], logging[arm]).unwrap();
        all.add(&LoggedRow { weight, outcome, predicted: MEANS[kind][arm] + bias, expected });
    }
    all
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
