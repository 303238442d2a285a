//! Any text as a configuration: planned or refused. Files that it names are read where they are.
#![no_main]

use experiment::Spec;

libfuzzer_sys::fuzz_target!(|text: &str| {
    drop(Spec::parse(text, "fuzz.toml").and_then(Spec::plan).map(|plan| plan.cells().len()));
});
