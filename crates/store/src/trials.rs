//! `tuning.parquet` and `tuning.csv`: every trial of every cell, from the cells' footers alone.

use crate::files::remove;
use crate::stored::Cells::{Integer, MaybeReal, Real, Text};
use crate::stored::{Described, Stored, described, frame};
use crate::tuning::{Trial, Tuning};
use crate::{CellRecord, Folder, FrameError, Manifest, in_parallel, write_csv, write_parquet};
use std::path::Path;

/// A trial with where it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningRow {
    /// Label of the environment.
    pub environment: String,
    /// Label of the policy.
    pub policy: String,
    /// Number of the replicate, from 0.
    pub replicate: u64,
    /// Number of the trial, from 1; the first is the setting as written, or the first of a grid.
    pub trial: u64,
    /// The setting as JSON.
    pub setting: String,
    /// As in [`Trial::reward`].
    pub reward: Option<f64>,
    /// As in [`Trial::outcomes`].
    pub outcomes: u64,
    /// As in [`Trial::dollars`].
    pub dollars: f64,
    /// Whether it was chosen and tested.
    pub chosen: bool,
    /// As in [`crate::Tuning::outcomes`], the same in all trials of a cell.
    pub price_outcomes: u64,
    /// As in [`crate::Tuning::dollars`], the same in all trials of a cell.
    pub price_dollars: f64,
}

const PARQUET: &str = "tuning.parquet";
const CSV: &str = "tuning.csv";

/// The columns of `tuning.parquet`.
const COLUMNS: &[Stored<TuningRow>] = &[
    Stored::new("environment", "", Text(|row| &row.environment), "label of the environment"),
    Stored::new("policy", "", Text(|row| &row.policy), "label of the policy"),
    Stored::new("replicate", "", Integer(|row| row.replicate), "number of the replicate, from 0"),
    Stored::new(
        "trial",
        "",
        Integer(|row| row.trial),
        "number of the trial, from 1; the first is the setting as written, or the first of a grid",
    ),
    Stored::new("setting", "", Text(|row| &row.setting), "value of each tuned parameter, as JSON"),
    Stored::new(
        "reward",
        "reward",
        MaybeReal(|row| row.reward),
        "mean reward over the weights on cost on the validation split",
    ),
    Stored::new(
        "outcomes",
        "outcomes",
        Integer(|row| row.outcomes),
        "outcomes bought for this trial: on the validation split, and by exploring; without the full labels that all share",
    ),
    Stored::new("dollars", "USD", Real(|row| row.dollars), "dollars that these outcomes cost"),
    Stored::new(
        "chosen",
        "",
        Integer(|row| row.chosen.into()),
        "1 for the setting with the highest reward, which was tested; else 0",
    ),
    Stored::new(
        "price_outcomes",
        "outcomes",
        Integer(|row| row.price_outcomes),
        "outcomes bought in all trials of the cell beyond those that the chosen setting needs by itself",
    ),
    Stored::new("price_dollars", "USD", Real(|row| row.price_dollars), "dollars that these outcomes cost"),
];

/// What the columns of `tuning.parquet` mean.
pub fn tuning_columns() -> Vec<Described> {
    described(COLUMNS)
}

/// Every trial of the cells of `manifest` that are in `folder`, in its order. Cells that are older than this record have none;
/// nor have those that are not what was written, which [`Folder::sound_runs`] names.
pub fn tuning_rows(folder: &Folder, manifest: &Manifest) -> Vec<TuningRow> {
    // Cells of other shards may have come since the manifest was written.
    let tuned = |cell: &&CellRecord| cell.ledger.is_none_or(|ledger| ledger.tuning_trials > 0) && folder.has(&cell.id);
    let cells: Vec<&CellRecord> = manifest.cells.iter().filter(tuned).collect();
    let of = |cell: &&CellRecord| {
        let bought = folder.read_bought(&cell.id).ok()?;
        bought.tuning.map(|all| rows(cell, &all))
    };
    in_parallel(&cells, of).into_iter().flatten().flatten().collect()
}

/// The trials of one cell.
fn rows(cell: &CellRecord, tuning: &Tuning) -> Vec<TuningRow> {
    let row = |(position, trial): (usize, &Trial)| TuningRow {
        environment: cell.environment.clone(),
        policy: cell.policy.clone(),
        replicate: cell.replicate.into(),
        trial: position as u64 + 1,
        setting: trial.setting.to_string(),
        reward: trial.reward,
        outcomes: trial.outcomes,
        dollars: trial.dollars,
        chosen: position == tuning.chosen,
        price_outcomes: tuning.outcomes,
        price_dollars: tuning.dollars,
    };
    tuning.trials.iter().enumerate().map(row).collect()
}

/// Writes `tuning.parquet` and `tuning.csv` under `path`, one line a trial; without trials those of an earlier run go.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn write_tuning(path: &Path, rows: &[TuningRow]) -> Result<(), FrameError> {
    let (parquet, csv) = (path.join(PARQUET), path.join(CSV));
    if rows.is_empty() {
        let gone =
            |path: &Path| remove(path).map_err(|error| FrameError { path: path.into(), message: error.to_string() });
        return gone(&parquet).and_then(|()| gone(&csv));
    }
    let frame = frame(COLUMNS, rows);
    write_parquet(&parquet, &frame).and_then(|()| write_csv(&csv, &frame))
}
