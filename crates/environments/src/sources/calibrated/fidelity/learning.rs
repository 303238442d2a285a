//! Facts about learning: what references and simple learners earn, and how far outcomes can be predicted.
//!
//! Protocol: splits 70/15/15 by task; tau = 95th percentile of all training dollars; reward (1 - w) q - w min(c / tau, 1),
//! mean over the test rows and over w in {0, .2, .4, .5, .6, .8, 1}; mean over splits.

use super::super::learnability::{Split, Targets, auc, by_family, by_neighbours, by_ridge};
use super::Fact;
use crate::Table;
use routing::{Dollars, Objective, Preference, Seed};

/// Weights on cost that rewards are averaged over.
const COST_WEIGHTS: [f64; 7] = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0];

/// A score above this counts as correct.
const CORRECT: f64 = 0.5;

/// The cheap model of [`Payoff`] scores at least this share of the dear one.
const DECENT: f64 = 2.0 / 3.0;

/// Two models between which paying more may help: the dearest, and the cheapest that scores on average at least two thirds
/// of what the dearest scores (the best other model where none does). Paying helps on a prompt when the dear model's score
/// is the higher.
pub(super) struct Payoff {
    dear: usize,
    cheap: usize,
}

impl Payoff {
    pub(super) fn of(table: &Table) -> Payoff {
        let rows: Vec<usize> = (0..table.len()).collect();
        let dollars = table.mean_cost(&rows);
        let scores: Vec<f64> = (0..table.arms())
            .map(|model| rows.iter().map(|&row| f64::from(table.quality(row)[model])).sum::<f64>())
            .collect();
        let by_dollars = |a: &usize, b: &usize| dollars[*a].0.total_cmp(&dollars[*b].0);
        let dear = (0..table.arms()).max_by(by_dollars).expect("a table has models");
        let others = || (0..table.arms()).filter(|&model| model != dear);
        let decent = others().filter(|&model| scores[model] >= DECENT * scores[dear]).min_by(by_dollars);
        let best = || others().max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        Payoff { dear, cheap: decent.or_else(best).expect("a table has two models") }
    }

    fn helps(&self, table: &Table, row: usize) -> bool {
        table.quality(row)[self.dear] > table.quality(row)[self.cheap]
    }
}

/// The learning facts of `table`, means over splits; fewer splits where there are many rows.
pub(super) fn learning_facts(table: &Table, payoff: &Payoff, seed: &Seed) -> Vec<Fact> {
    let splits = (20_000 / table.len().max(1)).clamp(1, 10) as u64;
    let measured: Vec<Vec<Fact>> =
        (0..splits).map(|number| split_facts(table, payoff, &Split::new(table, seed, number))).collect();
    let mean = |at: usize| super::mean_and_deviation(measured.iter().map(|facts| facts[at].value)).0;
    measured[0].iter().enumerate().map(|(at, fact)| Fact { value: mean(at), ..fact.clone() }).collect()
}

fn split_facts(table: &Table, payoff: &Payoff, split: &Split) -> Vec<Fact> {
    let objective = Objective::new(table.cost_quantile(&split.train, 0.95).unwrap_or_default());
    let targets = targets(table, payoff);
    let family = by_family(table, &split.train, &split.test, &targets);
    let (neighbours, purity) = by_neighbours(table, &split.train, &split.test, &targets);
    let ridge = by_ridge(table, &split.train, &split.test, &targets);
    let mut facts = Vec::new();
    let mut push =
        |what: &str, unit, value| facts.push(Fact { what: what.into(), task: None, model: None, unit, value });

    let rewards = Rewards { table, objective, test: &split.test };
    let (single, knn, oracle) = (rewards.best_single(&split.train), rewards.plug_in(&neighbours), rewards.oracle());
    push("reward of the best single arm", "reward", single);
    push("reward of the best arm per task", "reward", rewards.plug_in(&family));
    push("reward of kNN", "reward", knn);
    push("reward of ridge", "reward", rewards.plug_in(&ridge));
    push("reward of the oracle", "reward", oracle);
    push("gap, best single arm to kNN", "reward", knn - single);
    push("gap, kNN to oracle", "reward", oracle - knn);
    push("gap, best single arm to oracle", "reward", oracle - single);

    let helps: Vec<bool> = split.test.iter().map(|&row| payoff.helps(table, row)).collect();
    let tasks: Vec<usize> = split.test.iter().map(|&row| table.task(row)).collect();
    let at = 2 * table.arms();
    push("paying helps, from the task", "AUC", area(&family, at, &helps));
    push("paying helps, kNN", "AUC", area(&neighbours, at, &helps));
    push("paying helps, ridge", "AUC", area(&ridge, at, &helps));
    push("paying helps, kNN within tasks", "AUC", area_within(&neighbours, at, &helps, &tasks));
    push("paying helps, ridge within tasks", "AUC", area_within(&ridge, at, &helps, &tasks));
    let correct = |model: usize| -> Vec<bool> {
        split.test.iter().map(|&row| f64::from(table.quality(row)[model]) > CORRECT).collect()
    };
    let areas: Vec<f64> = (0..table.arms()).map(|model| area(&ridge, at + 1 + model, &correct(model))).collect();
    push("correctness, ridge, least predictable model", "AUC", areas.iter().copied().fold(f64::NAN, f64::min));
    push("correctness, ridge, mean of models", "AUC", super::mean_and_deviation(areas.iter().copied()).0);
    push("correctness, ridge, most predictable model", "AUC", areas.iter().copied().fold(f64::NAN, f64::max));
    push("neighbours of the same task", "share", purity.iter().sum::<f64>() / purity.len() as f64);
    facts
}

/// Scores (K), dollars (K), whether paying helps, whether each model is correct (K).
fn targets(table: &Table, payoff: &Payoff) -> Targets {
    let mut values = Vec::with_capacity(table.len() * (3 * table.arms() + 1));
    for row in 0..table.len() {
        let scores = || table.quality(row).iter().map(|&q| f64::from(q));
        values.extend(scores());
        values.extend(table.cost(row).iter().map(|cost| cost.0));
        values.push(f64::from(u8::from(payoff.helps(table, row))));
        values.extend(scores().map(|q| f64::from(u8::from(q > CORRECT))));
    }
    Targets { values, width: 3 * table.arms() + 1 }
}

/// Mean rewards on the test rows, over the weights on cost.
struct Rewards<'a> {
    table: &'a Table,
    objective: Objective,
    test: &'a [usize],
}

impl Rewards<'_> {
    fn reward(&self, w: Preference, row: usize, model: usize) -> f64 {
        self.objective.reward(w, &self.table.outcome(row, model).expect("a table with gaps was refused"))
    }

    /// Mean over weights and test rows of the reward of the model that `choose(w, position in the test rows)` names.
    fn mean(&self, choose: impl Fn(Preference, usize) -> usize) -> f64 {
        let mut total = 0.0;
        for w in COST_WEIGHTS.map(|w| Preference::new(w).expect("the grid lies in [0, 1]")) {
            total += self.test.iter().enumerate().map(|(at, &row)| self.reward(w, row, choose(w, at))).sum::<f64>();
        }
        total / (COST_WEIGHTS.len() * self.test.len()) as f64
    }

    /// The model best on the training rows, chosen for each weight.
    fn best_single(&self, train: &[usize]) -> f64 {
        let total = |w, model| train.iter().map(|&row| self.reward(w, row, model)).sum::<f64>();
        let chosen = COST_WEIGHTS.map(|weight| {
            let w = Preference::new(weight).expect("the grid lies in [0, 1]");
            let totals: Vec<f64> = (0..self.table.arms()).map(|model| total(w, model)).collect();
            (weight, largest(&totals))
        });
        self.mean(|w, _| chosen.iter().find(|(weight, _)| *weight == w.cost()).expect("the grid is the same").1)
    }

    /// The model of highest estimated reward, from predicted score and dollars.
    fn plug_in(&self, predictions: &Targets) -> f64 {
        self.mean(|w, at| {
            let row = predictions.row(at);
            let (scores, dollars) = row[..2 * self.table.arms()].split_at(self.table.arms());
            let estimate = |(score, dollars): (&f64, &f64)| {
                w.quality() * score - w.cost() * self.objective.penalty(Dollars(*dollars))
            };
            largest(&scores.iter().zip(dollars).map(estimate).collect::<Vec<_>>())
        })
    }

    fn oracle(&self) -> f64 {
        self.mean(|w, at| {
            let rewards: Vec<f64> = (0..self.table.arms()).map(|model| self.reward(w, self.test[at], model)).collect();
            largest(&rewards)
        })
    }
}

/// Position of the largest value, the first among equals.
fn largest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, at| if values[at] > values[best] { at } else { best })
}

/// Area under the ROC curve of predicted target `at`; NaN where it is not defined.
fn area(predictions: &Targets, at: usize, truth: &[bool]) -> f64 {
    let mut scored: Vec<_> =
        truth.iter().enumerate().map(|(row, &positive)| (predictions.row(row)[at], positive)).collect();
    auc(&mut scored).unwrap_or(f64::NAN)
}

/// As [`area`] within each task, weighted by how much each task's area tells (positives x negatives / rows).
fn area_within(predictions: &Targets, at: usize, truth: &[bool], tasks: &[usize]) -> f64 {
    let (mut total, mut weights) = (0.0, 0.0);
    for task in 0..=tasks.iter().copied().max().unwrap_or(0) {
        let rows = (0..tasks.len()).filter(|&row| tasks[row] == task);
        let mut scored: Vec<(f64, bool)> = rows.map(|row| (predictions.row(row)[at], truth[row])).collect();
        let positives = scored.iter().filter(|(_, positive)| *positive).count() as f64;
        let n = scored.len() as f64;
        if let Some(area) = auc(&mut scored) {
            let weight = positives * (n - positives) / n;
            total += weight * area;
            weights += weight;
        }
    }
    total / weights
}
