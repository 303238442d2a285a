//! Splits as files: written for others, and read back as the split of an experiment.
//!
//! A row says to which part a prompt belongs in a replicate. The order of the rows is the order of the prompts within a part,
//! by which visits are drawn: a file that was written here gives the same numbers to the bit.

use super::given::{self, GivenError, REPLICATE, SAMPLE_ID, each_row, of_file};
use super::split::{HeldOut, Part, Split};
use super::{Plan, canonical};
use crate::spec::Protocol;
use environments::Table;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use store::{Column, Frame, address};

/// Column of the part.
const PART: &str = "part";

/// Parts by their names in a file.
const PARTS: [(&str, Part); 3] = [("train", Part::Train), ("validation", Part::Validation), ("test", Part::Test)];

/// The splits of all replicates of an environment, from a file.
pub(crate) struct Splits {
    by_replicate: Vec<Given>,
}

struct Given {
    split: Split,
    /// Identifies what the file says of the replicate.
    contents: String,
}

/// What a row says of a prompt.
struct Assigned {
    place: u64,
    id: String,
    part: usize,
}

impl Splits {
    /// Reads the file at `path` for the environment with these `labels`, whose table in each of some replicates is `table_of`.
    /// Rows of later replicates are for a longer run of the same experiment.
    pub(super) fn read(
        path: &Path,
        labels: [&str; 2],
        replicates: u32,
        table_of: impl Fn(u32) -> std::sync::Arc<Table>,
        held_out: &HeldOut<'_>,
    ) -> Result<Splits, GivenError> {
        let mut assigned: Vec<Vec<Assigned>> = (0..replicates).map(|_| Vec::new()).collect();
        each_row(path, labels, |row| {
            let (id, part) = (row.text(SAMPLE_ID)?, row.among(PART, &PARTS.map(|(name, _)| name))?);
            row.text(REPLICATE)?;
            let replicate = row.replicate()?.unwrap_or_default();
            if let Some(rows) = assigned.get_mut(replicate) {
                rows.push(Assigned { place: row.place(), id, part });
            }
            Ok(())
        })?;
        let given = assigned.into_iter().zip(0..).map(|(rows, replicate)| {
            let table = table_of(replicate);
            Reading { path, table: &table, replicate, held_out }.given(&rows)
        });
        Ok(Splits { by_replicate: given.collect::<Result<_, _>>()? })
    }

    /// The split of a replicate.
    pub(crate) fn of(&self, replicate: u32) -> &Split {
        &self.by_replicate[replicate as usize].split
    }

    /// What identifies it.
    pub(super) fn contents(&self, replicate: u32) -> &str {
        &self.by_replicate[replicate as usize].contents
    }
}

/// One replicate of a file, against the table that it is about.
struct Reading<'a> {
    path: &'a Path,
    table: &'a Table,
    replicate: u32,
    held_out: &'a HeldOut<'a>,
}

impl Reading<'_> {
    fn given(&self, rows: &[Assigned]) -> Result<Given, GivenError> {
        let places: BTreeMap<&str, usize> = (0..self.table.len()).map(|row| (self.table.id(row), row)).collect();
        let mut split = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
        let mut seen: BTreeMap<usize, u64> = BTreeMap::new();
        let mut clusters: BTreeMap<usize, &Assigned> = BTreeMap::new();
        for one in rows {
            let Some(&row) = places.get(one.id.as_str()) else {
                let rule = format!("must be an id of the table, got `{}`", one.id);
                return Err(self.error(one, SAMPLE_ID, rule));
            };
            if let Some(first) = seen.insert(row, one.place) {
                let rule = format!(
                    "must name each prompt once for a replicate, got `{}` again, first at {first}, in replicate {}",
                    one.id,
                    self.replicate + 1
                );
                return Err(self.error(one, SAMPLE_ID, rule));
            }
            let first = *clusters.entry(self.table.first_of(row)).or_insert(one);
            if first.part != one.part {
                let rule = format!(
                    "must be the part of all of a cluster, got {} of `{}` where `{}` at {} is {} (equal prompts, one group \
                     or near-duplicates), in replicate {}",
                    PARTS[one.part].0,
                    one.id,
                    first.id,
                    first.place,
                    PARTS[first.part].0,
                    self.replicate + 1
                );
                return Err(self.error(one, PART, rule));
            }
            self.check_held_out(one, self.table.task(row))?;
            split.of(PARTS[one.part].1).push(row);
        }
        self.check_whole(&split)?;
        Ok(Given { contents: contents(self.table, &split), split })
    }

    fn error(&self, row: &Assigned, column: &'static str, message: String) -> GivenError {
        GivenError::Refused { path: self.path.to_owned(), place: Some(row.place), column: Some(column), message }
    }

    /// Where tasks are held out, they alone are tested on, and nothing of them is validated on, nor trained on but for shots.
    fn check_held_out(&self, row: &Assigned, task: usize) -> Result<(), GivenError> {
        let held = self.held_out.tasks.contains(&task);
        let good = match PARTS[row.part].1 {
            Part::Train => !held || self.held_out.shots.is_some(),
            Part::Validation => !held,
            Part::Test => held || self.held_out.tasks.is_empty(),
        };
        if good {
            return Ok(());
        }
        let (task, part) = (&self.table.tasks()[task], PARTS[row.part].0);
        let rule =
            format!("must be test for the tasks of `held-out` alone, got {part} of `{}` (task `{task}`)", row.id);
        Err(self.error(row, PART, rule))
    }

    fn check_whole(&self, split: &Split) -> Result<(), GivenError> {
        let sizes = [split.train.len(), split.validation.len(), split.test.len()];
        if sizes.contains(&0) {
            let got = PARTS.iter().zip(sizes).map(|((name, _), size)| format!("{size} {name}")).collect::<Vec<_>>();
            let rule = "it must give each part of each replicate a prompt";
            let message = format!("{rule}, got {} in replicate {}", got.join(", "), self.replicate + 1);
            return Err(of_file(self.path, message));
        }
        let Some(shots) = self.held_out.shots else { return Ok(()) };
        for &task in self.held_out.tasks {
            let trained = split.train.iter().filter(|&&row| self.table.task(row) == task).count();
            if trained as u64 > shots {
                let task = &self.table.tasks()[task];
                let got = format!("{trained} of `{task}` in replicate {}", self.replicate + 1);
                return Err(of_file(self.path, format!("train must have at most the {shots} `shots`, got {got}")));
            }
        }
        Ok(())
    }
}

/// The hash of the identifiers of each part, in order.
fn contents(table: &Table, split: &Split) -> String {
    let ids = |rows: &[usize]| rows.iter().map(|&row| table.id(row)).collect::<Vec<_>>();
    address(&canonical(&json!([ids(&split.train), ids(&split.validation), ids(&split.test)])))
}

impl Plan {
    /// Every split of the plan as a table: `environment`, `sample_id`, `replicate` (from 1) and `part`, in the order of
    /// environments, replicates and parts; none where nothing is split.
    pub fn splits(&self) -> Option<Frame> {
        let (mut environments, mut ids, mut replicates, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let first_policy = |cell: &&super::PlannedCell| cell.policy == 0;
        for cell in self.cells().iter().filter(first_policy) {
            let (environment, _) = self.parts(cell);
            let Protocol::TrainThenTest { split: shares, .. } = &environment.protocol else { continue };
            let world = self.world_seed(cell);
            let table = environment.world.pool(&world);
            let mut split = environment.split(&table, *shares, cell.replicate, &world);
            for (name, part) in PARTS {
                for &row in &*split.of(part) {
                    environments.push(Some(environment.label.clone()));
                    ids.push(Some(table.id(row).to_owned()));
                    replicates.push(Some(u64::from(cell.replicate) + 1));
                    parts.push(Some(name.to_owned()));
                }
            }
        }
        let columns = vec![
            (given::ENVIRONMENT.to_owned(), Column::Text(environments)),
            (SAMPLE_ID.to_owned(), Column::Text(ids)),
            (REPLICATE.to_owned(), Column::Integer(replicates)),
            (PART.to_owned(), Column::Text(parts)),
        ];
        Some(Frame { columns, metadata: Vec::new() }).filter(|frame| frame.rows() > 0)
    }
}
