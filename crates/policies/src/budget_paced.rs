//! LinUCB under a budget of dollars a request, kept by a price on spending that rises when too much is spent.
//!
//! After ParetoBandit's pacer, from its idea (primal-dual; also Agrawal and Devanur 2016): chooses argmax_a theta_a'z + alpha
//! sqrt(z' A_a^-1 z) - y p_a / B with p_a the list price in force and B the budget; after each outcome the smoothed cost
//! c <- (1 - s) c + s cost moves the dual, y <- clip(y + eta (c / B - 1), 0, cap). Ties go to the first arm, so the
//! propensity of a choice is 1.

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
    name: "budget-paced",
    about: "LinUCB under a budget of dollars a request, by a dual price on spending",
    prompts: crate::Prompts::Read,
    export: crate::Export::Learner,
    paper: "after ParetoBandit and Agrawal and Devanur 2016",
    information: Information::Bandit,
    revision: 1,
    defaults: defaults::<PacedParameters>,
    schema: schema::<PacedParameters>,
    configure: configure_paced,
};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct PacedParameters {
    /// Passes over the training prompts.
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: u32,
    /// Requests between two updates.
    #[schemars(range(min = 1, max = 100_000))]
    batch: usize,
    /// Width of the confidence bound.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 2.0] }))]
    alpha: f64,
    /// Regularisation of the regressions.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [0.01, 10.0] }))]
    lambda: f64,
    /// B, dollars a request; none: the mean list price over models at the first request.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    budget_usd: Option<f64>,
    /// eta, step of the dual.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.1] }))]
    rate: f64,
    /// s, weight of the newest cost in the smoothed one.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    #[schemars(extend("x-search" = { "log": [1e-3, 0.1] }))]
    smoothing: f64,
    /// Largest dual.
    #[schemars(range(min = 0.0))]
    #[schemars(extend("x-search" = { "log": [1.0, 20.0] }))]
    cap: f64,
}

impl Default for PacedParameters {
    fn default() -> Self {
        let (rate, smoothing, cap) = (0.01, 0.01, 5.0);
        PacedParameters { epochs: 1, batch: 1, alpha: 0.1, lambda: 1.0, budget_usd: None, rate, smoothing, cap }
    }
}

impl Parameters for PacedParameters {}

fn configure_paced(given: Value) -> Result<Configured, Mistake> {
    configure(given, |parameters: PacedParameters| Recipe::Bandit {
        epochs: parameters.epochs,
        batch: parameters.batch,
        build: Box::new(move |problem, _| {
            let arms = LinearArms::new(problem, parameters.lambda);
            let budget = parameters.budget_usd;
            Box::new(Paced {
                arms,
                parameters: parameters.clone(),
                budget,
                smoothed: None,
                dual: 0.0,
                features: Vec::new(),
            })
        }),
    })
}

#[derive(Clone)]
struct Paced {
    arms: LinearArms,
    parameters: PacedParameters,
    /// B, once known.
    budget: Option<f64>,
    /// c in dollars; none before the first outcome.
    smoothed: Option<f64>,
    /// y.
    dual: f64,
    features: Vec<f64>,
}

/// Builds it again, for decisions alone, from what it saved: its estimates, and the charge on list prices as it stood.
pub(crate) fn restore(saved: &Saved, problem: &Problem) -> Result<Box<dyn Router>, NotRestored> {
    let setting = |name: &str| {
        let given = &saved.settings[name];
        let number = given.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| NotRestored::new(format!("setting `{name}`"), "a number", given))
    };
    let budget = if saved.settings["budget"].is_null() { None } else { Some(setting("budget")?) };
    Ok(Box::new(Paced {
        arms: LinearArms::restore(saved, problem)?,
        parameters: PacedParameters::default(),
        budget,
        smoothed: None,
        dual: setting("dual")?,
        features: Vec::new(),
    }))
}

impl Paced {
    /// Reward that a dollar of list price takes away; 0 while spending stays under the budget.
    fn charge(&self) -> f64 {
        self.budget.map_or(0.0, |budget| self.dual / budget)
    }

    /// Sets the budget at the first request, where none was given.
    fn settle(&mut self, prices: &[Dollars]) {
        let mean = || prices.iter().map(|price| price.0).sum::<f64>() / prices.len() as f64;
        self.budget.get_or_insert_with(mean);
    }

    /// The arm with the highest bound under the budget; `features` is scratch.
    fn optimistic(&self, contexts: &Contexts<'_>, row: usize, features: &mut Vec<f64>) -> Choice {
        LinearArms::features_of(contexts, row, features);
        self.best(contexts, row, self.arms.predictions(features).map(|p| p.mean + self.parameters.alpha * p.width))
    }

    /// The arm with the highest score less what its list price costs under the budget.
    fn best(&self, contexts: &Contexts<'_>, row: usize, scores: impl Iterator<Item = f64>) -> Choice {
        let charge = self.charge();
        let charged = scores.zip(contexts.list_prices(row)).map(|(score, price)| score - charge * price.0);
        Choice::certain(best(charged, contexts.available(row)))
    }
}

impl Router for Paced {
    fn decide(&self, contexts: &Contexts<'_>, choices: &mut Vec<Choice>) {
        let mut features = Vec::new();
        choices.clear();
        for row in 0..contexts.len() {
            LinearArms::features_of(contexts, row, &mut features);
            let choice = self.best(contexts, row, self.arms.means(&features));
            choices.push(choice.expecting(self.arms.mean(choice.arm, &features)));
        }
    }

    fn reads_prices(&self) -> bool {
        self.charge() > 0.0
    }

    fn save(&self) -> Option<Saved> {
        Some(Saved { settings: json!({ "budget": self.budget, "dual": self.dual }), ..self.arms.save(ENTRY.name) })
    }
}

impl Policy for Paced {
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
        let state = self.arms.keep(ENTRY.name, Saved::bare(ENTRY.name));
        let state = state.with_optional("budget", self.budget).with_optional("smoothed", self.smoothed);
        Some(state.with("dual", &[1], Values::F64(vec![self.dual])))
    }

    fn resume(&mut self, state: &Saved, known: usize) -> Result<(), NotRestored> {
        self.arms.take(ENTRY.name, state, known)?;
        (self.budget, self.smoothed) = (state.optional("budget")?, state.optional("smoothed")?);
        self.dual = state.number("dual")?;
        Ok(())
    }

    fn learn(&mut self, contexts: &Contexts<'_>, feedback: &[Feedback]) {
        self.arms.learn(contexts, feedback);
        // A request that another router decided is a first request, too.
        if !contexts.is_empty() {
            self.settle(contexts.list_prices(0));
        }
        let Some(budget) = self.budget else { return };
        let PacedParameters { rate, smoothing, cap, .. } = self.parameters;
        for feedback in feedback {
            let before = self.smoothed.unwrap_or(feedback.outcome.cost.0);
            let smoothed = (1.0 - smoothing) * before + smoothing * feedback.outcome.cost.0;
            self.smoothed = Some(smoothed);
            self.dual = (self.dual + rate * (smoothed / budget - 1.0)).clamp(0.0, cap);
        }
    }

    fn freeze(&self) -> Box<dyn Router> {
        Box::new(self.clone())
    }

    fn budget(&self) -> Option<Dollars> {
        self.budget.map(Dollars)
    }
}
