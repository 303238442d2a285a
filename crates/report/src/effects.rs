//! What each shift of a factorial costs each policy: main effects and two-way interactions, paired within a replicate.
//!
//! In each replicate all combinations of shifts meet the same requests, so differences between them are differences of the
//! same stream. The main effect of a shift is the mean over the combinations of the others of (with - without); the
//! interaction of two is half the difference between the effect of one with and without the other. Intervals are Student's
//! over replicates.

use crate::evidence::over_replicates;
use store::words::{metric, phase};
use store::{EnvironmentRecord, Factors, Identity, Manifest, Measurement, Run, SummaryRow};

/// A contrast may be any number.
const WHOLE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// Phase under which effects stand in the summary.
const PHASE: &str = phase::EFFECT;

/// (phase, metric) of the scores that effects are taken of, each at the end of the run.
const SCORES: [(&str, &str); 5] = [
    (phase::ONLINE, metric::REGRET),
    (phase::ONLINE, metric::REWARD),
    (phase::ONLINE, metric::QUALITY),
    (phase::ONLINE, metric::COST),
    (phase::WHOLE, metric::DYNAMIC_REGRET),
];

/// For each factorial of `manifest` and policy: a row of phase `effect` for each shift and each pair of shifts (as `task`,
/// `a x b` for a pair) and metric. Environment is the group of the factorial. A replicate that lacks a combination is left
/// out; empty without a factorial.
pub fn effects(manifest: &Manifest, runs: &[Run]) -> Vec<SummaryRow> {
    let mut groups: Vec<&Factors> = Vec::new();
    for factors in manifest.environments.iter().filter_map(|environment| environment.factors.as_ref()) {
        if !groups.iter().any(|known| known.group == factors.group) {
            groups.push(factors);
        }
    }
    let mut rows = Vec::new();
    for group in groups {
        let worlds: Vec<&EnvironmentRecord> =
            manifest.environments.iter().filter(|world| belongs(world, group)).collect();
        let mut policies: Vec<&str> = Vec::new();
        for run in runs.iter().filter(|run| run.environment == worlds[0].label) {
            if !policies.contains(&&*run.policy) {
                policies.push(&run.policy);
            }
        }
        for policy in policies {
            for score in SCORES {
                rows.extend(Block::new(&worlds, policy, score, runs).map_or(Vec::new(), |block| block.rows(group)));
            }
        }
    }
    rows
}

fn belongs(world: &EnvironmentRecord, group: &Factors) -> bool {
    world.factors.as_ref().is_some_and(|factors| factors.group == group.group)
}

/// One metric of one policy in every combination of shifts.
struct Block<'a> {
    policy: &'a str,
    identity: &'a Identity,
    /// Names of the shifts that act in each combination.
    on: Vec<&'a [String]>,
    /// Replicates x combinations.
    values: Vec<Vec<f64>>,
    /// A score to copy unit and direction from.
    example: Measurement<'a>,
    recorded: bool,
}

impl<'a> Block<'a> {
    fn new(
        worlds: &[&'a EnvironmentRecord],
        policy: &'a str,
        score: (&str, &str),
        runs: &'a [Run],
    ) -> Option<Block<'a>> {
        let own = |label: &'a str| runs.iter().filter(move |run| run.environment == label && run.policy == policy);
        let mut numbers: Vec<u32> = own(&worlds[0].label).map(|run| run.replicate).collect();
        numbers.sort_unstable();
        let at = |label: &'a str, number: u32| last(own(label).find(|run| run.replicate == number)?, score);
        let example = at(&worlds[0].label, *numbers.first()?)?;
        let of = |number: u32| -> Option<Vec<f64>> {
            worlds.iter().map(|world| at(&world.label, number).map(|score| score.value)).collect()
        };
        let values: Vec<Vec<f64>> = numbers.into_iter().filter_map(of).collect();
        let on = worlds.iter().filter_map(|world| world.factors.as_ref()).map(|factors| &*factors.on).collect();
        let first = own(&worlds[0].label).next()?;
        let (identity, recorded) = (&first.identity, first.recorded);
        (!values.is_empty()).then_some(Block { policy, identity, on, values, example, recorded })
    }

    fn rows(&self, group: &Factors) -> Vec<SummaryRow> {
        let mut rows = Vec::new();
        for (position, first) in group.all.iter().enumerate() {
            rows.push(self.row(group, first, &[first]));
            for second in &group.all[position + 1..] {
                rows.push(self.row(group, &format!("{first} x {second}"), &[first, second]));
            }
        }
        rows
    }

    /// The contrast of `shifts`: each combination counts + or - by how many of them are off, and a main effect is a mean over
    /// half of the combinations.
    fn row(&self, group: &Factors, name: &str, shifts: &[&String]) -> SummaryRow {
        let sign = |on: &[String]| {
            let off = shifts.iter().filter(|shift| !on.contains(shift)).count();
            if off % 2 == 0 { 1.0 } else { -1.0 }
        };
        let half = 0.5 * self.on.len() as f64;
        let contrast =
            |values: &Vec<f64>| self.on.iter().zip(values).map(|(on, value)| sign(on) * value).sum::<f64>() / half;
        let contrasts: Vec<f64> = self.values.iter().map(contrast).collect();
        let (interval, example) = (over_replicates(&contrasts, self.recorded, WHOLE), self.example);
        SummaryRow {
            environment: group.group.as_str().into(),
            policy: self.policy.into(),
            identity: self.identity.clone(),
            phase: PHASE.into(),
            w_cost: None,
            task: name.into(),
            metric: example.metric.clone(),
            unit: example.unit.clone(),
            direction: example.direction,
            value: interval.mean,
            ci_low: interval.low,
            ci_high: interval.high,
            ci_method: interval.method.replace("over replicates", "over replicates, paired").into(),
            replicates: contrasts.len() as u64,
            n: example.n,
            round: example.standing.round,
            arm: None,
            outcomes: example.standing.outcomes as f64,
            dollars: example.standing.dollars,
            tuning_trials: example.standing.tuning_trials,
        }
    }
}

/// The last score of `metric` in `phase`.
fn last<'a>(run: &'a Run, (phase, metric): (&str, &str)) -> Option<Measurement<'a>> {
    run.scores.iter().rfind(|score| score.phase == phase && score.metric == metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Direction, FORMAT, Replicate, Score};

    fn world(on: &[&str]) -> EnvironmentRecord {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        EnvironmentRecord {
            label: format!("moves.{}", if on.is_empty() { "none".to_owned() } else { on.join("+") }),
            fingerprint: on.join("+"),
            simulated: true,
            models: Vec::new(),
            factors: Some(Factors { group: "moves".into(), all: names(&["cut", "drop"]), on: names(on) }),
        }
    }

    fn replicate(environment: &str, number: u32, value: f64) -> Replicate {
        let score = |round, value| Score {
            phase: "online".into(),
            round,
            w_cost: None,
            task: "all".into(),
            arm: None,
            metric: "regret".into(),
            unit: "reward".into(),
            direction: Direction::Down,
            value,
            n: round,
            outcomes: round,
            dollars: 1.0,
            tuning_trials: 0,
        };
        let scores = vec![score(50, 999.0), score(100, value)];
        let identity = Identity::new("lin-ucb", store::Role::Learner);
        Replicate { environment: environment.into(), policy: "p".into(), identity, replicate: number, scores }
    }

    #[test]
    fn effects_and_interactions_are_the_contrasts_of_a_two_by_two() {
        let manifest = Manifest {
            format: FORMAT,
            barp: "0".into(),
            experiment: "x".into(),
            about: String::new(),
            command: String::new(),
            seed: 1,
            environments: vec![world(&[]), world(&["cut"]), world(&["drop"]), world(&["cut", "drop"])],
            cells: Vec::new(),
        };
        // 10 without, 12 with the cut, 17 with the drop, 25 with both; the second replicate stands 100 higher throughout.
        let mut replicates = Vec::new();
        for number in [0, 1] {
            for (world, value) in manifest.environments.iter().zip([10.0, 12.0, 17.0, 25.0]) {
                replicates.push(replicate(&world.label, number, value + 100.0 * f64::from(number)));
            }
        }
        let rows = effects(&manifest, &Run::of(&replicates));
        let found: Vec<(&str, f64, Option<f64>)> =
            rows.iter().map(|row| (row.task.as_str(), row.value, row.ci_low)).collect();
        assert_eq!(
            found,
            [("cut", 5.0, Some(5.0)), ("cut x drop", 3.0, Some(3.0)), ("drop", 10.0, Some(10.0))],
            "what replicates differ in as a whole does not widen a paired interval"
        );
        assert!(
            rows.iter().all(|row| row.environment == "moves" && row.phase == PHASE && row.replicates == 2)
                && rows.iter().all(|row| row.identity.kind == "lin-ucb")
        );
        replicates.pop();
        assert_eq!(effects(&manifest, &Run::of(&replicates))[0].replicates, 1, "an incomplete replicate is left out");
    }
}
