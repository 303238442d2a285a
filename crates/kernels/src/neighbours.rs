//! Nearest rows by inner product: cosine where rows have unit length.

use crate::{Left, set_product, transpose};

/// One neighbour of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// Position of the neighbour among the candidates.
    pub row: usize,
    /// Inner product with the query.
    pub similarity: f32,
}

/// Queries compared at a time: bounds the memory to this many rows of similarities.
const BLOCK: usize = 64;

/// Calls `visit(query, neighbours)` for each of the `queries` (q x d) with its `k` most similar `candidates` (c x d), most
/// similar first and the lower row first among equals. Fewer than `k` candidates are all given.
pub fn nearest(candidates: &[f32], queries: &[f32], d: usize, k: usize, mut visit: impl FnMut(usize, &[Nearest])) {
    let count = candidates.len() / d;
    let mut columns = vec![0.0; candidates.len()];
    transpose(candidates, d, &mut columns, count);
    let mut similarities = vec![0.0; BLOCK * count];
    let mut ranked: Vec<Nearest> = Vec::with_capacity(count);
    for (block, queries) in queries.chunks(BLOCK * d).enumerate() {
        let rows = queries.len() / d;
        let similarities = &mut similarities[..rows * count];
        set_product(Left::rows(queries, d), &columns, similarities, count);
        for (query, line) in similarities.chunks_exact(count).enumerate() {
            ranked.clear();
            ranked.extend(line.iter().enumerate().map(|(row, &similarity)| Nearest { row, similarity }));
            let order = |a: &Nearest, b: &Nearest| b.similarity.total_cmp(&a.similarity).then(a.row.cmp(&b.row));
            if k < ranked.len() {
                ranked.select_nth_unstable_by(k, order);
                ranked.truncate(k);
            }
            ranked.sort_unstable_by(order);
            visit(block * BLOCK + query, &ranked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_come_first_and_ties_keep_row_order() {
        let candidates = [1.0, 0.0, 0.0, 1.0, 0.6, 0.8, 1.0, 0.0];
        let mut seen = Vec::new();
        nearest(&candidates, &[1.0, 0.0, 0.0, 1.0], 2, 3, |query, found| {
            seen.push((query, found.iter().map(|n| n.row).collect::<Vec<_>>()));
        });
        assert_eq!(seen, vec![(0, vec![0, 3, 2]), (1, vec![1, 2, 0])]);
    }
}
