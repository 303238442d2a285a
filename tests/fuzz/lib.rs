//! What the targets share: a place for the file that a reader is handed.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use store::{Record, Records};

thread_local! {
    static PLACE: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// Hands `data`, as a file called `name`, to `read`.
///
/// # Panics
/// When the file cannot be written, and where `read` does.
pub fn with_file(name: &str, data: &[u8], read: impl FnOnce(&Path)) {
    let path: PathBuf = PLACE.with(|place| {
        let folder = place.get_or_init(|| tempfile::tempdir().expect("a scratch folder can be made"));
        folder.path().join(name)
    });
    store::write_whole(&path, data).expect("the scratch folder can be written");
    read(&path);
}

/// Reads a table whole, then row by row.
pub fn read_table(path: &Path) {
    drop(store::read(path));
    let (Ok(mut records), mut record) = (Records::open(path), Record::default()) else { return };
    while records.read(&mut record).unwrap_or(false) {}
}
