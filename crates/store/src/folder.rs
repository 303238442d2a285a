//! A result folder: cells addressed by content, the manifest that names them, decisions where they were logged.
//!
//! `manifest.json`, `config.toml`, `cells/<id>.parquet`, `tested/<id>.parquet`, `decisions/<id>.parquet`, `summary.parquet` and `.csv`, and what
//! `report` adds. A cell that exists is whole, so a second run computes only what is missing.

use crate::files::write_synced;
use crate::footer::{Bought, INPUTS, LEDGER, POLICY, TUNING, belongs, bought, told};
use crate::frame::footer_pairs;
use crate::manifest::{CellRecord, Manifest};
use crate::run::{Run, TestedAt};
use crate::scores::Pool;
use crate::stored::Cells::{Integer, MaybeReal, MaybeText, Real, Text};
use crate::stored::{Described, Stored, described, frame};
use crate::tested::{self, TestedFrame, Whose};
use crate::{Frame, FrameError, Identity, Replicate, Score, Tuning, cells, in_parallel, seal, write_parquet};
use bytes::Bytes;
use routing::Ledger;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the results of one experiment lie.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What was measured.
    pub scores: Vec<Score>,
    /// What its policy was shown.
    pub ledger: Ledger,
    /// What its policy is; none in a cell that is older than roles.
    pub identity: Option<Identity>,
    /// The settings that were tried; none where nothing was tuned, and in a cell that is older than this record.
    pub tuning: Option<Tuning>,
}

/// The bytes of the cell at `path`, which are what was written.
fn whole(path: &Path) -> Result<Bytes, String> {
    let bytes = Bytes::from(std::fs::read(path).map_err(|error| error.to_string())?);
    seal::check(&bytes).map(|_| bytes)
}

impl Folder {
    /// The folder at `path`, which need not exist yet.
    pub fn new(path: &Path) -> Folder {
        Folder { path: path.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the cell `id` lies.
    pub fn cell_path(&self, id: &str) -> PathBuf {
        self.path.join("cells").join(format!("{id}.parquet"))
    }

    /// Whether the cell `id` was computed.
    pub fn has(&self, id: &str) -> bool {
        self.cell_path(id).is_file()
    }

    /// Stores a cell together with `inputs`, the JSON its address is the hash of.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_cell(&self, id: &str, inputs: &str, cell: &Cell) -> Result<(), FrameError> {
        let ledger = serde_json::to_string(&cell.ledger).expect("a ledger is plain numbers");
        let mut frame = Frame::from(&cell.scores[..]);
        frame.metadata = vec![(INPUTS.into(), inputs.into()), (LEDGER.into(), ledger)];
        if let Some(identity) = &cell.identity {
            let identity = serde_json::to_string(identity).expect("an identity is plain text");
            frame.metadata.push((POLICY.into(), identity));
        }
        if let Some(tuning) = &cell.tuning {
            let tuning = serde_json::to_string(tuning).expect("settings and rewards are plain");
            frame.metadata.push((TUNING.into(), tuning));
        }
        write_parquet(&self.cell_path(id), &frame)
    }

    /// Where the rows of the test prompts of the cell `id` lie.
    pub fn tested_path(&self, id: &str) -> PathBuf {
        self.path.join("tested").join(format!("{id}.parquet"))
    }

    /// Whether the rows of the test prompts of the cell `id` are there.
    pub fn has_tested(&self, id: &str) -> bool {
        self.tested_path(id).is_file()
    }

    /// Stores what every test prompt of the cell `id` got.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_tested(&self, id: &str, rows: TestedFrame, whose: &Whose<'_>) -> Result<(), FrameError> {
        tested::write(&self.tested_path(id), rows, whose)
    }

    /// Gives the rows of the test prompts and the decisions of the cell `id` the labels `whose`, if there are any, and says
    /// whether one of them had others: cells are addressed by content, and labels change.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn relabel(&self, id: &str, whose: &Whose<'_>) -> Result<bool, FrameError> {
        let there = [self.tested_path(id), self.decisions_path(id)].into_iter().filter(|path| path.is_file());
        there.into_iter().try_fold(false, |changed, path| Ok(tested::relabel(&path, whose)? || changed))
    }

    /// Reads the cell `id`.
    ///
    /// # Errors
    /// When it cannot be read, or is not a cell.
    pub fn read_cell(&self, id: &str) -> Result<Cell, FrameError> {
        let path = self.cell_path(id);
        let cell =
            whole(&path).and_then(|bytes| cells::read(bytes, &Pool::default())).and_then(|(scores, metadata)| {
                belongs(id, &metadata)?;
                let Bought { ledger, tuning } = bought(&metadata)?;
                let identity = told(&metadata, POLICY)?;
                Ok(Cell { scores: scores.iter().map(Score::from).collect(), ledger, identity, tuning })
            });
        cell.map_err(|message| FrameError { path, message })
    }

    /// Reads what the policy of the cell `id` was shown, and what was tried for it, from the footer of its file: its scores are
    /// not decoded.
    ///
    /// # Errors
    /// When the file is not what was written, or not a cell.
    pub fn read_bought(&self, id: &str) -> Result<Bought, FrameError> {
        self.footer(id, |metadata| bought(&metadata))
    }

    /// The JSON that the address of the cell `id` is the hash of.
    ///
    /// # Errors
    /// When the footer cannot be read, or is not that of a cell.
    pub fn inputs(&self, id: &str) -> Result<String, FrameError> {
        let inputs = |metadata: Vec<(String, String)>| metadata.into_iter().find(|(key, _)| key == INPUTS);
        self.footer(id, |metadata| Ok(inputs(metadata).map(|(_, inputs)| inputs).unwrap_or_default()))
    }

    fn footer<T>(
        &self,
        id: &str,
        read: impl FnOnce(Vec<(String, String)>) -> Result<T, String>,
    ) -> Result<T, FrameError> {
        let path = self.cell_path(id);
        let told = whole(&path).and_then(|bytes| footer_pairs(&bytes)).and_then(|metadata| {
            belongs(id, &metadata)?;
            read(metadata)
        });
        told.map_err(|message| FrameError { path, message })
    }

    /// Stores the logged decisions of the cell `id`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_decisions(&self, id: &str, decisions: Frame, whose: &Whose<'_>) -> Result<(), FrameError> {
        write_parquet(&self.decisions_path(id), &tested::labelled(decisions, whose))
    }

    /// Where the decisions of the cell `id` lie.
    pub fn decisions_path(&self, id: &str) -> PathBuf {
        self.path.join("decisions").join(format!("{id}.parquet"))
    }

    /// Writes `manifest.json`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), FrameError> {
        let path = self.path.join("manifest.json");
        write_synced(&path, manifest.sealed().as_bytes()).map_err(|error| FrameError::new(&path, error))
    }

    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// When it cannot be read, is not what was written, or is of another format.
    pub fn read_manifest(&self) -> Result<Manifest, FrameError> {
        let path = self.path.join("manifest.json");
        let fail = |message: String| FrameError { path: path.clone(), message };
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => fail("there is none: is this a result folder?".to_owned()),
            _ => fail(error.to_string()),
        })?;
        Manifest::unsealed(&text).map_err(fail)
    }

    /// How many files in `cells` are none of `manifest`.
    pub fn foreign_files(&self, manifest: &Manifest) -> usize {
        let known: BTreeSet<PathBuf> = manifest.cells.iter().map(|cell| self.cell_path(&cell.id)).collect();
        let entries = std::fs::read_dir(self.path.join("cells")).into_iter().flatten().flatten();
        // What a killed process was writing has a hidden name, and nobody reads it.
        let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        entries.filter(|entry| !known.contains(&entry.path()) && !hidden(&entry.path())).count()
    }

    /// Reads every cell of `manifest` that was computed, in its order; for few cells, see [`Folder::runs`].
    ///
    /// # Errors
    /// When a cell cannot be read.
    pub fn replicates(&self, manifest: &Manifest) -> Result<Vec<Replicate>, FrameError> {
        let present = manifest.cells.iter().filter(|cell| self.has(&cell.id));
        let read = |cell: &CellRecord| {
            Ok(Replicate {
                environment: cell.environment.clone(),
                policy: cell.policy.clone(),
                identity: cell.identity.clone(),
                replicate: cell.replicate,
                scores: self.read_cell(&cell.id)?.scores,
            })
        };
        present.map(read).collect()
    }

    /// Reads every cell of `manifest` that was computed, in its order, by all cores and into little memory.
    ///
    /// # Errors
    /// When a cell cannot be read, or is not what was written: the first of them.
    pub fn runs(&self, manifest: &Manifest) -> Result<Vec<Run>, FrameError> {
        let (runs, damaged) = self.sound_runs(manifest)?;
        damaged.into_iter().next().map_or(Ok(runs), Err)
    }

    /// As [`Folder::runs`], without the cells that are not what was written; what is wrong with each of them is said beside.
    ///
    /// # Errors
    /// When a file is there and may not be read.
    pub fn sound_runs(&self, manifest: &Manifest) -> Result<(Vec<Run>, Vec<FrameError>), FrameError> {
        let pool = Pool::default();
        let worlds = manifest.environments.iter().filter(|world| !world.simulated);
        let recorded: BTreeSet<&str> = worlds.map(|world| world.label.as_str()).collect();
        let read = |cell: &CellRecord| -> Result<Result<Option<Run>, FrameError>, FrameError> {
            let bytes = match self.sound_cell(cell)? {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(Ok(None)),
                Err(damaged) => return Ok(Err(damaged)),
            };
            let read = cells::read(bytes, &pool).and_then(|(scores, metadata)| {
                belongs(&cell.id, &metadata)?;
                Ok(scores)
            });
            Ok(read.map_err(|message| FrameError { path: self.cell_path(&cell.id), message }).map(|scores| {
                let (environment, policy) = (pool.label(&cell.environment), pool.label(&cell.policy));
                let recorded = recorded.contains(cell.environment.as_str());
                let rows = self.has_tested(&cell.id).then(|| TestedAt::File(self.tested_path(&cell.id)));
                let (identity, replicate) = (cell.identity.clone(), cell.replicate);
                Some(Run { environment, policy, identity, replicate, scores, recorded, influences: None, rows })
            }))
        };
        let (mut runs, mut damaged) = (Vec::with_capacity(manifest.cells.len()), Vec::new());
        for read in in_parallel(&manifest.cells, read) {
            match read? {
                Ok(run) => runs.extend(run),
                Err(error) => damaged.push(error),
            }
        }
        Ok((runs, damaged))
    }
}

/// The columns of a cell.
const COLUMNS: &[Stored<Score>] = &[
    Stored::new("phase", "", Text(|row| &row.phase), "when it was measured (see the phases)"),
    Stored::new("round", "rounds", Integer(|row| row.round), "rounds that the policy had played"),
    Stored::new(
        "w_cost",
        "weight",
        MaybeReal(|row| row.w_cost),
        "weight on cost at which it was measured; nothing where the metric spans the grid",
    ),
    Stored::new("task", "", Text(|row| &row.task), "task that it is about; `all` for the mix"),
    Stored::new(
        "arm",
        "",
        MaybeText(|row| row.arm.as_deref()),
        "model that the metric is about, for metrics of one model",
    ),
    Stored::new("metric", "", Text(|row| &row.metric), "name of the metric (`barp list metrics`)"),
    Stored::new("unit", "", Text(|row| &row.unit), "unit of the value"),
    Stored::new("direction", "", Text(|row| row.direction.name()), "which way is better: `up`, `down` or `none`"),
    Stored::new("value", "that of `unit`", Real(|row| row.value), "what was measured"),
    Stored::new("n", "requests", Integer(|row| row.n), "requests that it is a mean or a sum over"),
    Stored::new("outcomes", "outcomes", Integer(|row| row.outcomes), "outcomes that the policy had bought"),
    Stored::new("dollars", "USD", Real(|row| row.dollars), "dollars that these outcomes cost"),
    Stored::new(
        "tuning_trials",
        "settings",
        Integer(|row| row.tuning_trials),
        "settings that were tried on validation data",
    ),
];

/// What the columns of `cells/<id>.parquet` mean.
pub fn cell_columns() -> Vec<Described> {
    described(COLUMNS)
}

impl From<&[Score]> for Frame {
    fn from(scores: &[Score]) -> Frame {
        frame(COLUMNS, scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{EnvironmentRecord, FORMAT, Factors, MANIFEST_FIELDS};
    use crate::{Chosen, Column, Direction, Hashes, Role, Trial, address, write_whole};
    use routing::Dollars;
    use serde_json::json;

    #[test]
    fn a_cell_comes_back_as_it_was_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        let score = Score {
            phase: "test".into(),
            round: 7,
            w_cost: None,
            task: "all".into(),
            arm: None,
            metric: "sweep_reward".into(),
            unit: "reward".into(),
            direction: Direction::Up,
            value: 0.1 + 0.2,
            n: 854,
            outcomes: 12,
            dollars: 0.5,
            tuning_trials: 0,
        };
        let scores = vec![Score { w_cost: Some(0.2), arm: Some("gpt-4".into()), ..score.clone() }, score];
        let ledger = Ledger { outcomes: 12, dollars: Dollars(0.5), tuning_trials: 0 };
        let identity = Some(Identity::new("lin-ucb", Role::Learner));
        let trial = |reward| Trial { setting: json!({ "k": [5] }), reward, outcomes: 6, dollars: 0.25 };
        let trials = vec![trial(None), trial(Some(0.5))];
        let tuning = Some(Tuning { trials, chosen: 1, outcomes: 6, dollars: 0.25 });
        let cell = Cell { scores, ledger, identity, tuning };
        let id = address("{}");
        assert!(!folder.has(&id));
        folder.write_cell(&id, "{}", &cell).unwrap();
        assert!(folder.has(&id));
        assert_eq!(folder.read_cell(&id).unwrap(), cell);
        let bought = folder.read_bought(&id).unwrap();
        assert_eq!((bought.ledger, bought.tuning), (cell.ledger, cell.tuning.clone()));
        // A cell that is older than roles and records of tuning is read as what it is, under the same address.
        let older = Cell { identity: None, tuning: None, ..cell.clone() };
        folder.write_cell(&id, "{}", &older).unwrap();
        assert_eq!(folder.read_cell(&id).unwrap(), older);
        // Under the name of another cell it is none.
        folder.write_cell("abc", "{}", &cell).unwrap();
        let error = folder.read_cell("abc").unwrap_err().to_string();
        assert!(error.contains(&format!("abc.parquet: this is cell {id} under another name")), "{error}");
        assert_eq!(folder.read_bought("abc").unwrap_err().to_string(), error);
    }

    #[test]
    fn what_is_wrong_with_a_manifest_is_named() {
        let place = tempfile::tempdir().unwrap();
        let check = |text: &str, expected: &str| {
            write_whole(&place.path().join("manifest.json"), text.as_bytes()).unwrap();
            let error = Folder::new(place.path()).read_manifest().unwrap_err().to_string();
            assert!(error.contains(&format!("manifest.json: {expected}")), "{error}");
        };
        check("{\"format\": 2, \"cubes\": []}", "`format` must be 1, got 2");
        check("{}", "`format` is missing: this is no manifest of barp");
        check("{\"format\": 1}", "missing field `barp`");
        check("{\"format\"", "EOF while parsing an object at line 1 column 9");
        let cell = r#"{"id": "a", "environment": "e", "policy": "p", "replicate": 0, "ledger": null}"#;
        let cells = format!(
            r#"{{"format": 1, "barp": "", "experiment": "", "about": "", "command": "", "seed": 1, "environments": [],
                "cells": [{cell}, {cell}]}}"#
        );
        check(&cells, "`cells`: replicate 0 of `p` in `e` stands twice");
        let error = Folder::new(&place.path().join("nowhere")).read_manifest().unwrap_err().to_string();
        assert!(error.ends_with("nowhere/manifest.json: there is none: is this a result folder?"), "{error}");
    }

    #[test]
    fn every_flipped_bit_of_a_manifest_is_refused() {
        let manifest = Manifest {
            format: FORMAT,
            barp: "0".into(),
            experiment: "e".into(),
            about: String::new(),
            command: "barp run e.toml".into(),
            seed: 7,
            environments: Vec::new(),
            cells: Vec::new(),
        };
        let text = manifest.sealed().into_bytes();
        for bit in 0..8 * text.len() {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = std::str::from_utf8(&flipped) {
                assert!(Manifest::unsealed(flipped).is_err(), "bit {bit}: {flipped}");
            }
        }
        let older = serde_json::to_string_pretty(&manifest).unwrap();
        assert_eq!(Manifest::unsealed(&older).unwrap(), manifest);
    }

    /// The paths of all plain values in `json`, `[]` for the items of a list.
    fn paths(json: &serde_json::Value, before: &str, found: &mut BTreeSet<String>) {
        match json {
            serde_json::Value::Object(fields) if !fields.is_empty() => {
                let dot = if before.is_empty() { "" } else { "." };
                fields.iter().for_each(|(name, value)| paths(value, &format!("{before}{dot}{name}"), found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{before}[]"), found)),
            _ => drop(found.insert(before.to_owned())),
        }
    }

    #[test]
    fn every_field_of_a_manifest_is_described() {
        let ledger = Ledger { outcomes: 1, dollars: Dollars(1.0), tuning_trials: 1 };
        let identity = Identity { model: Some("m".into()), ..Identity::new("single-models", Role::SingleModel) };
        let (id, environment, policy) = ("a".to_owned(), "e".to_owned(), "p".to_owned());
        // A setting is a table of its own: what its keys mean stands in the reference.
        let chosen = Chosen { setting: json!({}), reward: Some(0.5), trial: 1, trials: 2, outcomes: 1, dollars: 1.0 };
        let factors = Factors { group: "g".into(), all: vec!["s".into()], on: vec!["s".into()] };
        let some = || Some("0".to_owned());
        let sha256 = Hashes { cell: "0".to_owned(), tested: some(), decisions: some() };
        let manifest = Manifest {
            format: FORMAT,
            barp: String::new(),
            experiment: String::new(),
            about: String::new(),
            command: String::new(),
            seed: 1,
            environments: vec![EnvironmentRecord {
                label: "e".into(),
                fingerprint: "f".into(),
                simulated: true,
                models: vec!["m".into()],
                factors: Some(factors),
            }],
            cells: vec![CellRecord {
                id,
                environment,
                policy,
                identity,
                replicate: 0,
                ledger: Some(ledger),
                chosen: Some(chosen),
                sha256: Some(sha256),
            }],
        };
        let text = manifest.sealed();
        assert_eq!(Manifest::unsealed(&text).unwrap(), manifest);
        let mut found = BTreeSet::new();
        paths(&serde_json::from_str(&text).unwrap(), "", &mut found);
        let described: BTreeSet<String> = MANIFEST_FIELDS.iter().map(|field| field.name.to_owned()).collect();
        assert_eq!(found, described);
    }

    #[test]
    fn a_foreign_file_among_the_cells_is_named() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        let frame = Frame { columns: vec![("x".into(), Column::Real(vec![Some(1.0)]))], metadata: Vec::new() };
        write_parquet(&folder.cell_path("odd"), &frame).unwrap();
        let error = folder.read_cell("odd").unwrap_err().to_string();
        assert!(error.ends_with("odd.parquet: column `phase` is missing"), "{error}");
    }
}
