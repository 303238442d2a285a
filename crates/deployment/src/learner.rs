//! A router at work that goes on learning: requests wait by id until somebody says what came of them.
//!
//! Everything that changes it is an [`Entry`]. Whoever keeps entries, in order, has the learner again by [`Learner::replay`] from
//! the file they began at, bit for bit; entries that are in the file's weights already are known by their numbers and change
//! nothing. Outcomes may come late, in any order, once for each request.

use crate::artifact::Artifact;
use crate::decision::{Decision, Deployment};
use crate::entry::{Entry, Event, MOST_WAITING, NotReplayed, Refused, Request, Routed, Told};
use crate::exact::{Bits, Exact};
use crate::refused_use::DeploymentError;
use routing::{Arm, ContextsBuffer, Dollars, Feedback, Outcome, Preference, Round, Seconds, Seed};
use std::collections::{BTreeMap, BTreeSet};

/// Ids of learnt requests that are remembered at most, so that a repeated outcome is told from one of an unknown request.
const MOST_REMEMBERED: usize = 100_000;

/// The file of a router that `model` joins, of which nothing is known but its list `price`; as it is where it joined before.
///
/// # Errors
/// [`DeploymentError`] for a model that was there from the first, a price that is negative or not a number, and a policy that
/// cannot go on learning.
pub fn join(artifact: Artifact, model: &str, price: Dollars) -> Result<Artifact, DeploymentError> {
    if artifact.card.learning.as_ref().is_some_and(|learning| learning.joined.iter().any(|joined| joined == model)) {
        return Ok(artifact);
    }
    if artifact.card.models.iter().any(|known| known == model) {
        return Err(DeploymentError::Known { model: model.into() });
    }
    if !(price.0 >= 0.0 && price.0.is_finite()) {
        return Err(DeploymentError::Price { model: model.into(), price: price.0 });
    }
    artifact.with_model(model, price).map_err(DeploymentError::CannotLearn)
}

/// A router that goes on learning.
pub struct Learner {
    deployment: Deployment,
    /// Requests that wait, by id, with the number of their entry.
    waiting: BTreeMap<String, (u64, Routed)>,
    /// Their ids by that number.
    order: BTreeMap<u64, String>,
    /// Ids of learnt requests.
    learnt: BTreeSet<String>,
    /// The same, the oldest first.
    remembered: std::collections::VecDeque<String>,
    /// Number of the last entry.
    last: u64,
    /// Requests that were given up.
    given_up: u64,
}

impl Learner {
    /// Lets `deployment` go on learning, exploring with a `floor` where there is one ([`Deployment::explore`]).
    ///
    /// # Errors
    /// [`DeploymentError`] for a policy that cannot go on, naming those that can, and for a floor outside [0, 1].
    pub fn new(mut deployment: Deployment, floor: Option<f64>) -> Result<Learner, DeploymentError> {
        deployment.open_policy()?;
        let mut card = deployment.card().clone();
        let origin = card.learning_mut().origin.clone();
        if let Some(floor) = floor {
            deployment.explore(floor, &Seed::root(card.seed).child("learner", &origin))?;
        }
        let last = card.learning_mut().folded;
        // From now on it has begun to learn, if only nothing.
        *deployment.card_mut() = card;
        let (waiting, order, learnt) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let remembered = std::collections::VecDeque::new();
        Ok(Learner { deployment, waiting, order, learnt, remembered, last, given_up: 0 })
    }

    /// The router.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Requests that wait for their outcome.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Requests that waited too long, and were given up for new ones.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Outcomes learnt after training.
    pub fn learnt(&self) -> u64 {
        self.deployment.card().learning.as_ref().map_or(0, |learning| learning.learnt)
    }

    /// Whether a request has the `id`.
    pub fn is_taken(&self, id: &str) -> bool {
        self.waiting.contains_key(id) || self.learnt.contains(id)
    }

    /// Chooses a model for `request`. The entry is to be kept before the decision is told.
    ///
    /// # Errors
    /// [`Refused`] where another request has its id.
    ///
    /// # Panics
    /// If the features are not d numbers.
    pub fn route(&mut self, request: Request) -> Result<(Decision, Entry), Refused> {
        let Request { id, features, preference, about } = request;
        if let Some(id) = id.as_ref().filter(|id| self.is_taken(id)) {
            return Err(Refused::Taken { id: id.clone() });
        }
        let round = self.deployment.card().learning.as_ref().map_or(0, |learning| learning.routed);
        let decision = self.deployment.route(Round(round), &features, &[preference]).remove(0);
        let card = self.deployment.card();
        let down = card.models.iter().zip(self.deployment.available()).filter(|(_, up)| !**up);
        let event = match id {
            None => Event::Passed {},
            Some(id) => Event::Routed(Routed {
                id,
                model: card.models[decision.arm.index()].clone(),
                propensity: Exact(decision.propensity),
                w_cost: Exact(preference.cost()),
                prices: self.deployment.list_prices().iter().map(|price| Exact(price.0)).collect(),
                without: down.map(|(model, _)| model.clone()).collect(),
                features: Bits(features),
                about,
            }),
        };
        let entry = Entry { n: self.last + 1, event };
        self.apply(entry.clone()).expect("what was just decided fits");
        Ok((decision, entry))
    }

    /// Learns what came of a request, and returns the request. The entry is to be kept before anybody is told that it was learnt.
    ///
    /// # Errors
    /// [`Refused`] for an unknown request, one whose outcome was learnt before, and a number outside its range.
    pub fn learn(&mut self, told: Told) -> Result<(Routed, Entry), Refused> {
        self.check(&told)?;
        let (_, routed) = self.waiting[&told.id].clone();
        let entry = Entry { n: self.last + 1, event: Event::Learnt(told) };
        self.apply(entry.clone()).expect("it was checked");
        Ok((routed, entry))
    }

    fn check(&self, told: &Told) -> Result<(), Refused> {
        let Told { id, quality, dollars, seconds } = told;
        if self.learnt.contains(id) {
            return Err(Refused::Repeated { id: id.clone() });
        }
        if !self.waiting.contains_key(id) {
            return Err(Refused::Unknown { id: id.clone() });
        }
        let number = |field, rule, value: String| Err(Refused::Number { id: id.clone(), field, rule, value });
        if !(0.0..=1.0).contains(&quality.0) {
            return number("quality", "in [0, 1]", quality.0.to_string());
        }
        if !(dollars.0 >= 0.0 && dollars.0.is_finite()) {
            return number("cost_usd", "at least 0 dollars", dollars.0.to_string());
        }
        match seconds {
            Some(Exact(seconds)) if !(*seconds >= 0.0 && seconds.is_finite()) => {
                number("latency_s", "at least 0 seconds", seconds.to_string())
            }
            None if self.deployment.card().latency.is_some() => {
                number("latency_s", "given, since waiting has a weight in this router's reward", "nothing".into())
            }
            _ => Ok(()),
        }
    }

    /// Takes in what happened before: entries in their order, those in the file's weights too.
    ///
    /// # Errors
    /// [`NotReplayed`] for entries that are not of this router.
    pub fn replay(&mut self, entry: Entry) -> Result<(), NotReplayed> {
        self.apply(entry)
    }

    /// The one way in which anything changes.
    fn apply(&mut self, entry: Entry) -> Result<(), NotReplayed> {
        let n = entry.n;
        let is_new = n > self.folded();
        if is_new && n != self.last + 1 {
            let (before, folded) = (self.last, self.folded());
            return Err(if n <= before { NotReplayed::Order { n, before } } else { NotReplayed::Gap { n, folded } });
        }
        match entry.event {
            Event::Passed {} => self.count(is_new, 1, 0),
            Event::Routed(routed) => {
                self.fits(n, &routed)?;
                self.count(is_new, 1, 0);
                self.wait(n, routed);
            }
            Event::Learnt(told) => {
                let waiting = self.waiting.remove(&told.id);
                match waiting {
                    Some((number, routed)) => {
                        self.order.remove(&number);
                        if is_new {
                            self.teach(&routed, &told);
                        }
                    }
                    None if is_new => {
                        return Err(NotReplayed::Misfit { n, problem: format!("no request `{}` waits", told.id) });
                    }
                    None => {}
                }
                self.count(is_new, 0, 1);
                self.remember(told.id);
            }
            Event::Remembered(ids) => ids.into_iter().for_each(|id| self.remember(id)),
        }
        self.last = self.last.max(n);
        Ok(())
    }

    fn folded(&self) -> u64 {
        self.deployment.card().learning.as_ref().map_or(0, |learning| learning.folded)
    }

    fn count(&mut self, is_new: bool, routed: u64, learnt: u64) {
        if is_new {
            let learning = self.deployment.card_mut().learning_mut();
            learning.routed += routed;
            learning.learnt += learnt;
        }
    }

    fn wait(&mut self, n: u64, routed: Routed) {
        if self.waiting.len() >= MOST_WAITING
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.waiting.remove(&oldest);
            self.given_up += 1;
        }
        self.order.insert(n, routed.id.clone());
        self.waiting.insert(routed.id.clone(), (n, routed));
    }

    fn remember(&mut self, id: String) {
        if self.learnt.insert(id.clone()) {
            self.remembered.push_back(id);
        }
        if self.remembered.len() > MOST_REMEMBERED
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.learnt.remove(&oldest);
        }
    }

    /// Whether a routed request is one of this router.
    fn fits(&self, n: u64, routed: &Routed) -> Result<(), NotReplayed> {
        let card = self.deployment.card();
        let misfit = |problem: String| Err(NotReplayed::Misfit { n, problem });
        if routed.features.0.len() != card.dimension {
            return misfit(format!("`features` must have {} numbers, got {}", card.dimension, routed.features.0.len()));
        }
        if routed.prices.len() > card.models.len() {
            return misfit(format!("`prices` must be of {} models, got {}", card.models.len(), routed.prices.len()));
        }
        if let Err(error) = Preference::new(routed.w_cost.0) {
            return misfit(format!("`w_cost`: {error}"));
        }
        let named = routed.without.iter().chain([&routed.model]);
        let unknown = named.map(|model| self.deployment.position(model)).find_map(Result::err);
        unknown.map_or(Ok(()), |error| misfit(error.to_string()))
    }

    /// Lets the policy learn the outcome of a request that fits.
    fn teach(&mut self, routed: &Routed, told: &Told) {
        let position = |model: &String| self.deployment.position(model).expect("it was checked when it was routed");
        // A model that joined since then has the price at which it joined.
        let mut prices = self.deployment.list_prices().to_vec();
        prices.iter_mut().zip(&routed.prices).for_each(|(price, then)| *price = Dollars(then.0));
        let mut available = vec![true; prices.len()];
        routed.without.iter().for_each(|model| available[position(model)] = false);
        let arm = Arm::at(position(&routed.model));
        let preference = Preference::new(routed.w_cost.0).expect("it was checked when it was routed");
        let mut buffer = ContextsBuffer::new(routed.features.0.len(), prices.len());
        buffer.push(Round(0), &routed.features.0, preference, &prices, &available);
        let latency = told.seconds.map(|seconds| Seconds(seconds.0 as f32));
        let outcome = Outcome { latency, ..Outcome::untimed(told.quality.0 as f32, Dollars(told.dollars.0)) };
        self.deployment.teach(&buffer.view(), Feedback { arm, outcome });
    }

    /// The router as it stands, to be written: all entries so far are in it.
    pub fn artifact(&mut self) -> &Artifact {
        let mut card = self.deployment.card().clone();
        card.learning_mut().folded = self.last;
        self.deployment.learnt(card)
    }

    /// The entries that the file of [`Learner::artifact`] still needs beside it: requests that wait, and ids that are remembered.
    pub fn kept(&self) -> Vec<Entry> {
        let remembered: Vec<String> = self.remembered.iter().cloned().collect();
        let first = (!remembered.is_empty()).then_some(Entry { n: 0, event: Event::Remembered(remembered) });
        let waiting = self.order.iter().map(|(&n, id)| Entry { n, event: Event::Routed(self.waiting[id].1.clone()) });
        first.into_iter().chain(waiting).collect()
    }
}
