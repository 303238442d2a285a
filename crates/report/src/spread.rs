//! How much the difference of two policies varied over the replicates of a run: what a plan of the next run starts from.

use std::collections::BTreeMap;

use statistics::mean_interval;
use store::words::{ALL_TASKS, metric, phase};
use store::{Label, Quantity, Role, Run};

/// The difference of two policies in reward over the grid of weights, from replicate to replicate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplicateSpread {
    /// Its standard deviation, median over all pairs of policies.
    pub deviation: f64,
    /// Pairs of policies.
    pub pairs: usize,
    /// Test prompts of a replicate.
    pub prompts: u64,
}

/// The spread of the policies of `environment` in `runs`; none where no two of them have two replicates in common. Single models
/// and lines that see what no router can are left out: nobody plans to tell them apart.
pub fn replicate_spread(runs: &[Run], environment: &str) -> Option<ReplicateSpread> {
    let mut policies: BTreeMap<&Label, Vec<&Run>> = BTreeMap::new();
    let compared = |run: &&Run| !matches!(run.identity.role, Role::SingleModel | Role::Oracle | Role::Data);
    for run in runs.iter().filter(|run| &*run.environment == environment).filter(compared) {
        policies.entry(&run.policy).or_default().push(run);
    }
    let rewards: Vec<Vec<(u32, f64, u64)>> = policies.into_values().map(|own| rewards(&own)).collect();
    let prompts = rewards.iter().flatten().map(|one| one.2).min()?;
    let mut deviations = Vec::new();
    for (place, left) in rewards.iter().enumerate() {
        for right in &rewards[place + 1..] {
            let other = |number: u32| right.iter().find(|one| one.0 == number).map(|one| one.1);
            let differences = left.iter().filter_map(|one| Some(one.1 - other(one.0)?));
            deviations.extend(deviation(&differences.collect::<Vec<f64>>()));
        }
    }
    deviations.sort_by(f64::total_cmp);
    let deviation = *deviations.get(deviations.len() / 2)?;
    Some(ReplicateSpread { deviation, pairs: deviations.len(), prompts })
}

/// For each replicate its number, the reward over the grid of weights and the prompts behind it.
fn rewards(runs: &[&Run]) -> Vec<(u32, f64, u64)> {
    let wanted = |quantity: &Quantity| {
        quantity.metric == metric::SWEEP_REWARD && quantity.phase == phase::TEST && quantity.task == ALL_TASKS
    };
    let last = |run: &&Run| {
        let score = run.scores.iter().rfind(|score| wanted(score.quantity))?;
        Some((run.replicate, score.value, score.n))
    };
    runs.iter().filter_map(last).collect()
}

/// The sample standard deviation; none of fewer than two values, or where one is not finite.
fn deviation(values: &[f64]) -> Option<f64> {
    let (mean, count) = (mean_interval(values).mean, values.len());
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (count > 1 && squares.is_finite()).then(|| libm::sqrt(squares / (count - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::{Direction, Identity, Replicate, Score};

    fn run(policy: &str, role: Role, rewards: &[f64]) -> Vec<Replicate> {
        let score = |value: f64| Score {
            phase: "test".into(),
            round: 0,
            w_cost: None,
            task: "all".into(),
            arm: None,
            metric: "sweep_reward".into(),
            unit: "reward".into(),
            direction: Direction::Up,
            value,
            n: 70,
            outcomes: 0,
            dollars: 0.0,
            tuning_trials: 0,
        };
        let one = |(number, &value): (usize, &f64)| Replicate {
            environment: "e".into(),
            policy: policy.into(),
            identity: Identity::new("kind", role),
            replicate: number as u32,
            scores: vec![score(value)],
        };
        rewards.iter().enumerate().map(one).collect()
    }

    #[test]
    fn what_both_share_is_no_spread() {
        let mut all = run("a", Role::Learner, &[0.5, 0.7, 0.6]);
        all.extend(run("b", Role::Fitted, &[0.4, 0.6, 0.5]));
        all.extend(run("single", Role::SingleModel, &[0.1, 0.9, 0.1]));
        let spread = replicate_spread(&Run::of(&all), "e").unwrap();
        assert!(spread.deviation < 1e-12 && spread.pairs == 1 && spread.prompts == 70, "{spread:?}");
        all.extend(run("c", Role::Learner, &[0.5, 0.5, 0.8]));
        let spread = replicate_spread(&Run::of(&all), "e").unwrap();
        assert!((spread.deviation - 0.2).abs() < 1e-12 && spread.pairs == 3, "the middle of 0, .2, .2: {spread:?}");
    }

    #[test]
    fn one_replicate_or_one_policy_has_none() {
        let alone = run("a", Role::Learner, &[0.5, 0.7]);
        assert_eq!(replicate_spread(&Run::of(&alone), "e"), None);
        let once: Vec<Replicate> = [run("a", Role::Learner, &[0.5]), run("b", Role::Learner, &[0.4])].concat();
        assert_eq!(replicate_spread(&Run::of(&once), "e"), None);
        assert_eq!(replicate_spread(&Run::of(&alone), "other"), None);
    }
}
