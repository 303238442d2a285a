//! Cholesky factorisation, for ridge regression.

use crate::dot;

/// The lower factor L of a symmetric positive definite matrix M = L L'.
#[derive(Clone, Debug)]
pub struct Cholesky {
    lower: Vec<f64>,
    n: usize,
}

/// The matrix had no Cholesky factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPositiveDefinite;

impl std::fmt::Display for NotPositiveDefinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the matrix is not positive definite")
    }
}

impl std::error::Error for NotPositiveDefinite {}

impl Cholesky {
    /// Factorises `matrix`, n x n row-major.
    ///
    /// # Errors
    /// [`NotPositiveDefinite`] when a pivot is not above zero.
    pub fn new(mut matrix: Vec<f64>, n: usize) -> Result<Cholesky, NotPositiveDefinite> {
        for row in 0..n {
            for column in 0..=row {
                let (above, below) = matrix.split_at_mut(row * n);
                let line = if column == row { &*below } else { &above[column * n..] };
                let value = below[column] - dot(&line[..column], &below[..column]);
                let value = if column < row {
                    value / line[column]
                } else if value > 0.0 {
                    value.sqrt()
                } else {
                    return Err(NotPositiveDefinite);
                };
                below[column] = value;
            }
        }
        Ok(Cholesky { lower: matrix, n })
    }

    /// Solves M x = b in place.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for row in 0..n {
            let line = &self.lower[row * n..][..n];
            b[row] = (b[row] - dot(&line[..row], &b[..row])) / line[row];
        }
        for row in (0..n).rev() {
            let solved = b[row + 1..n].iter().zip(self.lower[(row + 1) * n..].chunks_exact(n));
            let value = solved.fold(b[row], |value, (x, line)| value - line[row] * x);
            b[row] = value / self.lower[row * n + row];
        }
    }

    /// Writes the inverse of M into `out`, n x n.
    ///
    /// # Panics
    /// If `out` is not n x n.
    pub fn inverse(&self, out: &mut [f64]) {
        let n = self.n;
        assert_eq!(out.len(), n * n, "the inverse is n x n");
        // Row i of L^-1 is (e_i - sum_{j<i} L_ij row_j) / L_ii, and M^-1 is the sum of the rows' outer products.
        let mut rows = vec![0.0; n * n];
        for i in 0..n {
            let (above, own) = rows.split_at_mut(i * n);
            let own = &mut own[..n];
            own[i] = 1.0;
            let line = &self.lower[i * n..][..=i];
            for (row, factor) in above.chunks_exact(n).zip(line) {
                own[..i].iter_mut().zip(row).for_each(|(own, row)| *own -= factor * row);
            }
            own[..=i].iter_mut().for_each(|own| *own /= line[i]);
        }
        out.fill(0.0);
        for (i, row) in rows.chunks_exact(n).enumerate() {
            for (out, factor) in out.chunks_exact_mut(n).zip(&row[..=i]) {
                out[..=i].iter_mut().zip(row).for_each(|(out, row)| *out += factor * row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_known_system() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let truth = [1.0, -2.0, 0.5];
        let mut b: Vec<f64> = matrix.chunks(3).map(|row| row.iter().zip(truth).map(|(m, x)| m * x).sum()).collect();
        Cholesky::new(matrix, 3).unwrap().solve(&mut b);
        for (x, truth) in b.iter().zip(truth) {
            assert!((x - truth).abs() < 1e-12);
        }
    }

    #[test]
    fn the_inverse_undoes_the_matrix() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let mut inverse = vec![7.0; 9];
        Cholesky::new(matrix.clone(), 3).unwrap().inverse(&mut inverse);
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[3 * i + k] * inverse[3 * k + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn an_indefinite_matrix_is_refused() {
        assert_eq!(Cholesky::new(vec![1.0, 2.0, 2.0, 1.0], 2).unwrap_err(), NotPositiveDefinite);
    }
}
