//! LinCBwK: a linear contextual bandit with a knapsack of dollars.
//!
//! Agrawal and Devanur 2016 (arXiv 1507.06738), algorithm 1, with one resource. Chooses
//! argmax_a mu_a'z + alpha s_a - Z theta (W_a'z - alpha s_a), s_a = sqrt(z' A_a^-1 z): rewards estimated optimistically,
//! consumption too (a lower bound, at least 0). theta in [0, 1] is the play of a multiplicative-weights learner against
//! g = v - B/T: w <- w (1 + rate)^g for g > 0, w (1 - rate)^-g otherwise, theta = w / (1 + w). A call consumes
//! v = min(c / tau, 1).
//!
//! Ours: Z = T / B where none is given (rewards are at most 1, so OPT <= T), not an estimate from rounds of pure
//! exploration; a reward that already weighs cost by the preference, of which the budget asks no more; no arm that does
//! nothing: with a `horizon`, the model of the lowest list price once the budget of all its rounds is spent. Costs are learnt,
//! list prices not looked at otherwise. Ties go to the first arm, so the propensity of a choice is 1.

use crate::learners::best;
use crate::learners::linear::LinearArms;
use crate::registry::{Configured, Entry, Information, Recipe, configure};
use routing::{
    Choice, Contexts, Dollars, Feedback, NotRestored, Policy, Problem, Router, Saved, Stream, Values, one_hot,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Mistake, Parameters, defaults, schema};

pub(crate) const ENTRY: Entry = Entry {
    name: "lin-cbwk",
    about: "linear bandit with a knapsack of dollars, by a multiplicative-weights price on spending",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "Agrawal and Devanur 2016, arXiv 1507.06738",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<KnapsackParameters>,
    schema: schema::<KnapsackParameters>,
    configure: configure_knapsack,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct KnapsackParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Width of both confidence bounds.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 2.0] }))]
    alpha: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
    /// B / T, dollars a request; none: the mean list price over models at the first request.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    budget_usd: Option<f64>,
    /// T, rounds after whose budget nothing is left to spend; none: the budget is a rate without end.
    #[schemars(range(min = 1))]
    horizon: Option<u64>,
    /// Z, reward that a whole budget is worth; none: T / B.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    multiplier: Option<f64>,
    /// epsilon of the multiplicative weights.
    #[schemars(range(max = 0.5), extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.3] }))]
    rate: f64,
}

impl Default for KnapsackParameters {
    fn default() -> Self {
        let (budget_usd, horizon, multiplier) = (None, None, None);
        KnapsackParameters { epochs: 1, batch: 1, alpha: 0.1, lambda: 1.0, budget_usd, horizon, multiplier, rate: 0.01 }
    }
}

impl Parameters for KnapsackParameters {}

fn configure_knapsack(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: KnapsackParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = || LinearArms::new(problem, parameters.lambda);
            let mut policy = Knapsack {
                priced: Priced { rewards: arms(), consumption: arms(), charge: 0.0, exhausted: false },
                price: Price::new(parameters.rate),
                budget: parameters.budget_usd,
                spent: 0.0,
                parameters: parameters.clone(),
                features: Vec::new(),
            };
            policy.reprice();
            Box::new(policy)
        }),
    })
}

/// The multiplicative-weights learner of one resource.
#[derive(Clone)]
struct Price {
    rate: f64,
    /// log w.
    log_weight: f64,
}

impl Price {
    fn new(rate: f64) -> Price {
        Price { rate, log_weight: 0.0 }
    }

    /// theta in (0, 1).
    fn theta(&self) -> f64 {
        1.0 / (1.0 + libm::exp(-self.log_weight))
    }

    /// Learns the excess `g` of consumption over the budget of a round.
    fn learn(&mut self, g: f64) {
        self.log_weight += if g > 0.0 { g * libm::log1p(self.rate) } else { -g * libm::log1p(-self.rate) };
    }
}

/// Estimates and the charge on consumption as they stand: all that a decision needs.
#[derive(Clone)]
struct Priced {
    rewards: LinearArms,
    consumption: LinearArms,
    /// Z theta.
    charge: f64,
    /// Whether the budget of all rounds is spent.
    exhausted: bool,
}

/// Name of the saved estimates of consumption, K x (d + 2).
const CONSUMPTION: &str = "consumption";

/// Builds it again, for decisions alone, from what it saved.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let charge = &saved.settings["charge"];
    let number = charge.as_f64().filter(|number| number.is_finite());
    let charge = number.ok_or_else(|| NotRestored::new("setting `charge`", "a number", charge))?;
    let exhausted = &saved.settings["exhausted"];
    let exhausted =
        exhausted.as_bool().ok_or_else(|| NotRestored::new("setting `exhausted`", "true or false", exhausted))?;
    Ok(Box::new(Priced {
        rewards: LinearArms::restore(saved, problem)?,
        consumption: LinearArms::restore_named(CONSUMPTION, saved, problem)?,
        charge,
        exhausted,
    }))
}

impl Priced {
    fn choice(&self, contexts: &Contexts<'_>, row: usize, scores: impl Iterator<Item = f64>) -> Choice {
        let up = contexts.available(row);
        Choice::certain(if self.exhausted {
            best(contexts.list_prices(row).iter().map(|price| -price.0), up)
        } else {
            best(scores, up)
        })
    }
}

impl Router for Priced {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut features = Vec::new();
        choices.clear();
        for row in 0..contexts.len() {
            LinearArms::features_of(contexts, row, &mut features);
            let estimates = self.rewards.means(&features).zip(self.consumption.means(&features));
            let choice = self.choice(contexts, row, estimates.map(|(r, v)| r - self.charge * v.max(0.0)));
            choices.push(choice.expecting(self.rewards.mean(choice.arm, &features)));
        }
    }

    fn reads_prices(&self) -> bool {
        self.exhausted
    }

    fn save(&self) -> Option<Saved> {
        let settings = json!({ "charge": self.charge, "exhausted": self.exhausted });
        let saved = Saved { settings, ..self.rewards.save(ENTRY.name) };
        Some(self.consumption.save_named(CONSUMPTION, saved))
    }
}

struct Knapsack {
    priced: Priced,
    price: Price,
    /// B / T in dollars, once known.
    budget: Option<f64>,
    /// Dollars so far.
    spent: f64,
    parameters: KnapsackParameters,
    features: Vec<f64>,
}

impl Knapsack {
    /// Sets the budget at the first request, where none was given.
    fn settle(&mut self, prices: &[Dollars]) {
        if self.budget.is_none() {
            self.budget = Some(prices.iter().map(|price| price.0).sum::<f64>() / prices.len() as f64);
            self.reprice();
        }
    }

    /// The arm with the best bounds; `features` is scratch.
    fn optimistic(&self, contexts: &Contexts<'_>, row: usize, features: &mut Vec<f64>) -> Choice {
        LinearArms::features_of(contexts, row, features);
        let Priced { rewards, consumption, charge, .. } = &self.priced;
        // Both regressions saw the same requests, so their widths are the same.
        let estimates = rewards.predictions(features).zip(consumption.means(features));
        let scores = estimates.map(|(r, v)| {
            let width = self.parameters.alpha * r.width;
            r.mean + width - charge * (v - width).max(0.0)
        });
        self.priced.choice(contexts, row, scores)
    }

    /// Brings the charge and the end of the budget up to date.
    fn reprice(&mut self) {
        let Some(budget) = self.budget else { return };
        let bound = (self.priced.rewards.objective().tau.0 / budget).max(1.0);
        self.priced.charge = self.parameters.multiplier.unwrap_or(bound) * self.price.theta();
        self.priced.exhausted = self.parameters.horizon.is_some_and(|rounds| self.spent >= rounds as f64 * budget);
    }
}

impl Router for Knapsack {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        self.priced.decide(contexts, choices);
    }

    fn reads_prices(&self) -> bool {
        self.priced.reads_prices()
    }
}

impl Policy for Knapsack {
    fn choose(&mut self, contexts: &Contexts<'_>, _: &Stream, choices: &mut Vec<Choice>) {
        let mut features = std::mem::take(&mut self.features);
        choices.clear();
        for row in 0..contexts.len() {
            self.settle(contexts.list_prices(row));
            choices.push(self.optimistic(contexts, row, &mut features));
        }
        self.features = features;
    }

    fn exploration(&self, contexts: &Contexts<'_>, out: &mut Vec<f64>) {
        let mut features = Vec::new();
        one_hot(contexts, out, |row| self.optimistic(contexts, row, &mut features).arm);
    }

    fn state(&self) -> Option<Saved> {
        let number = |number: f64| Values::F64(vec![number]);
        let state = self.priced.rewards.keep(ENTRY.name, Saved::bare(ENTRY.name));
        let state = self.priced.consumption.keep(CONSUMPTION, state).with_optional("budget", self.budget);
        Some(state.with("spent", &[1], number(self.spent)).with("log-weight", &[1], number(self.price.log_weight)))
    }

    fn resume(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        self.priced.rewards.take(ENTRY.name, state, known)?;
        self.priced.consumption.take(CONSUMPTION, state, known)?;
        (self.budget, self.spent) = (state.optional("budget")?, state.number("spent")?);
        self.price.log_weight = state.number("log-weight")?;
        self.reprice();
        Ok(())
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        self.priced.rewards.learn(contexts, feedback);
        // A request that another router decided is a first request, too.
        if !contexts.is_empty() {
            self.settle(contexts.list_prices(0));
        }
        let objective = self.priced.rewards.objective();
        for (row, feedback) in feedback.iter().enumerate() {
            LinearArms::features_of(contexts, row, &mut self.features);
            let consumed = objective.penalty(feedback.outcome.cost);
            self.priced.consumption.absorb(feedback.arm, &self.features, consumed);
            self.spent += feedback.outcome.cost.0;
            if let Some(budget) = self.budget {
                self.price.learn(consumed - budget / objective.tau.0);
            }
        }
        self.reprice();
    }

    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.priced.clone())
    }

    fn budget(&self) -> Option<Dollars> {
        self.budget.map(Dollars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_follows_the_multiplicative_weights_of_the_paper() {
        let mut price = Price::new(0.1);
        let mut weight = 1.0_f64;
        for g in [0.5, 0.5, -0.25, 1.0, -0.1] {
            price.learn(g);
            weight *= if g > 0.0 { libm::pow(1.1, g) } else { libm::pow(0.9, -g) };
            assert!((price.theta() - weight / (1.0 + weight)).abs() < 1e-12, "{g}");
        }
        assert_eq!(Price::new(0.1).theta(), 0.5);
    }
}
