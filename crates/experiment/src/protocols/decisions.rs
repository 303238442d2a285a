//! Every decision of a cell with its propensity, so that each log can feed off-policy evaluation.

use environments::{Batch, Table, Tokens};
use routing::{Choice, Objective, Propensity};
use store::{Column, Described, Frame};

/// Columns of logged decisions, one row for each.
#[derive(Default)]
pub(super) struct DecisionLog {
    phase: Vec<Option<String>>,
    round: Vec<Option<u64>>,
    sample_id: Vec<Option<String>>,
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
    /// The table that requests are rows of; none where they are generated.
    pub(super) table: Option<&'a Table>,
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
            let sample = names.table.zip(batch.row_in_table(row)).map(|(table, row)| table.id(row).to_owned());
            self.sample_id.push(sample);
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
        let timed = self.latency_s.iter().any(Option::is_some);
        let counted = self.tokens.iter().any(Option::is_some);
        let count = |cell: fn(&Tokens) -> u32| {
            let counts = self.tokens.iter().map(|tokens| tokens.as_ref().map(|tokens| cell(tokens).into()));
            Column::Integer(counts.collect())
        };
        let tokens = [count(|tokens| tokens.input), count(|tokens| tokens.cached), count(|tokens| tokens.output)];
        let always = [
            Column::Text(self.phase),
            Column::Integer(self.round),
            Column::Text(self.sample_id),
            Column::Text(self.task),
            Column::Real(self.w_cost),
            Column::Text(self.arm),
            Column::Real(self.propensity),
            Column::Text(self.propensity_kind),
            Column::Real(self.quality),
            Column::Real(self.cost_usd),
            Column::Real(self.reward),
            Column::Real(self.expected_reward),
        ];
        let named = |columns: &[Described]| columns.iter().map(|column| column.name.to_owned()).collect::<Vec<_>>();
        let mut columns: Vec<(String, Column)> = named(ALWAYS).into_iter().zip(always).collect();
        if timed {
            columns.push((LATENCY.name.to_owned(), Column::Real(self.latency_s)));
        }
        if counted {
            columns.extend(named(TOKENS).into_iter().zip(tokens));
        }
        Frame { columns, metadata: Vec::new() }
    }
}

/// The columns that every log of decisions has.
const ALWAYS: &[Described] = &[
    Described::new("phase", "text", "", "when it was decided (see the phases)"),
    Described::new("round", "whole number", "rounds", "position of the request, from 0"),
    Described::new(
        "sample_id",
        "text or nothing",
        "",
        "identifies the prompt in its table; nothing for a generated request",
    ),
    Described::new("task", "text", "", "task of the request"),
    Described::new("w_cost", "number", "weight", "weight on cost of the request"),
    Described::new("arm", "text", "", "model that was chosen"),
    Described::new("propensity", "number", "probability", "probability with which it was chosen, in (0, 1]"),
    Described::new("propensity_kind", "text", "", "`exact`, or `estimated` from draws"),
    Described::new(
        "quality",
        "number or nothing",
        "score",
        "score of its answer, in [0, 1]; nothing where nobody recorded it",
    ),
    Described::new("cost_usd", "number or nothing", "USD", "dollars of its call; nothing where nobody recorded it"),
    Described::new(
        "reward",
        "number or nothing",
        "reward",
        "reward under the weight of the request; nothing where nobody recorded it",
    ),
    Described::new(
        "expected_reward",
        "number or nothing",
        "reward",
        "reward that the policy expected; nothing where it tells none",
    ),
];

/// The column that there is where any latency was recorded.
const LATENCY: Described = Described::new(
    "latency_s",
    "number or nothing",
    "s",
    "time until the answer was there; only where any was recorded",
);

/// The columns that there are where any tokens were recorded, under the names by which a log is read, so that decisions can be
/// priced anew.
const TOKENS: &[Described] = &[
    Described::new(
        "usage.prompt_tokens",
        "whole number or nothing",
        "tokens",
        "tokens of the prompt; only where any were recorded",
    ),
    Described::new(
        "usage.prompt_tokens_details.cached_tokens",
        "whole number or nothing",
        "tokens",
        "those of them that were read from a cache; likewise",
    ),
    Described::new("usage.completion_tokens", "whole number or nothing", "tokens", "tokens of the answer; likewise"),
];

/// What the columns of `decisions/<id>.parquet` mean.
pub fn decision_columns() -> Vec<Described> {
    store::whose_columns().iter().chain(ALWAYS).chain([&LATENCY]).chain(TOKENS).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use environments::sources::logged::LogColumns;

    #[test]
    fn decisions_are_logged_under_the_names_by_which_a_log_is_read() {
        let names = LogColumns::default();
        let read = [names.input_tokens, names.cached_tokens, names.output_tokens];
        assert!(TOKENS.iter().map(|column| column.name).eq(read));
    }
}
