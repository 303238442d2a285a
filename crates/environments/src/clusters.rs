//! Rows of a table that belong together: a split never trains on one of them and tests on another.

/// Why two rows belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Their prompts have the same text.
    EqualPrompts,
    /// They have the same value in the column that was declared as `group`.
    Group,
    /// The cosine of their features reaches the threshold that was declared as `near-duplicates`.
    NearDuplicates,
}

impl Link {
    /// Every link, in the order in which they are told.
    pub const ALL: [Link; 3] = [Link::EqualPrompts, Link::Group, Link::NearDuplicates];
}

/// Clusters of rows: the connected components of all links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clusters {
    /// For each row the first one of its cluster; empty where every row stands alone.
    first_of: Vec<usize>,
    /// The same by each link alone, of those that link any rows.
    by_link: Vec<(Link, Vec<usize>)>,
}

impl Clusters {
    /// Joins the rows that `first_of` puts together, for each row the first that it is linked with or the row itself.
    pub(crate) fn join(&mut self, link: Link, first_of: Vec<usize>) {
        if first_of.iter().enumerate().all(|(row, &first)| row == first) {
            return;
        }
        let mut leaders = if self.first_of.is_empty() { (0..first_of.len()).collect() } else { self.first_of.clone() };
        first_of.iter().enumerate().for_each(|(row, &first)| unite(&mut leaders, row, first));
        self.first_of = (0..leaders.len()).map(|row| leader(&mut leaders, row)).collect();
        self.by_link.push((link, first_of));
    }

    /// The clusters of the rows `rows`, ascending, counted anew from 0; rows that were joined by one that is gone stay together.
    pub(crate) fn part(&self, rows: &[usize]) -> Clusters {
        let of = |first_of: &Vec<usize>| first_by(rows.iter().map(|&row| Some(first_of[row])));
        if self.first_of.is_empty() {
            return Clusters::default();
        }
        let by_link = self.by_link.iter().map(|(link, first_of)| (*link, of(first_of)));
        Clusters { first_of: of(&self.first_of), by_link: by_link.collect() }
    }

    /// The first row of the cluster of `row`.
    pub(crate) fn first_of(&self, row: usize) -> usize {
        self.first_of.get(row).copied().unwrap_or(row)
    }

    /// Number of clusters of more than one row, and of the rows in them: by one `link` alone, else by all together.
    pub(crate) fn larger(&self, link: Option<Link>) -> (usize, usize) {
        let by_link = |link| self.by_link.iter().find(|(known, _)| *known == link).map(|(_, first_of)| first_of);
        let first_of = link.map_or(Some(&self.first_of), by_link);
        let mut sizes = vec![0_usize; first_of.map_or(0, Vec::len)];
        first_of.into_iter().flatten().for_each(|&first| sizes[first] += 1);
        let larger = || sizes.iter().filter(|&&size| size > 1);
        (larger().count(), larger().sum())
    }

    /// Whether rows are linked by what a user declared, beside equal prompts.
    pub(crate) fn declared(&self) -> bool {
        self.by_link.iter().any(|(link, _)| *link != Link::EqualPrompts)
    }
}

/// For each key the position of the first that equals it, its own where there is none or no key.
pub(crate) fn first_by<K: Ord>(keys: impl Iterator<Item = Option<K>>) -> Vec<usize> {
    let mut first = std::collections::BTreeMap::new();
    let place = |(position, key): (usize, Option<K>)| key.map_or(position, |key| *first.entry(key).or_insert(position));
    keys.enumerate().map(place).collect()
}

/// Puts two rows under one leader, the earlier of theirs.
pub(crate) fn unite(leaders: &mut [usize], one: usize, other: usize) {
    let (one, other) = (leader(leaders, one), leader(leaders, other));
    leaders[one.max(other)] = one.min(other);
}

/// The first row of a group, with the way to it made shorter.
pub(crate) fn leader(leaders: &mut [usize], mut at: usize) -> usize {
    while leaders[at] != at {
        leaders[at] = leaders[leaders[at]];
        at = leaders[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_joined_through_every_kind_of_link() {
        let mut clusters = Clusters::default();
        // 1 and 4 have one text, 0 and 2 one group as 4 and 5 have, 3 stands alone.
        clusters.join(Link::EqualPrompts, first_by("abcdbe".chars().map(Some)));
        assert!(!clusters.declared());
        clusters.join(Link::Group, first_by("xyxzww".chars().map(Some)));
        clusters.join(Link::NearDuplicates, (0..6).collect());
        assert_eq!([0, 1, 2, 3, 4, 5].map(|row| clusters.first_of(row)), [0, 1, 0, 3, 1, 1]);
        assert_eq!(clusters.larger(None), (2, 5));
        assert_eq!(Link::ALL.map(|link| clusters.larger(Some(link))), [(1, 2), (2, 4), (0, 0)]);
        assert!(clusters.declared());
        let part = clusters.part(&[1, 3, 5]);
        assert_eq!([0, 1, 2].map(|row| part.first_of(row)), [0, 1, 0], "joined by row 4, which is gone");
    }
}
