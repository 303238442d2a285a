//! What a folder already has of a plan, every byte looked at: whole cells are used, all others computed again.

use super::{Event, Options, RunError};
use crate::plan::{Plan, PlannedCell};
use crate::spec::Protocol;
use std::collections::BTreeMap;
use store::{CellRecord, Folder, FrameError, Held, Manifest, State, Whose, in_parallel};

/// What is there of each cell of a plan, in its order.
pub(super) struct Stock(Vec<Option<Held>>);

impl Stock {
    /// Looks through `folder`, takes over what it lacks from the siblings, and gives every file its present labels.
    pub(super) fn take(
        plan: &Plan,
        folder: &Folder,
        options: &Options,
        events: &(impl Fn(Event) + Sync),
    ) -> Result<Stock, RunError> {
        let before = before(folder, events);
        let known: BTreeMap<&str, &CellRecord> = before.iter().map(|record| (record.id.as_str(), record)).collect();
        let as_known = |cell: &PlannedCell| examine(folder, cell, known.get(cell.id.as_str()).copied(), events);
        let mut stock = Stock(in_parallel(plan.cells(), as_known).into_iter().collect::<Result<_, _>>()?);
        if !options.log_decisions && !options.siblings.is_empty() {
            for (cell, held) in plan.cells().iter().zip(&mut stock.0).filter(|(_, held)| held.is_none()) {
                for error in folder.adopt(&cell.id, &options.siblings)? {
                    events(Event::Damaged(error.to_string()));
                }
                *held = examine(folder, cell, None, events)?;
            }
        }
        stock.relabel(plan, folder, &known, events)?;
        let unsealed = stock.0.iter().flatten().filter(|held| !held.sealed).count();
        if unsealed > 0 {
            events(Event::Unsealed { cells: unsealed });
        }
        Ok(stock)
    }

    /// Cells are addressed by content, and labels change. Of a cell with several labels the first ones stand.
    fn relabel(
        &mut self,
        plan: &Plan,
        folder: &Folder,
        known: &BTreeMap<&str, &CellRecord>,
        events: &(impl Fn(Event) + Sync),
    ) -> Result<(), RunError> {
        let mut labelled: BTreeMap<&str, Held> = BTreeMap::new();
        for (cell, held) in plan.cells().iter().zip(&mut self.0) {
            let Some(own) = held else { continue };
            if let Some(same) = labelled.get(cell.id.as_str()) {
                own.clone_from(same);
                continue;
            }
            let (environment, policy) = plan.labels(cell);
            let as_before = known.get(cell.id.as_str()).is_some_and(|record| {
                (&record.environment, &record.policy, record.replicate) == (&environment, &policy, cell.replicate)
                    && record.sha256.as_ref() == Some(&own.hashes)
            });
            if !as_before {
                let whose = Whose { environment: &environment, policy: &policy, replicate: cell.replicate };
                if folder.relabel(&cell.id, &whose)? {
                    *held = examine(folder, cell, None, events)?;
                }
            }
            if let Some(own) = held {
                labelled.insert(&cell.id, own.clone());
            }
        }
        Ok(())
    }

    /// Looks again for the cells that were not there, and at those that were `computed`.
    pub(super) fn take_again(
        &mut self,
        plan: &Plan,
        folder: &Folder,
        computed: &[usize],
        events: &(impl Fn(Event) + Sync),
    ) -> Result<(), FrameError> {
        computed.iter().for_each(|position| self.0[*position] = None);
        let gone: Vec<usize> = (0..self.0.len()).filter(|position| self.0[*position].is_none()).collect();
        let found = in_parallel(&gone, |position| examine(folder, &plan.cells()[*position], None, events));
        for (position, held) in gone.into_iter().zip(found) {
            self.0[position] = held?;
        }
        Ok(())
    }

    /// Whether nothing of the cell at `position` has to be computed.
    pub(super) fn complete(&self, plan: &Plan, position: usize, with_decisions: bool) -> bool {
        let online = matches!(plan.parts(&plan.cells()[position]).0.protocol, Protocol::Online { .. });
        self.0[position].as_ref().is_some_and(|held| {
            (online || held.hashes.tested.is_some()) && (!with_decisions || held.hashes.decisions.is_some())
        })
    }

    /// Whether the file of the cell at `position`, which was stored, is still there.
    pub(super) fn is_there(&self, plan: &Plan, folder: &Folder, position: usize) -> bool {
        self.0[position].is_some() && folder.has(&plan.cells()[position].id)
    }

    /// The manifest of `plan`, with what is there.
    pub(super) fn manifest(&self, plan: &Plan, command: &str) -> Manifest {
        let mut manifest = plan.manifest(command);
        for (record, held) in manifest.cells.iter_mut().zip(&self.0) {
            if let Some(held) = held {
                record.ledger = Some(held.ledger);
                record.chosen.clone_from(&held.chosen);
                record.sha256 = Some(held.hashes.clone());
            }
        }
        manifest
    }
}

/// The records of the manifest that is there; none where there is none that can be trusted.
fn before(folder: &Folder, events: &impl Fn(Event)) -> Vec<CellRecord> {
    if !folder.path().join("manifest.json").exists() {
        return Vec::new();
    }
    match folder.read_manifest() {
        Ok(manifest) => manifest.cells,
        Err(error) => {
            events(Event::Damaged(error.to_string()));
            Vec::new()
        }
    }
}

fn examine(
    folder: &Folder,
    cell: &PlannedCell,
    known: Option<&CellRecord>,
    events: &impl Fn(Event),
) -> Result<Option<Held>, FrameError> {
    Ok(match folder.examine(&cell.id, known)? {
        State::Absent => None,
        State::Whole(held) => Some(*held),
        State::Damaged(error) => {
            events(Event::Damaged(error.to_string()));
            None
        }
    })
}
