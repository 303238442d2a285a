//! A batch of requests with all their outcomes, and the door through which a policy learns of some of them.

use crate::{Table, Tokens};
use routing::{
    Arm, Choice, Contexts, ContextsBuffer, Dollars, Feedback, Ledger, Outcome, Outcomes, Preference, Public, Round,
};
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
    /// Scores of the K models, in [0, 1]; NaN, which has to stay, for what nobody recorded.
    pub quality: &'a mut [f32],
    /// Dollars of the K models, not negative; NaN, which has to stay, for what nobody recorded.
    pub cost: &'a mut [Dollars],
    /// Tokens of the K models' calls; empty: the world has none.
    pub tokens: &'a [Option<Tokens>],
}

/// n requests, what is public about them, and what is not.
///
/// ```
/// use environments::sources::calibrated::Calibrated;
/// use environments::{Batch, Environment, Revealed};
/// use routing::{Arm, Choice, Ledger, Seed};
///
/// let world = Calibrated::embedded(100, 66).unwrap();
/// let (d, models) = (world.dimension(), world.models().len());
/// let mut batch = Batch::new(d, models);
/// world.episode(&Seed::root(1)).fill(0..8, &mut batch);
/// // A policy sees `contexts`, chooses, and is told the outcomes of its choices alone.
/// let choices = vec![Choice::certain(Arm(0)); batch.contexts().len()];
/// let (mut ledger, mut revealed) = (Ledger::default(), Revealed::new(d, models));
/// let (contexts, feedback) = batch.reveal(&choices, &mut ledger, &mut revealed);
/// assert_eq!((contexts.len(), feedback.len(), ledger.outcomes), (8, 8, 8));
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    contexts: ContextsBuffer,
    tasks: Vec<u16>,
    outcomes: Outcomes,
    /// n x K, or empty where the world has none.
    tokens: Vec<Option<Tokens>>,
    /// Rows of a table that the requests are; none for generated ones.
    rows: Vec<Option<u32>>,
    arms: usize,
}

/// What a policy gets to see of the outcomes of its choices; storage is reused from batch to batch.
#[derive(Clone, Debug)]
pub struct Revealed {
    feedback: Vec<Feedback>,
    /// The requests with an outcome, where some have none.
    contexts: ContextsBuffer,
}

impl Revealed {
    /// Nothing yet, of requests with feature rows of width `dimension` and `arms` models.
    pub fn new(dimension: usize, arms: usize) -> Revealed {
        Revealed { feedback: Vec::new(), contexts: ContextsBuffer::new(dimension, arms) }
    }
}

impl Batch {
    /// An empty batch for feature rows of width `dimension` and `arms` models.
    pub fn new(dimension: usize, arms: usize) -> Batch {
        Batch {
            contexts: ContextsBuffer::new(dimension, arms),
            tasks: Vec::new(),
            outcomes: Outcomes::new(arms),
            tokens: Vec::new(),
            rows: Vec::new(),
            arms,
        }
    }

    /// Forgets all requests, keeping the memory.
    pub fn clear(&mut self) {
        self.contexts.clear();
        self.tasks.clear();
        self.outcomes.clear();
        self.tokens.clear();
        self.rows.clear();
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
        self.outcomes.push_row(table.outcomes(), row);
        self.rows.push(u32::try_from(row).ok());
        if table.has_tokens() {
            self.tokens.extend((0..self.arms).map(|arm| table.tokens(row, arm)));
        }
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
        self.outcomes.push_untimed(&request.quality, &request.cost);
        self.rows.push(None);
    }

    /// The row of its table that request `row` of the batch is; none for a generated request.
    pub fn row_in_table(&self, row: usize) -> Option<usize> {
        self.rows[row].map(|place| place as usize)
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
        let row = self.len() - 1;
        let (quality, cost) = self.outcomes.row_mut(row);
        let tokens = self.tokens.get(row * self.arms..).unwrap_or_default();
        LastRequest { public: self.contexts.last_mut(), quality, cost, tokens }
    }

    /// Task of request `row`.
    pub fn task(&self, row: usize) -> usize {
        usize::from(self.tasks[row])
    }

    /// What the model at position `arm` answers to request `row`; none where nobody recorded it.
    pub fn outcome(&self, row: usize, arm: usize) -> Option<Outcome> {
        self.outcomes.get(row, arm)
    }

    /// Tokens of the call of the model at position `arm` on request `row`; none where nobody counted them.
    pub fn tokens(&self, row: usize, arm: usize) -> Option<Tokens> {
        self.tokens.get(row * self.arms + arm).copied().flatten()
    }

    /// What each of the K models answers to request `row`.
    pub fn outcomes(&self, row: usize) -> impl Iterator<Item = Option<Outcome>> + Clone + '_ {
        self.outcomes.row(row)
    }

    /// Scores of all models on request `row`, NaN for what nobody recorded.
    pub fn quality(&self, row: usize) -> &[f32] {
        &self.outcomes.quality()[row * self.arms..][..self.arms]
    }

    /// Dollars of all models on request `row`, NaN for what nobody recorded.
    pub fn cost(&self, row: usize) -> &[Dollars] {
        &self.outcomes.cost()[row * self.arms..][..self.arms]
    }

    /// The only way down: charges `ledger` for the outcome of each request's chosen model, and returns the requests with
    /// their outcomes. A request whose outcome nobody recorded is left out, and costs nothing.
    ///
    /// # Panics
    /// If there is not one choice for each request.
    pub fn reveal<'a>(
        &'a self,
        choices: &[Choice],
        ledger: &mut Ledger,
        revealed: &'a mut Revealed,
    ) -> (Contexts<'a>, &'a [Feedback]) {
        assert_eq!(choices.len(), self.len(), "one choice for each request");
        let Revealed { feedback, contexts } = revealed;
        let outcomes = choices.iter().enumerate();
        feedback.clear();
        feedback.extend(outcomes.filter_map(|(row, choice)| self.reveal_one(row, choice.arm, ledger)));
        if feedback.len() == choices.len() {
            return (self.contexts(), feedback);
        }
        contexts.clear();
        for (row, choice) in choices.iter().enumerate() {
            if self.outcome(row, choice.arm.index()).is_some() {
                contexts.push_from(&self.contexts(), row);
            }
        }
        (contexts.view(), feedback)
    }

    /// The outcome of `arm` on request `row`, charged to `ledger`: the same door, for one model.
    pub fn reveal_one(&self, row: usize, arm: Arm, ledger: &mut Ledger) -> Option<Feedback> {
        let outcome = self.outcome(row, arm.index())?;
        ledger.charge(outcome.cost);
        Some(Feedback { arm, outcome })
    }
}
