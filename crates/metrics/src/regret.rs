//! Cumulative regret against the best model of each request: the dynamic comparator, never reachable.

use crate::mean::{Accumulator, Summary};
use crate::{About, Better, Entry};
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::REGRET,
        unit: "reward",
        better: Better::Lower,
        what: "sum of the best available reward of each request minus the reward obtained",
        version: 1,
    },
    start: |_| Accumulator::boxed(Summary::Sum, |judged| judged.best_reward - judged.reward),
};
