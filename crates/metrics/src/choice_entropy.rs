//! Entropy of the distribution over models: zero when every request went to the same one (collapse).

use crate::{About, Better, Entry, Judged, Metric};
use routing::Arm;
use routing::words::metric;

pub(crate) const ENTRY: Entry = Entry {
    about: About {
        name: metric::CHOICE_ENTROPY,
        unit: "bits",
        better: Better::Neither,
        what: "entropy of the shares of requests over models; 0 when all go to one",
        version: 1,
    },
    start: |arms| Box::new(ChoiceEntropy { counts: vec![0; arms] }),
};

struct ChoiceEntropy {
    counts: Vec<u64>,
}

impl Metric for ChoiceEntropy {
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
        let total = self.counts.iter().sum::<u64>() as f64;
        let mut entropy = 0.0;
        for &count in self.counts.iter().filter(|&&count| count > 0) {
            let share = count as f64 / total;
            entropy -= share * libm::log2(share);
        }
        emit(None, if total > 0.0 { entropy } else { f64::NAN });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::Dollars;

    #[test]
    fn two_models_used_equally_are_one_bit() {
        let mut metric = (ENTRY.start)(3);
        let judged = |arm| Judged { arm: Arm(arm), quality: 1.0, cost: Dollars(0.0), reward: 1.0, best_reward: 1.0 };
        let value = |metric: &dyn Metric| {
            let mut value = 0.0;
            metric.report(&mut |_, v| value = v);
            value
        };
        metric.observe(&judged(0));
        assert_eq!(value(&*metric), 0.0);
        metric.observe(&judged(2));
        assert_eq!(value(&*metric), 1.0);
    }
}
