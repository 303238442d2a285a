//! What findings are read from: counts of every model and task, taken once.

use super::texts::Texts;
use environments::Table;
use std::collections::BTreeSet;

/// Most different scores of a model whose quality is in steps.
pub(super) const STEPS: usize = 11;

/// A table with what was counted in it.
pub(super) struct Facts<'a> {
    pub(super) table: &'a Table,
    pub(super) texts: Option<&'a Texts>,
    pub(super) models: Vec<ModelFacts>,
    pub(super) tasks: Vec<TaskFacts>,
    /// Smallest and largest dollars above 0 of any call.
    pub(super) dollars: Option<(f64, f64)>,
}

/// Counts of one model.
#[derive(Default)]
pub(super) struct ModelFacts {
    /// Calls that were recorded.
    pub(super) calls: usize,
    /// Calls that cost nothing.
    pub(super) free: usize,
    /// Different scores; counting ends beyond [`STEPS`].
    pub(super) levels: BTreeSet<u32>,
    /// Median dollars of a call; 0 without calls.
    pub(super) median: f64,
}

/// Counts of one task.
#[derive(Clone, Default)]
pub(super) struct TaskFacts {
    /// Prompts of the task.
    pub(super) prompts: usize,
    /// Cells of its prompts that nobody recorded.
    pub(super) gaps: usize,
}

impl<'a> Facts<'a> {
    pub(super) fn of(table: &'a Table, texts: Option<&'a Texts>) -> Facts<'a> {
        let mut tasks = vec![TaskFacts::default(); table.tasks().len()];
        for row in 0..table.len() {
            tasks[table.task(row)].prompts += 1;
            tasks[table.task(row)].gaps += table.outcomes().row(row).filter(Option::is_none).count();
        }
        let (mut models, mut dollars) = (Vec::new(), None);
        for arm in 0..table.arms() {
            models.push(model(table, arm, &mut dollars));
        }
        Facts { table, texts, models, tasks, dollars }
    }

    /// Name of a model.
    pub(super) fn model(&self, arm: usize) -> &'a str {
        &self.table.models()[arm]
    }
}

fn model(table: &Table, arm: usize, dollars: &mut Option<(f64, f64)>) -> ModelFacts {
    let mut facts = ModelFacts::default();
    let mut costs = Vec::new();
    for outcome in (0..table.len()).filter_map(|row| table.outcome(row, arm)) {
        let cost = outcome.cost.0;
        costs.push(cost);
        facts.free += usize::from(cost == 0.0);
        if cost > 0.0 {
            *dollars = Some(dollars.map_or((cost, cost), |(low, high)| (cost.min(low), cost.max(high))));
        }
        if facts.levels.len() <= STEPS {
            facts.levels.insert(outcome.quality.to_bits());
        }
    }
    facts.calls = costs.len();
    if !costs.is_empty() {
        let middle = costs.len() / 2;
        facts.median = *costs.select_nth_unstable_by(middle, f64::total_cmp).1;
    }
    facts
}
