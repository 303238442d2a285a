//! The files of one log, read one after another as if they were one.

use std::path::{Path, PathBuf};
use store::{Dialect, FrameError, Record, Records};

/// The rows of several files in the order of the files.
pub(super) struct Files<'o> {
    paths: &'o [PathBuf],
    dialect: &'o Dialect,
    /// Position of the file that is read.
    at: usize,
    records: Option<Records>,
    /// Where the file that is read begins among all lines: where the last row of the others stood.
    before: u64,
    last: u64,
}

impl<'o> Files<'o> {
    /// The rows of `paths`.
    ///
    /// # Errors
    /// When the first file cannot be opened.
    pub(super) fn open(paths: &'o [PathBuf], dialect: &'o Dialect) -> Result<Files<'o>, FrameError> {
        let mut files = Files { paths, dialect, at: 0, records: None, before: 0, last: 0 };
        files.records = paths.first().map(|path| Records::open_with(path, dialect)).transpose()?;
        Ok(files)
    }

    /// Replaces `record` by the next row, whose place counts on through the files; false after the last.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, FrameError> {
        while let Some(records) = &mut self.records {
            if records.read(record)? {
                record.place += self.before;
                self.last = record.place;
                return Ok(true);
            }
            self.before = self.last;
            self.at += 1;
            let next = self.paths.get(self.at);
            self.records = next.map(|path| Records::open_with(path, self.dialect)).transpose()?;
        }
        Ok(false)
    }

    /// The file of the row that was read last, where there are several, and the line in it of the row at `place`.
    pub(super) fn line(&self, place: u64) -> (Option<&Path>, u64) {
        let file = self.paths.get(self.at).filter(|_| self.paths.len() > 1);
        (file.map(PathBuf::as_path), place - self.before)
    }
}
