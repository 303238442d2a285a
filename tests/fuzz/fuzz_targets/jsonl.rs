//! Any bytes as a table in jsonl: read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::with_file("a.jsonl", data, fuzz::read_table));
