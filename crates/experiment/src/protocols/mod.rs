//! How a cell is simulated: sequential, deterministic, allocating nothing in its round loop.

mod checkpoints;
mod decider;
mod decisions;
mod feedback;
mod online;
mod phases;
mod split;
mod tally;
mod train_then_test;

pub use feedback::{DelayLaw, FeedbackRule, LabelsAt};

use crate::plan::{Plan, PlannedCell};
use crate::spec::Protocol;
use crate::train::TrainedRouter;
use store::{Cell, Frame};

/// What a cell leaves behind.
#[derive(Clone, Debug)]
pub struct Log {
    /// Scores and ledger.
    pub cell: Cell,
    /// Every decision, if asked for.
    pub decisions: Option<Frame>,
}

impl Plan {
    /// Trains the router of a cell as [`Plan::simulate`] does, and keeps it; none where the protocol never freezes one, or
    /// for a line that the environment draws.
    pub(crate) fn router(&self, cell: &PlannedCell) -> Option<TrainedRouter> {
        match &self.parts(cell).0.protocol {
            Protocol::TrainThenTest { split, checkpoints, select } => {
                train_then_test::TrainThenTest::new(self, cell, *split, *checkpoints, *select, false).router()
            }
            Protocol::Online { .. } => None,
        }
    }

    /// Simulates a cell: a pure function of the plan and the cell. `log_decisions` also returns every decision.
    pub fn simulate(&self, cell: &PlannedCell, log_decisions: bool) -> Log {
        match &self.parts(cell).0.protocol {
            Protocol::TrainThenTest { split, checkpoints, select } => {
                train_then_test::TrainThenTest::new(self, cell, *split, *checkpoints, *select, log_decisions).simulate()
            }
            Protocol::Online { rounds, checkpoints } => {
                online::simulate(self, cell, *rounds, *checkpoints, log_decisions)
            }
        }
    }
}
