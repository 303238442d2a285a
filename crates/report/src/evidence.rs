//! What an interval stands on: prompts and replicates where replicates share their prompts, else replicates.
//!
//! Replicates of a generated world draw their own prompts, and Student's t over them is right. Replicates of recorded rows
//! are re-splits of one pool: they err together, so intervals come from the rows of their test prompts. A single replicate
//! has an interval over its prompts too. The metrics of the field, which no prompt has, bring the influences of groups of
//! prompts with them (`derived/jackknife.rs`); what has neither keeps Student's interval, and its name says what that covers.

use statistics::{
    CLUSTERED, Clustered, Contrast, FIELLER, Influence, Interval, ONE_TRAINING, PAIRED, STUDENT, clustered_contrast,
    clustered_difference, clustered_gain, clustered_mean, mean_interval, paired_contrast, paired_difference,
    ratio_gain_interval,
};
use store::words::{self, metric, phase};
use store::{FrameError, Measurement, Quantity, Role, Run, Standing, Tested, TestedRow};

/// Name of an interval over re-splits of the same rows, where nothing is stored of their prompts.
const RESPLITS: &str = "student-t 95% over replicates: new trainings, these rows alone";
/// The same of pairs.
const PAIRED_RESPLITS: &str = "paired student-t 95% over replicates: new trainings, these rows alone";
/// The same of numbers of all replicates together.
const JACKKNIFE_RESPLITS: &str = "jackknife by replicate, student-t 95%: new trainings, these rows alone";
/// What is said of an interval over several trainings, each of which sent all requests to one model: if another training
/// chooses another model, the number jumps, and a few replicates do not show how often. `make coverage` measures it.
const ONE_MODEL: [(&str, &str); 6] = [
    (
        CLUSTERED,
        "95% by prompts and replicates: new prompts, new trainings on these rows (one model for all: trainings may differ)",
    ),
    (
        RESPLITS,
        "student-t 95% over replicates: new trainings, these rows alone (one model for all: trainings may differ)",
    ),
    (
        PAIRED_RESPLITS,
        "paired student-t 95% over replicates: new trainings, these rows alone (one model for all: trainings may differ)",
    ),
    (STUDENT, "student-t 95% over replicates (one model for all: trainings may differ)"),
    (PAIRED, "paired student-t 95% over replicates (one model for all: trainings may differ)"),
    (FIELLER, "paired Fieller 95% over replicates (one model for all: trainings may differ)"),
];
/// What the intervals of the metrics of the field are called, which stand on groups of prompts.
const GROUPED: [(&str, &str); 2] = [
    (
        CLUSTERED,
        "95% by up to 20 groups of prompts (jackknife) and replicates: new prompts, new trainings on these rows",
    ),
    (ONE_TRAINING, "95% by up to 20 groups of prompts (jackknife): new prompts, this training"),
];
const UNREADABLE: &str = "none (the rows of the test prompts cannot be read)";

/// What a number is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct About<'a> {
    pub(crate) phase: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) task: &'a str,
    pub(crate) w_cost: Option<f64>,
    pub(crate) arm: Option<&'a str>,
}

impl<'a> About<'a> {
    /// What a stored number is about.
    pub(crate) fn of(quantity: &'a Quantity) -> About<'a> {
        let Quantity { phase, metric, task, w_cost, arm, .. } = quantity;
        About { phase, metric, task, w_cost: *w_cost, arm: arm.as_deref() }
    }

    /// The mean reward over the grid of preferences on the test split.
    pub(crate) const SWEEP: About<'static> =
        About { phase: phase::TEST, metric: metric::SWEEP_REWARD, task: words::ALL_TASKS, w_cost: None, arm: None };

    fn is(&self, quantity: &Quantity) -> bool {
        quantity.metric == self.metric
            && quantity.phase == self.phase
            && quantity.task == self.task
            && quantity.arm.as_deref() == self.arm
            && same_weight(self.w_cost, quantity.w_cost)
    }
}

/// Whether two weights on cost are one, however they were written.
pub(crate) fn same_weight(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        (None, None) => true,
        _ => false,
    }
}

/// One policy in one environment: its replicates, and the rows of their test prompts where intervals need them.
pub(crate) struct Evidence<'a> {
    runs: Vec<&'a Run>,
    /// One for each run; none where replicates are independent, or where nothing is stored.
    tested: Result<Option<Vec<Tested>>, FrameError>,
    one_model: bool,
}

impl<'a> Evidence<'a> {
    /// The replicates `runs` of one policy.
    pub(crate) fn of(runs: impl IntoIterator<Item = &'a Run>) -> Evidence<'a> {
        let runs: Vec<&Run> = runs.into_iter().collect();
        let shared = runs.len() == 1 || runs.iter().any(|run| run.recorded);
        let needed = shared && runs.iter().all(|run| run.has_tested());
        let read = |run: &&Run| run.tested().map(Option::unwrap_or_default);
        let tested = needed.then(|| runs.iter().map(read).collect()).transpose();
        let one_model = one_model(&runs);
        Evidence { runs, tested, one_model }
    }

    /// Why the rows of its test prompts cannot be read, where they cannot.
    pub(crate) fn failure(self) -> Option<FrameError> {
        self.tested.err()
    }

    /// The latest measurement of `about` of every replicate that has one, with the position of its run: of those at which no more
    /// was `bought`.
    pub(crate) fn latest(&self, about: &About<'_>, bought: Bought) -> Vec<(usize, Measurement<'a>)> {
        let of = |(place, run): (usize, &&'a Run)| {
            let quantities = run.scores.quantities().iter().enumerate();
            let own = quantities.filter(|(_, quantity)| about.is(quantity)).map(|(place, _)| run.scores.get(place));
            own.filter(|score| bought.allows(&score.standing))
                .max_by_key(|score| score.standing.round)
                .map(|score| (place, score))
        };
        self.runs.iter().enumerate().filter_map(of).collect()
    }

    /// The tasks of which `metric` was measured in `phase`, but for the mix of all, in the order of the first run.
    pub(crate) fn tasks(&self, phase: &str, metric: &str) -> Vec<&'a str> {
        let mut tasks: Vec<&str> = Vec::new();
        let quantities = self.runs.first().map_or(&[][..], |run| run.scores.quantities());
        for quantity in quantities.iter().filter(|one| one.phase == phase && one.metric == metric) {
            if &*quantity.task != words::ALL_TASKS && !tasks.contains(&&*quantity.task) {
                tasks.push(&quantity.task);
            }
        }
        tasks
    }

    /// The number of the run at `place`.
    fn replicate(&self, place: usize) -> u32 {
        self.runs[place].replicate
    }

    /// `found` with what has to be said of it where `one_model`.
    fn said(found: Interval, one_model: bool) -> Interval {
        let said = ONE_MODEL.iter().find(|(method, _)| one_model && *method == found.method);
        Interval { method: said.map_or(found.method, |(_, said)| *said), ..found }
    }

    fn recorded(&self) -> bool {
        self.runs.iter().any(|run| run.recorded)
    }

    /// The number `about` of the runs at these places with what moves it; none where that is not known. `values` are those that
    /// were measured.
    fn clustered(&self, about: &About<'_>, places: &[usize], values: &[f64]) -> Option<Clustered> {
        let tested = self.tested.as_ref().ok()?.as_ref();
        let mut number = Clustered::default();
        for (&place, &value) in places.iter().zip(values) {
            let run = self.runs[place];
            let own = match &run.influences {
                Some(known) => known.of(run.scores.quantities().iter().position(|quantity| about.is(quantity))?),
                None => influence(&tested?[place], about, value),
            };
            number.values.push(value);
            number.influences.push(own?);
        }
        Some(number)
    }

    /// `found` by the name of what it stands on.
    fn named(&self, found: Interval) -> Interval {
        let grouped = self.runs.iter().any(|run| run.influences.is_some());
        let name = GROUPED.iter().find(|(method, _)| grouped && *method == found.method);
        Interval { method: name.map_or(found.method, |(_, name)| *name), ..found }
    }

    /// The mean of the `values` of the runs at `places` with its interval.
    pub(crate) fn interval(&self, about: &About<'_>, places: &[usize], values: &[f64]) -> Interval {
        if self.tested.is_err() {
            return Interval { low: None, high: None, method: UNREADABLE, ..mean_interval(values) };
        }
        let found = match self.clustered(about, places, values) {
            Some(number) => self.named(clustered_mean(&number, metric::range(about.metric))),
            None => over_replicates(values, self.recorded(), metric::range(about.metric)),
        };
        Evidence::said(found, about.phase == phase::TEST && self.one_model)
    }
}

/// Whether the policy of these `runs` learns, and sent all requests of a test to one model in every replicate, whichever that was.
fn one_model(runs: &[&Run]) -> bool {
    let learns = |run: &Run| run.identity.role.learns() || run.identity.role == Role::Reference;
    let own = |quantity: &Quantity| {
        quantity.metric == metric::CHOICE_ENTROPY && quantity.phase == phase::TEST && quantity.task == words::ALL_TASKS
    };
    let one = |run: &&Run| {
        let mut entropies = run.scores.iter().filter(|score| own(score.quantity)).peekable();
        learns(run) && entropies.peek().is_some() && entropies.all(|score| score.value == 0.0)
    };
    !runs.is_empty() && runs.iter().all(one)
}

/// The mean of `values`, one a replicate, with Student's interval, kept within the `range` that they can have.
pub(crate) fn over_replicates(values: &[f64], recorded: bool, (least, most): (f64, f64)) -> Interval {
    let found = mean_interval(values);
    let method = if recorded && found.low.is_some() { RESPLITS } else { found.method };
    Interval { low: found.low.map(|low| low.max(least)), high: found.high.map(|high| high.min(most)), method, ..found }
}

/// `found` of all replicates together, named by what it covers where they are re-splits of `recorded` rows.
pub(crate) fn over_rows_alone(found: Interval, recorded: bool) -> Interval {
    let method = if recorded && found.low.is_some() { JACKKNIFE_RESPLITS } else { found.method };
    Interval { method, ..found }
}

/// What a policy may have bought when it is measured: all that it did unless limited.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bought {
    pub(crate) outcomes: Option<f64>,
    pub(crate) dollars: Option<f64>,
}

impl Bought {
    fn allows(self, standing: &Standing) -> bool {
        self.outcomes.is_none_or(|most| standing.outcomes as f64 <= most)
            && self.dollars.is_none_or(|most| standing.dollars <= most)
    }
}

/// A number of one policy: the mean of the parts `about`, such as a macro mean over tasks.
pub(crate) struct Number<'a> {
    pub(crate) side: &'a Evidence<'a>,
    pub(crate) about: Vec<About<'a>>,
    pub(crate) bought: Bought,
}

/// One replicate of a [`Number`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Number of the replicate.
    pub(crate) replicate: u32,
    /// Position of its run.
    place: usize,
    /// The mean of the parts.
    pub(crate) value: f64,
    /// Requests behind it: the fewest of the parts.
    pub(crate) n: u64,
    /// Outcomes that the policy had bought.
    pub(crate) outcomes: u64,
}

impl<'a> Number<'a> {
    /// One number.
    pub(crate) fn new(side: &'a Evidence<'a>, about: About<'a>) -> Number<'a> {
        Number { side, about: vec![about], bought: Bought::default() }
    }

    /// What each replicate that has every part measured, in the order of the runs.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let parts: Vec<Vec<(usize, Measurement<'_>)>> =
            self.about.iter().map(|about| self.side.latest(about, self.bought)).collect();
        let Some((first, others)) = parts.split_first() else { return Vec::new() };
        let reading = |&(place, score): &(usize, Measurement<'_>)| {
            let of = |part: &Vec<(usize, Measurement<'_>)>| {
                part.iter().find(|one| one.0 == place).map(|one| (one.1.value, one.1.n))
            };
            let (mut sum, mut n) = (score.value, score.n);
            for (value, requests) in others.iter().map(of).collect::<Option<Vec<_>>>()? {
                (sum, n) = (sum + value, n.min(requests));
            }
            let value = sum / parts.len() as f64;
            let outcomes = score.standing.outcomes;
            value.is_finite().then(|| Reading { replicate: self.side.replicate(place), place, value, n, outcomes })
        };
        first.iter().filter_map(reading).collect()
    }

    fn clustered(&self, readings: &[Reading]) -> Option<Clustered> {
        let places: Vec<usize> = readings.iter().map(|reading| reading.place).collect();
        let part = |about: &About<'_>| {
            let latest = self.side.latest(about, self.bought);
            let value = |place: &usize| latest.iter().find(|one| one.0 == *place).map(|one| one.1.value);
            let values: Vec<f64> = places.iter().map(value).collect::<Option<_>>()?;
            self.side.clustered(about, &places, &values)
        };
        let parts: Vec<Clustered> = self.about.iter().map(part).collect::<Option<_>>()?;
        Some(Clustered::mean_of(&parts))
    }
}

/// Two numbers in the replicates that have both, in the order of the first.
pub(crate) struct Paired<'a> {
    left: Number<'a>,
    right: Number<'a>,
    /// What each measured in each replicate.
    pub(crate) readings: Vec<(Reading, Reading)>,
}

impl<'a> Paired<'a> {
    /// `left` beside `right`: policies that met the same requests.
    pub(crate) fn new(left: Number<'a>, right: Number<'a>) -> Paired<'a> {
        let others = right.readings();
        let partner = |reading: Reading| {
            others.iter().find(|other| other.replicate == reading.replicate).map(|other| (reading, *other))
        };
        let readings = left.readings().into_iter().filter_map(partner).collect();
        Paired { left, right, readings }
    }

    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        self.readings.iter().map(|(left, right)| (left.value, right.value)).unzip()
    }

    fn clustered(&self) -> Option<(Clustered, Clustered)> {
        let (left, right): (Vec<Reading>, Vec<Reading>) = self.readings.iter().copied().unzip();
        self.left.clustered(&left).zip(self.right.clustered(&right))
    }

    fn said(&self, found: Interval) -> Interval {
        let tested = self.left.about.iter().all(|about| about.phase == phase::TEST);
        Evidence::said(found, tested && (self.left.side.one_model || self.right.side.one_model))
    }

    fn labelled(&self, found: Interval) -> Interval {
        let unreadable = self.left.side.tested.is_err() || self.right.side.tested.is_err();
        match found.low {
            Some(_) if unreadable => Interval { low: None, high: None, method: UNREADABLE, ..found },
            Some(_) if self.left.side.recorded() => Interval { method: PAIRED_RESPLITS, ..found },
            _ => found,
        }
    }

    /// Left minus right.
    pub(crate) fn difference(&self) -> Interval {
        self.said(match self.clustered() {
            Some((left, right)) => self.left.side.named(clustered_difference(&left, &right)),
            None => {
                let (left, right) = self.values();
                self.labelled(paired_difference(&left, &right))
            }
        })
    }

    /// Left minus `ratio` times right, to be tested; none where there is no interval.
    pub(crate) fn contrast(&self, ratio: f64) -> Option<Contrast> {
        if let Some((left, right)) = self.clustered() {
            return clustered_contrast(&left, &right, ratio);
        }
        let (left, right) = self.values();
        paired_contrast(&left, &right, ratio)
    }

    /// Left over right, minus 1.
    pub(crate) fn gain(&self) -> Interval {
        self.said(match self.clustered() {
            Some((left, right)) => self.left.side.named(clustered_gain(&left, &right)),
            None => {
                let (left, right) = self.values();
                self.labelled(ratio_gain_interval(&left, &right))
            }
        })
    }
}

/// How much each cluster of prompts moves the number `about` of a test, which was stored as `value`; none for what is no mean
/// over prompts, and where the rows give another value: rows of another cell say nothing of this one.
pub(crate) fn influence(tested: &Tested, about: &About<'_>, value: f64) -> Option<Influence> {
    let (found, influence) = number(tested, about)?;
    let near = (found - value).abs() <= 1e-9 * value.abs().max(1.0);
    (near || tested.kept < 1.0).then_some(influence)
}

/// The number `about` of a test, with how much each cluster of its prompts moves it; none for what is no mean over prompts.
fn number(tested: &Tested, about: &About<'_>) -> Option<(f64, Influence)> {
    if about.phase != phase::TEST {
        return None;
    }
    let of_row: fn(&TestedRow) -> f64 = match about.metric {
        metric::REWARD | metric::SWEEP_REWARD => |row| row.reward,
        metric::QUALITY => |row| row.quality,
        metric::COST => |row| row.cost_usd,
        metric::REGRET => |row| row.regret,
        metric::UNSCORED_SHARE => |row| f64::from(u8::from(row.reward.is_nan())),
        metric::CHOICE_ENTROPY => return entropy(tested, about),
        metric::ARM_SHARE => {
            let arm = tested.models.iter().position(|model| Some(model.as_str()) == about.arm);
            let chosen = |row: &TestedRow| f64::from(u8::from(arm == Some(row.model.into())));
            return Some(mean_of(tested, &rows(tested, about)?, chosen));
        }
        _ => return None,
    };
    let rows = rows(tested, about)?;
    let (mean, influence) = mean_of(tested, &rows, of_row);
    if about.metric != metric::REGRET {
        return Some((mean, influence));
    }
    // A sum over the requests, not a mean.
    let n = rows.iter().filter(|row| of_row(row).is_finite()).count() as f64;
    Some((n * mean, influence.into_iter().map(|(cluster, value)| (cluster, n * value)).collect()))
}

/// The rows that a number is about, by cluster within each weight; none where there are none.
fn rows<'a>(tested: &'a Tested, about: &About<'_>) -> Option<Vec<&'a TestedRow>> {
    let task = tested.tasks.iter().position(|task| task == about.task);
    let all = about.task == words::ALL_TASKS;
    let whole = about.metric == metric::SWEEP_REWARD;
    let own = |row: &&TestedRow| {
        (all || task == Some(row.task.into())) && (whole || same_weight(about.w_cost, Some(row.w_cost)))
    };
    let rows: Vec<&TestedRow> = tested.rows.iter().filter(own).collect();
    (!rows.is_empty()).then_some(rows)
}

/// The mean of `number` over the `rows` that have it, and how much each cluster moves it: for each prompt (number - mean) / n,
/// where the mean is that of the prompt's task, since a split gives every task its share.
fn mean_of(tested: &Tested, rows: &[&TestedRow], number: impl Fn(&TestedRow) -> f64) -> (f64, Influence) {
    let measured: Vec<(u32, usize, f64)> =
        rows.iter().map(|row| (row.cluster, row.task.into(), number(row))).filter(|one| one.2.is_finite()).collect();
    let mut tasks = vec![(0.0, 0.0); tested.tasks.len()];
    for &(_, task, value) in &measured {
        let (n, sum) = &mut tasks[task];
        (*n, *sum) = (*n + 1.0, *sum + value);
    }
    let n = measured.len() as f64;
    let mean = measured.iter().map(|one| one.2).sum::<f64>() / n;
    // Around the mean of n prompts of a task they vary less than around that of all, by 1 - 1 / n.
    let around = |task: usize| {
        let (own, sum) = tasks[task];
        let spread = if own > 1.0 { libm::sqrt(own / (own - 1.0) * (n - 1.0) / n) } else { 1.0 };
        (if own > 1.0 { sum / own } else { mean }, spread)
    };
    let around: Vec<(f64, f64)> = (0..tasks.len()).map(around).collect();
    // Of a test that was thinned, the prompts that are there stand for all.
    let scale = libm::sqrt(tested.kept) / n;
    let moved = |&(cluster, task, value): &(u32, usize, f64)| {
        let (middle, spread) = around[task];
        (cluster, scale * spread * (value - middle))
    };
    let mut influence: Influence = measured.iter().map(moved).collect();
    if !influence.is_sorted_by_key(|(cluster, _)| *cluster) {
        influence.sort_by_key(|(cluster, _)| *cluster);
    }
    influence.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    (mean, influence)
}

/// The entropy of the choices in bits. A request for a model with share p moves it by (-log2 p - entropy) / n.
fn entropy(tested: &Tested, about: &About<'_>) -> Option<(f64, Influence)> {
    let rows = rows(tested, about)?;
    let mut counts = vec![0.0; tested.models.len()];
    rows.iter().for_each(|row| counts[usize::from(row.model)] += 1.0);
    let n = rows.len() as f64;
    let surprise = |row: &TestedRow| -libm::log2(counts[usize::from(row.model)] / n);
    Some(mean_of(tested, &rows, surprise))
}
