//! Kernels in f64 for regression: products with a square matrix, Gram matrices.

use crate::level::at_every_level;

/// Independent partial sums of a dot product: wide enough for any vector unit, the same on all.
const LANES: usize = 16;

at_every_level! {
    /// The inner product of two vectors of equal length, in sixteen partial sums of fixed order.
    pub fn dot(a: &[f64], b: &[f64]) -> f64 {
        dot_body(a, b)
    }
}

#[inline(always)]
fn dot_body(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[lane] += a * b;
    }
    let mut total = 0.0;
    for sum in sums {
        total += sum;
    }
    total
}

at_every_level! {
    /// Writes M x into `out`; `matrix` is n x n row-major.
    pub fn multiply_vector(matrix: &[f64], x: &[f64], out: &mut [f64]) {
        for (row, out) in matrix.chunks_exact(x.len()).zip(out) {
            *out = dot_body(row, x);
        }
    }
}

at_every_level! {
    /// The quadratic form x' M x; `matrix` is n x n row-major.
    pub fn quadratic(matrix: &[f64], x: &[f64]) -> f64 {
        let mut total = 0.0;
        for (row, x_row) in matrix.chunks_exact(x.len()).zip(x) {
            total += x_row * dot_body(row, x);
        }
        total
    }
}

at_every_level! {
    /// Adds scale * x x' to `matrix` (n x n row-major).
    pub fn add_outer(matrix: &mut [f64], scale: f64, x: &[f64]) {
        for (row, x_row) in matrix.chunks_exact_mut(x.len()).zip(x) {
            let factor = scale * x_row;
            for (value, x_column) in row.iter_mut().zip(x) {
                *value += factor * x_column;
            }
        }
    }
}

at_every_level! {
    /// The Gram matrix X'X (d x d, row-major) of `rows` (n x d), in f64.
    pub fn gram(rows: &[f32], d: usize) -> Vec<f64> {
        let mut matrix = vec![0.0; d * d];
        for row in rows.chunks_exact(d) {
            for (line, &left) in matrix.chunks_exact_mut(d).zip(row) {
                let left = f64::from(left);
                for (value, &right) in line.iter_mut().zip(row) {
                    *value += left * f64::from(right);
                }
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_their_definitions() {
        let n = 37;
        let x: Vec<f64> = (0..n).map(|i| f64::from(i) * 0.25 - 3.0).collect();
        let mut matrix = vec![0.0; 37 * 37];
        add_outer(&mut matrix, 2.0, &x);
        let squared: f64 = x.iter().map(|v| v * v).sum();
        assert!((dot(&x, &x) - squared).abs() < 1e-9);
        assert!((quadratic(&matrix, &x) - 2.0 * squared * squared).abs() / (squared * squared) < 1e-12);
        let mut out = vec![0.0; 37];
        multiply_vector(&matrix, &x, &mut out);
        assert!((out[3] - 2.0 * x[3] * squared).abs() < 1e-9);
        assert_eq!(gram(&[1.0, 2.0, 3.0, 4.0], 2), vec![10.0, 14.0, 14.0, 20.0]);
    }
}
