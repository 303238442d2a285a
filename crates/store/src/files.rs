//! The one way any crate writes a file: beside its place, then renamed, so that a file that exists is whole.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Puts `bytes` at `path`, replacing what was there; parent folders are made. Readers see the old file or the new one,
/// never a part, and a failed or killed write leaves the old one. Not synced to disk: a power cut may lose it.
///
/// # Errors
/// When a folder cannot be made, or the file beside cannot be written or renamed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Whole::begin(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// As [`write_whole`], and on disk when it returns: a power cut leaves the old file or the new one, not one of zeros.
///
/// # Errors
/// As there.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes the file at `path`, if it is there.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file that is being written beside its place: for what is too long to be held in memory.
pub struct Whole {
    beside: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl Whole {
    /// Begins a file that will stand at `path`; parent folders are made.
    ///
    /// # Errors
    /// When a folder or the file beside cannot be made.
    pub fn begin(path: &Path) -> io::Result<Whole> {
        Ok(Whole { beside: BufWriter::new(beside(path)?), path: path.to_owned() })
    }

    /// Puts it in its place, replacing what was there. Dropped without this, it leaves nothing.
    ///
    /// # Errors
    /// When the rest cannot be written, or the file not renamed.
    pub fn finish(self) -> io::Result<()> {
        let beside = self.beside.into_inner().map_err(io::IntoInnerError::into_error)?;
        beside.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.beside.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.beside.flush()
    }
}

/// An empty file beside `path`, gone when dropped, to be filled and renamed; parent folders are made.
pub(crate) fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    builder().prefix(".").suffix(".tmp").tempfile_in(folder)
}

/// Temporary files are private by default; results are for everyone whom the user's umask lets in.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/file.txt");
        write_whole(&path, b"a longer first version").unwrap();
        write_whole(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(write_whole(&taken, b"bytes").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
