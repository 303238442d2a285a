//! Training, validation and test prompts of one replicate.

use environments::Table;
use routing::{Round, Stream, random};

/// Rows of a table, by use. Disjoint.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// Splits each task's prompts by `shares` (train, validation, test), in an order drawn from `stream`. Prompts of the
/// `held_out` tasks are all tested on, and then nothing else is: out of distribution.
pub(super) fn split(table: &Table, shares: [f64; 3], held_out: &[usize], stream: &Stream) -> Split {
    let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    for task in 0..table.tasks().len() {
        let mut rows: Vec<usize> = (0..table.len()).filter(|&row| table.task(row) == task).collect();
        if held_out.contains(&task) {
            parts.test.extend(rows);
            continue;
        }
        random::shuffle(&mut stream.at(Round(task as u64)), &mut rows);
        let count = rows.len() as f64;
        let first = (shares[0] * count).round() as usize;
        let second = ((shares[0] + shares[1]) * count).round() as usize;
        parts.train.extend(&rows[..first]);
        parts.validation.extend(&rows[first..second]);
        if held_out.is_empty() {
            parts.test.extend(&rows[second..]);
        }
    }
    parts
}
