//! A router against the best single model on test prompts, pair by pair.

use environments::{Batch, Table};
use routing::{Arm, Dollars, Objective, Preference, Round, Router};
use statistics::Influence;

/// Requests decided at a time.
const ROWS: usize = 512;

/// One training's router against the model that earned most on the prompts trained on, at one preference.
pub struct Against {
    /// The preference.
    pub preference: Preference,
    /// The model.
    pub model: Arm,
    /// Mean reward of the router on the test prompts for which both outcomes are known.
    pub router: f64,
    /// Mean reward of the model on the same prompts.
    pub fixed: f64,
    /// How much each cluster of prompts moves their difference, by ascending cluster.
    pub influence: Influence,
    /// Those prompts.
    pub n: u64,
}

/// Prompts, by what they are for, and the public facts of their requests.
pub(super) struct Prompts<'a> {
    pub(super) table: &'a Table,
    pub(super) train: &'a [usize],
    pub(super) test: &'a [usize],
    pub(super) objective: &'a Objective,
    pub(super) list_prices: &'a [Dollars],
}

impl Prompts<'_> {
    /// `router` against the best single model at each preference of `grid`; nothing where no prompt has both outcomes.
    pub(super) fn against(&self, router: &dyn Router, grid: &[Preference]) -> Vec<Against> {
        grid.iter().filter_map(|&preference| self.at(router, preference)).collect()
    }

    fn at(&self, router: &dyn Router, preference: Preference) -> Option<Against> {
        let model = self.best_single(preference)?;
        let (decided, mut pairs) = (self.decided(router, preference), Vec::new());
        for (&row, arm) in self.test.iter().zip(decided) {
            let of = |arm: Arm| self.reward(row, arm, preference);
            if let (Some(router), Some(fixed)) = (of(arm), of(model)) {
                pairs.push((self.table.first_of(row) as u32, router, fixed));
            }
        }
        let n = pairs.len() as f64;
        let mean = |of: fn(&(u32, f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (earned, fixed) = (mean(|pair| pair.1), mean(|pair| pair.2));
        let moved = pairs.iter().map(|&(cluster, router, other)| (cluster, (router - other - (earned - fixed)) / n));
        let influence = by_cluster(moved);
        let n = pairs.len() as u64;
        (n > 0).then_some(Against { preference, model, router: earned, fixed, influence, n })
    }

    fn reward(&self, row: usize, arm: Arm, preference: Preference) -> Option<f64> {
        Some(self.objective.reward(preference, &self.table.outcome(row, arm.index())?))
    }

    /// The model with the highest mean reward over the prompts trained on that it answered, the first of equals.
    fn best_single(&self, preference: Preference) -> Option<Arm> {
        let mean = |arm: Arm| {
            let rewards = self.train.iter().filter_map(|&row| self.reward(row, arm, preference));
            let (sum, count) = rewards.fold((0.0, 0.0), |(sum, count), reward| (sum + reward, count + 1.0));
            (count > 0.0).then_some(sum / count)
        };
        let means = (0..self.table.arms()).map(Arm::at).filter_map(|arm| Some((arm, mean(arm)?)));
        means.rev().max_by(|one, two| one.1.total_cmp(&two.1)).map(|(arm, _)| arm)
    }

    fn decided(&self, router: &dyn Router, preference: Preference) -> Vec<Arm> {
        let mut batch = Batch::new(self.table.dimension(), self.table.arms());
        let (up, mut choices, mut decided) = (vec![true; self.table.arms()], Vec::new(), Vec::new());
        for (part, start) in self.test.chunks(ROWS).zip((0..).step_by(ROWS)) {
            batch.clear();
            for (&row, round) in part.iter().zip(start..) {
                batch.push_row(Round(round), self.table, row, preference, self.list_prices, &up);
            }
            router.decide(&batch.contexts(), &mut choices);
            decided.extend(choices.iter().map(|choice| choice.arm));
        }
        decided
    }
}

/// Sums by cluster, ascending.
fn by_cluster(moved: impl Iterator<Item = (u32, f64)>) -> Influence {
    let mut sums = std::collections::BTreeMap::<u32, f64>::new();
    moved.for_each(|(cluster, value)| *sums.entry(cluster).or_default() += value);
    sums.into_iter().collect()
}
