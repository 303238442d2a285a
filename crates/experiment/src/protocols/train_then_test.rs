//! The paper's protocol: learn on a training split under the policy's own feedback, then test a frozen greedy policy on
//! one fixed set of prompts at every preference of the grid.
//!
//! All policies of a replicate share the split, the order of visits, the preference drawn for each visit and the test
//! prompts: comparisons are paired. Learning curves are taken on the validation split at checkpoints spaced evenly on the
//! log scale of rounds.

use super::against::{Against, Prompts};
use super::appraisal::Appraisal;
use super::decider::Decider;
use super::decisions::{DecisionLog, Names};

use super::tally::{Moment, Tally};
use super::tested::TestedRows;
use super::trained::TrainedRouter;
use super::{Log, shortened};
use crate::plan::{Checkpoints, Plan, PlannedCell, PlannedPolicy, Split, Subject};
use crate::spec::{Select, TrainPreferences};
use environments::{Batch, ReferenceEntry, Revealed, Sees, Table, always};
use metrics::{Better, Calibration, FORECAST, SWEEP_REWARD, field};
use policies::{Configured, Forecast, Recipe};
use routing::words::phase;
use routing::{
    Arm, Choice, Dollars, Feedback, Ledger, Objective, Policy, Preference, Problem, Round, Router, Saved, Seed, Stream,
    random,
};
use std::sync::Arc;
use store::{Cell, Score, TestedFrame, Trial, Tuning};

/// Requests judged at a time while testing.
const TEST_ROWS: usize = 512;

/// One cell under this protocol.
pub(super) struct TrainThenTest<'a> {
    plan: &'a Plan,
    cell: &'a PlannedCell,
    table: Arc<Table>,
    split: Split,
    problem: Problem,
    list_prices: Vec<Dollars>,
    available: Vec<bool>,
    checkpoints: u32,
    select: Select,
    decisions: Option<DecisionLog>,
    /// Whether the router leaves the experiment, so that its policy's state is wanted.
    leaves: bool,
}

/// A decider with what it took to get it.
struct Trained {
    decider: Decider,
    /// What the policy behind it needs to go on learning, where it can.
    state: Option<Saved>,
    ledger: Ledger,
    round: u64,
    curve: Vec<Score>,
    /// Which models' outcomes it was shown on which rows, each once.
    bought: Vec<(usize, Arm)>,
    /// The settings that were tried, where there were several.
    tuning: Option<Tuning>,
}

impl<'a> TrainThenTest<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        cell: &'a PlannedCell,
        shares: [f64; 3],
        checkpoints: u32,
        select: Select,
        log_decisions: bool,
    ) -> TrainThenTest<'a> {
        let (environment, _) = plan.parts(cell);
        let world = plan.world_seed(cell);
        let table = environment.world.pool(&world);
        let split = environment.split(&table, shares, cell.replicate, &world);
        if split.train.is_empty() || split.test.is_empty() {
            let sizes = format!("{} for training and {} for test", split.train.len(), split.test.len());
            routing::give_up(format!(
                "`split` must leave each part a prompt, got {sizes} (of {} prompts)",
                table.len()
            ));
        }
        // Shots of a held-out task leave the scale of the reward, and with it what is compared, as it is.
        let usual = |&row: &usize| !environment.held_out.contains(&table.task(row));
        let usual: Vec<usize> = split.train.iter().copied().filter(usual).collect();
        let tau = plan.spec.tau;
        let tau = tau.tau_usd.map(Dollars).or_else(|| table.cost_quantile(&usual, tau.tau_percentile / 100.0));
        let latency = plan.spec.latency.weight_on(&table, &usual);
        let objective = Objective { tau: tau.unwrap_or_default(), latency };
        let problem = Problem { models: table.models().to_vec(), dimension: table.dimension(), objective };
        TrainThenTest {
            list_prices: table.mean_cost(&usual),
            available: vec![true; table.arms()],
            decisions: log_decisions.then(DecisionLog::default),
            leaves: false,
            plan,
            cell,
            table,
            split,
            problem,
            checkpoints,
            select,
        }
    }

    /// The same with a `share` of the prompts of each split, evenly spaced, so that tasks keep theirs; and the share of
    /// training prompts that it has become.
    pub(super) fn shortened(mut self, share: f64) -> (TrainThenTest<'a>, f64) {
        let whole = self.split.train.len() as f64;
        for rows in [&mut self.split.train, &mut self.split.validation, &mut self.split.test] {
            let kept = shortened(rows.len() as u64, share) as usize;
            *rows = (0..kept).map(|place| rows[place * rows.len() / kept]).collect();
        }
        let part = self.split.train.len() as f64;
        (self, part / whole)
    }

    pub(super) fn simulate(mut self) -> Log {
        let trained = self.trained();
        let (scores, tested) = self.test(trained.curve, &trained.decider, &trained.ledger, trained.round);
        let identity = Some(self.plan.parts(self.cell).1.identity.clone());
        let cell = Cell { scores, ledger: trained.ledger, identity, tuning: trained.tuning };
        Log { cell, tested: Some(tested), decisions: self.decisions.map(DecisionLog::into_frame) }
    }

    /// The router that the cell is about, with its scores and what it knows outcomes by; none for a line that the
    /// environment draws.
    pub(super) fn router(mut self) -> Option<TrainedRouter> {
        self.leaves = true;
        let (trained, rows) = (self.trained(), self.split.test.clone());
        let (mut scores, _) = self.test(trained.curve, &trained.decider, &trained.ledger, trained.round);
        let Decider::Router(router) = trained.decider else { return None };
        let features: Vec<f32> =
            trained.bought.iter().flat_map(|&(row, _)| self.table.features(row)).copied().collect();
        let outcome = |&(row, arm): &(usize, Arm)| Feedback {
            arm,
            outcome: self.table.outcome(row, arm.index()).expect("what nobody recorded was not bought"),
        };
        let bought: Vec<Feedback> = trained.bought.iter().map(outcome).collect();
        let forecast = (!bought.is_empty()).then(|| Forecast::fit(&self.problem, &features, &bought));
        if let Some(forecast) = &forecast {
            let at = Moment { phase: phase::TEST, round: trained.round, w_cost: None, ledger: &trained.ledger };
            scores.extend(self.foretold(&rows, &*router, forecast, &at));
        }
        let chosen = trained.tuning.and_then(|tuning| tuning.winner()).map(|chosen| chosen.setting);
        let against = self.against(&rows, &*router);
        let (ledger, list_prices, rows) = (trained.ledger, self.list_prices, self.split.train.len() as u64);
        let (state, problem) = (trained.state, self.problem);
        Some(TrainedRouter { against, router, state, problem, list_prices, forecast, scores, ledger, rows, chosen })
    }

    /// Whether the qualities that `forecast` tells beside the router's decisions come true on the prompts `rows`.
    fn foretold(&self, rows: &[usize], router: &dyn Router, forecast: &Forecast, at: &Moment<'_>) -> Vec<Score> {
        let (mut batch, mut choices) = (Batch::new(self.table.dimension(), self.table.arms()), Vec::new());
        let mut scores = Vec::new();
        for &preference in &self.plan.spec.preferences.test {
            let (mut calibration, mut pairs) = (Calibration::default(), Vec::new());
            for rows in rows.chunks(TEST_ROWS) {
                batch.clear();
                rows.iter().zip(0..).for_each(|(&row, round)| self.push(&mut batch, row, round, preference));
                router.decide(&batch.contexts(), &mut choices);
                for (&row, choice) in rows.iter().zip(&choices) {
                    let arm = choice.arm.index();
                    let expected = forecast.expect(self.table.features(row)).nth(arm).expect("one for each model");
                    if let (Some(expected), Some(outcome)) = (expected, self.table.outcome(row, arm)) {
                        calibration.observe(expected.quality, outcome.quality.into());
                        pairs.push((expected.quality, f64::from(outcome.quality)));
                    }
                }
            }
            let Some(([_, _, error, chance], n)) = calibration.readings() else { continue };
            let at = Moment { w_cost: Some(preference.cost()), ..*at };
            scores.extend(FORECAST.iter().zip([error, chance]).map(|(about, value)| at.of(about, value, n)));
            scores.extend(field::brier(&pairs).map(|value| at.of(&field::BRIER, value, n)));
        }
        scores
    }

    fn trained(&mut self) -> Trained {
        let (_, policy) = self.plan.parts(self.cell);
        let seed = self.plan.policy_seed(self.cell);
        match &policy.subject {
            Subject::Always(arm) => self.fixed(Decider::Reference(always(*arm)), Ledger::default()),
            Subject::Reference(entry) => self.reference(entry),
            Subject::Decided(decisions) => {
                let choices = decisions.choices(self.cell.replicate, &self.split.test);
                let grid = self.plan.spec.preferences.test.clone();
                self.fixed(Decider::Decided { grid, choices }, decisions.ledger())
            }
            Subject::Policy(candidates) => match candidates.as_slice() {
                [only] => self.train(&only.recipe, &seed),
                several => self.tune(policy, several, &seed),
            },
        }
    }

    fn fixed(&self, decider: Decider, ledger: Ledger) -> Trained {
        Trained { decider, state: None, ledger, round: 0, curve: Vec::new(), bought: Vec::new(), tuning: None }
    }

    fn reference(&self, entry: &ReferenceEntry) -> Trained {
        let reference = (entry.fit)(&self.table, &self.split.train, &self.problem.objective);
        let ledger = match entry.sees {
            Sees::Training => self.full_labels(),
            // What it sees cannot be bought before the request is answered.
            Sees::Everything => Ledger::default(),
        };
        self.fixed(Decider::Reference(reference), ledger)
    }

    /// The bill for every model's outcome on every training prompt.
    fn full_labels(&self) -> Ledger {
        let mut ledger = Ledger::default();
        self.table.recorded(&self.split.train).for_each(|outcome| ledger.charge(outcome.cost));
        ledger
    }

    fn train(&mut self, recipe: &Recipe, seed: &Seed) -> Trained {
        match recipe {
            Recipe::Fixed(build) => self.fixed(Decider::Router(build(&self.problem, seed)), Ledger::default()),
            Recipe::Full(fit) => {
                let training = self.table.training_set(&self.split.train);
                let arms = 0..self.table.arms();
                let cells = self.split.train.iter().flat_map(|&row| arms.clone().map(move |arm| (row, arm)));
                let recorded = cells.filter(|&(row, arm)| self.table.outcome(row, arm).is_some());
                let bought = recorded.map(|(row, arm)| (row, Arm::at(arm))).collect();
                Trained {
                    bought,
                    ..self.fixed(Decider::Router(fit(&self.problem, &training, seed)), self.full_labels())
                }
            }
            Recipe::Bandit { epochs, batch, build } => self.explore(build(&self.problem, seed), *epochs, *batch, seed),
        }
    }

    /// Trains every candidate and keeps the one with the highest mean reward over the preference grid on the validation
    /// split, the first of equals.
    fn tune(&mut self, policy: &PlannedPolicy, candidates: &[Configured], seed: &Seed) -> Trained {
        if self.split.validation.is_empty() {
            routing::give_up("`split` leaves no prompt for validation, on which a setting is chosen".to_owned());
        }
        let mut all = Ledger { tuning_trials: candidates.len() as u64, ..Ledger::default() };
        let (mut trials, mut bills) = (Vec::new(), Vec::new());
        let mut best: Option<(Option<f64>, usize, Trained)> = None;
        for (place, candidate) in candidates.iter().enumerate() {
            let trained = self.train(&candidate.recipe, seed);
            let sweep = self.sweep(&self.split.validation, |batch, choices| trained.decider.decide(batch, choices));
            let explored = if trained.round > 0 { trained.ledger } else { Ledger::default() };
            // Full labels of the training prompts are bought once, for all settings of an offline router.
            all.add(if place == 0 { &trained.ledger } else { &explored });
            all.add(&sweep.seen);
            let reward = sweep.reward.is_finite().then_some(sweep.reward);
            let Ledger { outcomes, dollars, .. } = together(&[explored, sweep.seen]);
            trials.push(Trial { setting: policy.setting(candidate), reward, outcomes, dollars: dollars.0 });
            bills.push((explored, sweep.seen));
            if best.as_ref().is_none_or(|(top, ..)| reward > *top) {
                best = Some((reward, place, trained));
            }
        }
        let (_, chosen, best) = best.expect("callers have several candidates");
        let needless = |(place, (explored, seen)): (usize, &(Ledger, Ledger))| {
            if place == chosen { *seen } else { together(&[*explored, *seen]) }
        };
        let price = together(&bills.iter().enumerate().map(needless).collect::<Vec<_>>());
        let tuning = Tuning { trials, chosen, outcomes: price.outcomes, dollars: price.dollars.0 };
        Trained { ledger: all, tuning: Some(tuning), ..best }
    }

    /// Lets a bandit policy choose and learn for some epochs over the training prompts.
    fn explore(&mut self, mut policy: Box<dyn Policy>, epochs: u32, rows: usize, seed: &Seed) -> Trained {
        let world = self.plan.world_seed(self.cell);
        let (order_stream, choice_stream) = (world.stream("order"), seed.stream("choice"));
        let preference_stream = world.stream("preference");
        let mut order = self.split.train.clone();
        let mut due = Checkpoints::new(self.checkpoints, order.len() as u64 * u64::from(epochs));
        let mut batch = Batch::new(self.table.dimension(), self.table.arms());
        let (mut choices, mut revealed) = (Vec::new(), Revealed::new(self.table.dimension(), self.table.arms()));
        let (mut ledger, mut round, mut curve) = (Ledger::default(), 0, Vec::new());
        let mut best: Option<(f64, Box<dyn Router>, Option<Saved>)> = None;
        let mut seen = vec![false; self.table.len() * self.table.arms()];
        for epoch in 0..epochs {
            random::shuffle(&mut order_stream.at(Round(epoch.into())), &mut order);
            for visited in order.chunks(rows) {
                batch.clear();
                for (&row, round) in visited.iter().zip(round..) {
                    let preference = self.training_preference(&preference_stream, Round(round));
                    self.push(&mut batch, row, round, preference);
                }
                policy.choose(&batch.contexts(), &choice_stream, &mut choices);
                let (contexts, feedback) = batch.reveal(&choices, &mut ledger, &mut revealed);
                policy.learn(&contexts, feedback);
                for (&row, choice) in visited.iter().zip(&choices) {
                    seen[row * self.table.arms() + choice.arm.index()] = true;
                }
                round += visited.len() as u64;
                self.log(phase::TRAINING, &batch, &choices);
                if !due.passed(round) {
                    continue;
                }
                let sweep = self.sweep(&self.split.validation, |batch, choices| {
                    policy.decide(&batch.contexts(), choices);
                });
                let at = Moment { phase: phase::VALIDATION, round, w_cost: None, ledger: &ledger };
                curve.push(at.of(&SWEEP_REWARD, sweep.reward, sweep.requests));
                for (name, value) in policy.diagnostics() {
                    curve.push(at.score(&format!("policy_{name}"), "nats", Better::Neither, value, rows as u64));
                }
                if self.select == Select::BestValidation {
                    ledger.add(&sweep.seen);
                    if best.as_ref().is_none_or(|(top, ..)| sweep.reward > *top) {
                        best = Some((sweep.reward, policy.freeze(), self.state_of(&*policy)));
                    }
                }
            }
        }
        let last = || (policy.freeze(), self.state_of(&*policy));
        let (router, state) = best.map_or_else(last, |(_, router, state)| (router, state));
        let arms = self.table.arms();
        let chosen = seen.iter().enumerate().filter(|(_, seen)| **seen).map(|(cell, _)| (cell / arms, cell % arms));
        let shown = chosen.filter(|&(row, arm)| self.table.outcome(row, arm).is_some());
        let bought = shown.map(|(row, arm)| (row, Arm::at(arm))).collect();
        Trained { decider: Decider::Router(router), state, ledger, round, curve, bought, tuning: None }
    }

    /// The router against the best single model on the prompts `test`.
    fn against(&self, test: &[usize], router: &dyn Router) -> Vec<Against> {
        let train = self.split.train.as_slice();
        let (objective, list_prices) = (&self.problem.objective, self.list_prices.as_slice());
        let prompts = Prompts { table: &self.table, train, test, objective, list_prices };
        prompts.against(router, &self.plan.spec.preferences.test)
    }

    /// What `policy` needs to go on learning, if that is wanted and it can.
    fn state_of(&self, policy: &dyn Policy) -> Option<Saved> {
        self.leaves.then(|| policy.state()).flatten()
    }

    /// Appends prompt `row` to `batch`.
    fn push(&self, batch: &mut Batch, row: usize, round: u64, preference: Preference) {
        batch.push_row(Round(round), &self.table, row, preference, &self.list_prices, &self.available);
    }

    /// The preference of a training visit.
    fn training_preference(&self, stream: &Stream, round: Round) -> Preference {
        let preferences = &self.plan.spec.preferences;
        let generator = &mut stream.at(round);
        match preferences.train {
            TrainPreferences::Uniform => {
                Preference::new(random::uniform(generator)).expect("a uniform draw lies in [0, 1)")
            }
            TrainPreferences::Grid => preferences.test[random::below(generator, preferences.test.len())],
        }
    }

    fn log(&mut self, phase: &str, batch: &Batch, choices: &[Choice]) {
        if let Some(decisions) = &mut self.decisions {
            let Problem { models, objective, .. } = &self.problem;
            decisions.extend(
                phase,
                batch,
                choices,
                &Names { tasks: self.table.tasks(), models, objective, table: Some(&self.table) },
            );
        }
    }

    /// Lets `decide` answer the prompts `rows` at every preference of the grid.
    fn sweep(&self, rows: &[usize], mut decide: impl FnMut(&Batch, &mut Vec<Choice>)) -> Sweep {
        let grid = &self.plan.spec.preferences.test;
        let (arms, tasks) = (self.table.arms(), self.table.tasks().len());
        let mut tallies: Vec<Tally> = grid.iter().map(|_| Tally::new(arms, tasks)).collect();
        let mut appraisals: Vec<Appraisal> = grid.iter().map(|_| Appraisal::default()).collect();
        let (dearest, mut scores) = (self.dearest(rows), Vec::new());
        let mut batch = Batch::new(self.table.dimension(), arms);
        let (mut choices, mut seen) = (Vec::new(), Ledger::default());
        let mut revealed = Revealed::new(self.table.dimension(), arms);
        let mut total = 0.0;
        for (chunk, rows) in rows.chunks(TEST_ROWS).enumerate() {
            batch.clear();
            for (&row, round) in rows.iter().zip((chunk * TEST_ROWS) as u64..) {
                self.push(&mut batch, row, round, grid[0]);
            }
            for ((&preference, tally), appraisal) in grid.iter().zip(&mut tallies).zip(&mut appraisals) {
                batch.set_preference(preference);
                decide(&batch, &mut choices);
                batch.reveal(&choices, &mut seen, &mut revealed);
                for (row, choice) in choices.iter().enumerate() {
                    let reward = tally.observe(&batch, row, choice.arm, &self.problem.objective);
                    appraisal.observe((&batch, row), choice, reward, (dearest, &mut scores));
                    total += reward.unwrap_or_default();
                }
            }
        }
        let requests = tallies.iter().map(Tally::scored).sum();
        let prompts = tallies.iter().map(Tally::scored).min().unwrap_or_default();
        Sweep { tallies, appraisals, reward: total / requests as f64, seen, requests, prompts }
    }

    /// Position of the model of the highest mean cost on the prompts `rows`, the first of equals.
    fn dearest(&self, rows: &[usize]) -> usize {
        let costs = self.table.mean_cost(rows);
        let most = costs.iter().map(|cost| cost.0).fold(f64::NEG_INFINITY, f64::max);
        costs.iter().position(|cost| cost.0 == most).unwrap_or_default()
    }

    /// Adds the scores on the test prompts to those of the learning curve; and what every test prompt got.
    fn test(
        &mut self,
        mut scores: Vec<Score>,
        decider: &Decider,
        ledger: &Ledger,
        round: u64,
    ) -> (Vec<Score>, TestedFrame) {
        let rows = std::mem::take(&mut self.split.test);
        let mut decisions = self.decisions.take();
        let Problem { models, objective, .. } = &self.problem;
        let names = Names { tasks: self.table.tasks(), models, objective, table: Some(&self.table) };
        let mut tested = TestedRows::new(&self.table, &rows, self.plan.spec.preferences.test.len(), objective);
        let sweep = self.sweep(&rows, |batch, choices| {
            decider.decide(batch, choices);
            tested.extend(batch, choices);
            if let Some(decisions) = &mut decisions {
                decisions.extend(phase::TEST, batch, choices, &names);
            }
        });
        let measured = sweep.tallies.iter().zip(&sweep.appraisals);
        for (preference, (tally, appraisal)) in self.plan.spec.preferences.test.iter().zip(measured) {
            let at = Moment { phase: phase::TEST, round, w_cost: Some(preference.cost()), ledger };
            tally.report(&at, self.table.tasks(), models, &mut scores);
            appraisal.report(&at, &mut scores);
        }
        let at = Moment { phase: phase::TEST, round, w_cost: None, ledger };
        if sweep.requests > 0 {
            scores.push(at.of(&SWEEP_REWARD, sweep.reward, sweep.prompts));
        }
        let tested = tested.finish();
        self.decisions = decisions;
        (scores, tested)
    }
}

/// Several bills as one.
fn together(bills: &[Ledger]) -> Ledger {
    let mut all = Ledger::default();
    bills.iter().for_each(|bill| all.add(bill));
    all
}

/// What came of answering a set of prompts at every preference of the grid.
struct Sweep {
    tallies: Vec<Tally>,
    appraisals: Vec<Appraisal>,
    /// Mean reward over prompts and preferences.
    reward: f64,
    /// The bill, had the outcomes been bought.
    seen: Ledger,
    /// Requests that were scored.
    requests: u64,
    /// Prompts that were scored, at the preference at which they are fewest.
    prompts: u64,
}
