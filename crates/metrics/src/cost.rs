//! Mean dollars of the chosen models' calls.

use crate::mean::{Accumulator, Summary};
use crate::{About, Better, Entry};
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::COST,
        unit: "USD/request",
        better: Better::Lower,
        what: "mean dollars of the chosen calls",
        version: 1,
    },
    start: |_| Accumulator::boxed(Summary::Mean, |judged| judged.cost.0),
};
