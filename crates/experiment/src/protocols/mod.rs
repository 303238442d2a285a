//! How a cell is simulated: sequential, deterministic, allocating nothing in its round loop.

mod against;
mod appraisal;
mod decider;
mod decisions;
mod feedback;
mod online;
mod phases;
mod tally;
mod tested;
mod train_then_test;
mod trained;

pub use against::Against;
pub use decisions::decision_columns;
pub use trained::TrainedRouter;

use crate::plan::{Plan, PlannedCell};
use crate::spec::Protocol;
use store::{Cell, Frame, TestedFrame};

/// Prompts of a split, or rounds, that a rehearsal has at least.
const REHEARSED: u64 = 64;

/// A `share` of `n`, but at least [`REHEARSED`] and at most all.
fn shortened(n: u64, share: f64) -> u64 {
    ((n as f64 * share) as u64).clamp(n.min(REHEARSED), n)
}

/// What a cell leaves behind.
#[derive(Clone, Debug)]
pub struct Log {
    /// Scores and ledger.
    pub cell: Cell,
    /// What every test prompt got, under the protocol that tests.
    pub tested: Option<TestedFrame>,
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

    /// Simulates a `share` in (0, 1] of a cell's prompts or rounds, at least 64 of them, and forgets it: how long the whole
    /// takes can be told from how long parts take. Returns the share that it was.
    pub fn rehearse(&self, cell: &PlannedCell, share: f64) -> f64 {
        match &self.parts(cell).0.protocol {
            Protocol::TrainThenTest { split, checkpoints, select } => {
                let whole = train_then_test::TrainThenTest::new(self, cell, *split, *checkpoints, *select, false);
                let (part, share) = whole.shortened(share);
                part.simulate();
                share
            }
            Protocol::Online { rounds, checkpoints } => {
                let part = shortened(*rounds, share);
                online::simulate(self, cell, part, *checkpoints, false);
                part as f64 / *rounds as f64
            }
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
