//! Training, validation and test prompts of one replicate.

use environments::Table;
use routing::{Round, Stream, random};

/// Rows of a table, by use. Disjoint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) train: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

/// Tasks that are only tested on, but for a few prompts.
pub(crate) struct HeldOut<'a> {
    /// Positions in the table's tasks.
    pub(crate) tasks: &'a [usize],
    /// Prompts of each that are trained on; none: the whole task is tested on.
    pub(crate) shots: Option<u64>,
}

/// Splits each task's prompts by `shares` (train, validation, test), in an order drawn from `stream`. Where tasks are held
/// out, nothing else is tested on: out of distribution. With shots they are split as well, and the first so many training
/// prompts are kept: the test prompts are the same for any number of shots.
pub(crate) fn split(table: &Table, shares: [f64; 3], held_out: &HeldOut<'_>, stream: &Stream) -> Split {
    let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    let mut by_task: Vec<Vec<usize>> = vec![Vec::new(); table.tasks().len()];
    (0..table.len()).for_each(|row| by_task[table.task(row)].push(row));
    for (task, mut rows) in by_task.into_iter().enumerate() {
        let held = held_out.tasks.contains(&task);
        if held && held_out.shots.is_none() {
            parts.test.extend(rows);
            continue;
        }
        random::shuffle(&mut stream.at(Round(task as u64)), &mut rows);
        let count = rows.len() as f64;
        let first = (shares[0] * count).round() as usize;
        let second = ((shares[0] + shares[1]) * count).round() as usize;
        let trained = if held { first.min(held_out.shots.unwrap_or(0) as usize) } else { first };
        parts.train.extend(&rows[..trained]);
        if !held {
            parts.validation.extend(&rows[first..second]);
        }
        if held || held_out.tasks.is_empty() {
            parts.test.extend(&rows[second..]);
        }
    }
    parts
}
