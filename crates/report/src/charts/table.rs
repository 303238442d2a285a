//! What a chart draws, as data: every mark by name with its numbers, and what stands behind them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use store::words::{self, metric, phase};

use store::SummaryRow;

use super::Source;
use crate::roster::Roster;
use crate::theme::{self, SeriesStyle};

/// A number with the ends of its interval where it has one, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Ends of its interval.
    pub interval: Option<(f64, f64)>,
}

impl Measured {
    /// A number that was not measured but chosen, such as a preference.
    pub(crate) fn exact(value: f64) -> Measured {
        Measured { value, interval: None }
    }

    /// The same in another unit, `factor` to the old one.
    pub(crate) fn scaled(self, factor: f64) -> Measured {
        let interval = self.interval.map(|(low, high)| (factor * low, factor * high));
        Measured { value: factor * self.value, interval }
    }

    /// The number and the ends of its interval: what an axis must hold.
    pub(crate) fn reach(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unwrap_or((self.value, self.value));
        [self.value, low, high].into_iter()
    }
}

impl From<&SummaryRow> for Measured {
    fn from(row: &SummaryRow) -> Measured {
        Measured { value: row.value, interval: row.ci_low.zip(row.ci_high) }
    }
}

/// One mark of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Panel it stands in; empty where there is one.
    pub panel: String,
    /// Policy, or model where the chart is about models.
    pub series: String,
    /// Task or setting it belongs to; empty where `x` says it all.
    pub label: String,
    /// Level value.
    pub x: Measured,
    /// Upright value.
    pub y: Measured,
    /// Requests behind it in each replicate.
    pub n: u64,
}

/// What stands behind the marks of a chart: printed at its foot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// Label of the environment.
    pub environment: String,
    /// Metrics with their units, in the order of use.
    pub units: Vec<(String, String)>,
    /// How the intervals were made.
    pub methods: Vec<String>,
    /// Least and greatest number of replicates.
    pub replicates: Option<(u64, u64)>,
    /// Least and greatest number of requests in a replicate.
    pub n: Option<(u64, u64)>,
}

impl Basis {
    /// Takes one more row into account.
    pub(crate) fn add(&mut self, row: &SummaryRow) {
        let widen = |range: Option<(u64, u64)>, value: u64| {
            range.map_or(Some((value, value)), |(low, high)| Some((low.min(value), high.max(value))))
        };
        if row.environment != self.environment {
            self.environment = row.environment.to_string();
        }
        if !self.units.iter().any(|(metric, _)| *metric == row.metric) {
            self.units.push((row.metric.to_string(), row.unit.to_string()));
        }
        if !self.methods.iter().any(|known| row.ci_method == *known) {
            self.methods.push(row.ci_method.to_string());
        }
        self.replicates = widen(self.replicates, row.replicates);
        self.n = widen(self.n, row.n);
    }
}

impl Basis {
    /// States how an interval was made that is not that of the rows.
    pub(crate) fn replaced_method(&mut self, method: &str) {
        self.methods.retain(|known| known == method);
        if self.methods.is_empty() {
            self.methods.push(method.to_owned());
        }
    }
}

/// The marks of a chart, in the order of the summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Every mark.
    pub marks: Vec<Mark>,
    /// What stands behind them.
    pub basis: Basis,
    /// Policies, the best first: who stands out where many meet; may be empty.
    pub best: Vec<String>,
    /// Who is behind the labels.
    pub(crate) roster: Roster,
    /// Policy that the others are compared with, where they are.
    pub(crate) baseline: Option<String>,
    /// What a reward counts dollars by, where curves of equal reward can be drawn.
    pub(crate) cap: Option<Cap>,
}

/// How dollars enter the reward of a request: (1 - w) quality - w min(dollars / cap, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cap {
    /// Dollars beyond which cost no longer lowers the reward, for as many requests as prices are quoted for.
    pub dollars: f64,
    /// w, the weight on cost.
    pub weight: f64,
}

impl Table {
    /// A table without marks, about the policies of `source`.
    pub(crate) fn of_source(source: &Source<'_>) -> Table {
        Table { roster: source.roster.clone(), ..Table::default() }
    }

    /// Points by which the longest name of a policy is wider than a page is laid out for; 0 where it is not.
    pub(crate) fn excess(&self) -> f64 {
        let series = self.series();
        theme::excess(series.iter().map(String::as_str).filter(|name| !self.roster.is_single(name)))
    }

    /// Adds a mark made from `rows`.
    pub(crate) fn push(&mut self, mark: Mark, rows: &[&SummaryRow]) {
        rows.iter().for_each(|row| self.basis.add(row));
        self.marks.push(mark);
    }

    /// The table, if there is a mark in it.
    pub(crate) fn unless_empty(self) -> Option<Table> {
        (!self.marks.is_empty()).then_some(self)
    }

    /// Different series in the order of their first mark.
    pub(crate) fn series(&self) -> Vec<String> {
        distinct(self.marks.iter().map(|mark| &mark.series))
    }

    /// The looks of `names`, the best of those without a look of their own first.
    pub(crate) fn looks(&self, names: &[String]) -> Vec<SeriesStyle> {
        theme::looks(&ranked(names, &self.best), &self.roster)
    }

    /// Different panels in the order of their first mark.
    pub(crate) fn panels(&self) -> Vec<String> {
        distinct(self.marks.iter().map(|mark| &mark.panel))
    }

    /// Different labels in the order of their first mark.
    pub(crate) fn labels(&self) -> Vec<String> {
        distinct(self.marks.iter().map(|mark| &mark.label))
    }

    /// The marks of one series.
    pub(crate) fn of<'a>(&'a self, series: &'a str) -> impl Iterator<Item = &'a Mark> {
        self.marks.iter().filter(move |mark| mark.series == series)
    }

    /// The marks of one panel.
    pub(crate) fn within<'a>(&'a self, panel: &'a str) -> impl Iterator<Item = &'a Mark> {
        self.marks.iter().filter(move |mark| mark.panel == panel)
    }
}

/// Different values in the order of their first appearance.
pub(crate) fn distinct<'a, T: AsRef<str> + ?Sized + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut last = "";
    let mut fresh = |value: &&'a str| {
        // Equal names mostly follow each other.
        let fresh = last != *value && seen.insert(*value);
        last = value;
        fresh
    };
    values.into_iter().map(AsRef::as_ref).filter(|value| fresh(value)).map(str::to_owned).collect()
}

/// `names` in the order of `best`; those that are not there come last, as they are.
pub(crate) fn ranked(names: &[String], best: &[String]) -> Vec<String> {
    let place = |name: &String| best.iter().position(|other| other == name).unwrap_or(best.len());
    let mut ranked = names.to_vec();
    ranked.sort_by_cached_key(place);
    ranked
}

/// Policies by mean reward over the grid of preferences, then by regret at the end of an online run, the best first.
pub(crate) fn best(rows: &[SummaryRow]) -> Vec<String> {
    let mut tested: Vec<&SummaryRow> =
        select(rows, phase::TEST, metric::SWEEP_REWARD).filter(|row| row.task == words::ALL_TASKS).collect();
    tested.sort_by(|left, right| right.value.total_cmp(&left.value));
    let regrets: Vec<&SummaryRow> = select(rows, phase::ONLINE, metric::REGRET).collect();
    let end = regrets.iter().map(|row| row.round).max();
    let mut online: Vec<&SummaryRow> = regrets.into_iter().filter(|row| Some(row.round) == end).collect();
    online.sort_by(|left, right| left.value.total_cmp(&right.value));
    distinct(tested.into_iter().chain(online).map(|row| &row.policy))
}

/// The rows of one environment: a part of `rows` where they stand together, as they mostly do.
pub(crate) fn of_environment<'a>(rows: &'a [SummaryRow], environment: &str) -> Cow<'a, [SummaryRow]> {
    let own = |row: &SummaryRow| row.environment == environment;
    let first = rows.iter().position(own).unwrap_or(rows.len());
    let last = rows.iter().rposition(own).map_or(first, |last| last + 1);
    let part = &rows[first..last];
    if part.iter().all(own) { Cow::Borrowed(part) } else { part.iter().filter(|row| own(row)).cloned().collect() }
}

/// The rows of one phase and metric that are about no single model.
pub(crate) fn select<'a>(
    rows: &'a [SummaryRow],
    phase: &'a str,
    metric: &'a str,
) -> impl Iterator<Item = &'a SummaryRow> {
    rows.iter().filter(move |row| row.phase == phase && row.metric == metric && row.arm.is_none())
}

/// The weight on cost among `rows` that is nearest to `wanted`.
pub(crate) fn nearest_weight<'a>(rows: impl Iterator<Item = &'a SummaryRow>, wanted: f64) -> Option<f64> {
    rows.filter_map(|row| row.w_cost).min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs()))
}
