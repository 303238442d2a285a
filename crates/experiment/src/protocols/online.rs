//! The online protocol: a stream of rounds in which the policy chooses and learns at once.
//!
//! All policies of a replicate meet the same requests with the same preferences. Scores of phase `online` are cumulative
//! since the first round, those of phase `bucket` are over the requests since the last point; `regret` is against the best
//! model of each request. Each phase of a world that moves is scored by itself too, and the `whole` run.

use super::Log;
use super::decider::Decider;
use super::decisions::{DecisionLog, Names};
use super::feedback::Desk;
use super::phases::Phases;
use super::tally::{Moment, Tally};
use crate::plan::{Plan, PlannedCell, Subject};
use crate::spec::Protocol;
use environments::{Batch, Revealed, Table, always};
use policies::Recipe;
use routing::words::phase;
use routing::{Choice, Dollars, Ledger, Objective, Policy, Seed, Stream, Task};
use store::Cell;

/// Rounds that a player which does not learn is asked for at a time.
const FROZEN_BATCH: usize = 256;

/// Who plays.
enum Player {
    Learner(Box<Learner>),
    Frozen(Decider),
}

struct Learner {
    policy: Box<dyn Policy>,
    stream: Stream,
    revealed: Revealed,
    desk: Option<Desk>,
    /// What it would have decided greedily with what it knew at the last choice.
    greedy: Vec<Choice>,
}

pub(super) fn simulate(plan: &Plan, cell: &PlannedCell, rounds: u64, checkpoints: u32, log_decisions: bool) -> Log {
    let (environment, _) = plan.parts(cell);
    let seed = plan.world_seed(cell);
    // References are fitted on other prompts than those that are played.
    let pool = environment.world.pool(&seed.child("pool", "history"));
    let rows: Vec<usize> = (0..pool.len()).collect();
    let tau = plan.spec.tau;
    let tau = tau.tau_usd.map(Dollars).or_else(|| pool.cost_quantile(&rows, tau.tau_percentile / 100.0));
    let latency = plan.spec.latency.weight_on(&pool, &rows);
    let objective = Objective { tau: tau.unwrap_or_default(), latency };
    let task = Task { models: pool.models().to_vec(), dimension: pool.dimension(), objective };
    let (mut player, batch_rows) = player(plan, cell, &task, &pool, &rows);

    let episode = environment.world.episode(&seed);
    let mut batch = Batch::new(task.dimension, task.arms());
    let (mut tally, mut bucket) = (Tally::new(task.arms(), 0), Tally::new(task.arms(), 0));
    // A rehearsal may end before the world moves.
    let changes: Vec<u64> = environment.world.changes().iter().copied().filter(|&round| round < rounds).collect();
    let mut phases = Phases::new(task.arms(), &changes, rounds);
    let mut decisions = log_decisions.then(DecisionLog::default);
    let names = Names { tasks: pool.tasks(), models: &task.models, objective: &task.objective };
    let (mut choices, mut ledger, mut scores) = (Vec::new(), Ledger::default(), Vec::new());
    let (mut start, mut point) = (0, 1);
    while start < rounds {
        let end = rounds.min(start + batch_rows as u64);
        episode.fill(start..end, &mut batch);
        player.play(&batch, &mut ledger, &mut choices);
        if let Some(decisions) = &mut decisions {
            decisions.extend(phase::ONLINE, &batch, &choices, &names);
        }
        for (row, choice) in choices.iter().enumerate() {
            tally.observe(&batch, row, choice.arm, &task.objective);
            bucket.observe(&batch, row, choice.arm, &task.objective);
            phases.observe(&batch, row, choice, player.greedy(row), &task.objective);
            let round = start + row as u64 + 1;
            if round * u64::from(checkpoints) >= point * rounds {
                point += 1;
                let at = |phase| Moment { phase, round, w_cost: None, ledger: &ledger };
                tally.report(&at(phase::ONLINE), &[], &task.models, &mut scores);
                bucket.report(&at(phase::BUCKET), &[], &task.models, &mut scores);
                bucket = Tally::new(task.arms(), 0);
            }
        }
        phases.hear(end - 1, player.alarms());
        start = end;
    }
    phases.report(player.budget(), &ledger, &mut scores);
    let identity = Some(plan.parts(cell).1.identity.clone());
    Log { cell: Cell { scores, ledger, identity }, decisions: decisions.map(DecisionLog::into_frame) }
}

/// The player of a cell, and how many rounds it is asked for at a time.
fn player(plan: &Plan, cell: &PlannedCell, task: &Task, pool: &Table, rows: &[usize]) -> (Player, usize) {
    let (environment, policy) = plan.parts(cell);
    let Protocol::Online { rounds, .. } = &environment.protocol else { unreachable!("this is the online protocol") };
    let seed: Seed = plan.policy_seed(cell);
    let frozen = |decider| (Player::Frozen(decider), FROZEN_BATCH);
    match &policy.subject {
        Subject::Always(arm) => frozen(Decider::Reference(always(*arm))),
        Subject::Reference(entry) => frozen(Decider::Reference((entry.fit)(pool, rows, &task.objective))),
        Subject::Policy(candidates) => match &candidates[0].recipe {
            Recipe::Fixed(build) => frozen(Decider::Router(build(task, &seed))),
            Recipe::Bandit { batch, build, .. } => {
                let (policy, stream) = (build(task, &seed), seed.stream("choice"));
                let rule = environment.feedback.clone();
                // Of the world's seed: losses and delays of a round are the same for all policies.
                let world = plan.world_seed(cell).child("feedback", "outcomes");
                let desk = rule.map(|rule| Desk::new(rule, *rounds, task.dimension, task.arms(), &world));
                let revealed = Revealed::new(task.dimension, task.arms());
                let learner = Learner { policy, stream, revealed, desk, greedy: Vec::new() };
                (Player::Learner(Box::new(learner)), *batch)
            }
            Recipe::Full(_) => unreachable!("planning refuses full labels in an online protocol"),
        },
    }
}

impl Player {
    fn play(&mut self, batch: &Batch, ledger: &mut Ledger, choices: &mut Vec<Choice>) {
        match self {
            Player::Frozen(decider) => decider.decide(batch, choices),
            Player::Learner(learner) => learner.play(batch, ledger, choices),
        }
    }

    /// The greedy decision on request `row` of the batch played last, of a player that learns.
    fn greedy(&self, row: usize) -> Option<&Choice> {
        match self {
            Player::Frozen(_) => None,
            Player::Learner(learner) => Some(&learner.greedy[row]),
        }
    }

    fn alarms(&self) -> Option<u64> {
        match self {
            Player::Frozen(_) => None,
            Player::Learner(learner) => learner.policy.alarms(),
        }
    }

    fn budget(&self) -> Option<Dollars> {
        match self {
            Player::Frozen(_) => None,
            Player::Learner(learner) => learner.policy.budget(),
        }
    }
}

impl Learner {
    fn play(&mut self, batch: &Batch, ledger: &mut Ledger, choices: &mut Vec<Choice>) {
        let Learner { policy, stream, revealed, desk, greedy } = self;
        policy.choose(&batch.contexts(), stream, choices);
        policy.decide(&batch.contexts(), greedy);
        match desk {
            Some(desk) => desk.teach(batch, choices, ledger, &mut **policy),
            None => {
                let (contexts, feedback) = batch.reveal(choices, ledger, revealed);
                policy.learn(&contexts, feedback);
            }
        }
    }
}
