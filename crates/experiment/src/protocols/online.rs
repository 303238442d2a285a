//! The online protocol: a stream of rounds in which the policy chooses and learns at once.
//!
//! All policies of a replicate meet the same requests with the same preferences. Scores of phase `online` are cumulative
//! since the first round, those of phase `bucket` are over the requests since the last point; `regret` is against the best
//! model of each request. Each phase of a world that moves is scored by itself too, and the `whole` run.

use super::Log;
use super::decider::Decider;
use super::decisions::{DecisionLog, Names};
use super::feedback::FeedbackQueue;
use super::phases::Phases;
use super::tally::{Moment, Tally};
use crate::plan::{Plan, PlannedCell, Subject};
use crate::spec::Protocol;
use environments::{Batch, Revealed, Table, always};
use policies::Recipe;
use routing::words::phase;
use routing::{Choice, Dollars, Ledger, Objective, Policy, Problem, Seed, Stream};
use store::Cell;

/// Rounds that a participant which does not learn is asked for at a time.
const FROZEN_BATCH: usize = 256;

/// Who plays.
enum Participant {
    Learner(Box<Learner>),
    Frozen(Decider),
}

struct Learner {
    policy: Box<dyn Policy>,
    stream: Stream,
    revealed: Revealed,
    queue: Option<FeedbackQueue>,
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
    let problem = Problem { models: pool.models().to_vec(), dimension: pool.dimension(), objective };
    let (mut participant, batch_rows) = participant(plan, cell, &problem, &pool, &rows);

    let episode = environment.world.episode(&seed);
    let mut batch = Batch::new(problem.dimension, problem.arms());
    let (mut tally, mut bucket) = (Tally::new(problem.arms(), 0), Tally::new(problem.arms(), 0));
    // A rehearsal may end before the world moves.
    let changes: Vec<u64> = environment.world.changes().iter().copied().filter(|&round| round < rounds).collect();
    let mut phases = Phases::new(problem.arms(), &changes, rounds);
    let mut decisions = log_decisions.then(DecisionLog::default);
    let names = Names {
        tasks: pool.tasks(),
        models: &problem.models,
        objective: &problem.objective,
        table: (!environment.world.simulated()).then_some(&*pool),
    };
    let (mut choices, mut ledger, mut scores) = (Vec::new(), Ledger::default(), Vec::new());
    let (mut start, mut point) = (0, 1);
    while start < rounds {
        let end = rounds.min(start + batch_rows as u64);
        episode.fill(start..end, &mut batch);
        participant.play(&batch, &mut ledger, &mut choices);
        if let Some(decisions) = &mut decisions {
            decisions.extend(phase::ONLINE, &batch, &choices, &names);
        }
        for (row, choice) in choices.iter().enumerate() {
            tally.observe(&batch, row, choice.arm, &problem.objective);
            bucket.observe(&batch, row, choice.arm, &problem.objective);
            phases.observe(&batch, row, choice, participant.greedy(row), &problem.objective);
            let round = start + row as u64 + 1;
            if round * u64::from(checkpoints) >= point * rounds {
                point += 1;
                let at = |phase| Moment { phase, round, w_cost: None, ledger: &ledger };
                tally.report(&at(phase::ONLINE), &[], &problem.models, &mut scores);
                bucket.report(&at(phase::BUCKET), &[], &problem.models, &mut scores);
                bucket = Tally::new(problem.arms(), 0);
            }
        }
        phases.hear(end - 1, participant.alarms());
        start = end;
    }
    phases.report(participant.budget(), &ledger, &mut scores);
    let identity = Some(plan.parts(cell).1.identity.clone());
    let decisions = decisions.map(DecisionLog::into_frame);
    Log { cell: Cell { scores, ledger, identity, tuning: None }, tested: None, decisions }
}

/// The participant of a cell, and how many rounds it is asked for at a time.
fn participant(
    plan: &Plan,
    cell: &PlannedCell,
    problem: &Problem,
    pool: &Table,
    rows: &[usize],
) -> (Participant, usize) {
    let (environment, policy) = plan.parts(cell);
    let Protocol::Online { rounds, .. } = &environment.protocol else { unreachable!("this is the online protocol") };
    let seed: Seed = plan.policy_seed(cell);
    let frozen = |decider| (Participant::Frozen(decider), FROZEN_BATCH);
    match &policy.subject {
        Subject::Always(arm) => frozen(Decider::Reference(always(*arm))),
        Subject::Decided(_) => unreachable!("planning refuses decisions for prompts that are not known beforehand"),
        Subject::Reference(entry) => frozen(Decider::Reference((entry.fit)(pool, rows, &problem.objective))),
        Subject::Policy(candidates) => match &candidates[0].recipe {
            Recipe::Fixed(build) => frozen(Decider::Router(build(problem, &seed))),
            Recipe::Bandit { batch, build, .. } => {
                let (policy, stream) = (build(problem, &seed), seed.stream("choice"));
                let rule = environment.feedback.clone();
                // Of the world's seed: losses and delays of a round are the same for all policies.
                let world = plan.world_seed(cell).child("feedback", "outcomes");
                let queue =
                    rule.map(|rule| FeedbackQueue::new(rule, *rounds, problem.dimension, problem.arms(), &world));
                let revealed = Revealed::new(problem.dimension, problem.arms());
                let learner = Learner { policy, stream, revealed, queue, greedy: Vec::new() };
                (Participant::Learner(Box::new(learner)), *batch)
            }
            Recipe::Full(_) => unreachable!("planning refuses full labels in an online protocol"),
        },
    }
}

impl Participant {
    fn play(&mut self, batch: &Batch, ledger: &mut Ledger, choices: &mut Vec<Choice>) {
        match self {
            Participant::Frozen(decider) => decider.decide(batch, choices),
            Participant::Learner(learner) => learner.play(batch, ledger, choices),
        }
    }

    /// The greedy decision on request `row` of the batch played last, of a participant that learns.
    fn greedy(&self, row: usize) -> Option<&Choice> {
        match self {
            Participant::Frozen(_) => None,
            Participant::Learner(learner) => Some(&learner.greedy[row]),
        }
    }

    fn alarms(&self) -> Option<u64> {
        match self {
            Participant::Frozen(_) => None,
            Participant::Learner(learner) => learner.policy.alarms(),
        }
    }

    fn budget(&self) -> Option<Dollars> {
        match self {
            Participant::Frozen(_) => None,
            Participant::Learner(learner) => learner.policy.budget(),
        }
    }
}

impl Learner {
    fn play(&mut self, batch: &Batch, ledger: &mut Ledger, choices: &mut Vec<Choice>) {
        let Learner { policy, stream, revealed, queue, greedy } = self;
        policy.choose(&batch.contexts(), stream, choices);
        policy.decide(&batch.contexts(), greedy);
        match queue {
            Some(queue) => queue.teach(batch, choices, ledger, &mut **policy),
            None => {
                let (contexts, feedback) = batch.reveal(choices, ledger, revealed);
                policy.learn(&contexts, feedback);
            }
        }
    }
}
