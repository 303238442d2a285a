//! Whether the files of a cell are what was written: by the manifest's hashes where it has them, else by their own seals.

use crate::files::write_synced;
use crate::folder::Folder;
use crate::footer::{Bought, belongs, bought};
use crate::frame::{footer_pairs, read_metadata};
use crate::seal::{self, Seal};
use crate::{CellRecord, Chosen, FrameError, Hashes};
use bytes::Bytes;
use routing::{Ledger, hexadecimal};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A cell whose files are what was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Of its files.
    pub hashes: Hashes,
    /// What its policy was shown.
    pub ledger: Ledger,
    /// The setting that was tested; none where nothing was tuned.
    pub chosen: Option<Chosen>,
    /// Whether its file carries a checksum; one that is older than checksums is taken as it is.
    pub sealed: bool,
}

/// What a folder has of a cell.
#[derive(Debug)]
pub enum State {
    /// No file.
    Absent,
    /// What was written.
    Whole(Box<Held>),
    /// A file that is not what was written: it must not be used, and is computed again.
    Damaged(FrameError),
}

/// Why a file was not taken.
enum Fault {
    /// Its content is wrong.
    Damaged(FrameError),
    /// It may not be looked at, which says nothing of its content.
    Denied(FrameError),
}

impl Fault {
    fn of(path: &Path, error: &io::Error) -> Fault {
        let told = FrameError::new(path, error);
        if error.kind() == io::ErrorKind::PermissionDenied { Fault::Denied(told) } else { Fault::Damaged(told) }
    }

    fn content(path: &Path, rule: impl std::fmt::Display) -> Fault {
        Fault::Damaged(FrameError::new(path, rule))
    }
}

/// A file of a cell that was read whole and is what was written.
pub(crate) struct Sound {
    pub bytes: Bytes,
    pub sha256: String,
    pub sealed: bool,
}

impl Folder {
    /// Looks at every byte of the files of the cell `id`. `known` is its record in a manifest: where that has a hash of the
    /// cell, the cell must have it, and what was bought is taken from the record instead of being decoded.
    ///
    /// # Errors
    /// When a file is there and may not be read.
    pub fn examine(&self, id: &str, known: Option<&CellRecord>) -> Result<State, FrameError> {
        match self.held(id, known) {
            Ok(held) => Ok(held.map_or(State::Absent, |held| State::Whole(Box::new(held)))),
            Err(Fault::Damaged(error)) => Ok(State::Damaged(error)),
            Err(Fault::Denied(error)) => Err(error),
        }
    }

    /// Copies the files of the cell `id` from the first of `others` that has them whole, over what is here.
    /// Gives back what is wrong with the others that were passed over.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn adopt(&self, id: &str, others: &[Folder]) -> Result<Vec<FrameError>, FrameError> {
        let mut damaged = Vec::new();
        for other in others {
            match other.examine(id, None)? {
                State::Absent => {}
                State::Damaged(error) => damaged.push(error),
                State::Whole(held) => {
                    if held.hashes.tested.is_some() {
                        copy(other.tested_path(id), &self.tested_path(id))?;
                    }
                    if held.hashes.decisions.is_some() {
                        copy(other.decisions_path(id), &self.decisions_path(id))?;
                    }
                    // The cell comes last: it says that all is there.
                    copy(other.cell_path(id), &self.cell_path(id))?;
                    break;
                }
            }
        }
        Ok(damaged)
    }

    fn held(&self, id: &str, known: Option<&CellRecord>) -> Result<Option<Held>, Fault> {
        let path = self.cell_path(id);
        let Some(Sound { bytes, sha256: cell, sealed }) = sound(&path, known)? else { return Ok(None) };
        let recorded = known.filter(|record| record.sha256.is_some()).and_then(|record| Some((record.ledger?, record)));
        let (ledger, chosen) = match recorded {
            Some((ledger, record)) => (ledger, record.chosen.clone()),
            None => {
                let told = footer_pairs(&bytes).and_then(|told| belongs(id, &told).and_then(|()| bought(&told)));
                let Bought { ledger, tuning } = told.map_err(|rule| Fault::content(&path, rule))?;
                (ledger, tuning.and_then(|tuning| tuning.winner()))
            }
        };
        let hashes = known.and_then(|record| record.sha256.as_ref());
        let tested = beside(self.tested_path(id), hashes.and_then(|hashes| hashes.tested.as_ref()))?;
        let decisions = beside(self.decisions_path(id), hashes.and_then(|hashes| hashes.decisions.as_ref()))?;
        Ok(Some(Held { hashes: Hashes { cell, tested, decisions }, ledger, chosen, sealed }))
    }

    /// The cell of `record`, if it is there; its rows of test prompts are looked at too.
    ///
    /// # Errors
    /// `Err` when a file may not be read, `Ok(Err)` when one is not what was written.
    pub(crate) fn sound_cell(&self, record: &CellRecord) -> Result<Result<Option<Bytes>, FrameError>, FrameError> {
        let read = || -> Result<Option<Bytes>, Fault> {
            let Some(sound) = sound(&self.cell_path(&record.id), Some(record))? else { return Ok(None) };
            let known = record.sha256.as_ref().and_then(|hashes| hashes.tested.as_ref());
            beside(self.tested_path(&record.id), known)?;
            Ok(Some(sound.bytes))
        };
        match read() {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(Fault::Damaged(error)) => Ok(Err(error)),
            Err(Fault::Denied(error)) => Err(error),
        }
    }
}

fn copy(path: PathBuf, to: &Path) -> Result<(), FrameError> {
    let copied = std::fs::read(&path).and_then(|bytes| write_synced(to, &bytes));
    copied.map_err(|error| FrameError { path, message: error.to_string() })
}

/// The cell at `path`, if it is there, whose record in a manifest is `known`.
fn sound(path: &Path, known: Option<&CellRecord>) -> Result<Option<Sound>, Fault> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::of(path, &error)),
    };
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    let stated = known.and_then(|record| record.sha256.as_ref()).map(|hashes| &hashes.cell);
    match stated {
        Some(stated) if *stated == sha256 => Ok(Some(Sound { bytes, sha256, sealed: true })),
        Some(stated) => {
            let own = seal::check(&bytes).err().unwrap_or_else(|| {
                format!("it is not the cell of manifest.json: SHA-256 {sha256} where the manifest has {stated}")
            });
            Err(Fault::content(path, own))
        }
        None => {
            let seal = seal::check(&bytes).map_err(|rule| Fault::content(path, rule))?;
            Ok(Some(Sound { bytes, sha256, sealed: seal == Seal::Whole }))
        }
    }
}

/// The hash of a file beside a cell, if it is there and what was written. Its labels change with a configuration, so that
/// another hash than the one `known` is no flaw by itself.
fn beside(path: PathBuf, known: Option<&String>) -> Result<Option<String>, Fault> {
    let sha256 = match seal::sha256(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| Fault::of(&path, &error))?,
    };
    if known != Some(&sha256) {
        let file = File::open(&path).map_err(|error| Fault::of(&path, &error))?;
        seal::check(&file).map_err(|rule| Fault::content(&path, rule))?;
        read_metadata(&path).map_err(|rule| Fault::content(&path, rule))?;
    }
    Ok(Some(sha256))
}
