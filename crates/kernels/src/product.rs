//! C += A B, every element accumulated over k in order by fused multiply-add.

use crate::Level;
use crate::simd::{Portable, Vector};

/// The left factor A (m x k) as a strided view: `data[i * row_stride + p * column_stride]` is A(i, p). A transposed matrix
/// is the same data with the strides exchanged.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// Storage.
    pub data: &'a [f32],
    /// Distance between rows.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

impl<'a> Left<'a> {
    /// A row-major matrix with `columns` numbers in a row.
    pub fn rows(data: &'a [f32], columns: usize) -> Left<'a> {
        Left { data, row_stride: columns, column_stride: 1 }
    }

    /// The transpose of a row-major matrix with `columns` numbers in a row.
    pub fn transposed(data: &'a [f32], columns: usize) -> Left<'a> {
        Left { data, row_stride: 1, column_stride: columns }
    }
}

/// Adds A B to `c`: A is m x k, `b` is k x n row-major, `c` is m x n row-major; n = `columns`, k = `b.len() / columns`,
/// m = `c.len() / columns`. Element (i, j) becomes fma(A(i,k-1), b(k-1,j), ... fma(A(i,0), b(0,j), c(i,j))).
///
/// # Panics
/// If the lengths are not multiples of `columns`, or A is smaller than m x k.
pub fn add_product(a: Left<'_>, b: &[f32], c: &mut [f32], columns: usize) {
    product_at::<true>(Level::detect(), a, b, c, columns);
}

/// Writes A B into `c`, as [`add_product`] would onto zeros.
///
/// # Panics
/// As [`add_product`].
pub fn set_product(a: Left<'_>, b: &[f32], c: &mut [f32], columns: usize) {
    product_at::<false>(Level::detect(), a, b, c, columns);
}

/// Rows of C in a full tile, and vectors in its width: 8 x 2 accumulators keep two multiply-add units busy.
const TILE_ROWS: usize = 8;
const TILE_VECTORS: usize = 2;

/// `ADD`: onto what C holds, else onto zeros.
fn product_at<const ADD: bool>(level: Level, a: Left<'_>, b: &[f32], c: &mut [f32], columns: usize) {
    if b.is_empty() && !ADD {
        c.fill(0.0);
    }
    if c.is_empty() || b.is_empty() {
        return;
    }
    let (m, k) = (c.len() / columns, b.len() / columns);
    assert!(c.len() == m * columns && b.len() == k * columns, "b and c must have whole rows of {columns}");
    assert!((m - 1) * a.row_stride + (k - 1) * a.column_stride < a.data.len(), "a must be at least {m} x {k}");
    let problem = Problem { a, b, columns, k };
    match level {
        // SAFETY: `Level` promises the features; all pointers stay inside the slices, as the assertions above checked.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::<ADD>(&problem, c) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::<ADD>(&problem, c) },
        // SAFETY: as above.
        _ => unsafe { tiles::<Portable, ADD>(&problem, c) },
    }
}

struct Problem<'a> {
    a: Left<'a>,
    b: &'a [f32],
    columns: usize,
    k: usize,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn avx512<const ADD: bool>(problem: &Problem<'_>, c: &mut [f32]) {
    // SAFETY: passed on from the caller.
    unsafe { tiles::<crate::simd::x86::Avx512, ADD>(problem, c) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const ADD: bool>(problem: &Problem<'_>, c: &mut [f32]) {
    // SAFETY: passed on from the caller.
    unsafe { tiles::<crate::simd::x86::Avx2, ADD>(problem, c) }
}

/// Covers C with tiles: full ones first, then single-vector ones, then single columns.
#[inline(always)]
unsafe fn tiles<V: Vector, const ADD: bool>(problem: &Problem<'_>, c: &mut [f32]) {
    let mut column = 0;
    while column + TILE_VECTORS * V::LANES <= problem.columns {
        // SAFETY: the tile's columns lie inside C.
        unsafe { strip::<V, TILE_VECTORS, ADD>(problem, c, column) };
        column += TILE_VECTORS * V::LANES;
    }
    while column + V::LANES <= problem.columns {
        // SAFETY: as above.
        unsafe { strip::<V, 1, ADD>(problem, c, column) };
        column += V::LANES;
    }
    for column in column..problem.columns {
        single_column::<ADD>(problem, c, column);
    }
}

/// All rows of `WIDTH` vectors' columns, eight rows at a time.
#[inline(always)]
unsafe fn strip<V: Vector, const WIDTH: usize, const ADD: bool>(problem: &Problem<'_>, c: &mut [f32], column: usize) {
    let rows = c.len() / problem.columns;
    let mut row = 0;
    while row + TILE_ROWS <= rows {
        // SAFETY: the tile's rows and columns lie inside C.
        unsafe { tile::<V, TILE_ROWS, WIDTH, ADD>(problem, c, row, column) };
        row += TILE_ROWS;
    }
    while row < rows {
        // SAFETY: as above.
        unsafe { tile::<V, 1, WIDTH, ADD>(problem, c, row, column) };
        row += 1;
    }
}

#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize, const WIDTH: usize, const ADD: bool>(
    problem: &Problem<'_>,
    c: &mut [f32],
    row: usize,
    column: usize,
) {
    let Problem { a, b, columns, k } = *problem;
    // SAFETY: the caller's tile lies inside C, A is at least m x k and B is k x n, so every address below is in bounds.
    unsafe {
        let target = c.as_mut_ptr().add(row * columns + column);
        let start = |at: *const f32| if ADD { V::load(at) } else { V::splat(0.0) };
        let mut sums: [[V; WIDTH]; ROWS] =
            std::array::from_fn(|i| std::array::from_fn(|j| start(target.add(i * columns + j * V::LANES))));
        let mut left = a.data.as_ptr().add(row * a.row_stride);
        let mut right = b.as_ptr().add(column);
        for p in 0..k {
            let line: [V; WIDTH] = std::array::from_fn(|j| V::load(right.add(j * V::LANES)));
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*left.add(i * a.row_stride));
                for (sum, line) in sums.iter_mut().zip(line) {
                    *sum = factor.multiply_add(line, *sum);
                }
            }
            if p + 1 < k {
                left = left.add(a.column_stride);
                right = right.add(columns);
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                sum.store(target.add(i * columns + j * V::LANES));
            }
        }
    }
}

#[inline(always)]
fn single_column<const ADD: bool>(problem: &Problem<'_>, c: &mut [f32], column: usize) {
    let Problem { a, b, columns, k } = *problem;
    for (row, line) in c.chunks_exact_mut(columns).enumerate() {
        let mut sum = if ADD { line[column] } else { 0.0 };
        for p in 0..k {
            sum = a.data[row * a.row_stride + p * a.column_stride].mul_add(b[p * columns + column], sum);
        }
        line[column] = sum;
    }
}

/// Writes the transpose of `from` (rows x `columns`, row-major) into `to`: `columns` rows of `stride` numbers, of which
/// those after the first rows of `from` are left alone.
///
/// # Panics
/// If `stride` is less than the rows of `from`, or `to` is too short.
pub fn transpose(from: &[f32], columns: usize, to: &mut [f32], stride: usize) {
    /// Rows and columns of a block whose lines stay in the first cache.
    const BLOCK: usize = 16;
    let rows = from.len() / columns;
    assert!(rows <= stride && to.len() >= columns * stride, "{columns} rows of {stride} must hold {rows} numbers each");
    for (block, lines) in from.chunks(BLOCK * columns).enumerate() {
        for start in (0..columns).step_by(BLOCK) {
            for column in start..columns.min(start + BLOCK) {
                let target = &mut to[column * stride + block * BLOCK..];
                for (value, line) in target.iter_mut().zip(lines.chunks_exact(columns)) {
                    *value = line[column];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, salt: u64) -> Vec<f32> {
        let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 3.0
            })
            .collect()
    }

    #[test]
    fn every_level_gives_the_bits_of_the_definition() {
        for (m, k, n) in [(1, 1, 1), (3, 5, 11), (8, 64, 32), (32, 448, 256), (17, 33, 70), (448, 32, 16)] {
            let (a, b, start) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
            let mut expected = start.clone();
            for i in 0..m {
                for j in 0..n {
                    for p in 0..k {
                        expected[i * n + j] = a[i * k + p].mul_add(b[p * n + j], expected[i * n + j]);
                    }
                }
            }
            let mut flipped = vec![0.0; a.len()];
            transpose(&a, k, &mut flipped, m);
            for level in Level::all() {
                for left in [Left::rows(&a, k), Left::transposed(&flipped, m)] {
                    let mut c = start.clone();
                    product_at::<true>(level, left, &b, &mut c, n);
                    assert_eq!(c, expected, "{m} x {k} x {n} at {level:?}");
                    let (mut fresh, mut onto_zeros) = (start.clone(), vec![0.0; m * n]);
                    product_at::<false>(level, left, &b, &mut fresh, n);
                    product_at::<true>(level, left, &b, &mut onto_zeros, n);
                    assert_eq!(fresh, onto_zeros, "{m} x {k} x {n} at {level:?}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "at least 2 x 3")]
    fn a_small_left_factor_is_refused() {
        add_product(Left::rows(&[0.0; 5], 3), &[0.0; 6], &mut [0.0; 4], 2);
    }
}
