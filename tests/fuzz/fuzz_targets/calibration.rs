//! Any text as the parameters of a generator: opened or refused.
#![no_main]

use environments::sources::calibrated::{Calibrated, Calibration};

libfuzzer_sys::fuzz_target!(|text: &str| {
    drop(Calibration::parse(text).and_then(|world| Calibrated::new(world, 50, 64)));
});
