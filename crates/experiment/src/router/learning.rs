//! A learner with its journal and its file: nothing that was acknowledged is lost by a kill.
//!
//! Each entry is appended to the journal before anybody hears of it; outcomes are on the disk once [`LearningRouter::sync`] has
//! returned. At a checkpoint the router's file is written beside and renamed, then the journal is cut to what the file does not
//! hold. A kill between the two leaves entries that the file holds already: their numbers say so, and they change nothing.

use deployment::{Decision, Entry, Learner, NotReplayed, Refused, Request, Routed, Told};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use store::{Journal, JournalError, write_synced};

/// The first line of a journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// Version of this layout.
    barp_journal: u32,
    /// The router that it belongs to, as training left it.
    origin: String,
}

/// Raised when journals of an older version can no longer be read.
const FORMAT: u32 = 1;

/// Why a router cannot go on learning with its journal.
#[derive(Debug)]
pub enum LearningError {
    /// The journal cannot be read, written or had.
    Journal(JournalError),
    /// A line of the journal is not what barp wrote.
    Line {
        /// The journal.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The journal could not be written before, and lacks what the router knows.
    Broken {
        /// The journal.
        path: PathBuf,
    },
    /// The router's file cannot be written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl std::fmt::Display for LearningError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LearningError::Journal(error) => error.fmt(f),
            LearningError::Line { path, line, problem } => write!(f, "{}: line {line}: {problem}", path.display()),
            LearningError::Broken { path } => {
                write!(f, "{}: it could not be written before: open the router again", path.display())
            }
            LearningError::File { path, error } => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LearningError {}

impl From<JournalError> for LearningError {
    fn from(error: JournalError) -> LearningError {
        LearningError::Journal(error)
    }
}

/// A router that goes on learning, its file and its journal.
pub struct LearningRouter {
    learner: Learner,
    journal: Journal,
    file: PathBuf,
    /// Outcomes since the last checkpoint.
    since: u64,
    /// Whether an entry could not be kept, so that the router knows more than its journal.
    is_broken: bool,
}

impl LearningRouter {
    /// Takes in what the journal at `journal` holds beyond the file of `learner`, which is at `file`.
    ///
    /// # Errors
    /// [`LearningError`] for a journal that another program writes to, or of another router, or with a line that is wrong.
    pub fn open(learner: Learner, file: &Path, journal: &Path) -> Result<LearningRouter, LearningError> {
        let (journal, lines) = Journal::open(journal)?;
        let mut opened = LearningRouter { learner, journal, file: file.to_owned(), since: 0, is_broken: false };
        match lines.split_first() {
            None => opened.journal.append(&opened.header())?,
            Some((header, entries)) => {
                opened.belongs(header)?;
                for (entry, line) in entries.iter().zip(2..) {
                    let entry = serde_json::from_str(entry).map_err(|error| error.to_string());
                    let replayed = entry.and_then(|entry: Entry| {
                        opened.learner.replay(entry).map_err(|error: NotReplayed| error.to_string())
                    });
                    replayed.map_err(|problem| opened.fault(line, problem))?;
                }
            }
        }
        Ok(opened)
    }

    fn header(&self) -> String {
        let header = Header { barp_journal: FORMAT, origin: self.origin() };
        serde_json::to_string(&header).expect("a header is plain")
    }

    fn origin(&self) -> String {
        let learning = self.learner.deployment().card().learning.as_ref();
        learning.map(|learning| learning.origin.clone()).expect("a learner has begun to learn")
    }

    fn belongs(&self, header: &str) -> Result<(), LearningError> {
        let header: Header = serde_json::from_str(header).map_err(|error| self.fault(1, error.to_string()))?;
        if header.barp_journal != FORMAT {
            return Err(self.fault(1, format!("`barp_journal` must be {FORMAT}, got {}", header.barp_journal)));
        }
        if header.origin != self.origin() {
            let (file, own) = (self.file.display(), self.origin());
            let problem =
                format!("`origin` must be that of {file}, {own}, got {}: another router's journal", header.origin);
            return Err(self.fault(1, problem));
        }
        Ok(())
    }

    fn fault(&self, line: usize, problem: String) -> LearningError {
        LearningError::Line { path: self.journal.path().to_owned(), line, problem }
    }

    /// What learns.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// Outcomes since the last checkpoint.
    pub fn since_checkpoint(&self) -> u64 {
        self.since
    }

    /// As [`Learner::route`]; a kill from now on does not lose the request.
    ///
    /// # Errors
    /// [`LearningError`] when the journal cannot be written: then the router is to be opened again.
    pub fn route(&mut self, request: Request) -> Result<Result<Decision, Refused>, LearningError> {
        self.check()?;
        match self.learner.route(request) {
            Err(refused) => Ok(Err(refused)),
            Ok((decision, entry)) => {
                self.append(&entry)?;
                Ok(Ok(decision))
            }
        }
    }

    /// As [`Learner::learn`]; to be acknowledged only after [`LearningRouter::sync`].
    ///
    /// # Errors
    /// As [`LearningRouter::route`].
    pub fn learn(&mut self, told: Told) -> Result<Result<Routed, Refused>, LearningError> {
        self.check()?;
        match self.learner.learn(told) {
            Err(refused) => Ok(Err(refused)),
            Ok((routed, entry)) => {
                self.append(&entry)?;
                self.since += 1;
                Ok(Ok(routed))
            }
        }
    }

    fn append(&mut self, entry: &Entry) -> Result<(), LearningError> {
        let appended = self.journal.append(&serde_json::to_string(entry).expect("an entry is plain"));
        self.is_broken = appended.is_err();
        Ok(appended?)
    }

    fn check(&self) -> Result<(), LearningError> {
        if self.is_broken { Err(LearningError::Broken { path: self.journal.path().to_owned() }) } else { Ok(()) }
    }

    /// Returns once everything so far is on the disk.
    ///
    /// # Errors
    /// [`LearningError`] when the system does not say so.
    pub fn sync(&mut self) -> Result<(), LearningError> {
        let synced = self.journal.sync();
        // Whether a disk that failed once has the rest, nobody can tell.
        self.is_broken |= synced.is_err();
        Ok(synced?)
    }

    /// Puts what was learnt into the router's file, and cuts the journal to what the file does not hold.
    ///
    /// # Errors
    /// [`LearningError`] when one of them cannot be written: nothing is lost then.
    pub fn checkpoint(&mut self) -> Result<(), LearningError> {
        self.check()?;
        self.sync()?;
        let bytes = self.learner.artifact().to_bytes();
        write_synced(&self.file, &bytes).map_err(|error| LearningError::File { path: self.file.clone(), error })?;
        let kept = self.learner.kept();
        let kept = kept.iter().map(|entry| serde_json::to_string(entry).expect("an entry is plain"));
        self.journal.replace(std::iter::once(self.header()).chain(kept))?;
        self.since = 0;
        Ok(())
    }
}
