//! Who is behind each label of one environment: labels are free, so whatever is drawn, ranked or left out asks here.

use std::collections::BTreeMap;

use store::{Identity, Role, SummaryRow};

use crate::names;

/// Kind of the policy that the laboratory is about: it is never left out, and the ends of its sweep are named.
pub(crate) const MAIN: &str = "barp";
/// Kind of the line that mixes single models without reading the prompt: a router below it is of no use.
pub(crate) const NO_PROMPT: &str = "zero-router";
/// Kind of the line that others are compared with.
pub(crate) const BASELINE: &str = "best-single";

/// Kinds of references where not all have room: who is needed most first, the others after them.
const NEEDED: [&str; 6] = ["oracle", "random", "best-per-task", NO_PROMPT, "largest", "cheapest"];

/// Most policies of one kind among which the first stands for the kind. More are a sweep, of which none does.
const VARIANTS: usize = 2;

/// The policies of one environment, by label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Roster(BTreeMap<String, Member>);

#[derive(Clone, Debug, PartialEq)]
struct Member {
    identity: Identity,
    /// Place among all, in the order of the summary.
    place: usize,
    /// Whether it stands for its kind.
    stands: bool,
}

impl Roster {
    /// Who is behind the labels of `rows`.
    pub(crate) fn of(rows: &[SummaryRow]) -> Roster {
        let mut roster = Roster::default();
        let mut last = None;
        for row in rows.iter().filter(|row| row.identity.role != Role::Data) {
            // Rows of one policy mostly follow each other.
            if last != Some(&row.policy) {
                roster.add(&row.policy, &row.identity);
                last = Some(&row.policy);
            }
        }
        roster.settle();
        roster
    }

    fn add(&mut self, label: &str, identity: &Identity) {
        if !self.0.contains_key(label) {
            let place = self.0.len();
            self.0.insert(label.to_owned(), Member { identity: identity.clone(), place, stands: false });
        }
    }

    /// Finds who stands for a kind: the first of it, unless there are more than [`VARIANTS`].
    fn settle(&mut self) {
        let mut members: Vec<&mut Member> = self.0.values_mut().collect();
        members.sort_by_key(|member| member.place);
        let kinds: Vec<_> = members.iter().map(|member| member.identity.kind.clone()).collect();
        for (place, member) in members.iter_mut().enumerate() {
            let own = || kinds.iter().enumerate().filter(|(_, kind)| **kind == kinds[place]).map(|(place, _)| place);
            member.stands = !kinds[place].is_empty() && own().next() == Some(place) && own().count() <= VARIANTS;
        }
    }

    /// The part that `label` plays.
    pub(crate) fn role(&self, label: &str) -> Role {
        self.0.get(label).map_or(Role::Unknown, |member| member.identity.role)
    }

    /// Whether `label` is drawn as a line of reference.
    pub(crate) fn is_reference(&self, label: &str) -> bool {
        self.role(label).is_reference()
    }

    /// Whether `label` is one model for every request.
    pub(crate) fn is_single(&self, label: &str) -> bool {
        self.role(label) == Role::SingleModel
    }

    /// The model that `label` always chooses.
    pub(crate) fn model(&self, label: &str) -> Option<&str> {
        let member = self.0.get(label).filter(|member| member.identity.role == Role::SingleModel)?;
        member.identity.model.as_deref()
    }

    /// The kind that `label` is of, whether it stands for it or not.
    pub(crate) fn kind(&self, label: &str) -> Option<&str> {
        self.0.get(label).map(|member| member.identity.kind.as_str()).filter(|kind| !kind.is_empty())
    }

    /// Place among references that not all have room: the least is needed most.
    pub(crate) fn need(&self, label: &str) -> usize {
        let kind = self.kind(label);
        NEEDED.iter().position(|needed| Some(*needed) == kind).unwrap_or(NEEDED.len())
    }

    /// The kind that `label` stands for.
    pub(crate) fn stands_for(&self, label: &str) -> Option<&str> {
        self.0.get(label).filter(|member| member.stands).map(|member| member.identity.kind.as_str())
    }

    /// Whether `label` stands for the policy that the laboratory is about.
    pub(crate) fn is_main(&self, label: &str) -> bool {
        self.stands_for(label) == Some(MAIN)
    }

    /// The same policies under labels that a page has room for.
    pub(crate) fn brief(&self) -> Roster {
        Roster(self.0.iter().map(|(label, member)| (names::brief(label).into_owned(), member.clone())).collect())
    }

    /// These policies in this order: (label, kind, role).
    #[cfg(test)]
    pub(crate) fn made(policies: &[(&str, &str, Role)]) -> Roster {
        let mut roster = Roster::default();
        for (label, kind, role) in policies {
            roster.add(label, &Identity::new(*kind, *role));
        }
        roster.settle();
        roster
    }
}

/// Every kind that charts know by name.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    [MAIN, NO_PROMPT, BASELINE].into_iter().chain(NEEDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(policies: &[(&str, &str)]) -> Vec<String> {
        let made: Vec<(&str, &str, Role)> =
            policies.iter().map(|(label, kind)| (*label, *kind, Role::Learner)).collect();
        let roster = Roster::made(&made);
        policies
            .iter()
            .filter(|(label, _)| roster.stands_for(label).is_some())
            .map(|(label, _)| (*label).to_owned())
            .collect()
    }

    #[test]
    fn the_first_of_a_kind_stands_for_it_whatever_it_is_called() {
        assert_eq!(standing(&[("z", "barp"), ("barp", "knn"), ("a", "knn")]), ["z", "barp"]);
    }

    #[test]
    fn in_a_sweep_nobody_stands_for_the_kind() {
        assert_eq!(standing(&[("a", "barp"), ("b", "barp"), ("c", "barp"), ("d", "knn")]), ["d"]);
    }

    #[test]
    fn what_is_not_told_stands_for_nothing() {
        assert!(standing(&[("barp", ""), ("oracle", "")]).is_empty());
        assert_eq!(Roster::made(&[]).role("barp"), Role::Unknown);
    }
}
