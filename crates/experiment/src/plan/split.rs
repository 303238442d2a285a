//! Training, validation and test prompts of one replicate.

use environments::Table;
use routing::{Round, Stream, random};
use std::collections::BTreeMap;

/// Rows of a table, by use. Disjoint, and no text of a prompt is in two of them.
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

/// Splits each task's prompts by `shares` (train, validation, test), in an order drawn from `stream`; rows of one prompt go
/// together, to the side on which the first of them falls. Where tasks are held out, nothing else is tested on: out of
/// distribution. With shots they are split as well, and the first so many training prompts are kept: the test prompts are the
/// same for any number of shots. A prompt that stands in several tasks is tested on rather than trained on.
pub(crate) fn split(table: &Table, shares: [f64; 3], held_out: &HeldOut<'_>, stream: &Stream) -> Split {
    let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    for (task, mut prompts) in prompts_by_task(table).into_iter().enumerate() {
        let held = held_out.tasks.contains(&task);
        if held && held_out.shots.is_none() {
            parts.test.extend(prompts.into_iter().flatten());
            continue;
        }
        random::shuffle(&mut stream.at(Round(task as u64)), &mut prompts);
        let count = prompts.iter().map(Vec::len).sum::<usize>() as f64;
        let first = (shares[0] * count).round() as usize;
        let second = ((shares[0] + shares[1]) * count).round() as usize;
        let trained = if held { first.min(held_out.shots.unwrap_or(0) as usize) } else { first };
        let mut before = 0;
        for rows in prompts {
            let place = before;
            before += rows.len();
            if place < trained {
                parts.train.extend(rows);
            } else if place < first {
                // More training prompts of a held-out task than it shows.
            } else if place < second {
                parts.validation.extend(rows.into_iter().filter(|_| !held));
            } else if held || held_out.tasks.is_empty() {
                parts.test.extend(rows);
            }
        }
    }
    without_crossings(table, parts)
}

/// The rows of each prompt of each task, in table order; equal prompts of one task are one.
fn prompts_by_task(table: &Table) -> Vec<Vec<Vec<usize>>> {
    let mut by_task: Vec<Vec<Vec<usize>>> = vec![Vec::new(); table.tasks().len()];
    let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for row in 0..table.len() {
        let task = table.task(row);
        let place = *known.entry((task, table.first_of(row))).or_insert(by_task[task].len());
        match by_task[task].get_mut(place) {
            Some(rows) => rows.push(row),
            None => by_task[task].push(vec![row]),
        }
    }
    by_task
}

/// Leaves prompts that are tested on out of training and validation, and those that are trained on out of validation: a prompt
/// may stand in several tasks.
fn without_crossings(table: &Table, mut parts: Split) -> Split {
    if table.repeated() == 0 {
        return parts;
    }
    let mut used = vec![false; table.len()];
    parts.test.iter().for_each(|&row| used[table.first_of(row)] = true);
    parts.train.retain(|&row| !used[table.first_of(row)]);
    parts.train.iter().for_each(|&row| used[table.first_of(row)] = true);
    parts.validation.retain(|&row| !used[table.first_of(row)]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use environments::TableParts;
    use routing::{Dollars, Seed};

    /// Prompts of three tasks; of the texts some are equal within a task, and one stands in all tasks.
    fn table(text: impl Fn(usize) -> String) -> Table {
        let rows = 300;
        Table::new(TableParts {
            ids: (0..rows).map(|row| row.to_string()).collect(),
            tasks: ["a", "b", "c"].map(str::to_owned).into(),
            task_of: (0..rows).map(|row| (row % 3) as u16).collect(),
            models: vec!["m".into()],
            dimension: 1,
            features: vec![0.0; rows],
            quality: vec![0.5; rows],
            cost: vec![Dollars(0.1); rows],
            prompts: (0..rows).map(text).collect(),
            ..TableParts::default()
        })
    }

    fn parts(table: &Table, held_out: &HeldOut<'_>, seed: u64) -> Split {
        split(table, [0.7, 0.15, 0.15], held_out, &Seed::root(seed).stream("split"))
    }

    #[test]
    fn no_text_of_a_prompt_is_on_two_sides() {
        let same =
            |row: usize| if row % 50 == 7 { "everywhere".into() } else { format!("{} of {}", row / 12, row % 3) };
        let table = table(same);
        for (tasks, shots) in [(&[][..], None), (&[1][..], None), (&[0, 2][..], Some(9))] {
            for seed in 0..20 {
                let Split { train, validation, test } = parts(&table, &HeldOut { tasks, shots }, seed);
                let sides = [&train, &validation, &test];
                let texts =
                    sides.map(|rows| rows.iter().map(|&row| same(row)).collect::<std::collections::BTreeSet<_>>());
                assert!(texts[0].is_disjoint(&texts[2]) && texts[1].is_disjoint(&texts[2]), "{tasks:?}");
                assert!(texts[0].is_disjoint(&texts[1]) && !train.is_empty() && !test.is_empty(), "{tasks:?}");
            }
        }
        let all = parts(&table, &HeldOut { tasks: &[], shots: None }, 1);
        assert!((180..=240).contains(&all.train.len()), "the shares stay near what they are: {}", all.train.len());
    }

    #[test]
    fn prompts_that_all_differ_are_split_as_if_they_had_no_text() {
        let [with, without] = [table(|row| row.to_string()), table(|_| String::new())];
        let held_out = HeldOut { tasks: &[1], shots: Some(5) };
        assert_eq!(parts(&with, &held_out, 3), parts(&without, &held_out, 3));
        assert_eq!((with.repeated(), without.repeated()), (0, 0));
    }
}
