//! How many prompts each environment tests on, and how many they are drawn from.

use super::{HeldOut, Plan, PlannedEnvironment, split};
use crate::spec::Protocol;
use environments::Table;
use std::collections::BTreeSet;

/// What an environment that trains and then tests is tested on; equal prompts count once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Label of the environment.
    pub environment: String,
    /// Replicates.
    pub replicates: u64,
    /// Test prompts of the first replicate.
    pub prompts: u64,
    /// Recorded prompts that the test prompts of all replicates are drawn from; none where each replicate generates its own.
    pub pool: Option<u64>,
}

impl Plan {
    /// One for each environment that trains and then tests, in the order of the plan.
    pub fn tested(&self) -> Vec<Tested> {
        self.environments.iter().enumerate().filter_map(|(place, one)| self.tested_on(place, one)).collect()
    }

    fn tested_on(&self, place: usize, environment: &PlannedEnvironment) -> Option<Tested> {
        let Protocol::TrainThenTest { split: shares, .. } = environment.protocol else { return None };
        let cell = self.cells().iter().find(|cell| cell.environment == place)?;
        let world = self.world_seed(cell);
        let pool = environment.world.pool(&world);
        let held_out = HeldOut { tasks: &environment.held_out, shots: environment.shots };
        let parts = split(&pool, shares, &held_out, &world.stream("split"));
        let among = |row: &usize| held_out.tasks.is_empty() || held_out.tasks.contains(&pool.task(*row));
        Some(Tested {
            environment: environment.label.clone(),
            replicates: self.spec.replicates.into(),
            prompts: distinct(&pool, parts.test.iter().copied()),
            pool: (!environment.world.simulated()).then(|| distinct(&pool, (0..pool.len()).filter(among))),
        })
    }
}

fn distinct(table: &Table, rows: impl Iterator<Item = usize>) -> u64 {
    rows.map(|row| table.first_of(row)).collect::<BTreeSet<_>>().len() as u64
}
