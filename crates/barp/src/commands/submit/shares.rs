//! Work shared out so that all shares take about equally long.

/// Positions of `seconds` in at most `shares` shares, none of which is empty: the longest first, each to the share that has least so far
/// (Graham 1969, at most 4/3 of the best there is). Within a share they ascend.
pub(super) fn balanced(seconds: &[f64], shares: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..seconds.len()).collect();
    order.sort_by(|&left, &right| seconds[right].total_cmp(&seconds[left]));
    let mut made: Vec<(f64, Vec<usize>)> = vec![(0.0, Vec::new()); shares.min(seconds.len())];
    for position in order {
        let least =
            made.iter_mut().min_by(|left, right| left.0.total_cmp(&right.0).then(left.1.len().cmp(&right.1.len())));
        let (total, members) = least.expect("there is a share for the first position");
        *total += seconds[position];
        members.push(position);
    }
    let sorted = |(_, mut members): (f64, Vec<usize>)| {
        members.sort_unstable();
        members
    };
    made.into_iter().map(sorted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_disjoint_and_about_equal() {
        let seconds = [8.0, 1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 0.0];
        let shares = balanced(&seconds, 3);
        let mut all: Vec<usize> = shares.concat();
        all.sort_unstable();
        assert_eq!(all, (0..seconds.len()).collect::<Vec<_>>());
        let time = |share: &Vec<usize>| share.iter().map(|&cell| seconds[cell]).sum::<f64>();
        assert!(shares.iter().all(|share| time(share) <= 8.0), "{shares:?}");
        assert_eq!(balanced(&[0.0, 0.0], 5), [vec![0], vec![1]], "no share is empty, and equal work is spread");
        assert!(balanced(&[], 4).is_empty());
    }
}
