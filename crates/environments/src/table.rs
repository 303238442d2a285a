//! The outcome table: prompts x models, quality and dollars of every call that was recorded.

use crate::clusters::{Clusters, Link, first_by};
use crate::near_duplicates::similar;
use routing::{Dollars, Outcome, Outcomes, Seconds, TrainingSet};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a [`Table`], row-major where two-dimensional.
#[derive(Clone, Debug, Default)]
pub struct TableParts {
    /// One identifier for each prompt, n, unique.
    pub ids: Vec<String>,
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// Task of each prompt, n, an index into `tasks`.
    pub task_of: Vec<u16>,
    /// Names of the K models.
    pub models: Vec<String>,
    /// Width d of a feature row.
    pub dimension: usize,
    /// Features, n x d.
    pub features: Vec<f32>,
    /// Score of each model on each prompt, n x K, in [0, 1]; NaN: nobody recorded it, the cell is a gap.
    pub quality: Vec<f32>,
    /// Dollars of each call, n x K, not negative; NaN in a gap.
    pub cost: Vec<Dollars>,
    /// Latency of each call in seconds, n x K, not negative; NaN where nobody measured it; empty: nobody measured any.
    pub seconds: Vec<f32>,
    /// Tokens of each call, n x K; empty: nobody counted any.
    pub tokens: Vec<Option<Tokens>>,
    /// Texts of the prompts, n; empty: the table does not have them.
    pub prompts: Vec<String>,
    /// Names of what prompts belong to (a user, a session, a document), n; empty: nothing is declared.
    pub groups: Vec<String>,
}

/// Tokens of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens that the model read, those from its cache included.
    pub input: u32,
    /// Of these, tokens that came from its cache, at most `input`.
    pub cached: u32,
    /// Tokens that the model wrote.
    pub output: u32,
}

/// Mean tokens of a model's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanTokens {
    /// Tokens read, those from the cache included.
    pub input: f64,
    /// Of these, tokens that came from the cache.
    pub cached: f64,
    /// Tokens written.
    pub output: f64,
}

impl From<Tokens> for MeanTokens {
    fn from(tokens: Tokens) -> MeanTokens {
        let Tokens { input, cached, output } = tokens;
        MeanTokens { input: input.into(), cached: cached.into(), output: output.into() }
    }
}

/// What every model answered to every prompt. Shapes were checked when it was made.
///
/// ```
/// use environments::{Table, TableParts};
/// use routing::{Dollars, Outcome};
///
/// let table = Table::new(TableParts {
///     ids: vec!["first".into(), "second".into()],
///     tasks: vec!["sums".into()],
///     task_of: vec![0, 0],
///     models: vec!["small".into(), "large".into()],
///     dimension: 1,
///     features: vec![0.1, 0.9],
///     quality: vec![1.0, 1.0, f32::NAN, 1.0],
///     cost: [Dollars(0.001), Dollars(0.01)].repeat(2),
///     ..TableParts::default()
/// });
/// assert_eq!((table.len(), table.arms(), table.gaps()), (2, 2, 1));
/// assert_eq!(table.outcome(0, 1), Some(Outcome::untimed(1.0, Dollars(0.01))));
/// assert_eq!(table.outcome(1, 0), None, "nobody recorded it");
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    ids: Vec<String>,
    tasks: Vec<String>,
    task_of: Vec<u16>,
    models: Vec<String>,
    dimension: usize,
    features: Vec<f32>,
    outcomes: Outcomes,
    tokens: Vec<Option<Tokens>>,
    prompts: Vec<String>,
    groups: Vec<String>,
    clusters: Clusters,
}

impl Table {
    /// A table of the given columns, whose values a source has checked.
    ///
    /// # Panics
    /// If the columns disagree about the number of prompts, models or feature width.
    pub fn new(parts: TableParts) -> Table {
        let (n, k) = (parts.ids.len(), parts.models.len());
        let fits = |length: usize, all: usize| length == 0 || length == all;
        assert_eq!(parts.task_of.len(), n, "one task for each prompt");
        assert_eq!(parts.features.len(), n * parts.dimension, "d features for each prompt");
        assert_eq!(parts.quality.len(), n * k, "one score for each prompt and model");
        assert_eq!(parts.cost.len(), n * k, "one cost for each prompt and model");
        assert!(parts.task_of.iter().all(|&task| usize::from(task) < parts.tasks.len()), "every task has a name");
        assert!(fits(parts.tokens.len(), n * k), "tokens for each prompt and model, or for none");
        assert!(fits(parts.prompts.len(), n), "one text for each prompt, or none");
        assert!(fits(parts.groups.len(), n), "one group for each prompt, or none");
        let mut clusters = Clusters::default();
        let texts = parts.prompts.iter().map(|text| Some(text).filter(|text| !text.is_empty()));
        clusters.join(Link::EqualPrompts, first_by(texts));
        clusters.join(Link::Group, first_by(parts.groups.iter().map(Some)));
        Table {
            ids: parts.ids,
            tasks: parts.tasks,
            task_of: parts.task_of,
            dimension: parts.dimension,
            features: parts.features,
            outcomes: Outcomes::from_columns(k, parts.quality, parts.cost, parts.seconds),
            models: parts.models,
            tokens: parts.tokens,
            clusters,
            prompts: parts.prompts,
            groups: parts.groups,
        }
    }

    /// Number of prompts n.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no prompt.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of models K.
    pub fn arms(&self) -> usize {
        self.models.len()
    }

    /// Names of the K models.
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// Names of the tasks.
    pub fn tasks(&self) -> &[String] {
        &self.tasks
    }

    /// Width d of a feature row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Identifier of a prompt.
    pub fn id(&self, row: usize) -> &str {
        &self.ids[row]
    }

    /// Task of a prompt, an index into [`Table::tasks`].
    pub fn task(&self, row: usize) -> usize {
        usize::from(self.task_of[row])
    }

    /// Features of a prompt, d numbers.
    pub fn features(&self, row: usize) -> &[f32] {
        &self.features[row * self.dimension..][..self.dimension]
    }

    /// All outcomes, n x K.
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// What the model at position `arm` answered to a prompt; none in a gap.
    pub fn outcome(&self, row: usize, arm: usize) -> Option<Outcome> {
        self.outcomes.get(row, arm)
    }

    /// Number of gaps among the n x K cells.
    pub fn gaps(&self) -> usize {
        self.outcomes.gaps()
    }

    /// Number of calls whose latency was measured.
    pub fn timed(&self) -> usize {
        self.outcomes.seconds().iter().filter(|seconds| !seconds.is_nan()).count()
    }

    /// Whether tokens were counted at all.
    pub fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Tokens of a call; none where nobody counted them.
    pub fn tokens(&self, row: usize, arm: usize) -> Option<Tokens> {
        self.tokens.get(row * self.arms() + arm).copied().flatten()
    }

    /// Mean tokens of the model at position `arm` over the prompts that it answered; none unless all of these were counted.
    pub fn mean_tokens(&self, arm: usize) -> Option<MeanTokens> {
        let (mut sums, mut count) = (MeanTokens::default(), 0.0);
        for row in (0..self.len()).filter(|&row| self.outcome(row, arm).is_some()) {
            let tokens = MeanTokens::from(self.tokens(row, arm)?);
            sums.input += tokens.input;
            sums.cached += tokens.cached;
            sums.output += tokens.output;
            count += 1.0;
        }
        let MeanTokens { input, cached, output } = sums;
        (count > 0.0).then_some(MeanTokens { input: input / count, cached: cached / count, output: output / count })
    }

    /// The same at other prices: `price` is asked for the dollars of each call that was recorded, by row and position of its
    /// model.
    ///
    /// # Errors
    /// The first that `price` returns.
    pub fn priced<E>(mut self, price: impl Fn(&Table, usize, usize) -> Result<Dollars, E>) -> Result<Table, E> {
        let mut cost = self.outcomes.cost().to_vec();
        for (cell, cost) in cost.iter_mut().enumerate() {
            let (row, arm) = (cell / self.arms(), cell % self.arms());
            if self.outcome(row, arm).is_some() {
                *cost = price(&self, row, arm)?;
            }
        }
        let (quality, seconds) = (self.outcomes.quality().to_vec(), self.outcomes.seconds().to_vec());
        self.outcomes = Outcomes::from_columns(self.arms(), quality, cost, seconds);
        Ok(self)
    }

    /// The part of it with the prompts `rows` and the models at positions `arms`, both ascending. Tasks that no longer occur
    /// are gone.
    pub fn part(&self, rows: &[usize], arms: &[usize]) -> Table {
        let cells = || rows.iter().flat_map(|&row| arms.iter().map(move |&arm| row * self.arms() + arm));
        let kept: BTreeSet<u16> = rows.iter().map(|&row| self.task_of[row]).collect();
        let places: BTreeMap<u16, u16> = kept.iter().copied().zip(0..).collect();
        let mut part = Table::new(TableParts {
            ids: rows.iter().map(|&row| self.ids[row].clone()).collect(),
            tasks: kept.iter().map(|&task| self.tasks[usize::from(task)].clone()).collect(),
            task_of: rows.iter().map(|&row| places[&self.task_of[row]]).collect(),
            models: arms.iter().map(|&arm| self.models[arm].clone()).collect(),
            dimension: self.dimension,
            features: rows.iter().flat_map(|&row| self.features(row)).copied().collect(),
            quality: cells().map(|cell| self.outcomes.quality()[cell]).collect(),
            cost: cells().map(|cell| self.outcomes.cost()[cell]).collect(),
            seconds: cells().map(|cell| self.outcomes.seconds()[cell]).collect(),
            tokens: if self.has_tokens() { cells().map(|cell| self.tokens[cell]).collect() } else { Vec::new() },
            prompts: self.prompts().map_or_else(Vec::new, |texts| rows.iter().map(|&row| texts[row].clone()).collect()),
            groups: self.groups().map_or_else(Vec::new, |names| rows.iter().map(|&row| names[row].clone()).collect()),
        });
        // The texts may be gone, but not what is known of them.
        part.clusters = self.clusters.part(rows);
        part
    }

    /// The same with the prompts linked whose cosine of features is at least `threshold`, in (0, 1], as
    /// [`crate::near_duplicates::similar`] finds them.
    pub fn with_near_duplicates(mut self, threshold: f64) -> Table {
        let first_of = similar(&self.features, self.dimension, threshold);
        self.clusters.join(Link::NearDuplicates, first_of);
        self
    }

    /// The first prompt of the cluster of the one at `row`; it may be that one. A cluster is what equal texts, equal groups and
    /// declared near-duplicates link, over any number of steps. Prompts without a text are equal to none.
    pub fn first_of(&self, row: usize) -> usize {
        self.clusters.first_of(row)
    }

    /// Prompts in clusters of more than one.
    pub fn repeated(&self) -> usize {
        self.clusters.larger(None).1
    }

    /// Number of clusters, those of one prompt included.
    pub fn clusters(&self) -> usize {
        let (larger, rows) = self.clusters.larger(None);
        self.len() - rows + larger
    }

    /// Prompts that are linked with another by this alone.
    pub fn linked(&self, link: Link) -> usize {
        self.clusters.larger(Some(link)).1
    }

    /// Whether prompts are linked by what a user declared, beside equal texts.
    pub fn has_declared_links(&self) -> bool {
        self.clusters.declared()
    }

    /// Names of what prompts belong to, n; none if nothing is declared.
    pub fn groups(&self) -> Option<&[String]> {
        (!self.groups.is_empty()).then_some(&self.groups)
    }

    /// Texts of the prompts, n; none if the table does not have them.
    pub fn prompts(&self) -> Option<&[String]> {
        (self.prompts.len() == self.len()).then_some(&self.prompts)
    }

    /// The same without the texts of its prompts.
    pub fn without_prompts(mut self) -> Table {
        self.prompts = Vec::new();
        self
    }

    /// Scores of all models on a prompt, K numbers in [0, 1], NaN in a gap: for what needs a table without gaps.
    pub fn quality(&self, row: usize) -> &[f32] {
        &self.outcomes.quality()[row * self.arms()..][..self.arms()]
    }

    /// Dollars of all models on a prompt, K amounts, NaN in a gap: for what needs a table without gaps.
    pub fn cost(&self, row: usize) -> &[Dollars] {
        &self.outcomes.cost()[row * self.arms()..][..self.arms()]
    }

    /// Mean dollars of each model over those of `rows` that it answered: what a price list would say of a typical request.
    /// Of a model that answered none of them, the mean over all rows.
    pub fn mean_cost(&self, rows: &[usize]) -> Vec<Dollars> {
        let mean = |arm: usize, rows: &mut dyn Iterator<Item = usize>| {
            let (mut sum, mut count) = (0.0, 0_usize);
            for outcome in rows.filter_map(|row| self.outcome(row, arm)) {
                sum += outcome.cost.0;
                count += 1;
            }
            (count > 0).then(|| Dollars(sum / count as f64))
        };
        let of = |arm| mean(arm, &mut rows.iter().copied()).or_else(|| mean(arm, &mut (0..self.len())));
        (0..self.arms()).map(|arm| of(arm).unwrap_or_default()).collect()
    }

    /// Every outcome of `rows` that was recorded, row by row.
    pub fn recorded<'a>(&'a self, rows: &'a [usize]) -> impl Iterator<Item = Outcome> + 'a {
        rows.iter().flat_map(|&row| self.outcomes.row(row)).flatten()
    }

    /// The given fraction's quantile (in [0, 1], linear between order statistics) of all latencies on `rows`; none if
    /// nobody measured one.
    pub fn latency_quantile(&self, rows: &[usize], fraction: f64) -> Option<Seconds> {
        let seconds = self.recorded(rows).filter_map(|outcome| outcome.latency).map(|latency| f64::from(latency.0));
        quantile_of(seconds, fraction).map(|seconds| Seconds(seconds as f32))
    }

    /// The given fraction's quantile (in [0, 1], linear between order statistics) of all dollars on `rows`; none without
    /// any.
    pub fn cost_quantile(&self, rows: &[usize], fraction: f64) -> Option<Dollars> {
        quantile_of(self.recorded(rows).map(|outcome| outcome.cost.0), fraction).map(Dollars)
    }

    /// Full labels of `rows`, for routers that are fitted on them.
    pub fn training_set(&self, rows: &[usize]) -> TrainingSet {
        let features = rows.iter().flat_map(|&row| self.features(row)).copied().collect();
        let mut outcomes = Outcomes::new(self.arms());
        rows.iter().for_each(|&row| outcomes.push_row(&self.outcomes, row));
        TrainingSet::from_outcomes(features, outcomes, self.dimension())
    }
}

/// The given fraction's quantile (in [0, 1], linear between order statistics) of some numbers; none without any.
pub fn quantile_of(numbers: impl Iterator<Item = f64>, fraction: f64) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    let position = fraction * last as f64;
    let (low, share) = (position as usize, position.fract());
    let high = (low + 1).min(last);
    Some(numbers[low] + share * (numbers[high] - numbers[low]))
}
