//! Any text as claims: read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| drop(report::parse_claims(text, "fuzz.toml")));
