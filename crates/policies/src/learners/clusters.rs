//! k-means over feature rows of unit length: Lloyd's algorithm from a k-means++ start (Arthur and Vassilvitskii 2007).

use kernels::{Left, set_product, transpose};
use routing::{Round, Seed, random};

/// Rows compared with all centres at a time.
const BLOCK: usize = 256;
/// Passes over the rows after which clusters count as found.
const MOST_PASSES: usize = 50;

/// Groups of similar rows.
pub(crate) struct Clusters {
    /// Mean of the rows of each group, k x d.
    pub(crate) centres: Vec<f32>,
    /// Group of each row, in 0..k.
    pub(crate) of_row: Vec<usize>,
}

impl Clusters {
    /// Splits `rows` (n x d, scaled to unit length by the caller) into at most `k` groups, none empty; the start is drawn from `seed`.
    ///
    /// # Panics
    /// If there is no row.
    pub(crate) fn find(rows: &[f32], d: usize, k: usize, seed: &Seed) -> Clusters {
        let mut centres = start(rows, d, k, seed);
        let mut of_row = vec![usize::MAX; rows.len() / d];
        for _ in 0..MOST_PASSES {
            if !assign(rows, d, &centres, &mut of_row) {
                break;
            }
            move_centres(rows, d, &of_row, &mut centres);
        }
        keep_used(&mut centres, d, &mut of_row);
        Clusters { centres, of_row }
    }
}

/// The first centre drawn uniformly, each further one with probability proportional to the squared distance from the
/// nearest so far; fewer than `k` where every row is a centre already.
fn start(rows: &[f32], d: usize, k: usize, seed: &Seed) -> Vec<f32> {
    let n = rows.len() / d;
    let generator = &mut seed.stream("k-means").at(Round(0));
    let mut columns = vec![0.0; rows.len()];
    transpose(rows, d, &mut columns, n);
    let lengths: Vec<f32> = rows.chunks_exact(d).map(squared_length).collect();
    let (mut distances, mut products) = (vec![f32::INFINITY; n], vec![0.0; n]);
    let mut drawn = random::below(generator, n);
    let mut centres = Vec::with_capacity(k.min(n) * d);
    loop {
        let centre = &rows[drawn * d..][..d];
        centres.extend_from_slice(centre);
        set_product(Left::rows(centre, d), &columns, &mut products, n);
        let mut furthest = 0.0_f32;
        for ((distance, product), length) in distances.iter_mut().zip(&products).zip(&lengths) {
            *distance = distance.min((length + lengths[drawn] - 2.0 * product).max(0.0));
            furthest = furthest.max(*distance);
        }
        // What is left of equal rows is rounding.
        if centres.len() == k * d || furthest < 1e-6 {
            return centres;
        }
        drawn = random::categorical(generator, &distances);
    }
}

/// Sends each row to the centre nearest to it, the first among equals; whether any row moved.
fn assign(rows: &[f32], d: usize, centres: &[f32], of_row: &mut [usize]) -> bool {
    let k = centres.len() / d;
    let mut columns = vec![0.0; centres.len()];
    transpose(centres, d, &mut columns, k);
    let half: Vec<f32> = centres.chunks_exact(d).map(|centre| squared_length(centre) / 2.0).collect();
    let mut products = vec![0.0; BLOCK * k];
    let mut moved = false;
    for (rows, of_row) in rows.chunks(BLOCK * d).zip(of_row.chunks_mut(BLOCK)) {
        let products = &mut products[..of_row.len() * k];
        set_product(Left::rows(rows, d), &columns, products, k);
        for (line, cluster) in products.chunks_exact(k).zip(of_row) {
            // |x - c|^2 / 2 without |x|^2 / 2, which is the same for all centres.
            let mut best = (f32::INFINITY, 0);
            for (position, (product, half)) in line.iter().zip(&half).enumerate() {
                if half - product < best.0 {
                    best = (half - product, position);
                }
            }
            moved |= *cluster != best.1;
            *cluster = best.1;
        }
    }
    moved
}

/// Moves each centre to the mean of its rows; one without rows stays.
fn move_centres(rows: &[f32], d: usize, of_row: &[usize], centres: &mut [f32]) {
    let mut sums = vec![0.0_f64; centres.len()];
    let mut counts = vec![0_u32; centres.len() / d];
    for (row, &cluster) in rows.chunks_exact(d).zip(of_row) {
        counts[cluster] += 1;
        for (sum, &x) in sums[cluster * d..][..d].iter_mut().zip(row) {
            *sum += f64::from(x);
        }
    }
    for ((centre, sum), &count) in centres.chunks_exact_mut(d).zip(sums.chunks_exact(d)).zip(&counts) {
        if count > 0 {
            for (x, sum) in centre.iter_mut().zip(sum) {
                *x = (sum / f64::from(count)) as f32;
            }
        }
    }
}

/// Drops centres that no row is nearest to.
fn keep_used(centres: &mut Vec<f32>, d: usize, of_row: &mut [usize]) {
    let mut position = vec![None; centres.len() / d];
    of_row.iter().for_each(|&cluster| position[cluster] = Some(0));
    let mut kept = Vec::with_capacity(centres.len());
    for (centre, position) in centres.chunks_exact(d).zip(&mut position).filter(|(_, position)| position.is_some()) {
        *position = Some(kept.len() / d);
        kept.extend_from_slice(centre);
    }
    for cluster in of_row {
        *cluster = position[*cluster].expect("the centre of a row was kept");
    }
    *centres = kept;
}

fn squared_length(row: &[f32]) -> f32 {
    row.iter().map(|x| x * x).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows around `groups` axes of the unit cube, group after group.
    fn rows(groups: usize, each: usize) -> Vec<f32> {
        let generator = &mut Seed::root(3).stream("rows").at(Round(0));
        let mut rows = Vec::new();
        for group in 0..groups {
            for _ in 0..each {
                rows.extend(
                    (0..groups).map(|i| f32::from(u8::from(i == group)) + 0.01 * random::normal(generator) as f32),
                );
            }
        }
        rows
    }

    #[test]
    fn separate_groups_are_found() {
        for seed in 0..20 {
            let found = Clusters::find(&rows(5, 30), 5, 5, &Seed::root(seed));
            let groups: Vec<&[usize]> = found.of_row.chunks(30).collect();
            assert!(groups.iter().all(|group| group.iter().all(|cluster| *cluster == group[0])), "{groups:?}");
            for (position, group) in groups.iter().enumerate() {
                assert!(
                    groups[..position].iter().all(|other| other[0] != group[0]),
                    "each group has a cluster of its own"
                );
                assert!(
                    (found.centres[group[0] * 5 + position] - 1.0).abs() < 0.05,
                    "its centre is the mean of its rows"
                );
            }
        }
    }

    #[test]
    fn more_clusters_than_different_rows_are_not_made() {
        let twice = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
        let found = Clusters::find(&twice, 2, 40, &Seed::root(1));
        assert_eq!(found.centres.len(), 2 * 2);
        assert!(found.of_row[0] == found.of_row[2] && found.of_row[0] != found.of_row[1]);
    }

    #[test]
    fn centres_without_rows_are_dropped() {
        let (mut centres, mut of_row) = (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], vec![2, 0, 2]);
        keep_used(&mut centres, 2, &mut of_row);
        assert_eq!((centres, of_row), (vec![1.0, 2.0, 5.0, 6.0], vec![1, 0, 1]));
    }

    #[test]
    fn the_seed_alone_decides() {
        let rows = rows(6, 20);
        let run = |seed| Clusters::find(&rows, 6, 9, &Seed::root(seed)).centres;
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
