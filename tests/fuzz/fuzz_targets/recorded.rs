//! Any bytes as recorded rows in JSONL: a world or a refusal.
#![no_main]

use experiment::Spec;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::with_file("rows.jsonl", data, |path| {
        let file = path.display();
        let text = format!(
            "name = 'x'\n[[environment]]\nkind = 'recorded'\nfile = '{file}'\n[[policy]]\nkind = 'random'"
        );
        drop(Spec::parse(&text, "fuzz.toml").and_then(Spec::plan).map(|plan| plan.cells().len()));
    });
});
