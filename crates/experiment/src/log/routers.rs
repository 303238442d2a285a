//! Trained routers on a log: what each would have earned on requests that another one decided.
//!
//! A router chooses by the prompt and by how much quality matters against cost, so each row of the log needs a prompt, and a
//! weight on cost that is either told or its own. Where a router learnt from a log, its card tells the prompts that it was
//! trained on, and no row of theirs scores it. The outcome model is that of the other policies: means by task and model over
//! the other folds.

use super::error::{EvaluationError, RouterProblem, RowProblem};
use super::evaluate::{Chances, Evaluation, Propensities, Study};
use super::fold::Outcome;
use super::identity::Together;
use super::rows::{Side, seed_of, side};
use super::table::LogTable;
use crate::features::{Encoding, Gathered, Progress, TextVectors};
use deployment::{Decision, Deployment, HeldOut, LearntFrom, Prompt};
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
    /// Those whose prompts it was not trained on.
    Unseen {
        /// Different prompts that it was trained on; none where its card is older and keeps only how they were drawn: then every
        /// prompt that may have been among them is left out.
        trained: Option<usize>,
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
    /// Models of the router that never answer in the log.
    pub absent: Vec<String>,
}

/// Evaluates trained routers on `log`; the outcome model of a row comes from the folds that it is not in. `progress` is told how
/// the encoding of prompts goes on.
///
/// # Errors
/// When a row has no prompt or no weight on cost and needs one, or no row has a propensity; when a router cannot read text,
/// knows no model of the log, or learnt from a log and cannot say from which prompts.
pub fn evaluate_routers(
    log: &Log,
    routers: &[LoggedRouter],
    from: Propensities,
    together: Together,
    progress: &Progress,
) -> Result<Vec<RouterScores>, EvaluationError> {
    let targets = routers.iter().map(|router| Target::new(log, router)).collect::<Result<Vec<_>, _>>()?;
    let table = LogTable::read(log, together)?;
    let mut scores = Vec::new();
    for target in &targets {
        let decided = target.decide(log, progress)?;
        let study = Study::new(&table, from)?.scoring(decided.unseen);
        let mut evaluations = Vec::new();
        for (name, chances) in target.names().iter().zip(decided.chances) {
            let chances = Chances::ByRow(chances);
            for outcome in [Outcome::Quality, Outcome::Dollars] {
                evaluations.push(study.evaluate(name, &chances, outcome)?);
            }
        }
        let weights = target.weights().into_iter().flat_map(|weight| [weight; 2]).collect();
        let (rows, absent) = (decided.rows, target.absent.clone());
        scores.push(RouterScores { evaluations, w_cost: weights, rows, absent });
    }
    Ok(scores)
}

/// A router with what ties it to a log.
pub(super) struct Target<'a> {
    router: &'a LoggedRouter,
    /// Position among the router's models of each model of the log; none where the router does not know it.
    arms: Vec<Option<usize>>,
    absent: Vec<String>,
    held_out: Option<&'a HeldOut>,
    seed: Seed,
}

/// What a router decides on each row of a log.
pub(super) struct Decided {
    /// For each weight on cost the probability of each model of the log, n x K.
    pub(super) chances: Vec<Vec<f32>>,
    /// Whether the row may score the router, n.
    pub(super) unseen: Vec<bool>,
    pub(super) rows: ScoredRows,
}

impl<'a> Target<'a> {
    pub(super) fn new(log: &Log, router: &'a LoggedRouter) -> Result<Target<'a>, EvaluationError> {
        let card = router.deployment.card();
        let refuse = |problem| Err(EvaluationError::Router { name: router.name.clone(), problem });
        if let Err(error) = router.deployment.check(Prompt::Text("")) {
            return refuse(RouterProblem::Deployment(error));
        }
        let held_out = card.data.held_out.as_ref();
        if card.data.source == LearntFrom::Log && held_out.is_none() {
            return refuse(RouterProblem::NotSaidWhich);
        }
        let absent: Vec<String> = card.models.iter().filter(|model| !log.models().contains(model)).cloned().collect();
        if absent.len() == card.models.len() {
            return refuse(RouterProblem::UnknownModels { models: absent, known: log.models().to_vec() });
        }
        if log.survey().with_prompt == 0 {
            return Err(EvaluationError::NoPrompts);
        }
        let arms = log.models().iter().map(|model| card.models.iter().position(|known| known == model)).collect();
        Ok(Target { router, arms, absent, held_out, seed: seed_of(card.seed) })
    }

    /// Whether a prompt may score the router.
    fn is_unseen(&self, prompt: &str) -> bool {
        let Some(held_out) = self.held_out else { return true };
        let may_be = || side(prompt, held_out.share, &self.seed) == Side::Train;
        !held_out.trained_on.contains(prompt).unwrap_or_else(may_be)
    }

    /// The weights on cost at which it is scored; none: that of each row.
    pub(super) fn weights(&self) -> Vec<Option<f64>> {
        match self.router.preferences.is_empty() {
            true => vec![None],
            false => self.router.preferences.iter().map(|preference| Some(preference.cost())).collect(),
        }
    }

    /// Its name at each weight on cost.
    pub(super) fn names(&self) -> Vec<String> {
        let name = &self.router.name;
        let named = |weight: Option<f64>| match weight {
            Some(weight) => format!("{name} w_cost={weight}"),
            None => format!("{name} w_cost as logged"),
        };
        self.weights().into_iter().map(named).collect()
    }

    /// Asks the router about every row.
    pub(super) fn decide(&self, log: &Log, progress: &Progress) -> Result<Decided, EvaluationError> {
        let rows = log.len() as usize;
        let encoder = self.router.deployment.encoder().expect("it reads text, as was checked");
        let mut vectors = TextVectors::open(encoder, &self.router.encoding).map_err(EvaluationError::Features)?;
        let mut decided = Decided {
            chances: vec![Vec::new(); self.weights().len()],
            unseen: Vec::new(),
            rows: ScoredRows::AllFromElsewhere(String::new()),
        };
        let mut enter = |part: Gathered<LogRow>, decided: &mut Decided| {
            let encoded = vectors.encode(&part.texts, |more| progress.tell(more, rows));
            self.enter(&part.rows, &encoded.map_err(EvaluationError::Features)?, decided)
        };
        let mut gathered = Gathered::default();
        for row in log.rows()? {
            let mut row = row?;
            let Some(prompt) = row.prompt.take() else { return Err(EvaluationError::at(&row, RowProblem::NoPrompt)) };
            decided.unseen.push(self.is_unseen(&prompt));
            gathered.push(row, prompt);
            if gathered.is_full() {
                enter(gathered.take(), &mut decided)?;
            }
        }
        enter(gathered, &mut decided)?;
        let left_out = decided.unseen.iter().filter(|unseen| !**unseen).count() as u64;
        decided.rows = match self.held_out {
            None => ScoredRows::AllFromElsewhere(self.router.deployment.card().data.source.to_string()),
            Some(held_out) => ScoredRows::Unseen { trained: held_out.trained_on.count(), left_out },
        };
        Ok(decided)
    }

    /// Enters rows with their features, n x d, at each weight on cost.
    fn enter(&self, rows: &[LogRow], features: &[f32], decided: &mut Decided) -> Result<(), EvaluationError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let own = |row: &LogRow| {
            let weight = row.w_cost.ok_or_else(|| EvaluationError::at(row, RowProblem::NoWeight))?;
            Preference::new(weight).map_err(|error| EvaluationError::at(row, RowProblem::Weight(error)))
        };
        for (position, chances) in decided.chances.iter_mut().enumerate() {
            let preferences = match self.router.preferences.get(position) {
                Some(&told) => vec![told; rows.len()],
                None => rows.iter().map(own).collect::<Result<_, _>>()?,
            };
            let decisions = self.router.deployment.route(Round(first.place - 1), features, &preferences);
            decisions.iter().for_each(|decision| chances.extend(self.chances(decision)));
        }
        Ok(())
    }

    /// The probability of each model of the log.
    fn chances(&self, decision: &Decision) -> Vec<f32> {
        let chance = |arm: usize| match self.router.decides {
            Decides::ByProbability => decision.probabilities[arm].min(1.0),
            Decides::Greedily => f32::from(u8::from(arm == decision.arm.index())),
        };
        self.arms.iter().map(|arm| arm.map_or(0.0, chance)).collect()
    }
}
