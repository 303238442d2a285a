//! The one way any crate writes a file: beside its place, then renamed, so that a file that exists is whole.

use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Puts `bytes` at `path`, replacing what was there; parent folders are made. Readers see the old file or the new one,
/// never a part, and a failed or killed write leaves the old one. Not synced to disk: a power cut may lose it.
///
/// # Errors
/// When a folder cannot be made, or the file beside cannot be written or renamed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole_by(path, |file| file.write_all(bytes))
}

/// [`write_whole`] of what `fill` writes, for files too large for memory.
///
/// # Errors
/// As [`write_whole`], and when `fill` fails.
pub(crate) fn write_whole_by(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut beside = BufWriter::with_capacity(1 << 16, builder().prefix(".").suffix(".tmp").tempfile_in(folder)?);
    fill(&mut beside)?;
    let beside = beside.into_inner().map_err(io::IntoInnerError::into_error)?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
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
