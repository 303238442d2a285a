//! What moved while a log was written: models that came or went, prices, quality.
//!
//! A price or a quality moves where the mean of a model's rows before some moment differs from the mean after it, both less
//! the model's means by task, by so many standard errors that no log without a change shows it. Of a price the logarithm of
//! dollars is looked at, for each token where tokens were counted.

use super::holes::Part;
use super::table::{LogTable, Row};
use environments::sources::logged::Moment;
use std::collections::BTreeSet;

/// Standard errors from which two means differ: the largest of all splits stays below in all but one of some thousand logs.
const BEYOND: f64 = 5.0;

/// Fewest rows on either side of a change.
const FEWEST: usize = 10;

/// Smallest change of a price that matters, as a share.
const PRICE: f64 = 0.02;

/// Smallest change of quality that matters.
const QUALITY: f64 = 0.02;

/// Fewest rows of a new model from which the log is looked at from its first day on.
const ENOUGH: usize = 100;

/// Smallest amount told apart from nothing, in dollars.
const SMALLEST: f64 = 1e-12;

/// Something that moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Name of the model.
    pub model: String,
    /// When the world after it begins.
    pub from: Moment,
    /// What.
    pub kind: ChangeKind,
}

/// What moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChangeKind {
    /// The model answered last just before.
    Retired,
    /// The model answered first then.
    New {
        /// Rows of the model.
        rows: usize,
        /// Clusters of those with a score.
        scored: usize,
    },
    /// Its dollars for a like request became so many times what they were.
    Price {
        /// The factor.
        times: f64,
    },
    /// Its mean quality on like requests rose by so much.
    Quality {
        /// The difference.
        by: f64,
    },
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (model, from) = (&self.model, self.from);
        match self.kind {
            ChangeKind::Retired => write!(f, "{model} is retired: it has not answered since {from}"),
            ChangeKind::New { rows, scored } => {
                write!(f, "{model} is new since {from}: {rows} rows, {scored} of them with a score")
            }
            ChangeKind::Price { times } => {
                write!(f, "the price of {model} moved at {from}, to {times:.2} of what it was")
            }
            ChangeKind::Quality { by } => write!(f, "the quality of {model} drifted: it moved by {by:+.3} at {from}"),
        }
    }
}

/// All changes within a table, and the rows of the world as it is now: those after the last change. A new model with few
/// rows does not count: it cannot be judged either way.
pub(super) fn present(table: &LogTable) -> (Vec<Change>, Option<Moment>) {
    let (mut all, mut start): (Vec<Change>, Option<Moment>) = (Vec::new(), None);
    let mut part = table.clone();
    loop {
        let found = changes(&part);
        let last = found.iter().filter(|change| moves(change)).map(|change| change.from).max();
        for change in found {
            let told = |known: &Change| {
                known.model == change.model
                    && std::mem::discriminant(&known.kind) == std::mem::discriminant(&change.kind)
            };
            if !all.iter().any(told) {
                all.push(change);
            }
        }
        let Some(last) = last.filter(|last| start.is_none_or(|start| *last > start)) else { return (all, start) };
        start = Some(last);
        part = table.only(|_, row| row.time.is_some_and(|time| time >= last));
    }
}

/// Whether what was logged before says little of what holds after.
fn moves(change: &Change) -> bool {
    !matches!(change.kind, ChangeKind::New { scored, .. } if scored < ENOUGH)
}

fn changes(table: &LogTable) -> Vec<Change> {
    let mut found = Vec::new();
    let own = |arm: usize| table.rows.iter().filter(move |row| usize::from(row.arm) == arm);
    for hole in &table.holes {
        let (from, kind) = match hole.part {
            Part::After(time) => {
                (table.rows.iter().filter_map(|row| row.time).filter(|own| *own > time).min(), ChangeKind::Retired)
            }
            Part::Before(time) => {
                let scored = clusters(own(hole.arm).filter(|row| row.quality.is_some()));
                (Some(time), ChangeKind::New { rows: own(hole.arm).count(), scored })
            }
            _ => continue,
        };
        found.extend(from.map(|from| Change { model: table.models[hole.arm].clone(), from, kind }));
    }
    for (arm, model) in table.models.iter().enumerate() {
        let rows: Vec<&Row> = own(arm).collect();
        let counted = rows.iter().all(|row| row.tokens.is_some_and(|tokens| tokens > 0.0));
        let price = |row: &Row| {
            let of = if counted { row.tokens.unwrap_or(1.0) } else { 1.0 };
            Some(libm::log(row.dollars.max(SMALLEST) / of))
        };
        if let Some((from, by)) = moved(&rows, table.tasks.len(), price).filter(|(_, by)| by.abs() > PRICE) {
            let kind = ChangeKind::Price { times: libm::exp(by) };
            found.push(Change { model: model.clone(), from, kind });
        }
        let quality = |row: &Row| row.quality.map(f64::from);
        if let Some((from, by)) = moved(&rows, table.tasks.len(), quality).filter(|(_, by)| by.abs() > QUALITY) {
            found.push(Change { model: model.clone(), from, kind: ChangeKind::Quality { by } });
        }
    }
    found
}

/// Clusters of some rows.
fn clusters<'a>(rows: impl Iterator<Item = &'a Row>) -> usize {
    rows.map(|row| row.cluster).collect::<BTreeSet<u32>>().len()
}

/// When the mean of `of` moved most among rows of one model, and by how much; none where it did not, or a row has no time.
fn moved(rows: &[&Row], tasks: usize, of: impl Fn(&Row) -> Option<f64>) -> Option<(Moment, f64)> {
    let mut values = Vec::new();
    let mut means = vec![(0.0, 0.0); tasks];
    for (row, value) in rows.iter().filter_map(|row| Some((row, of(row)?))) {
        let mean: &mut (f64, f64) = &mut means[usize::from(row.task)];
        *mean = (mean.0 + value, mean.1 + 1.0);
        values.push((row.time?, row.task, value));
    }
    let mut values: Vec<(Moment, f64)> = values
        .into_iter()
        .map(|(time, task, value)| (time, value - means[usize::from(task)].0 / means[usize::from(task)].1))
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    // Rows that were written twice show nothing twice.
    let repeated = libm::sqrt(rows.len() as f64 / clusters(rows.iter().copied()).max(1) as f64);
    let sums = |values: &[(Moment, f64)]| {
        values.iter().fold((0.0, 0.0), |sum, value| (sum.0 + value.1, sum.1 + value.1 * value.1))
    };
    let (all, count) = (sums(&values), values.len());
    let mut before = (0.0, 0.0);
    let mut best: Option<(f64, Moment, f64)> = None;
    for at in 1..count {
        let value = values[at - 1].1;
        before = (before.0 + value, before.1 + value * value);
        if at < FEWEST || count - at < FEWEST || values[at].0 == values[at - 1].0 {
            continue;
        }
        let (n, m) = (at as f64, (count - at) as f64);
        let [first, second] = [before.0 / n, (all.0 - before.0) / m];
        let within = (all.1 - n * first * first - m * second * second).max(0.0) / (n + m - 2.0);
        let error = libm::sqrt(within * (1.0 / n + 1.0 / m)).max(1e-9);
        let distance = (second - first).abs() / (error * repeated);
        if distance > best.map_or(BEYOND, |best| best.0) {
            best = Some((distance, values[at].0, second - first));
        }
    }
    best.map(|(_, time, by)| (time, by))
}
