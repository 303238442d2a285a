//! What every test prompt got, gathered while it is tested.

use super::tally::judge;
use environments::{Batch, Table};
use routing::{Choice, Objective};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use store::{MOST_TESTED, TestedFrame};

/// Gathers the rows of one cell.
pub(super) struct TestedRows<'a> {
    table: &'a Table,
    /// Rows of the table that are tested.
    rows: &'a [usize],
    objective: &'a Objective,
    /// Clusters of prompts that are kept, where not all are.
    kept: Option<BTreeSet<usize>>,
    frame: TestedFrame,
}

impl<'a> TestedRows<'a> {
    /// Nothing yet of testing the prompts `rows` of `table` at `weights` weights on cost.
    pub(super) fn new(table: &'a Table, rows: &'a [usize], weights: usize, objective: &'a Objective) -> TestedRows<'a> {
        let most = MOST_TESTED / weights.max(1);
        let kept = (rows.len() > most).then(|| thinned(table, rows, most));
        let stays = |row: &&usize| kept.as_ref().is_none_or(|kept| kept.contains(&table.first_of(**row)));
        let prompts = [rows.len() as u64, rows.iter().filter(stays).count() as u64];
        TestedRows { table, rows, objective, kept, frame: TestedFrame { prompts, ..TestedFrame::default() } }
    }

    /// Takes in the `choices` on `batch`, whose rounds are positions among the tested rows.
    pub(super) fn extend(&mut self, batch: &Batch, choices: &[Choice]) {
        let (table, frame) = (self.table, &mut self.frame);
        let contexts = batch.contexts();
        for (place, choice) in choices.iter().enumerate() {
            let row = self.rows[contexts.rounds()[place].0 as usize];
            if self.kept.as_ref().is_some_and(|kept| !kept.contains(&table.first_of(row))) {
                continue;
            }
            let outcome = batch.outcome(place, choice.arm.index());
            let judged = outcome.map(|outcome| judge(batch, place, (choice.arm, outcome), self.objective));
            frame.sample_id.push(Some(table.id(row).to_owned()));
            frame.cluster.push(Some(table.first_of(row) as u64));
            frame.task.push(Some(table.tasks()[table.task(row)].clone()));
            frame.w_cost.push(Some(contexts.preferences()[place].cost()));
            frame.model.push(Some(table.models()[choice.arm.index()].clone()));
            frame.propensity.push(Some(choice.propensity.value().into()));
            frame.quality.push(judged.map(|judged| judged.quality.into()));
            frame.cost_usd.push(judged.map(|judged| judged.cost.0));
            frame.reward.push(judged.map(|judged| judged.reward));
            frame.regret.push(judged.map(|judged| judged.best_reward - judged.reward));
            frame.expected_reward.push(choice.expected_reward);
            frame.latency_s.push(outcome.and_then(|outcome| outcome.latency).map(|latency| latency.0.into()));
        }
    }

    /// The rows.
    pub(super) fn finish(self) -> TestedFrame {
        self.frame
    }
}

/// Clusters of `rows` with `most` prompts or a few less: those whose hashes come first, so that every policy keeps the same.
fn thinned(table: &Table, rows: &[usize], most: usize) -> BTreeSet<usize> {
    let hash = |cluster: usize| Sha256::digest(table.id(cluster).as_bytes());
    let mut ranked: Vec<_> = rows.iter().map(|&row| (hash(table.first_of(row)), table.first_of(row))).collect();
    ranked.sort_unstable();
    let over = ranked.get(most).map(|(hash, _)| *hash);
    ranked.into_iter().take_while(|(hash, _)| Some(*hash) != over).map(|(_, cluster)| cluster).collect()
}
