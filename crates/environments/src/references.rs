//! Lines drawn by the environment: what could be had with information that no router has.
//!
//! Each sees the outcome table. They bound the policies from above (oracle), or say what no knowledge of the prompt buys
//! (best single model, zero router, best model per task).

use crate::{Batch, Table};
use routing::{Arm, Objective, Outcome, Preference, Terms};

/// Chooses with full information.
pub trait Reference: Send {
    /// The model for request `row` of `batch`.
    fn choose(&self, batch: &Batch, row: usize) -> Arm;
}

/// Which outcomes a reference looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Every outcome of the training prompts.
    Training,
    /// Every outcome of the request itself: not deployable.
    Everything,
}

/// A registered reference.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceEntry {
    /// Name in configurations and summaries.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// What it looks at.
    pub sees: Sees,
    /// Raised when a change of the code changes its numbers.
    pub revision: u32,
    /// Fits it on the training prompts `rows` of a table.
    pub fit: fn(table: &Table, rows: &[usize], objective: &Objective) -> Box<dyn Reference>,
}

/// Kind that stands for one reference for each model: it always takes that model.
pub const SINGLE_MODELS: &str = "single-models";

/// Name of the reference that is one model for every request of a preference.
pub const BEST_SINGLE: &str = "best-single";

/// Every reference, in the order of `barp list`.
pub const REFERENCES: &[ReferenceEntry] = &[
    ReferenceEntry {
        name: BEST_SINGLE,
        about: "the one model with the highest mean training reward at the preference asked for",
        sees: Sees::Training,
        revision: 1,
        fit: |table, rows, objective| Box::new(BestSingle { means: Means::of(table, rows, objective) }),
    },
    ReferenceEntry {
        name: "best-per-task",
        about: "the model with the highest mean training reward on the request's task, whose name it is told",
        sees: Sees::Training,
        revision: 1,
        fit: |table, rows, objective| Box::new(BestPerTask::fit(table, rows, objective)),
    },
    ReferenceEntry {
        name: "zero-router",
        about: "the corner of the single models' cost-quality hull that is best at the preference asked for",
        sees: Sees::Training,
        revision: 1,
        fit: |table, rows, objective| Box::new(ZeroRouter::fit(table, rows, objective)),
    },
    ReferenceEntry {
        name: "oracle",
        about: "the model with the highest recorded reward on the request itself, the cheapest among equals",
        sees: Sees::Everything,
        revision: 1,
        fit: |_, _, objective| Box::new(Oracle { objective: *objective }),
    },
];

/// Always one model, by position: the single models of a chart.
pub fn always(arm: Arm) -> Box<dyn Reference> {
    Box::new(Always { arm })
}

struct Always {
    arm: Arm,
}

impl Reference for Always {
    fn choose(&self, _: &Batch, _: usize) -> Arm {
        self.arm
    }
}

/// Mean quality, cost term and dollars of each model over the prompts that it answered. One that answered none is worth
/// nothing and costs everything.
#[derive(Clone)]
struct Means {
    quality: Vec<f64>,
    penalty: Vec<f64>,
    dollars: Vec<f64>,
}

impl Means {
    fn of(table: &Table, rows: &[usize], objective: &Objective) -> Means {
        let mean = |number: &dyn Fn(Outcome) -> f64, unknown: f64| -> Vec<f64> {
            let mean_of = |arm| {
                let answers = || rows.iter().filter_map(|&row| table.outcome(row, arm));
                let share = 1.0 / answers().count() as f64;
                if share.is_finite() { answers().map(number).sum::<f64>() * share } else { unknown }
            };
            (0..table.arms()).map(mean_of).collect()
        };
        Means {
            quality: mean(&|outcome| objective.terms(&outcome).value, Terms::WORST.value),
            penalty: mean(&|outcome| objective.terms(&outcome).penalty, Terms::WORST.penalty),
            dollars: mean(&|outcome| outcome.cost.0, f64::INFINITY),
        }
    }

    /// The same, with what `overall` says of the models that have no answer.
    fn filled(mut self, overall: &Means) -> Means {
        for arm in 0..self.dollars.len() {
            if self.dollars[arm].is_infinite() {
                self.quality[arm] = overall.quality[arm];
                self.penalty[arm] = overall.penalty[arm];
                self.dollars[arm] = overall.dollars[arm];
            }
        }
        self
    }

    /// The arm with the highest mean reward: the reward is linear in the preference, so means suffice for every w.
    fn best(&self, preference: Preference, available: &[bool]) -> Arm {
        let rewards = self.quality.iter().zip(&self.penalty);
        highest(rewards.map(|(q, c)| preference.quality() * q - preference.cost() * c), available)
    }
}

/// The available arm with the highest score, the first among equals.
fn highest(scores: impl Iterator<Item = f64>, available: &[bool]) -> Arm {
    let open = scores.enumerate().filter(|(arm, _)| available[*arm]);
    let top = open.reduce(|top, next| if next.1 > top.1 { next } else { top });
    Arm::at(top.expect("planning refuses an empty pool").0)
}

struct BestSingle {
    means: Means,
}

impl Reference for BestSingle {
    fn choose(&self, batch: &Batch, row: usize) -> Arm {
        self.means.best(batch.contexts().preferences()[row], batch.contexts().available(row))
    }
}

struct BestPerTask {
    by_task: Vec<Means>,
}

impl BestPerTask {
    fn fit(table: &Table, rows: &[usize], objective: &Objective) -> BestPerTask {
        let overall = Means::of(table, rows, objective);
        let by_task = (0..table.tasks().len()).map(|task| {
            let own: Vec<usize> = rows.iter().copied().filter(|&row| table.task(row) == task).collect();
            // A task without training prompts is answered as if nothing were known of it.
            if own.is_empty() { overall.clone() } else { Means::of(table, &own, objective).filled(&overall) }
        });
        BestPerTask { by_task: by_task.collect() }
    }
}

impl Reference for BestPerTask {
    fn choose(&self, batch: &Batch, row: usize) -> Arm {
        let contexts = batch.contexts();
        self.by_task[batch.task(row)].best(contexts.preferences()[row], contexts.available(row))
    }
}

/// The models on the upper concave hull of (mean dollars, mean quality), RouterBench's router without query information.
struct ZeroRouter {
    means: Means,
    on_hull: Vec<bool>,
    objective: Objective,
}

impl ZeroRouter {
    fn fit(table: &Table, rows: &[usize], objective: &Objective) -> ZeroRouter {
        let means = Means::of(table, rows, objective);
        let mut on_hull = vec![false; table.arms()];
        for arm in hull(&means.dollars, &means.quality) {
            on_hull[arm] = true;
        }
        ZeroRouter { means, on_hull, objective: *objective }
    }

    /// What the mean dollars of a model take from the reward: not clipped, as the hull is not; with what waiting is worth,
    /// the mean cost term.
    fn charge(&self, arm: usize, weight: f64) -> f64 {
        let dollars = self.means.dollars[arm];
        if self.objective.latency.is_some() {
            return weight * self.means.penalty[arm];
        }
        if dollars == 0.0 { 0.0 } else { weight * dollars / self.objective.tau.0 }
    }
}

impl Reference for ZeroRouter {
    fn choose(&self, batch: &Batch, row: usize) -> Arm {
        let contexts = batch.contexts();
        let preference = contexts.preferences()[row];
        let open: Vec<bool> = contexts.available(row).iter().zip(&self.on_hull).map(|(up, on)| *up && *on).collect();
        let scores = self.means.quality.iter().enumerate();
        let scores = scores.map(|(arm, q)| preference.quality() * q - self.charge(arm, preference.cost()));
        // With every corner down, any model that is up has to serve.
        if open.contains(&true) { highest(scores, &open) } else { highest(scores, contexts.available(row)) }
    }
}

/// Positions of the corners of the non-decreasing upper concave hull, cheapest first (monotone chain).
fn hull(cost: &[f64], quality: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cost.len()).collect();
    order.sort_by(|&a, &b| cost[a].total_cmp(&cost[b]).then(quality[b].total_cmp(&quality[a])));
    let mut corners: Vec<usize> = Vec::new();
    for point in order {
        if corners.last().is_some_and(|&last| quality[point] <= quality[last]) {
            continue;
        }
        while let [.., before, last] = corners[..] {
            let rise = |from: usize, to: usize| (quality[to] - quality[from]) / (cost[to] - cost[from]);
            if rise(before, last) > rise(last, point) {
                break;
            }
            corners.pop();
        }
        corners.push(point);
    }
    corners
}

struct Oracle {
    objective: Objective,
}

impl Reference for Oracle {
    fn choose(&self, batch: &Batch, row: usize) -> Arm {
        let contexts = batch.contexts();
        let preference = contexts.preferences()[row];
        let open = (0..contexts.arms()).filter(|&arm| contexts.available(row)[arm]);
        let known = open.filter_map(|arm| batch.outcome(row, arm).map(|outcome| (arm, outcome)));
        let reward = |outcome: &Outcome| self.objective.reward(preference, outcome);
        let best = known.reduce(|top, next| {
            let (old, new) = (reward(&top.1), reward(&next.1));
            if new > old || (new == old && next.1.cost < top.1.cost) { next } else { top }
        });
        // Where nobody recorded what any model that is up would answer, one is as good as another.
        let first = || contexts.available(row).iter().position(|&up| up).expect("planning refuses an empty pool");
        Arm::at(best.map_or_else(first, |(arm, _)| arm))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hull_keeps_only_concave_corners() {
        let cost = [1.0, 2.0, 3.0, 4.0, 0.5];
        let quality = [0.5, 0.55, 0.8, 0.7, 0.1];
        assert_eq!(super::hull(&cost, &quality), vec![4, 0, 2]);
    }
}
