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
    fn an_indefinite_matrix_is_refused() {
        assert_eq!(Cholesky::new(vec![1.0, 2.0, 2.0, 1.0], 2).unwrap_err(), NotPositiveDefinite);
    }
}
