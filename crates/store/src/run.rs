//! One cell in memory: its scores with the labels its experiment gives it, and the way to the rows of its test prompts.

use crate::scores::Pool;
use crate::tested::{Tested, TestedFrame, read_tested};
use crate::{FrameError, Identity, Label, Scores};
use std::path::PathBuf;

/// Where the rows of test prompts are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TestedAt {
    File(PathBuf),
    Memory(Tested),
}

/// All scores of one cell, with the labels its experiment gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Label of the environment.
    pub environment: Label,
    /// Label of the policy.
    pub policy: Label,
    /// What stands behind that label.
    pub identity: Identity,
    /// Number of the replicate, from 0.
    pub replicate: u32,
    /// What was measured.
    pub scores: Scores,
    /// Whether its prompts are those of every other replicate, as recorded rows are; generated ones are new in each.
    pub recorded: bool,
    /// The rows of its test prompts, if they are there.
    pub(crate) rows: Option<TestedAt>,
}

impl Run {
    /// What every test prompt got; none where no rows were stored.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn tested(&self) -> Result<Option<Tested>, FrameError> {
        match &self.rows {
            None => Ok(None),
            Some(TestedAt::File(path)) => read_tested(path).map(Some),
            Some(TestedAt::Memory(rows)) => Ok(Some(rows.clone())),
        }
    }

    /// Whether the rows of its test prompts are there.
    pub fn has_tested(&self) -> bool {
        self.rows.is_some()
    }
}

impl Run {
    /// Other scores of the same replicate, without the rows of its test prompts.
    pub fn with_scores(&self, scores: Scores) -> Run {
        let (environment, policy) = (self.environment.clone(), self.policy.clone());
        let (identity, replicate, recorded) = (self.identity.clone(), self.replicate, self.recorded);
        Run { environment, policy, identity, replicate, scores, recorded, rows: None }
    }

    /// The same with what every test prompt got; `recorded` as in [`Run::recorded`].
    pub fn with_tested(self, rows: &TestedFrame, recorded: bool) -> Run {
        Run { recorded, rows: Some(TestedAt::Memory(rows.into())), ..self }
    }

    /// Runs of replicates that are in memory already, in their order: of prompts of their own, without rows.
    pub fn of(replicates: &[crate::Replicate]) -> Vec<Run> {
        let pool = Pool::default();
        let run = |one: &crate::Replicate| Run {
            environment: pool.label(&one.environment),
            policy: pool.label(&one.policy),
            identity: one.identity.clone(),
            replicate: one.replicate,
            scores: pool.scores(&one.scores),
            recorded: false,
            rows: None,
        };
        replicates.iter().map(run).collect()
    }
}
