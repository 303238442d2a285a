//! Any bytes as a table in parquet: read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::with_file("a.parquet", data, fuzz::read_table));
