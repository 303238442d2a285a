//! Any bytes as a cell: taken or refused, its bill and its scores.
#![no_main]

use store::Folder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::with_file("cells/a.parquet", data, |path| {
        let folder = Folder::new(path.ancestors().nth(2).expect("it lies in a folder of cells"));
        drop(folder.examine("a", None));
        drop(folder.read_cell("a"));
    });
});
