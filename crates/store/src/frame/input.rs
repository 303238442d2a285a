//! The bytes of a text file, also where it was packed with gzip.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The text of the file at `path`; a name that ends in `.gz` is unpacked while it is read, all members of it.
pub(super) fn open_text(path: &Path) -> Result<Box<dyn Read + Send>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    if unpacked_name(path).is_some() { Ok(Box::new(MultiGzDecoder::new(file))) } else { Ok(Box::new(file)) }
}

/// The name without `.gz`; none where it has another ending.
pub(super) fn unpacked_name(path: &Path) -> Option<PathBuf> {
    let packed = path.extension()?.eq_ignore_ascii_case("gz");
    packed.then(|| path.with_extension(""))
}
