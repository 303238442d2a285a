//! Numbers of all replicates and tasks of a policy together: interquartile mean and optimality gap.
//!
//! A score is a task's reward in one replicate, averaged over the weights on cost. The target of the gap is the reward of the best
//! single model on that task in that replicate. Runs of fewer than two tasks have neither.

use super::dial::{Dial, Layout, Setting};
use crate::evidence::over_rows_alone;
use metrics::{AGGREGATE, About, Better};
use statistics::{Interval, interquartile_mean, jackknife, optimality_gap};
use std::collections::BTreeMap;
use store::words::{ALL_TASKS, phase};
use store::{Direction, Label, Role, Run, Scores, Standing, SummaryRow};

/// One replicate of a policy.
struct Replicate<'a> {
    run: &'a Run,
    rewards: Vec<f64>,
    prompts: u64,
    standing: Standing,
}

/// The rows of [`AGGREGATE`] for each environment and policy that was tested on several tasks, in the order of `runs`.
pub(crate) fn aggregates(runs: &[Run]) -> Vec<SummaryRow> {
    let replicates = replicates(runs);
    let mut best: BTreeMap<(&Label, u32), Vec<f64>> = BTreeMap::new();
    for one in replicates.iter().filter(|one| one.run.identity.role == Role::SingleModel) {
        let so_far = best.entry((&one.run.environment, one.run.replicate)).or_default();
        so_far.resize(one.rewards.len(), f64::NEG_INFINITY);
        so_far.iter_mut().zip(&one.rewards).for_each(|(best, reward)| *best = best.max(*reward));
    }
    let mut policies: Vec<(&Label, &Label)> = Vec::new();
    let mut own: BTreeMap<(&Label, &Label), Vec<&Replicate<'_>>> = BTreeMap::new();
    for one in &replicates {
        let name = (&one.run.environment, &one.run.policy);
        own.entry(name).or_insert_with(|| {
            policies.push(name);
            Vec::new()
        });
        own.get_mut(&name).expect("it was just entered").push(one);
    }
    let rows = |name: &(&Label, &Label)| {
        let own = &own[name];
        let rewards: Vec<Vec<f64>> = own.iter().map(|one| one.rewards.clone()).collect();
        let short = |one: &&Replicate<'_>| {
            let target = best.get(&(&one.run.environment, one.run.replicate))?;
            let of_task = target.iter().zip(&one.rewards).map(|(target, reward)| reward - target);
            (target.len() == one.rewards.len()).then(|| of_task.collect())
        };
        let shortfalls: Option<Vec<Vec<f64>>> = own.iter().map(short).collect();
        let [iqm, gap] = &AGGREGATE;
        let middle = row(iqm, own, jackknife(&rewards, interquartile_mean));
        let gap = shortfalls.map(|all| row(gap, own, jackknife(&all, |scores| optimality_gap(scores, 0.0))));
        [Some(middle), gap].into_iter().flatten()
    };
    policies.iter().flat_map(rows).collect()
}

/// The runs that were tested on several tasks.
fn replicates(runs: &[Run]) -> Vec<Replicate<'_>> {
    let mut layouts: Vec<(&Scores, Layout)> = Vec::new();
    let mut found = Vec::new();
    for run in runs {
        let known = layouts.iter().rposition(|(other, _)| other.alike(&run.scores));
        let place = known.unwrap_or_else(|| {
            layouts.push((&run.scores, Layout::of(run.scores.quantities())));
            layouts.len() - 1
        });
        let Some(dial) = Dial::of(&run.scores, &layouts[place].1) else { continue };
        let rewards = dial.by_task(Setting::task_rewards);
        if rewards.len() > 1 {
            found.push(Replicate { run, rewards, prompts: dial.prompts, standing: dial.standing });
        }
    }
    found
}

fn row(about: &About, own: &[&Replicate<'_>], interval: Interval) -> SummaryRow {
    let interval = over_rows_alone(interval, own.iter().any(|one| one.run.recorded));
    let mean = |part: fn(&Replicate<'_>) -> f64| own.iter().map(|one| part(one)).sum::<f64>() / own.len() as f64;
    let first = own[0].run;
    SummaryRow {
        environment: first.environment.clone(),
        policy: first.policy.clone(),
        identity: first.identity.clone(),
        phase: phase::TEST.into(),
        w_cost: None,
        task: ALL_TASKS.into(),
        metric: about.name.into(),
        unit: about.unit.into(),
        direction: if about.better == Better::Higher { Direction::Up } else { Direction::Down },
        value: interval.mean,
        ci_low: interval.low,
        ci_high: interval.high,
        ci_method: interval.method.into(),
        replicates: own.len() as u64,
        n: mean(|one| one.prompts as f64).round() as u64,
        round: mean(|one| one.standing.round as f64).round() as u64,
        arm: None,
        outcomes: mean(|one| one.standing.outcomes as f64),
        dollars: mean(|one| one.standing.dollars),
        tuning_trials: own.iter().map(|one| one.standing.tuning_trials).max().unwrap_or(0),
    }
}
