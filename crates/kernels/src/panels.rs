//! C = start + A B for a right factor in panels of 32 columns: what a network with fixed weights multiplies by, packed once.
//!
//! Bits are those of the definition, as in [`crate::add_product`]: every element is accumulated over k in order by fused
//! multiply-add, onto its column's start. Tiles are wider than that kernel's because nothing is left over at the edges.

use crate::Level;
use crate::simd::{Portable, Vector};
use std::ops::Range;

/// Columns in a panel; every right factor has a multiple of it.
pub const PANEL: usize = 32;

/// A right factor B (k x n, n a multiple of [`PANEL`]) as a view: B(p, 32 s + j) is
/// `data[s * panel_stride + p * row_stride + j]`.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// Storage.
    pub data: &'a [f32],
    /// Distance between rows within a panel.
    pub row_stride: usize,
    /// Distance between panels.
    pub panel_stride: usize,
    /// Rows k.
    pub rows: usize,
    /// Columns n.
    pub columns: usize,
}

/// A right factor stored panel after panel, each k x 32.
#[derive(Clone, Debug)]
pub struct Panels {
    data: Vec<f32>,
    rows: usize,
    columns: usize,
}

impl Panels {
    /// Packs the transpose of `matrix`, n x k row-major with k = `columns`: as networks store a layer's weights, one row for
    /// each output.
    ///
    /// # Panics
    /// If n is no multiple of [`PANEL`] or `columns` does not divide the length.
    pub fn of_transpose(matrix: &[f32], columns: usize) -> Panels {
        let outputs = matrix.len() / columns;
        assert!(outputs * columns == matrix.len() && outputs.is_multiple_of(PANEL), "whole panels of {PANEL} outputs");
        let mut data = vec![0.0; matrix.len()];
        for (rows, panel) in matrix.chunks_exact(PANEL * columns).zip(data.chunks_exact_mut(columns * PANEL)) {
            crate::transpose(rows, columns, panel, PANEL);
        }
        Panels { data, rows: columns, columns: outputs }
    }

    /// The factor as a view.
    pub fn view(&self) -> Right<'_> {
        let Panels { data, rows, columns } = self;
        Right { data, row_stride: PANEL, panel_stride: rows * PANEL, rows: *rows, columns: *columns }
    }
}

/// Writes A B into the first n numbers of each row of `c`, element (i, j) accumulated onto `start[j]`, or onto zero where
/// `start` is empty. A is m x k in rows `a_stride` apart; rows of `c` are `c_stride` apart, and m = `rows`.
///
/// # Panics
/// If n is no multiple of [`PANEL`], `start` has neither n numbers nor none, or a factor or `c` is too short.
pub fn set_panels(
    rows: usize,
    (a, a_stride): (&[f32], usize),
    b: Right<'_>,
    start: &[f32],
    (c, c_stride): (&mut [f32], usize),
) {
    if rows == 0 || b.columns == 0 {
        return;
    }
    let panels = b.columns / PANEL;
    assert!(b.columns.is_multiple_of(PANEL), "columns must be a multiple of {PANEL}, got {}", b.columns);
    assert!(start.is_empty() || start.len() == b.columns, "{} starts for {} columns", start.len(), b.columns);
    assert!((rows - 1) * c_stride + b.columns <= c.len(), "c must hold {rows} rows of {}", b.columns);
    assert!((rows - 1) * a_stride + b.rows <= a.len(), "a must be at least {rows} x {}", b.rows);
    assert!(
        b.rows == 0 || (panels - 1) * b.panel_stride + (b.rows - 1) * b.row_stride + PANEL <= b.data.len(),
        "b must be at least {} x {}",
        b.rows,
        b.columns
    );
    let problem = Problem { rows, a, a_stride, b, start, c_stride };
    match Level::detect() {
        // SAFETY: `Level` promises the features, and the assertions above keep every address inside the slices.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(&problem, c) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(&problem, c) },
        // SAFETY: as above.
        _ => unsafe { cover::<Portable, 4, 1>(&problem, c) },
    }
}

struct Problem<'a> {
    rows: usize,
    a: &'a [f32],
    a_stride: usize,
    b: Right<'a>,
    start: &'a [f32],
    c_stride: usize,
}

/// 12 x 2 of 32 registers hold sums: few enough loads for each multiply-add, and room for two lines of B and a factor.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn avx512(problem: &Problem<'_>, c: &mut [f32]) {
    // SAFETY: passed on from the caller.
    unsafe { cover::<crate::simd::x86::Avx512, 12, 2>(problem, c) }
}

/// 6 x 2 of 16 registers hold sums.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(problem: &Problem<'_>, c: &mut [f32]) {
    // SAFETY: passed on from the caller.
    unsafe { cover::<crate::simd::x86::Avx2, 6, 2>(problem, c) }
}

/// Rows of B in a block: 24 KiB of a panel, which stay in the first cache while all rows of A pass them.
const BLOCK: usize = 192;

/// Tiles of `ROWS` rows and `WIDTH` vectors, block by block of each column. A block goes on from what the one before it
/// left in C, so blocks change no bit.
#[inline(always)]
unsafe fn cover<V: Vector, const ROWS: usize, const WIDTH: usize>(problem: &Problem<'_>, c: &mut [f32]) {
    for column in (0..problem.b.columns).step_by(WIDTH * V::LANES) {
        let mut block = 0..problem.b.rows.min(BLOCK);
        loop {
            let mut row = 0;
            // SAFETY: every tile lies inside C, whose size the caller checked.
            unsafe {
                while row + ROWS <= problem.rows {
                    tile::<V, ROWS, WIDTH>(problem, c, row, column, &block);
                    row += ROWS;
                }
                while row + 4 <= problem.rows {
                    tile::<V, 4, WIDTH>(problem, c, row, column, &block);
                    row += 4;
                }
                while row < problem.rows {
                    tile::<V, 1, WIDTH>(problem, c, row, column, &block);
                    row += 1;
                }
            }
            if block.end == problem.b.rows {
                break;
            }
            block = block.end..problem.b.rows.min(block.end + BLOCK);
        }
    }
}

#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize, const WIDTH: usize>(
    problem: &Problem<'_>,
    c: &mut [f32],
    row: usize,
    column: usize,
    block: &Range<usize>,
) {
    let Problem { a, a_stride, b, start, c_stride, .. } = *problem;
    // SAFETY: the tile lies inside C, and the caller checked that A has its rows and B its columns. A line of the tile
    // never crosses a panel, because 32 is a multiple of its width.
    unsafe {
        let target = c.as_mut_ptr().add(row * c_stride + column);
        let mut sums: [[V; WIDTH]; ROWS] = std::array::from_fn(|i| {
            std::array::from_fn(|j| match (block.start, start.is_empty()) {
                (0, true) => V::splat(0.0),
                (0, false) => V::load(start.as_ptr().add(column + j * V::LANES)),
                _ => V::load(target.add(i * c_stride + j * V::LANES)),
            })
        });
        let left = a.as_ptr().add(row * a_stride);
        let right = b.data.as_ptr().add(column / PANEL * b.panel_stride + column % PANEL);
        for p in block.clone() {
            let line: [V; WIDTH] = std::array::from_fn(|j| V::load(right.add(p * b.row_stride + j * V::LANES)));
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*left.add(i * a_stride + p));
                for (sum, line) in sums.iter_mut().zip(line) {
                    *sum = factor.multiply_add(line, *sum);
                }
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                sum.store(target.add(i * c_stride + j * V::LANES));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, salt: u32) -> Vec<f32> {
        let mix = |i: usize| (i as u32 ^ salt).wrapping_mul(0x9E37_79B1).rotate_left(13).wrapping_mul(0x85EB_CA6B);
        (0..n).map(|i| mix(i) as f32 / u32::MAX as f32 - 0.5).collect()
    }

    #[test]
    fn every_level_gives_the_bits_of_the_definition() {
        for (m, k, n) in [(1, 1, 32), (3, 5, 64), (12, 64, 32), (33, 96, 96), (17, 33, 160), (14, 400, 32)] {
            let (a, weights, start) = (numbers(m * k, 1), numbers(n * k, 2), numbers(n, 3));
            let panels = Panels::of_transpose(&weights, k);
            for start in [&start[..], &[]] {
                let mut expected = vec![0.0; m * n];
                for (i, row) in expected.chunks_exact_mut(n).enumerate() {
                    for (j, value) in row.iter_mut().enumerate() {
                        let first = start.get(j).copied().unwrap_or(0.0);
                        *value = (0..k).fold(first, |sum, p| a[i * k + p].mul_add(weights[j * k + p], sum));
                    }
                }
                for level in Level::all() {
                    Level::limit_to(level);
                    let mut c = vec![7.0; m * n];
                    set_panels(m, (&a, k), panels.view(), start, (&mut c, n));
                    assert_eq!(c, expected, "{m} x {k} x {n} at {level:?}");
                }
                Level::limit_to(Level::Avx512);
            }
        }
    }

    #[test]
    fn a_plain_matrix_is_a_right_factor_in_place() {
        let (a, b) = (numbers(6, 1), numbers(3 * 64, 2));
        let view = Right { data: &b, row_stride: 64, panel_stride: PANEL, rows: 3, columns: 64 };
        let (mut c, mut expected) = (vec![0.0; 2 * 64], vec![0.0; 2 * 64]);
        set_panels(2, (&a, 3), view, &[], (&mut c, 64));
        crate::set_product(crate::Left::rows(&a, 3), &b, &mut expected, 64);
        assert_eq!(c, expected);
    }

    #[test]
    #[should_panic(expected = "b must be at least 4 x 32")]
    fn a_small_right_factor_is_refused() {
        let view = Right { data: &[0.0; 100], row_stride: 32, panel_stride: 128, rows: 4, columns: 32 };
        set_panels(1, (&[0.0; 4], 4), view, &[], (&mut [0.0; 32], 32));
    }
}
