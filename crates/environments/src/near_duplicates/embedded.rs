//! Near-duplicates by embeddings: prompts whose features point in nearly the same direction.
//!
//! Exact search: every prompt is compared with every other, n (n - 1) / 2 inner products of unit vectors in single precision.
//! Assumes: the features mean something by their direction. Memory stays at some tens of MiB beside the vectors, whatever is found;
//! time grows with n^2 d. Which rows are linked depends on neither threads nor order: sums run as `kernels` promises, and
//! connected components are the same in any order of their links.

use crate::clusters::{leader, unite};
use kernels::{Left, set_product, transpose};

/// Most prompts that are compared: at 384 numbers each this takes a core about two minutes. 36,497 take it six seconds.
pub const MOST_COMPARED: usize = 150_000;

/// Rows of a panel, which all rows up to it are compared with.
const PANEL: usize = 1024;

/// Rows compared with a panel at a time, and such blocks in parallel before links are entered.
const BLOCK: usize = 64;
const BLOCKS: usize = 32;

/// Rounding of an inner product: vectors that are equal reach a threshold of 1.
const ROUNDING: f64 = 1e-6;

/// For each of the rows of `features` (n x d) the first of those that it is linked with, over any number of steps: two rows
/// are linked if their cosine is at least `threshold` - 1e-6. A row of zeros has no direction and is linked with none.
///
/// # Panics
/// If `features` are not whole rows.
pub fn similar(features: &[f32], d: usize, threshold: f64) -> Vec<usize> {
    let unit = unit_rows(features, d);
    let n = features.len().checked_div(d).unwrap_or(0);
    let mut leaders: Vec<usize> = (0..n).collect();
    let least = (threshold - ROUNDING) as f32;
    let mut columns = vec![0.0; PANEL.min(n) * d];
    for (panel, rows) in unit.chunks(PANEL * d.max(1)).enumerate() {
        let (start, width) = (panel * PANEL, rows.len() / d);
        let columns = &mut columns[..rows.len()];
        transpose(rows, d, columns, width);
        let before: Vec<usize> = (0..start + width).step_by(BLOCK).collect();
        for blocks in before.chunks(BLOCKS) {
            let found = store::in_parallel(blocks, |&block| {
                let queries = &unit[block * d..(block + BLOCK).min(start + width) * d];
                links(queries, columns, width, d, least)
            });
            for (block, pairs) in blocks.iter().zip(found) {
                pairs.into_iter().for_each(|(query, row)| unite(&mut leaders, block + query, start + row));
            }
        }
    }
    (0..n).map(|row| leader(&mut leaders, row)).collect()
}

/// The pairs of a query and a column of the panel that are similar enough.
fn links(queries: &[f32], columns: &[f32], width: usize, d: usize, least: f32) -> Vec<(usize, usize)> {
    let mut cosines = vec![0.0; queries.len() / d * width];
    set_product(Left::rows(queries, d), columns, &mut cosines, width);
    let lines = cosines.chunks_exact(width).enumerate();
    lines.flat_map(|(query, line)| near(line, least).map(move |row| (query, row))).collect()
}

/// Places of `line` that reach `least`.
fn near(line: &[f32], least: f32) -> impl Iterator<Item = usize> + '_ {
    line.iter().enumerate().filter(move |(_, cosine)| **cosine >= least).map(|(row, _)| row)
}

/// The rows at unit length, measured in double precision; rows of zeros stay.
fn unit_rows(features: &[f32], d: usize) -> Vec<f32> {
    let mut unit = features.to_vec();
    for row in unit.chunks_exact_mut(d.max(1)) {
        let length = row.iter().map(|&number| f64::from(number) * f64::from(number)).sum::<f64>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|number| *number = (f64::from(*number) / length) as f32);
        }
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::{Round, Seed, random};

    /// The rule over all pairs, one after the other, in double precision.
    fn by_the_rule(features: &[f32], d: usize, threshold: f64) -> Vec<usize> {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let rows: Vec<&[f32]> = features.chunks(d).collect();
        let mut first: Vec<usize> = (0..rows.len()).collect();
        for (one, a) in rows.iter().enumerate() {
            for (other, b) in rows[..one].iter().enumerate() {
                if dot(a, b) >= threshold * (dot(a, a) * dot(b, b)).sqrt() && dot(a, a) * dot(b, b) > 0.0 {
                    let (low, high) = (first[one].min(first[other]), first[one].max(first[other]));
                    first.iter_mut().filter(|first| **first == high).for_each(|first| *first = low);
                }
            }
        }
        first
    }

    #[test]
    fn blocks_link_what_a_comparison_of_all_pairs_links() {
        let (n, d) = (2500, 5);
        let mut generator = Seed::root(4).stream("rows").at(Round(0));
        let mut features: Vec<f32> = (0..n * d).map(|_| random::normal(&mut generator) as f32).collect();
        features[70 * d..71 * d].fill(0.0);
        for (threshold, larger) in [(0.999, 1), (0.99, 50)] {
            let found = similar(&features, d, threshold);
            assert_eq!(found, by_the_rule(&features, d, threshold));
            let linked = found.iter().enumerate().filter(|(row, first)| *row != **first).count();
            assert!(linked > larger && found[70] == 70, "{linked} rows follow another");
        }
    }

    #[test]
    fn equal_directions_reach_a_threshold_of_one() {
        let row = [0.3_f32, -0.1, 0.77];
        let features: Vec<f32> = (1..200).flat_map(|scale| row.map(|number| number * scale as f32)).collect();
        assert!(similar(&features, 3, 1.0).iter().all(|&first| first == 0));
        assert_eq!(similar(&[], 0, 0.9), Vec::<usize>::new());
    }
}
