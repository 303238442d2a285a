//! Mean score of the chosen models' answers.

use crate::mean::{Accumulator, Summary};
use crate::{About, Better, Entry};
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::QUALITY,
        unit: "score",
        better: Better::Higher,
        what: "mean score of the chosen answers, in [0, 1]",
        version: 1,
    },
    start: |_| Accumulator::boxed(Summary::Mean, |judged| f64::from(judged.quality)),
};
