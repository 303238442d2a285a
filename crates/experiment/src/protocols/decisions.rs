//! Every decision of a cell with its propensity, so that each log can feed off-policy evaluation.

use environments::sources::logged::LogColumns;
use environments::{Batch, Tokens};
use routing::{Choice, Objective, Propensity};
use store::{Column, Frame};

/// Columns of logged decisions, one row for each.
#[derive(Default)]
pub(super) struct DecisionLog {
    phase: Vec<Option<String>>,
    round: Vec<Option<u64>>,
    task: Vec<Option<String>>,
    w_cost: Vec<Option<f64>>,
    arm: Vec<Option<String>>,
    propensity: Vec<Option<f64>>,
    propensity_kind: Vec<Option<String>>,
    quality: Vec<Option<f64>>,
    cost_usd: Vec<Option<f64>>,
    reward: Vec<Option<f64>>,
    expected_reward: Vec<Option<f64>>,
    /// In the log only where there is any.
    latency_s: Vec<Option<f64>>,
    /// The same.
    tokens: Vec<Option<Tokens>>,
}

/// Names that a batch refers to by position, and the reward.
pub(super) struct Names<'a> {
    pub(super) tasks: &'a [String],
    pub(super) models: &'a [String],
    pub(super) objective: &'a Objective,
}

impl DecisionLog {
    /// Appends the decisions taken on `batch` during `phase`.
    pub(super) fn extend(&mut self, phase: &str, batch: &Batch, choices: &[Choice], names: &Names<'_>) {
        let contexts = batch.contexts();
        for (row, choice) in choices.iter().enumerate() {
            let arm = choice.arm.index();
            let outcome = batch.outcome(row, arm);
            let preference = contexts.preferences()[row];
            let kind = match choice.propensity {
                Propensity::Exact(_) => "exact",
                Propensity::Estimated(_) => "estimated",
            };
            self.phase.push(Some(phase.into()));
            self.round.push(Some(contexts.rounds()[row].0));
            self.task.push(Some(names.tasks[batch.task(row)].clone()));
            self.w_cost.push(Some(preference.cost()));
            self.arm.push(Some(names.models[arm].clone()));
            self.propensity.push(Some(choice.propensity.value().into()));
            self.propensity_kind.push(Some(kind.into()));
            self.quality.push(outcome.map(|outcome| outcome.quality.into()));
            self.cost_usd.push(outcome.map(|outcome| outcome.cost.0));
            self.reward.push(outcome.map(|outcome| names.objective.reward(preference, &outcome)));
            let latency = outcome.and_then(|outcome| outcome.latency);
            self.latency_s.push(latency.map(|latency| latency.0.into()));
            self.tokens.push(outcome.and_then(|_| batch.tokens(row, arm)));
            self.expected_reward.push(choice.expected_reward);
        }
    }

    /// The log as columns.
    pub(super) fn into_frame(self) -> Frame {
        let columns = [
            ("phase", Column::Text(self.phase)),
            ("round", Column::Integer(self.round)),
            ("task", Column::Text(self.task)),
            ("w_cost", Column::Real(self.w_cost)),
            ("arm", Column::Text(self.arm)),
            ("propensity", Column::Real(self.propensity)),
            ("propensity_kind", Column::Text(self.propensity_kind)),
            ("quality", Column::Real(self.quality)),
            ("cost_usd", Column::Real(self.cost_usd)),
            ("reward", Column::Real(self.reward)),
            ("expected_reward", Column::Real(self.expected_reward)),
        ];
        let mut columns: Vec<(String, Column)> = columns.map(|(name, column)| (name.to_owned(), column)).into();
        if self.latency_s.iter().any(Option::is_some) {
            columns.push(("latency_s".to_owned(), Column::Real(self.latency_s)));
        }
        if self.tokens.iter().any(Option::is_some) {
            // Under the names by which a log is read, so that decisions can be priced anew.
            let names = LogColumns::default();
            let mut push = |name: String, cell: fn(&Tokens) -> u32| {
                let counts = self.tokens.iter().map(|tokens| tokens.as_ref().map(|tokens| cell(tokens).into()));
                columns.push((name, Column::Integer(counts.collect())));
            };
            push(names.input_tokens, |tokens| tokens.input);
            push(names.cached_tokens, |tokens| tokens.cached);
            push(names.output_tokens, |tokens| tokens.output);
        }
        Frame { columns, metadata: Vec::new() }
    }
}
