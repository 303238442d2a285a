//! Censored times over replicates: how long until a policy recovered from a change, or heard it.
//!
//! A mean over times of which some are only known to be longer is no mean; the summary carries Kaplan-Meier curves instead.

use crate::charts::distinct;
use statistics::{Interval, Lifetime, kaplan_meier};
use std::collections::BTreeMap;
use store::words::metric;
use store::{Direction, Identity, Label, Measurement, Run, SummaryRow};

/// A time, whether its event was seen, and what the summary calls its median and curve.
struct Censored {
    time: &'static str,
    seen: &'static str,
    median: &'static str,
    curve: &'static str,
}

const CENSORED: [Censored; 2] = [
    Censored {
        time: metric::RECOVERY_ROUNDS,
        seen: metric::RECOVERED,
        median: metric::RECOVERY_MEDIAN,
        curve: metric::RECOVERY_CURVE,
    },
    Censored {
        time: metric::DETECTION_DELAY,
        seen: metric::DETECTED,
        median: metric::DETECTION_MEDIAN,
        curve: metric::DETECTION_CURVE,
    },
];

/// Environment and policy.
type Name<'a> = (&'a Label, &'a Label);

/// Whether `metric` is a right-censored time, of which no mean is taken.
pub(crate) fn is_censored(metric: &str) -> bool {
    CENSORED.iter().any(|kind| kind.time == metric)
}

/// For each environment, policy, phase and kind of censored time: the median over replicates where it is reached
/// (`recovery_median`, `detection_median`, in rounds), and the steps of the curve (`recovery_curve`, `detection_curve`:
/// share for which it has not come yet, `round` being rounds since the change), from 1 at round 0.
pub(crate) fn rows(runs: &[Run]) -> Vec<SummaryRow> {
    let mut names: Vec<Name<'_>> = Vec::new();
    let mut own: BTreeMap<Name<'_>, (&Identity, Vec<Measurement<'_>>)> = BTreeMap::new();
    for run in runs {
        let name = (&run.environment, &run.policy);
        let (_, scores) = own.entry(name).or_insert_with(|| {
            names.push(name);
            (&run.identity, Vec::new())
        });
        let about = |metric: &str| CENSORED.iter().any(|kind| kind.time == metric || kind.seen == metric);
        let places = run.scores.quantities().iter().enumerate().filter(|(_, quantity)| about(&quantity.metric));
        scores.extend(places.map(|(place, _)| run.scores.get(place)));
    }
    let mut rows: Vec<SummaryRow> = Vec::new();
    for name in names {
        let start = rows.len();
        let (identity, scores) = &own[&name];
        for kind in &CENSORED {
            let times = scores.iter().filter(|score| score.metric == kind.time);
            for phase in distinct(times.map(|score| &score.quantity.phase)) {
                of_phase(kind, name, &phase, scores, &mut rows);
            }
        }
        rows[start..].iter_mut().for_each(|row| row.identity = (*identity).clone());
    }
    rows
}

/// Appends the rows of one policy and phase.
fn of_phase(
    kind: &Censored,
    (environment, policy): Name<'_>,
    phase: &str,
    scores: &[Measurement<'_>],
    rows: &mut Vec<SummaryRow>,
) {
    let of = |metric: &'static str| scores.iter().filter(move |score| score.phase == phase && score.metric == metric);
    let lives: Vec<Lifetime> = of(kind.time)
        .zip(of(kind.seen))
        .filter(|(time, _)| time.value.is_finite())
        .map(|(time, seen)| Lifetime { time: time.value, seen: seen.value > 0.5 })
        .collect();
    let Some(first) = of(kind.time).next().filter(|_| !lives.is_empty()) else { return };
    let row = |metric: &str, unit: &str, interval: &Interval, n: usize, round: u64| SummaryRow {
        environment: environment.clone(),
        policy: policy.clone(),
        identity: Identity::default(),
        phase: phase.into(),
        w_cost: None,
        task: first.task.clone(),
        metric: metric.into(),
        unit: unit.into(),
        direction: Direction::Down,
        value: interval.mean,
        ci_low: interval.low,
        ci_high: interval.high,
        ci_method: interval.method.into(),
        replicates: lives.len() as u64,
        n: n as u64,
        round,
        arm: None,
        outcomes: first.standing.outcomes as f64,
        dollars: first.standing.dollars,
        tuning_trials: first.standing.tuning_trials,
    };
    let survival = kaplan_meier(&lives);
    if let Some(median) = &survival.median {
        rows.push(row(kind.median, "rounds", median, lives.len(), first.standing.round));
    }
    let whole = Interval { mean: 1.0, low: None, high: None, method: "none (all or none are left)" };
    // Who is back at once leaves no moment at which nobody was.
    if survival.steps.first().is_none_or(|step| step.time > 0.0) {
        rows.push(row(kind.curve, "share", &whole, lives.len(), 0));
    }
    let steps = survival.steps.iter();
    rows.extend(steps.map(|step| row(kind.curve, "share", &step.survival, step.at_risk, step.time as u64)));
}

#[cfg(test)]
mod tests {
    use store::{Direction, Identity, Replicate, Run, Score};

    fn score(metric: &str, value: f64) -> Score {
        Score {
            phase: "phase 2".into(),
            round: 2000,
            w_cost: None,
            task: "all".into(),
            arm: None,
            metric: metric.into(),
            unit: "rounds".into(),
            direction: Direction::Down,
            value,
            n: 1000,
            outcomes: 2000,
            dollars: 1.0,
            tuning_trials: 0,
        }
    }

    #[test]
    fn who_is_back_at_once_begins_the_curve() {
        let replicate = |number: u32, time: f64| Replicate {
            environment: "moves".into(),
            policy: "p".into(),
            identity: Identity::new("lin-ucb", store::Role::Learner),
            replicate: number,
            scores: vec![score("recovery_rounds", time), score("recovered", 1.0)],
        };
        let rows = crate::summarise(&Run::of(&[replicate(0, 0.0), replicate(1, 100.0)])).unwrap();
        let curve = rows.iter().filter(|row| row.metric == "recovery_curve");
        assert!(curve.map(|row| (row.round, row.value)).eq([(0, 0.5), (100, 0.0)]));
        assert!(store::repeated(&rows).is_none() && rows.iter().all(|row| row.identity.kind == "lin-ucb"));
    }

    #[test]
    fn censored_times_become_a_curve_and_a_median_and_never_a_mean() {
        let replicate = |number: u32, time: f64, seen: f64| Replicate {
            environment: "moves".into(),
            policy: "p".into(),
            identity: Identity::default(),
            replicate: number,
            scores: vec![score("recovery_rounds", time), score("recovered", seen)],
        };
        let all = [replicate(0, 300.0, 1.0), replicate(1, 1000.0, 0.0), replicate(2, 100.0, 1.0)];
        let rows = crate::summarise(&Run::of(&all)).unwrap();
        assert!(rows.iter().all(|row| row.metric != "recovery_rounds"));
        let curve: Vec<(u64, f64, u64)> = rows
            .iter()
            .filter(|row| row.metric == "recovery_curve")
            .map(|row| (row.round, (3.0 * row.value).round(), row.n))
            .collect();
        assert_eq!(curve, [(0, 3.0, 3), (100, 2.0, 3), (300, 1.0, 2), (1000, 1.0, 1)]);
        let median = rows.iter().find(|row| row.metric == "recovery_median").unwrap();
        assert_eq!((median.value, median.round, median.replicates, median.ci_high), (300.0, 2000, 3, None));
        assert!(median.ci_method.starts_with("kaplan-meier"), "{}", median.ci_method);
    }
}
