//! Any bytes as a table in csv: read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::with_file("a.csv", data, fuzz::read_table));
