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

/// How much each group of test prompts moves each score of a run, where the scores are made of others and no prompt has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Influences {
    /// Numbers of the groups, ascending.
    pub groups: Vec<u32>,
    /// As many values as there are groups for each score; not finite where the score does not exist without some group.
    pub values: Vec<f64>,
}

impl Influences {
    /// (group, influence) of the score at `place`; none where it does not exist without some group.
    ///
    /// # Panics
    /// When there is no such score.
    pub fn of(&self, place: usize) -> Option<Vec<(u32, f64)>> {
        let size = self.groups.len();
        let own = &self.values[place * size..(place + 1) * size];
        let all = || self.groups.iter().copied().zip(own.iter().copied()).collect();
        own.iter().all(|value| value.is_finite()).then(all)
    }
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
    /// What moves scores that are made of others; none of scores that were stored.
    pub influences: Option<Influences>,
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
    /// Other scores of the same replicate with what moves them, without the rows of its test prompts.
    pub fn with_scores(&self, scores: Scores, influences: Option<Influences>) -> Run {
        let (environment, policy) = (self.environment.clone(), self.policy.clone());
        let (identity, replicate, recorded) = (self.identity.clone(), self.replicate, self.recorded);
        Run { environment, policy, identity, replicate, scores, recorded, influences, rows: None }
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
            influences: None,
            rows: None,
        };
        replicates.iter().map(run).collect()
    }
}
