//! Any bytes as a router: opened or refused.
#![no_main]

use deployment::Artifact;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(Artifact::from_bytes(data)));
