//! Regularised least squares on feature rows, with an intercept that is not penalised: one factorisation, many targets.

use kernels::Cholesky;

/// Rows that several targets are regressed on.
pub(crate) struct LeastSquares {
    /// n x (d + 1), the last column all ones.
    rows: Vec<f32>,
    width: usize,
    factor: Cholesky,
}

impl LeastSquares {
    /// For feature rows of one width, d numbers each, and a `penalty` above 0 on squared coefficients.
    ///
    /// # Panics
    /// If there is no row.
    pub(crate) fn new<'a>(features: impl Iterator<Item = &'a [f32]>, penalty: f64) -> LeastSquares {
        let mut rows = Vec::new();
        let mut width = 0;
        for features in features {
            rows.extend_from_slice(features);
            rows.push(1.0);
            width = features.len() + 1;
        }
        assert!(width > 0, "a regression needs a row");
        let mut matrix = kernels::gram(&rows, width);
        for i in 0..width - 1 {
            matrix[i * width + i] += penalty;
        }
        let factor = Cholesky::new(matrix, width).expect("a Gram matrix with a penalty is positive definite");
        LeastSquares { rows, width, factor }
    }

    /// d coefficients and the intercept that fit `target(row)` best.
    pub(crate) fn coefficients(&self, target: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut right = vec![0.0; self.width];
        for (row, features) in self.rows.chunks_exact(self.width).enumerate() {
            let target = target(row);
            for (right, &feature) in right.iter_mut().zip(features) {
                *right += target * f64::from(feature);
            }
        }
        self.factor.solve(&mut right);
        right
    }
}
