//! What is public about a batch of requests when the decision falls.

use crate::{Dollars, Preference, Round};

/// A view of n requests. Row-major; every slice was checked against n, d and K when the view was made.
///
/// ```
/// use routing::{ContextsBuffer, Dollars, Preference, Round};
///
/// let mut buffer = ContextsBuffer::new(2, 3);
/// buffer.push(Round(7), &[0.1, 0.2], Preference::new(0.5).unwrap(), &[Dollars(0.01); 3], &[true, true, false]);
/// let contexts = buffer.view();
/// assert_eq!((contexts.len(), contexts.dimension(), contexts.arms()), (1, 2, 3));
/// assert_eq!((contexts.rounds()[0], contexts.feature_row(0)), (Round(7), &[0.1, 0.2][..]));
/// assert_eq!(contexts.available(0), [true, true, false]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Contexts<'a> {
    rounds: &'a [Round],
    features: &'a [f32],
    preferences: &'a [Preference],
    list_prices: &'a [Dollars],
    available: &'a [bool],
    dimension: usize,
    arms: usize,
}

impl<'a> Contexts<'a> {
    /// Number of requests n.
    pub fn len(&self) -> usize {
        self.rounds.len()
    }

    /// Whether there is no request.
    pub fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }

    /// Width d of a feature row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.arms
    }

    /// The round of each request, unique in a run: it names one visit.
    pub fn rounds(&self) -> &'a [Round] {
        self.rounds
    }

    /// All features, n x d.
    pub fn features(&self) -> &'a [f32] {
        self.features
    }

    /// Features of request `row`, d numbers.
    pub fn feature_row(&self, row: usize) -> &'a [f32] {
        &self.features[row * self.dimension..][..self.dimension]
    }

    /// The preference of each request, n.
    pub fn preferences(&self) -> &'a [Preference] {
        self.preferences
    }

    /// List price of each model at request `row`, K dollars for a typical request; public.
    pub fn list_prices(&self, row: usize) -> &'a [Dollars] {
        &self.list_prices[row * self.arms..][..self.arms]
    }

    /// Which of the K models can be called at request `row`; at least one can.
    pub fn available(&self, row: usize) -> &'a [bool] {
        &self.available[row * self.arms..][..self.arms]
    }

    /// The requests `range` of this view.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Contexts<'a> {
        let (d, k) = (self.dimension, self.arms);
        Contexts {
            rounds: &self.rounds[range.clone()],
            features: &self.features[range.start * d..range.end * d],
            preferences: &self.preferences[range.clone()],
            list_prices: &self.list_prices[range.start * k..range.end * k],
            available: &self.available[range.start * k..range.end * k],
            ..*self
        }
    }
}

/// The public facts of one request that can change from round to round.
#[derive(Debug)]
pub struct Public<'a> {
    /// How much quality matters against cost.
    pub preference: &'a mut Preference,
    /// List prices in force, K dollars for a typical request.
    pub list_prices: &'a mut [Dollars],
    /// Which of the K models can be called.
    pub available: &'a mut [bool],
}

/// Owns the storage of [`Contexts`]; filled again for each batch, so that the round loop allocates nothing.
///
/// ```
/// use routing::{ContextsBuffer, Dollars, Preference, Round};
///
/// let mut buffer = ContextsBuffer::new(1, 1);
/// for round in 0..3 {
///     buffer.push(Round(round), &[0.0], Preference::new(0.2).unwrap(), &[Dollars(0.01)], &[true]);
/// }
/// buffer.set_preference(Preference::new(0.8).unwrap());
/// assert!(buffer.view().preferences().iter().all(|preference| preference.cost() == 0.8));
/// buffer.clear();
/// assert!(buffer.view().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContextsBuffer {
    rounds: Vec<Round>,
    features: Vec<f32>,
    preferences: Vec<Preference>,
    list_prices: Vec<Dollars>,
    available: Vec<bool>,
    dimension: usize,
    arms: usize,
}

impl ContextsBuffer {
    /// An empty buffer for feature rows of width `dimension` and `arms` models.
    pub fn new(dimension: usize, arms: usize) -> ContextsBuffer {
        ContextsBuffer { dimension, arms, ..ContextsBuffer::default() }
    }

    /// Forgets all requests, keeping the memory.
    pub fn clear(&mut self) {
        self.rounds.clear();
        self.features.clear();
        self.preferences.clear();
        self.list_prices.clear();
        self.available.clear();
    }

    /// Appends a request.
    ///
    /// # Panics
    /// If `features` is not d long, or `list_prices` or `available` not K long.
    pub fn push(
        &mut self,
        round: Round,
        features: &[f32],
        preference: Preference,
        list_prices: &[Dollars],
        available: &[bool],
    ) {
        assert_eq!(features.len(), self.dimension, "one feature row has d numbers");
        assert_eq!(list_prices.len(), self.arms, "one list price for each model");
        assert_eq!(available.len(), self.arms, "one availability for each model");
        self.rounds.push(round);
        self.features.extend_from_slice(features);
        self.preferences.push(preference);
        self.list_prices.extend_from_slice(list_prices);
        self.available.extend_from_slice(available);
    }

    /// Appends request `row` of `other`, which has as many features and models.
    pub fn push_from(&mut self, other: &Contexts<'_>, row: usize) {
        let (features, preference) = (other.feature_row(row), other.preferences()[row]);
        self.push(other.rounds()[row], features, preference, other.list_prices(row), other.available(row));
    }

    /// Gives every request the same preference, as a test sweep does.
    pub fn set_preference(&mut self, preference: Preference) {
        self.preferences.fill(preference);
    }

    /// The public facts of the request appended last, to be changed.
    ///
    /// # Panics
    /// If there is none.
    pub fn last_mut(&mut self) -> Public<'_> {
        let first = (self.rounds.len() - 1) * self.arms;
        Public {
            preference: self.preferences.last_mut().expect("a request was appended"),
            list_prices: &mut self.list_prices[first..],
            available: &mut self.available[first..],
        }
    }

    /// The view that a policy sees.
    pub fn view(&self) -> Contexts<'_> {
        Contexts {
            rounds: &self.rounds,
            features: &self.features,
            preferences: &self.preferences,
            list_prices: &self.list_prices,
            available: &self.available,
            dimension: self.dimension,
            arms: self.arms,
        }
    }
}
