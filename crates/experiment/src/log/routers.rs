//! Trained routers on a log: what each would have earned on requests that another one decided.
//!
//! A router chooses by the prompt and by how much quality matters against cost, so each row of the log needs a prompt, and a
//! weight on cost that is either told or its own. Where a router learnt from a log, its card says which prompts it was not
//! trained on: if the log at hand shares prompts with that training, those alone score it. The outcome model is that of the
//! other policies: means by task and model over the other half of the rows.

use super::error::{EvaluationError, RouterProblem, RowProblem};
use super::evaluate::{Evaluation, Prepared, Propensities, blank, half, propensity};
use super::fold::Fold;
use super::rows::{Side, seed_of, side};
use crate::features::{Encoding, Gathered, Progress, TextVectors};
use deployment::{Decision, Deployment, HeldOut, LearntFrom, Prompt, PromptSketch};
use environments::sources::logged::{Log, LogRow};
use routing::{Preference, Round, Seed};

/// Which of a router's answers is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decides {
    /// A draw from its probabilities: the policy behind its decisions.
    ByProbability,
    /// The model that it decides on.
    Greedily,
}

/// A router to be scored on a log.
pub struct LoggedRouter {
    /// Its name in tables.
    pub name: String,
    /// The router with its encoder.
    pub deployment: Deployment,
    /// Weights on cost; each has estimates of its own. None: every row has its own.
    pub preferences: Vec<Preference>,
    /// Which of its answers is scored.
    pub decides: Decides,
    /// How prompts are encoded; it changes no bit.
    pub encoding: Encoding,
}

/// Which rows score a router.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoredRows {
    /// All of them: it learnt from something that is not a log, as its card says.
    AllFromElsewhere(String),
    /// All of them: of so many prompts sampled from its training, the log holds none.
    AllOfOtherPrompts {
        /// Prompts of the sample.
        sample: usize,
    },
    /// Those whose prompts it was not trained on.
    HeldOut {
        /// Prompts of the sample.
        sample: usize,
        /// Those that the log holds.
        shared: usize,
        /// Rows that were left out.
        left_out: u64,
    },
}

/// A router's estimates: quality and dollars at each weight on cost.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterScores {
    /// Quality, then dollars, at each weight on cost in turn.
    pub evaluations: Vec<Evaluation>,
    /// The weight on cost of each evaluation; none: that of the row.
    pub w_cost: Vec<Option<f64>>,
    /// The rows behind them.
    pub rows: ScoredRows,
}

/// Evaluates trained routers on `log`; the outcome model comes from the half of the prompts that a row is not in. `progress` is told how the
/// encoding of prompts goes on.
///
/// # Errors
/// When a row has no prompt, no propensity or no weight on cost and needs one; when a router cannot read text, knows a model
/// that the log does not, or learnt from a log and cannot say from which prompts.
pub fn evaluate_routers(
    log: &Log,
    routers: &[LoggedRouter],
    from: Propensities,
    progress: &Progress,
) -> Result<Vec<RouterScores>, EvaluationError> {
    let targets = routers.iter().map(|router| Target::new(log, router)).collect::<Result<Vec<_>, _>>()?;
    if log.survey().with_prompt == 0 {
        return Err(EvaluationError::NoPrompts);
    }
    let mut first = FirstPass::new(log, &targets);
    for row in log.rows()? {
        first.add(&row?, &targets)?;
    }
    let [even, odd] = &first.folds;
    let models = [Prepared::new(odd, log, &[])?, Prepared::new(even, log, &[])?];
    let score = |(target, seen): (&Target<'_>, &Seen)| target.score(log, &models, seen, from, progress);
    targets.iter().zip(&first.seen).map(score).collect()
}

/// A router with what ties it to a log.
struct Target<'a> {
    router: &'a LoggedRouter,
    /// Position among the router's models of each model of the log; none where the router does not know it.
    arms: Vec<Option<usize>>,
    held_out: Option<&'a HeldOut>,
    seed: Seed,
}

/// What the first pass finds out for one router.
struct Seen {
    /// What is left of the sample of its training.
    missing: PromptSketch,
    /// Rows with prompts that it was not trained on.
    tested: u64,
}

/// What has to be known before the first row can be scored.
struct FirstPass {
    folds: [Fold; 2],
    seen: Vec<Seen>,
}

impl FirstPass {
    fn new(log: &Log, targets: &[Target<'_>]) -> FirstPass {
        let sample = |target: &Target<'_>| target.held_out.map(|held_out| held_out.trained_on.clone());
        let seen = |target| Seen { missing: sample(target).unwrap_or_default(), tested: 0 };
        FirstPass { folds: [Fold::empty(log), Fold::empty(log)], seen: targets.iter().map(seen).collect() }
    }

    fn add(&mut self, row: &LogRow, targets: &[Target<'_>]) -> Result<(), EvaluationError> {
        let prompt = row.prompt.as_deref();
        let prompt = prompt.ok_or_else(|| EvaluationError::at(row, RowProblem::NoPrompt))?;
        self.folds[half(row)].add(row);
        for (seen, target) in self.seen.iter_mut().zip(targets) {
            if target.held_out.is_some() {
                seen.missing.remove(prompt);
                seen.tested += u64::from(target.is_held_out(prompt));
            }
        }
        Ok(())
    }
}

impl<'a> Target<'a> {
    fn new(log: &Log, router: &'a LoggedRouter) -> Result<Target<'a>, EvaluationError> {
        let card = router.deployment.card();
        let refuse = |problem| Err(EvaluationError::Router { name: router.name.clone(), problem });
        if let Err(error) = router.deployment.check(Prompt::Text("")) {
            return refuse(RouterProblem::Deployment(error));
        }
        let held_out = card.data.held_out.as_ref();
        if card.data.source == LearntFrom::Log && held_out.is_none() {
            return refuse(RouterProblem::NotSaidWhich);
        }
        if let Some(model) = card.models.iter().find(|model| !log.models().contains(model)) {
            return refuse(RouterProblem::UnknownModel { model: model.clone(), known: log.models().to_vec() });
        }
        let arms = log.models().iter().map(|model| card.models.iter().position(|known| known == model)).collect();
        Ok(Target { router, arms, held_out, seed: seed_of(card.seed) })
    }

    /// Whether a prompt was left out when it learnt from a log.
    fn is_held_out(&self, prompt: &str) -> bool {
        self.held_out.is_none_or(|held_out| side(prompt, held_out.share, &self.seed) == Side::Test)
    }

    fn rows(&self, log: &Log, seen: &Seen) -> ScoredRows {
        let Some(held_out) = self.held_out else {
            return ScoredRows::AllFromElsewhere(self.router.deployment.card().data.source.to_string());
        };
        let sample = held_out.trained_on.len();
        match sample - seen.missing.len() {
            0 => ScoredRows::AllOfOtherPrompts { sample },
            shared => ScoredRows::HeldOut { sample, shared, left_out: log.len() - seen.tested },
        }
    }

    fn score(
        &self,
        log: &Log,
        models: &[Prepared; 2],
        seen: &Seen,
        from: Propensities,
        progress: &Progress,
    ) -> Result<RouterScores, EvaluationError> {
        let rows = self.rows(log, seen);
        let only_held_out = matches!(rows, ScoredRows::HeldOut { .. });
        let all = if only_held_out { seen.tested } else { log.len() } as usize;
        let encoder = self.router.deployment.encoder().expect("a router that cannot read text was refused");
        let mut vectors = TextVectors::open(encoder, &self.router.encoding).map_err(EvaluationError::Features)?;
        let (mut evaluations, w_cost) = self.blank();
        let mut gathered = Gathered::default();
        let mut enter = |part: Gathered<LogRow>, evaluations: &mut [Evaluation]| {
            let features = vectors.encode(&part.texts, |more| progress.tell(more, all));
            let features = features.map_err(EvaluationError::Features)?;
            self.enter(&part.rows, &features, log, (models, from), evaluations)
        };
        for row in log.rows()? {
            let mut row = row?;
            let Some(prompt) = row.prompt.take() else { return Err(EvaluationError::at(&row, RowProblem::PromptGone)) };
            if only_held_out && !self.is_held_out(&prompt) {
                continue;
            }
            gathered.push(row, prompt);
            if gathered.is_full() {
                enter(gathered.take(), &mut evaluations)?;
            }
        }
        enter(gathered, &mut evaluations)?;
        Ok(RouterScores { evaluations, w_cost, rows })
    }

    /// No rows yet, at each weight on cost.
    fn blank(&self) -> (Vec<Evaluation>, Vec<Option<f64>>) {
        let name = &self.router.name;
        let told = self.router.preferences.iter().map(|preference| Some(preference.cost()));
        let weights: Vec<Option<f64>> = if self.router.preferences.is_empty() { vec![None] } else { told.collect() };
        let named = |weight: &Option<f64>| match weight {
            Some(weight) => format!("{name} w_cost={weight}"),
            None => format!("{name} w_cost as logged"),
        };
        let names: Vec<String> = weights.iter().map(named).collect();
        (blank(&names), weights.into_iter().flat_map(|weight| [weight; 2]).collect())
    }

    /// Enters rows with their features, n x d, at each weight on cost.
    fn enter(
        &self,
        rows: &[LogRow],
        features: &[f32],
        log: &Log,
        (models, from): (&[Prepared; 2], Propensities),
        evaluations: &mut [Evaluation],
    ) -> Result<(), EvaluationError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let own = |row: &LogRow| {
            let weight = row.w_cost.ok_or_else(|| EvaluationError::at(row, RowProblem::NoWeight))?;
            Preference::new(weight).map_err(|error| EvaluationError::at(row, RowProblem::Weight(error)))
        };
        for (position, pair) in evaluations.chunks_exact_mut(2).enumerate() {
            let preferences = match self.router.preferences.get(position) {
                Some(&told) => vec![told; rows.len()],
                None => rows.iter().map(own).collect::<Result<_, _>>()?,
            };
            let decisions = self.router.deployment.route(Round(first.place - 1), features, &preferences);
            for (row, decision) in rows.iter().zip(&decisions) {
                let chances = self.chances(decision);
                models[half(row)].enter_one(row, &chances, propensity(row, log, from)?, pair)?;
            }
        }
        Ok(())
    }

    /// The probability of each model of the log.
    fn chances(&self, decision: &Decision) -> Vec<f64> {
        let chance = |arm: usize| match self.router.decides {
            Decides::ByProbability => f64::from(decision.probabilities[arm]).min(1.0),
            Decides::Greedily => f64::from(u8::from(arm == decision.arm.index())),
        };
        self.arms.iter().map(|arm| arm.map_or(0.0, chance)).collect()
    }
}
