//! The running mean or sum of one number of each decision.

use crate::{Judged, Metric};
use routing::Arm;

/// Accumulates `number` of each decision, in order.
pub(crate) struct Accumulator {
    number: fn(&Judged) -> f64,
    summary: Summary,
    sum: f64,
    count: u64,
}

/// What an [`Accumulator`] reports.
pub(crate) enum Summary {
    Mean,
    Sum,
}

impl Accumulator {
    pub(crate) fn boxed(summary: Summary, number: fn(&Judged) -> f64) -> Box<dyn Metric> {
        Box::new(Accumulator { number, summary, sum: 0.0, count: 0 })
    }
}

impl Metric for Accumulator {
    fn observe(&mut self, judged: &Judged) {
        self.sum += (self.number)(judged);
        self.count += 1;
    }

    fn observe_unscored(&mut self, _: Arm) {}

    fn n(&self) -> u64 {
        self.count
    }

    fn report(&self, emit: &mut dyn FnMut(Option<Arm>, f64)) {
        emit(
            None,
            match self.summary {
                Summary::Mean => self.sum / self.count as f64,
                Summary::Sum => self.sum,
            },
        );
    }
}
