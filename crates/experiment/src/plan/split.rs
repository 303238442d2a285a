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

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Train,
    Validation,
    Test,
}

/// Splits each task's prompts by `shares` (train, validation, test), in an order drawn from `stream`; rows of one cluster go
/// together, to the side on which the first of them falls. Where tasks are held out, nothing else is tested on: out of
/// distribution. With shots they are split as well, and the first so many training prompts are kept: the test prompts are the
/// same for any number of shots.
///
/// A cluster may stand in several tasks. One of equal prompts is tested on rather than trained on. With declared links such
/// clusters may be many; there each goes whole to the side where the first of its tasks puts it, held-out tasks first, and
/// each task fills what is missing to its shares.
pub(crate) fn split(table: &Table, shares: [f64; 3], held_out: &HeldOut<'_>, stream: &Stream) -> Split {
    let mut all = clusters_by_task(table);
    let held = |task: &usize| held_out.tasks.contains(task);
    let (first, then): (Vec<usize>, Vec<usize>) =
        (0..all.len()).partition(|task| table.has_declared_links() && held(task));
    let mut sides = Sides { shares, decided: vec![None; table.len()], whole: table.has_declared_links() };
    let mut by_task: Vec<Vec<(Part, Vec<usize>)>> = vec![Vec::new(); all.len()];
    for task in first.into_iter().chain(then) {
        let mut clusters = std::mem::take(&mut all[task]);
        let shots = if held(&task) { Some(held_out.shots.unwrap_or(0)) } else { None };
        if held(&task) && held_out.shots.is_none() {
            by_task[task] = sides.tested(table, clusters);
            continue;
        }
        random::shuffle(&mut stream.at(Round(task as u64)), &mut clusters);
        by_task[task] = sides.placed(table, clusters, shots);
        if !held(&task) && !held_out.tasks.is_empty() {
            by_task[task].retain(|(part, _)| *part != Part::Test);
        }
    }
    let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    by_task.into_iter().flatten().for_each(|(part, rows)| parts.of(part).extend(rows));
    without_crossings(table, parts)
}

impl Split {
    /// The rows of a part.
    pub(crate) fn of(&mut self, part: Part) -> &mut Vec<usize> {
        match part {
            Part::Train => &mut self.train,
            Part::Validation => &mut self.validation,
            Part::Test => &mut self.test,
        }
    }
}

/// Decides which part each cluster of a task goes to.
struct Sides {
    shares: [f64; 3],
    /// The part of each cluster, by its first row, where it follows what another task decided.
    decided: Vec<Option<Part>>,
    /// Whether clusters go to one part whole, whatever their tasks.
    whole: bool,
}

impl Sides {
    /// All `clusters` of a task that is only tested on.
    fn tested(&mut self, table: &Table, clusters: Vec<Vec<usize>>) -> Vec<(Part, Vec<usize>)> {
        clusters.iter().for_each(|rows| self.decided[table.first_of(rows[0])] = Some(Part::Test));
        clusters.into_iter().map(|rows| (Part::Test, rows)).collect()
    }

    /// Training rows, and training and validation rows, at which a task of `count` rows has its shares, `filled` among them.
    /// Where a part has too many already, the others share what is left as their own shares stand.
    fn bounds(&self, count: usize, filled: [usize; 3]) -> [usize; 2] {
        let share = |share: f64| (share * count as f64).round() as usize;
        let (first, second) = (share(self.shares[0]), share(self.shares[0] + self.shares[1]));
        let missing = |part: usize, wanted: usize| wanted.saturating_sub(filled[part]);
        let [train, validation, test] = [missing(0, first), missing(1, second - first), missing(2, count - second)];
        let (left, all) = (count - filled.iter().sum::<usize>(), (train + validation + test).max(1));
        let train_to = filled[0] + left * train / all;
        [train_to, filled[0] + filled[1] + left * (train + validation) / all]
    }

    /// The `clusters` of a task in their order, each with its part. With `shots` the task is held out: so many rows of it are
    /// trained on, and none is validated on.
    fn placed(&mut self, table: &Table, clusters: Vec<Vec<usize>>, shots: Option<u64>) -> Vec<(Part, Vec<usize>)> {
        let decided = |sides: &Sides, rows: &[usize]| sides.decided[table.first_of(rows[0])].filter(|_| sides.whole);
        let count = clusters.iter().map(Vec::len).sum();
        let mut filled = [0; 3];
        for rows in &clusters {
            decided(self, rows).into_iter().for_each(|part| filled[part as usize] += rows.len());
        }
        let [first, second] = self.bounds(count, filled);
        let (mut trained, mut placed) = (0, Vec::new());
        for rows in clusters {
            let part = decided(self, &rows).unwrap_or_else(|| {
                let part = match filled {
                    [train, ..] if train < first => Part::Train,
                    [train, validation, _] if train + validation < second => Part::Validation,
                    _ => Part::Test,
                };
                filled[part as usize] += rows.len();
                part
            });
            self.decided[table.first_of(rows[0])] = Some(part);
            let shown = trained;
            trained += if part == Part::Train { rows.len() } else { 0 };
            let kept = match (part, shots) {
                (Part::Train, Some(shots)) => shown < shots as usize,
                (Part::Validation, Some(_)) => false,
                _ => true,
            };
            placed.extend(kept.then_some((part, rows)));
        }
        placed
    }
}

/// The rows of each cluster of each task, in table order.
fn clusters_by_task(table: &Table) -> Vec<Vec<Vec<usize>>> {
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

    /// Frozen: stored cells were computed on it.
    #[test]
    fn a_split_of_equal_prompts_is_what_it_was() {
        let table = table(|row| (row * row % 91).to_string());
        let drawn = |tasks: &[usize], shots| format!("{:?}", parts(&table, &HeldOut { tasks, shots }, 5));
        let found = [drawn(&[], None), drawn(&[1], None), drawn(&[0, 2], Some(9))].map(|text| store::address(&text));
        assert_eq!(found, ["8ef7237a9149137ff250", "921e440d3a9843095504", "6cd7d05a3036a39af092"]);
    }

    #[test]
    fn prompts_that_all_differ_are_split_as_if_they_had_no_text() {
        let [with, without] = [table(|row| row.to_string()), table(|_| String::new())];
        let held_out = HeldOut { tasks: &[1], shots: Some(5) };
        assert_eq!(parts(&with, &held_out, 3), parts(&without, &held_out, 3));
        assert_eq!((with.repeated(), without.repeated()), (0, 0));
    }

    /// Rows of three tasks whose groups are `group` of the row.
    fn grouped(group: impl Fn(usize) -> usize) -> Table {
        let plain = table(|_| String::new());
        let rows = plain.len();
        Table::new(TableParts {
            ids: (0..rows).map(|row| row.to_string()).collect(),
            tasks: plain.tasks().to_vec(),
            task_of: (0..rows).map(|row| (row % 3) as u16).collect(),
            models: vec!["m".into()],
            dimension: 1,
            features: vec![0.0; rows],
            quality: vec![0.5; rows],
            cost: vec![Dollars(0.1); rows],
            groups: (0..rows).map(|row| group(row).to_string()).collect(),
            ..TableParts::default()
        })
    }

    #[test]
    fn users_of_all_tasks_go_whole_to_one_side_and_shares_stay_near_what_they_are() {
        let user = |row: usize| row / 4;
        let table = grouped(user);
        for (tasks, shots) in [(&[][..], None), (&[1][..], None), (&[0, 2][..], Some(9))] {
            for seed in 0..20 {
                let Split { train, validation, test } = parts(&table, &HeldOut { tasks, shots }, seed);
                let users = [&train, &validation, &test]
                    .map(|rows| rows.iter().map(|&row| user(row)).collect::<std::collections::BTreeSet<_>>());
                assert!(users[0].is_disjoint(&users[2]) && users[1].is_disjoint(&users[2]), "{tasks:?}");
                assert!(users[0].is_disjoint(&users[1]), "{tasks:?}");
                if tasks.is_empty() {
                    let sizes = [train.len(), validation.len(), test.len()];
                    assert_eq!(sizes.iter().sum::<usize>(), 300, "every row is used: {sizes:?}");
                    assert!((190..=230).contains(&sizes[0]) && sizes[1..].iter().all(|part| *part > 25), "{sizes:?}");
                }
                if shots.is_some() {
                    let shown = |task: usize| train.iter().filter(|&&row| row % 3 == task).count();
                    assert!((1..=10).contains(&shown(0)) && (1..=10).contains(&shown(2)), "of nine shots");
                }
            }
        }
    }

    #[test]
    fn a_group_for_each_row_splits_as_no_group_does() {
        let held_out = HeldOut { tasks: &[1], shots: Some(5) };
        assert_eq!(parts(&grouped(|row| row), &held_out, 3), parts(&table(|_| String::new()), &held_out, 3));
    }
}
