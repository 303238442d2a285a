//! A batch of requests with all their outcomes, and the door through which a policy learns of some of them.

use crate::Table;
use routing::{Arm, Choice, Contexts, ContextsBuffer, Dollars, Feedback, Ledger, Preference, Public, Round};
use std::ops::Range;

/// One generated request with the outcome of every model; storage is reused from request to request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Index of the task.
    pub task: u16,
    /// Features, d numbers.
    pub features: Vec<f32>,
    /// Scores, K numbers in [0, 1].
    pub quality: Vec<f32>,
    /// Dollars, K amounts.
    pub cost: Vec<Dollars>,
}

/// A stream of requests: a pure function of the rounds asked for, however they are grouped.
pub trait Episode: Send {
    /// The task that `round`'s request belongs to by itself.
    fn task(&self, round: Round) -> usize;

    /// Appends the request of `round` to `batch`; where `instead` names a task, a request of that task with the same luck.
    fn push(&self, round: Round, instead: Option<usize>, batch: &mut Batch);

    /// Replaces the content of `batch` by the requests of `rounds`.
    fn fill(&self, rounds: Range<u64>, batch: &mut Batch) {
        batch.clear();
        rounds.for_each(|round| self.push(Round(round), None, batch));
    }
}

/// The last request of a [`Batch`], open to whatever moves the world.
#[derive(Debug)]
pub struct LastRequest<'a> {
    /// What a policy may see of it.
    pub public: Public<'a>,
    /// Scores of the K models, in [0, 1].
    pub quality: &'a mut [f32],
    /// Dollars of the K models, not negative.
    pub cost: &'a mut [Dollars],
}

/// n requests, what is public about them, and what is not.
#[derive(Clone, Debug)]
pub struct Batch {
    contexts: ContextsBuffer,
    tasks: Vec<u16>,
    quality: Vec<f32>,
    cost: Vec<Dollars>,
    arms: usize,
}

impl Batch {
    /// An empty batch for feature rows of width `dimension` and `arms` models.
    pub fn new(dimension: usize, arms: usize) -> Batch {
        Batch {
            contexts: ContextsBuffer::new(dimension, arms),
            tasks: Vec::new(),
            quality: Vec::new(),
            cost: Vec::new(),
            arms,
        }
    }

    /// Forgets all requests, keeping the memory.
    pub fn clear(&mut self) {
        self.contexts.clear();
        self.tasks.clear();
        self.quality.clear();
        self.cost.clear();
    }

    /// Appends prompt `row` of a table, asked at `round` with `preference`.
    pub fn push_row(
        &mut self,
        round: Round,
        table: &Table,
        row: usize,
        preference: Preference,
        list_prices: &[Dollars],
        available: &[bool],
    ) {
        self.contexts.push(round, table.features(row), preference, list_prices, available);
        self.tasks.push(table.task(row) as u16);
        self.quality.extend_from_slice(table.quality(row));
        self.cost.extend_from_slice(table.cost(row));
    }

    /// Appends a generated request, asked at `round` with `preference`.
    pub fn push_request(
        &mut self,
        round: Round,
        request: &Request,
        preference: Preference,
        list_prices: &[Dollars],
        available: &[bool],
    ) {
        self.contexts.push(round, &request.features, preference, list_prices, available);
        self.tasks.push(request.task);
        self.quality.extend_from_slice(&request.quality);
        self.cost.extend_from_slice(&request.cost);
    }

    /// Number of requests n.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is no request.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// What a policy may see.
    pub fn contexts(&self) -> Contexts<'_> {
        self.contexts.view()
    }

    /// Gives every request the same preference, as a test sweep does.
    pub fn set_preference(&mut self, preference: Preference) {
        self.contexts.set_preference(preference);
    }

    /// The request appended last, to be changed.
    ///
    /// # Panics
    /// If there is none.
    pub fn last_mut(&mut self) -> LastRequest<'_> {
        let first = (self.len() - 1) * self.arms;
        LastRequest {
            public: self.contexts.last_mut(),
            quality: &mut self.quality[first..],
            cost: &mut self.cost[first..],
        }
    }

    /// Task of request `row`.
    pub fn task(&self, row: usize) -> usize {
        usize::from(self.tasks[row])
    }

    /// Scores of all models on request `row`.
    pub fn quality(&self, row: usize) -> &[f32] {
        &self.quality[row * self.arms..][..self.arms]
    }

    /// Dollars of all models on request `row`.
    pub fn cost(&self, row: usize) -> &[Dollars] {
        &self.cost[row * self.arms..][..self.arms]
    }

    /// The only way down: replaces `feedback` by the outcome of each request's chosen model, and charges `ledger` for it.
    ///
    /// # Panics
    /// If there is not one choice for each request.
    pub fn reveal(&self, choices: &[Choice], ledger: &mut Ledger, feedback: &mut Vec<Feedback>) {
        assert_eq!(choices.len(), self.len(), "one choice for each request");
        feedback.clear();
        for (row, choice) in choices.iter().enumerate() {
            feedback.push(self.reveal_one(row, choice.arm, ledger));
        }
    }

    /// The outcome of `arm` on request `row`, charged to `ledger`: the same door, for one model.
    pub fn reveal_one(&self, row: usize, arm: Arm, ledger: &mut Ledger) -> Feedback {
        let (quality, cost) = (self.quality(row)[arm.index()], self.cost(row)[arm.index()]);
        ledger.charge(cost);
        Feedback { arm, quality, cost }
    }
}
