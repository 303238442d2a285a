//! Share of requests that went to each model: the first thing to look at when a policy may have collapsed.

use crate::{About, Better, Entry, Judged, Metric};
use routing::Arm;
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::ARM_SHARE,
        unit: "share",
        better: Better::Neither,
        what: "share of requests sent to each model",
        version: 1,
    },
    start: |arms| Box::new(ArmShare { counts: vec![0; arms] }),
};

struct ArmShare {
    counts: Vec<u64>,
}

impl Metric for ArmShare {
    fn observe(&mut self, judged: &Judged) {
        self.observe_unscored(judged.arm);
    }

    fn observe_unscored(&mut self, arm: Arm) {
        self.counts[arm.index()] += 1;
    }

    fn n(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn report(&self, emit: &mut dyn FnMut(Option<Arm>, f64)) {
        let total: u64 = self.counts.iter().sum();
        for (arm, &count) in self.counts.iter().enumerate() {
            emit(Some(Arm::at(arm)), count as f64 / total as f64);
        }
    }
}
