//! An append-only file of lines that outlives its program: what was synced is there after a kill or a power cut.
//!
//! Lines are appended and synced, many at a time where they come so. A last line without its end was being written when the
//! program died; nobody was told that it was kept, so opening cuts it off. [`Journal::replace`] shortens the file by writing
//! another beside it and renaming. One program at a time has a journal: a lock file beside it says so.

use crate::files::beside;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A journal that this program has to itself.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Whether something was appended since the last sync.
    is_ahead: bool,
    /// Held while the journal is open.
    _lock: File,
}

/// What went wrong with a journal.
#[derive(Debug)]
pub struct JournalError {
    /// The journal.
    pub path: PathBuf,
    /// What went wrong.
    pub problem: JournalProblem,
}

/// What can go wrong with a journal.
#[derive(Debug)]
pub enum JournalProblem {
    /// Another program has it.
    InUse,
    /// It holds bytes that are no text.
    NotText,
    /// The system refuses to read or write it.
    System(io::Error),
}

impl std::fmt::Display for JournalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        match &self.problem {
            JournalProblem::InUse => write!(f, "{path}: another program is writing to this journal"),
            JournalProblem::NotText => write!(f, "{path}: a journal must be UTF-8"),
            JournalProblem::System(error) => write!(f, "{path}: {error}"),
        }
    }
}

impl std::error::Error for JournalError {}

impl Journal {
    /// Opens the journal at `path`, made where there is none, and reads its whole lines.
    ///
    /// # Errors
    /// [`JournalError`] when another program has it, or it cannot be read or made.
    pub fn open(path: &Path) -> Result<(Journal, Vec<String>), JournalError> {
        let fail = |problem| JournalError { path: path.to_owned(), problem };
        let system = |error| fail(JournalProblem::System(error));
        let (lock, mut file) = (opened(&lock_of(path)).map_err(system)?, opened(path).map_err(system)?);
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => fail(JournalProblem::InUse),
            TryLockError::Error(error) => system(error),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(system)?;
        bytes.truncate(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1));
        let text = String::from_utf8(bytes).map_err(|_| fail(JournalProblem::NotText))?;
        let length = text.len() as u64;
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(system)?;
        sync_folder(path).map_err(system)?;
        let journal = Journal { path: path.to_owned(), file, length, is_ahead: false, _lock: lock };
        Ok((journal, text.lines().map(str::to_owned).collect()))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line. It survives this program from now on, and a power cut once [`Journal::sync`] has returned.
    ///
    /// # Errors
    /// When it cannot be written whole; then nothing of it is kept.
    ///
    /// # Panics
    /// If `line` has a line end in it.
    pub fn append(&mut self, line: &str) -> Result<(), JournalError> {
        assert!(!line.contains('\n'), "a line is one line");
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        if let Err(error) = written {
            // What was written of it must not become the beginning of the next line.
            let cut = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::End(0)));
            return Err(self.fail(cut.err().unwrap_or(error)));
        }
        self.length += line.len() as u64 + 1;
        self.is_ahead = true;
        Ok(())
    }

    /// Returns once everything appended so far is on the disk.
    ///
    /// # Errors
    /// When the system does not say so.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if self.is_ahead {
            self.file.sync_data().map_err(|error| self.fail(error))?;
            self.is_ahead = false;
        }
        Ok(())
    }

    /// Replaces the content by `lines`: a kill leaves the old content or the new one.
    ///
    /// # Errors
    /// When the new file cannot be written, synced or renamed; then the old one stands.
    pub fn replace(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), JournalError> {
        let mut text = String::new();
        for line in lines {
            assert!(!line.contains('\n'), "a line is one line");
            text += &line;
            text.push('\n');
        }
        // From the renaming on, lines go to the new file, whatever becomes of the rest.
        self.file = renamed(&self.path, text.as_bytes()).map_err(|error| self.fail(error))?;
        (self.length, self.is_ahead) = (text.len() as u64, false);
        sync_folder(&self.path).map_err(|error| self.fail(error))
    }

    fn fail(&self, error: io::Error) -> JournalError {
        JournalError { path: self.path.clone(), problem: JournalProblem::System(error) }
    }
}

/// As [`crate::write_whole`], and on the disk when it returns.
///
/// # Errors
/// As there, and when the system does not say that the file and its name are on the disk.
pub fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    renamed(path, bytes)?;
    sync_folder(path)
}

/// Puts `bytes` at `path`, and returns the file, at its end.
fn renamed(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut new = beside(path)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)
}

/// Returns once the name of the file at `path` is on the disk: when its folder is. Windows has no such call, and needs none.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// A file to read and append to, made where there is none.
fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        Journal::open(path).unwrap().1
    }

    #[test]
    fn lines_are_there_again_and_what_was_half_written_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, before) = Journal::open(&path).unwrap();
        assert!(before.is_empty());
        journal.append("first").unwrap();
        journal.append("zweite é").unwrap();
        journal.sync().unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
            let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
            torn.write_all(&whole[..length]).unwrap();
            let expected: &[&str] = if length < 6 { &[] } else { &["first"] };
            assert_eq!(lines(&path), expected, "{length} bytes");
            let (mut journal, _) = Journal::open(&path).unwrap();
            journal.append("next").unwrap();
            drop(journal);
            assert_eq!(lines(&path), [expected, &["next"]].concat(), "{length} bytes");
        }
    }

    #[test]
    fn one_program_at_a_time_has_a_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = Journal::open(&path).unwrap();
        let check = || {
            let error = Journal::open(&path).unwrap_err().to_string();
            assert!(error.ends_with("another program is writing to this journal"), "{error}");
        };
        check();
        journal.append("old").unwrap();
        journal.replace(["new".to_owned()]).unwrap();
        check();
        journal.append("newer").unwrap();
        drop(journal);
        assert_eq!(lines(&path), ["new", "newer"]);
    }
}
