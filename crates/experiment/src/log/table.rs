//! A log in memory, without its texts: forty bytes or so a row, whatever is asked of it.
//!
//! Rows that belong together have one cluster, and a cluster is in one fold, drawn by a keyed hash. Neither depends on the
//! order of lines.

use super::error::{EvaluationError, RowProblem};
use super::holes::{Hole, Part, SMALLEST, Words, unlikely};
use super::identity::{Key, Keys, Together};
use environments::sources::logged::{Log, LogRow, Moment};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Parts that a log is cut into: what a policy and the outcome model know of a row comes from the other parts.
pub(super) const FOLDS: usize = 5;

/// What is kept of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// Its line.
    pub(super) place: u64,
    pub(super) arm: u16,
    pub(super) task: u16,
    /// Score, where there is one.
    pub(super) quality: Option<f32>,
    pub(super) dollars: f64,
    /// As logged.
    pub(super) propensity: Option<f32>,
    pub(super) w_cost: Option<f64>,
    pub(super) time: Option<Moment>,
    /// Tokens read and written.
    pub(super) tokens: Option<f64>,
    pub(super) cluster: u32,
    pub(super) fold: u8,
    /// Which of the table's holes it lies in, by bit.
    pub(super) holes: u64,
}

/// The rows of a log, or some of them.
#[derive(Clone, Debug)]
pub(super) struct LogTable {
    pub(super) rows: Vec<Row>,
    pub(super) models: Vec<String>,
    pub(super) tasks: Vec<String>,
    /// Parts of the traffic in which a model never answers, other than tasks: at most 64.
    pub(super) holes: Vec<Hole>,
    /// Whether a model answered on a task, T x K.
    pub(super) answered: Vec<Vec<bool>>,
    /// Cut into so many folds.
    pub(super) folds: usize,
}

impl LogTable {
    /// Reads the log, its rows `together` as they move together.
    pub(super) fn read(log: &Log, together: Together) -> Result<LogTable, EvaluationError> {
        let (mut rows, mut keys, mut words) =
            (Vec::new(), Keys::default(), Words::new(log.models().len(), together == Together::Prompt));
        for row in log.rows()? {
            let row = row?;
            keys.add(&row, together);
            words.add(&row);
            rows.push(Row::of(&row));
        }
        let (keys, clusters) = keys.finish();
        for (row, (cluster, key)) in rows.iter_mut().zip(clusters.into_iter().map(|at| (at, keys[at as usize]))) {
            row.cluster = cluster;
            row.fold = fold(key);
        }
        let (models, tasks) = (log.models().to_vec(), log.tasks().to_vec());
        let mut table = LogTable { rows, models, tasks, holes: Vec::new(), answered: Vec::new(), folds: FOLDS };
        table.find_holes(log, &words)?;
        Ok(table)
    }

    /// Notes in which parts of the traffic a model never answers.
    fn find_holes(&mut self, log: &Log, words: &Words) -> Result<(), EvaluationError> {
        let found = words.holes();
        if !found.is_empty() {
            for (row, own) in log.rows()?.zip(&mut self.rows) {
                let row = row?;
                own.holes = Hole::bits(&found, &row);
            }
        }
        self.holes = found;
        self.find_times();
        Ok(())
    }

    /// Some of the rows, with holes in time of their own.
    pub(super) fn only(&self, wanted: impl Fn(usize, &Row) -> bool) -> LogTable {
        let rows = self.rows.iter().enumerate().filter(|(at, row)| wanted(*at, row)).map(|(_, row)| *row);
        let mut part = LogTable { rows: rows.collect(), ..self.clone() };
        part.forget_times();
        part.find_times();
        part
    }

    /// Halves: fold 0 for what comes first, fold 1 for the rest. By time where every row has one, else by line.
    pub(super) fn in_halves(mut self) -> LogTable {
        let times: Option<Vec<Moment>> = self.rows.iter().map(|row| row.time).collect();
        let middle = times.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2]
        });
        let half = self.rows.len() / 2;
        for (at, row) in self.rows.iter_mut().enumerate() {
            let first = middle.map_or(at < half, |middle| row.time.is_some_and(|time| time < middle));
            row.fold = u8::from(!first);
        }
        self.folds = 2;
        self
    }

    /// The propensity of each row, and how many of them were estimated: where a row has none, the share of its model among the
    /// rows of its task that have none.
    pub(super) fn propensities(&self) -> Result<(Vec<f64>, u64), EvaluationError> {
        let unknown: Vec<&Row> = self.rows.iter().filter(|row| row.propensity.is_none()).collect();
        if let (Some(first), true) = (unknown.first(), unknown.len() == self.rows.len()) {
            return Err(EvaluationError::Row { line: first.place, problem: RowProblem::NoPropensity });
        }
        let shares = self.shares(&unknown);
        let own = |row: &Row| row.propensity.map_or_else(|| shares[row.task as usize][row.arm as usize], f64::from);
        Ok((self.rows.iter().map(own).collect(), unknown.len() as u64))
    }

    /// The share of each row's model among the rows of its task: the propensity, if nothing but the task decided.
    pub(super) fn share_of_each(&self) -> Vec<f64> {
        let all: Vec<&Row> = self.rows.iter().collect();
        let shares = self.shares(&all);
        self.rows.iter().map(|row| shares[row.task as usize][row.arm as usize]).collect()
    }

    /// The share of each model among some rows of each task, T x K.
    fn shares(&self, rows: &[&Row]) -> Vec<Vec<f64>> {
        let mut counts = vec![vec![0.0; self.models.len()]; self.tasks.len()];
        rows.iter().for_each(|row| counts[row.task as usize][row.arm as usize] += 1.0);
        for task in &mut counts {
            let all: f64 = task.iter().sum();
            task.iter_mut().for_each(|count| *count /= all.max(1.0));
        }
        counts
    }

    /// Forgets the holes that [`LogTable::find_times`] found.
    fn forget_times(&mut self) {
        self.holes.retain(|hole| !matches!(hole.part, Part::Before(_) | Part::After(_)));
    }

    /// Notes which models answer on each task, which came after the first rows, and which were gone before the last.
    fn find_times(&mut self) {
        self.answered = vec![vec![false; self.models.len()]; self.tasks.len()];
        self.rows.iter().for_each(|row| self.answered[usize::from(row.task)][usize::from(row.arm)] = true);
        let seen = |arm: usize| {
            let own = self.rows.iter().filter(|row| usize::from(row.arm) == arm).filter_map(|row| row.time);
            own.fold(None, |seen: Option<(Moment, Moment)>, time| {
                Some(seen.map_or((time, time), |(low, high)| (low.min(time), high.max(time))))
            })
        };
        let mut found = Vec::new();
        for (arm, seen) in (0..self.models.len()).map(seen).enumerate() {
            let Some((first, last)) = seen else { continue };
            let before: &dyn Fn(Moment) -> bool = &|time| time < first;
            let after: &dyn Fn(Moment) -> bool = &|time| time > last;
            for (part, outside) in [(Part::Before(first), before), (Part::After(last), after)] {
                found.extend(self.hole_in_time(arm, part, outside));
            }
        }
        self.holes.extend(found);
    }

    fn hole_in_time(&self, arm: usize, part: Part, outside: &dyn Fn(Moment) -> bool) -> Option<Hole> {
        let out = |row: &&Row| row.time.is_some_and(outside);
        let missed: BTreeSet<u32> = self.rows.iter().filter(out).map(|row| row.cluster).collect();
        let count = self.rows.iter().filter(out).count();
        let own = self.rows.iter().filter(|row| usize::from(row.arm) == arm).count() as f64;
        let share = count as f64 / self.rows.len() as f64;
        let elsewhere = own / (self.rows.len() - count).max(1) as f64;
        let hole = share >= SMALLEST && unlikely(elsewhere, missed.len() as u64, 2.0 * self.models.len() as f64);
        hole.then_some(Hole { arm, part, share })
    }

    /// Whether the log says nothing of a model where this row is.
    pub(super) fn is_hole(&self, row: &Row, arm: usize) -> bool {
        let inside = |(at, hole): (usize, &Hole)| match hole.part {
            Part::Before(time) => row.time.is_some_and(|own| own < time),
            Part::After(time) => row.time.is_some_and(|own| own > time),
            _ => row.holes >> at & 1 == 1,
        };
        let never = !self.answered[usize::from(row.task)][arm];
        never || self.holes.iter().enumerate().any(|(at, hole)| hole.arm == arm && inside((at, hole)))
    }
}

impl Row {
    fn of(row: &LogRow) -> Row {
        Row {
            place: row.place,
            arm: row.arm.0,
            task: u16::try_from(row.task).expect("a log has at most 65535 tasks"),
            quality: row.quality,
            dollars: row.cost.0,
            propensity: row.propensity,
            w_cost: row.w_cost,
            time: row.time,
            tokens: row.tokens.map(|tokens| (tokens.input + tokens.output) as f64),
            cluster: 0,
            fold: 0,
            holes: 0,
        }
    }
}

/// The fold of a cluster: a keyed hash, so that no pattern of prompts or identifiers decides.
fn fold(key: Key) -> u8 {
    let digest = Sha256::digest([b"barp fold of a logged cluster ".as_slice(), &key.to_be_bytes()].concat());
    digest[0] % FOLDS as u8
}
