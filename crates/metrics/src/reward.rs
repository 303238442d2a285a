//! Mean reward r = w_q q - w_c min(c / tau, 1) (BaRP).

use crate::mean::{Accumulator, Summary};
use crate::{About, Better, Entry};
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::REWARD,
        unit: "reward",
        better: Better::Higher,
        what: "mean of w_q q - w_c min(c / tau, 1)",
        version: 1,
    },
    start: |_| Accumulator::boxed(Summary::Mean, |judged| judged.reward),
};
