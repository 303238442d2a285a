//! The online protocol: a stream of rounds in which the policy chooses and learns at once.
//!
//! All policies of a replicate meet the same requests with the same preferences. Scores are cumulative since the first
//! round; `regret` is against the best model of each request. Where the world moves, each phase is scored by itself too.

use super::Log;
use super::decider::Decider;
use super::decisions::{DecisionLog, Names};
use super::feedback::Desk;
use super::phases::Phases;
use super::tally::{Moment, Tally};
use crate::plan::{Plan, PlannedCell, Subject};
use environments::{Batch, Table, always};
use policies::Recipe;
use routing::{Choice, Dollars, Feedback, Ledger, Objective, Policy, Seed, Stream, Task};
use store::Cell;

/// Rounds that a player which does not learn is asked for at a time.
const FROZEN_BATCH: usize = 256;

/// Who plays.
enum Player {
    Learner { policy: Box<dyn Policy>, stream: Box<Stream>, feedback: Vec<Feedback>, desk: Option<Box<Desk>> },
    Frozen(Decider),
}

pub(super) fn simulate(plan: &Plan, cell: &PlannedCell, rounds: u64, checkpoints: u32, log_decisions: bool) -> Log {
    let (environment, _) = plan.parts(cell);
    let seed = plan.world_seed(cell);
    // References are fitted on other prompts than those that are played.
    let pool = environment.world.pool(&seed.child("pool", "history"));
    let rows: Vec<usize> = (0..pool.len()).collect();
    let tau = plan.spec.tau;
    let tau = tau.tau_usd.map_or_else(|| pool.cost_quantile(&rows, tau.tau_percentile / 100.0), Dollars);
    let task = Task { models: pool.models().to_vec(), dimension: pool.dimension(), objective: Objective { tau } };
    let (mut player, batch_rows) = player(plan, cell, &task, &pool, &rows);

    let episode = environment.world.episode(&seed);
    let mut batch = Batch::new(task.dimension, task.arms());
    let mut tally = Tally::new(task.arms(), 0);
    let moves = !environment.shifts.is_empty();
    let mut phases = moves.then(|| Phases::new(task.arms(), environment.world.changes(), rounds));
    let mut decisions = log_decisions.then(DecisionLog::default);
    let names = Names { tasks: pool.tasks(), models: &task.models, objective: &task.objective };
    let (mut choices, mut ledger, mut scores) = (Vec::new(), Ledger::default(), Vec::new());
    let (mut start, mut point) = (0, 1);
    while start < rounds {
        let end = rounds.min(start + batch_rows as u64);
        episode.fill(start..end, &mut batch);
        player.play(&batch, &mut ledger, &mut choices);
        if let Some(decisions) = &mut decisions {
            decisions.extend("online", &batch, &choices, &names);
        }
        for (row, choice) in choices.iter().enumerate() {
            tally.observe(&batch, row, choice.arm, &task.objective);
            if let Some(phases) = &mut phases {
                phases.observe(&batch, row, choice.arm, &task.objective);
            }
            let round = start + row as u64 + 1;
            if round * u64::from(checkpoints) >= point * rounds {
                point += 1;
                let at = Moment { phase: "online", round, w_cost: None, ledger: &ledger };
                tally.report(&at, &[], &task.models, &mut scores);
            }
        }
        start = end;
    }
    if let Some(phases) = &phases {
        phases.report(&ledger, &mut scores);
    }
    Log { cell: Cell { scores, ledger }, decisions: decisions.map(DecisionLog::into_frame) }
}

/// The player of a cell, and how many rounds it is asked for at a time.
fn player(plan: &Plan, cell: &PlannedCell, task: &Task, pool: &Table, rows: &[usize]) -> (Player, usize) {
    let (environment, policy) = plan.parts(cell);
    let seed: Seed = plan.policy_seed(cell);
    let frozen = |decider| (Player::Frozen(decider), FROZEN_BATCH);
    match &policy.subject {
        Subject::Always(arm) => frozen(Decider::Reference(always(*arm))),
        Subject::Reference(entry) => frozen(Decider::Reference((entry.fit)(pool, rows, &task.objective))),
        Subject::Policy(candidates) => match &candidates[0].recipe {
            Recipe::Fixed(build) => frozen(Decider::Router(build(task, &seed))),
            Recipe::Bandit { batch, build, .. } => {
                let (policy, stream) = (build(task, &seed), Box::new(seed.stream("choice")));
                let rule = environment.feedback.clone();
                // Of the world's seed: losses and delays of a round are the same for all policies.
                let world = plan.world_seed(cell).child("feedback", "outcomes");
                let desk = rule.map(|rule| Box::new(Desk::new(rule, task.dimension, task.arms(), &world)));
                (Player::Learner { policy, stream, feedback: Vec::new(), desk }, *batch)
            }
            Recipe::Full(_) => unreachable!("planning refuses full labels in an online protocol"),
        },
    }
}

impl Player {
    fn play(&mut self, batch: &Batch, ledger: &mut Ledger, choices: &mut Vec<Choice>) {
        match self {
            Player::Frozen(decider) => decider.decide(batch, choices),
            Player::Learner { policy, stream, desk: Some(desk), .. } => {
                policy.choose(&batch.contexts(), stream, choices);
                desk.teach(batch, choices, ledger, &mut **policy);
            }
            Player::Learner { policy, stream, feedback, desk: None } => {
                policy.choose(&batch.contexts(), stream, choices);
                batch.reveal(choices, ledger, feedback);
                policy.learn(&batch.contexts(), feedback);
            }
        }
    }
}
