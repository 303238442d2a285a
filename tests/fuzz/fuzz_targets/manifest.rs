//! Any bytes as manifest.json: read or refused.
#![no_main]

use store::Folder;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::with_file("manifest.json", data, |path| {
        drop(Folder::new(path.parent().expect("it lies in a folder")).read_manifest());
    });
});
