//! Text files of a command, with their names in every error.

use crate::failure::Failure;
use std::path::Path;

/// The text at `path`; what cannot be read is bad input.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// Puts `text` at `path`, whole.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    store::write_whole(path, text.as_bytes()).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Removes the file at `path`, if there is one.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    store::remove(path).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}
