//! How much each group of test prompts moves a metric of the field: a delete-a-group jackknife.
//!
//! Does: deals clusters of prompts into J groups, takes the scores of every policy of a replicate without the prompts of a
//! group, and makes the metrics again of these. With f(g) the metric without group g, the group's influence is
//! -(J - 1) / J (f(g) - mean of f), so that J / (J - 1) times the sum of squares is the jackknife's variance (Kott 2001, "The
//! Delete-a-Group Jackknife", Journal of Official Statistics 17). `statistics::Clustered` takes these as it takes clusters of
//! prompts. A cluster is in one group for all policies and replicates, so that differences are paired.
//!
//! A score without group g is the score less J / (J - 1) times the sum of the influences of the group's clusters on it: of a
//! mean, exactly what is left where groups are equally large. Groups that are not count as if they were, tasks keep their
//! shares of the test as a split keeps them, and a score of which fewer rows are stored than were tested moves as all would.
//!
//! Assumes: the metric changes little and steadily with the scores it is made of. One that does not exist without some group
//! has no influences.

use super::{Dial, Layout, Member, Singles, numbers};
use crate::evidence::{About, influence};
use routing::{Round, Seed, random};
use std::collections::BTreeMap;
use store::{Influences, Label, Role, Run, Tested};

/// Of which of `runs` intervals stand on prompts: those whose replicates share their prompts, or that have no other.
pub(super) fn wanted(runs: &[Run]) -> Vec<bool> {
    let mut policies: BTreeMap<(&Label, &Label), (usize, bool)> = BTreeMap::new();
    for run in runs {
        let (count, recorded) = policies.entry((&run.environment, &run.policy)).or_default();
        (*count, *recorded) = (*count + 1, *recorded || run.recorded);
    }
    let own = |run: &Run| {
        let (count, recorded) = policies[&(&run.environment, &run.policy)];
        (count == 1 || recorded) && run.has_tested()
    };
    runs.iter().map(own).collect()
}

/// The influences of up to `count` groups on the [`numbers`] of each of `members`; none of those that are not `wanted` (by the
/// place of their run) and where rows of its own or of a single model are missing.
pub(super) fn influences<'a>(
    members: &'a [Member<'a>],
    layouts: &'a [Layout],
    wanted: &[bool],
    count: usize,
) -> Vec<Option<Influences>> {
    let needed = |one: &Member<'_>| wanted[one.place] || is_single(one);
    let of = |one: &'a Member<'a>| needed(one).then(|| Moved::of(one.run, &layouts[one.layout], count)).flatten();
    let mut moved: Vec<Option<Moved<'_>>> = match members.iter().any(|one| wanted[one.place]) {
        true => members.iter().map(of).collect(),
        false => members.iter().map(|_| None).collect(),
    };
    let groups = moved.iter().flatten().map(|one| one.groups.clone()).next().unwrap_or_default();
    moved.iter_mut().for_each(|one| *one = one.take().filter(|one| one.groups == groups));
    let singles = (0..groups.len()).map(|group| singles_without(members, &moved, group)).collect::<Option<Vec<_>>>();
    let own = |(one, moved): (&Member<'_>, &Option<Moved<'_>>)| {
        moved.as_ref().filter(|_| wanted[one.place])?.influences(singles.as_ref()?)
    };
    members.iter().zip(&moved).map(own).collect()
}

fn is_single(one: &Member<'_>) -> bool {
    one.run.identity.role == Role::SingleModel
}

/// The single models without the group at this place; none where one of them cannot be told without it.
fn singles_without(members: &[Member<'_>], moved: &[Option<Moved<'_>>], place: usize) -> Option<Singles> {
    let mut dials: Vec<(&Run, Dial)> = Vec::new();
    for (one, moved) in members.iter().zip(moved).filter(|(one, _)| is_single(one)) {
        dials.push((one.run, moved.as_ref()?.dial(place)?));
    }
    Some(Singles::of(dials.iter().map(|(run, dial)| (*run, dial))))
}

/// How much each group of the prompts of a run moves the numbers of its dial.
struct Moved<'a> {
    run: &'a Run,
    layout: &'a Layout,
    /// The groups that have prompts, ascending.
    groups: Vec<u32>,
    /// By group, then by number: the sum of the influences of its clusters.
    by: Vec<Vec<f64>>,
}

impl<'a> Moved<'a> {
    /// What is read of the rows of `run`; none where there are none, they cannot be read, are those of another cell, or are of
    /// one group. Who summarises stored scores names the rows that cannot be read.
    fn of(run: &'a Run, layout: &'a Layout, count: usize) -> Option<Moved<'a>> {
        let tested = run.tested().ok()??;
        let dealt = Dealt::of(&tested, count);
        if dealt.groups.len() < 2 {
            return None;
        }
        let mut by = vec![Vec::new(); dealt.groups.len()];
        for place in layout.numbers() {
            let score = run.scores.get(place);
            by.iter_mut().for_each(|own| own.push(0.0));
            if !score.value.is_finite() {
                continue;
            }
            for (cluster, value) in influence(&tested, &About::of(score.quantity), score.value)? {
                *by[dealt.place(cluster)].last_mut().expect("a number was just pushed") += value;
            }
        }
        Some(Moved { run, layout, groups: dealt.groups, by })
    }

    /// The dial of the run without the prompts of the group at `place`.
    fn dial(&self, place: usize) -> Option<Dial> {
        let count = self.groups.len() as f64;
        let minus = self.by[place].iter().map(|moved| count / (count - 1.0) * moved);
        Dial::with(&self.run.scores, self.layout, minus)
    }

    /// The influences of each group on the metrics of the run, beside the single models without it.
    fn influences(&self, singles: &[Singles]) -> Option<Influences> {
        let without = |(place, singles)| Some(numbers(&self.dial(place)?, singles));
        let left: Vec<Vec<f64>> = singles.iter().enumerate().map(without).collect::<Option<_>>()?;
        let (count, metrics) = (left.len() as f64, left[0].len());
        if left.iter().any(|own| own.len() != metrics) {
            return None;
        }
        let mut values = Vec::with_capacity(left.len() * metrics);
        for metric in 0..metrics {
            let mean = left.iter().map(|own| own[metric]).sum::<f64>() / count;
            values.extend(left.iter().map(|own| (1.0 - count) / count * (own[metric] - mean)));
        }
        Some(Influences { groups: self.groups.clone(), values })
    }
}

/// The clusters of a test in groups.
struct Dealt {
    groups: Vec<u32>,
    /// By number of a cluster: the place of its group among `groups`; meaningless of clusters that were not tested.
    places: Vec<u32>,
}

impl Dealt {
    /// Deals every cluster by its number alone.
    fn of(tested: &Tested, count: usize) -> Dealt {
        const NOWHERE: u32 = u32::MAX;
        let stream = Seed::root(0).stream("groups of prompts");
        let last = tested.rows.iter().map(|row| row.cluster as usize + 1).max().unwrap_or(0);
        let mut group_of = vec![NOWHERE; last];
        for row in &tested.rows {
            let group = &mut group_of[row.cluster as usize];
            if *group == NOWHERE {
                *group = random::below(&mut stream.at(Round(row.cluster.into())), count) as u32;
            }
        }
        let mut groups: Vec<u32> = group_of.iter().copied().filter(|group| *group != NOWHERE).collect();
        groups.sort_unstable();
        groups.dedup();
        let place = |group: &u32| groups.binary_search(group).map_or(NOWHERE, |place| place as u32);
        let places = group_of.iter().map(place).collect();
        Dealt { groups, places }
    }

    /// The place of the group of a cluster that was tested.
    fn place(&self, cluster: u32) -> usize {
        self.places[cluster as usize] as usize
    }
}

#[cfg(test)]
mod tests;
