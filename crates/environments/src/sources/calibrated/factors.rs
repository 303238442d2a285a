//! Small symmetric matrices: eigenvectors, factor analysis, alignment of loadings.

/// A dense matrix in f64, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
}

impl Matrix {
    pub(super) fn zero(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// The matrix whose element (i, j) is `value(i, j)`.
    pub(super) fn from_fn(rows: usize, columns: usize, mut value: impl FnMut(usize, usize) -> f64) -> Matrix {
        let values = (0..rows * columns).map(|at| value(at / columns, at % columns)).collect();
        Matrix { rows, columns, values }
    }

    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    pub(super) fn set(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.columns + column] = value;
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    pub(super) fn transposed(&self) -> Matrix {
        Matrix::from_fn(self.columns, self.rows, |i, j| self.at(j, i))
    }

    pub(super) fn times(&self, other: &Matrix) -> Matrix {
        Matrix::from_fn(self.rows, other.columns, |i, j| {
            (0..self.columns).map(|inner| self.at(i, inner) * other.at(inner, j)).sum()
        })
    }

    /// M M'.
    pub(super) fn outer(&self) -> Matrix {
        self.times(&self.transposed())
    }

    /// `a` M + `b` N for matrices of equal shape.
    pub(super) fn blend(&self, a: f64, other: &Matrix, b: f64) -> Matrix {
        Matrix::from_fn(self.rows, self.columns, |i, j| a * self.at(i, j) + b * other.at(i, j))
    }

    /// Sum of squares of row `row`.
    pub(super) fn row_square(&self, row: usize) -> f64 {
        self.row(row).iter().map(|x| x * x).sum()
    }

    /// Scales each row so that its sum of squares is at most `limits[row]`.
    pub(super) fn cap_rows(&mut self, limits: &[f64]) {
        for (row, &limit) in limits.iter().enumerate() {
            let square = self.row_square(row);
            if square > limit {
                let factor = (limit.max(0.0) / square).sqrt();
                self.values[row * self.columns..][..self.columns].iter_mut().for_each(|x| *x *= factor);
            }
        }
    }
}

/// Eigenvalues, largest first, and unit eigenvectors as columns, of a symmetric matrix (cyclic Jacobi rotations).
pub(super) fn eigen(symmetric: &Matrix) -> (Vec<f64>, Matrix) {
    let n = symmetric.rows;
    let mut matrix = symmetric.clone();
    let mut vectors = Matrix::from_fn(n, n, |i, j| if i == j { 1.0 } else { 0.0 });
    let scale: f64 = matrix.values.iter().map(|x| x * x).sum();
    for _sweep in 0..50 {
        let off: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix.at(i, j) * matrix.at(i, j)).sum();
        if off <= 1e-24 * scale {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| matrix.at(j, j).total_cmp(&matrix.at(i, i)));
    let sorted = Matrix::from_fn(n, n, |i, j| vectors.at(i, order[j]));
    (order.iter().map(|&i| matrix.at(i, i)).collect(), sorted)
}

/// The Jacobi rotation that makes element (p, q) zero.
fn rotate(matrix: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if matrix.at(p, q) == 0.0 {
        return;
    }
    let theta = (matrix.at(q, q) - matrix.at(p, p)) / (2.0 * matrix.at(p, q));
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let turn = |m: &mut Matrix, at: [(usize, usize); 2]| {
        let [(i, j), (k, l)] = at;
        let (a, b) = (m.at(i, j), m.at(k, l));
        m.set(i, j, cosine * a - sine * b);
        m.set(k, l, sine * a + cosine * b);
    };
    for i in 0..matrix.rows {
        turn(matrix, [(i, p), (i, q)]);
    }
    for i in 0..matrix.rows {
        turn(matrix, [(p, i), (q, i)]);
        turn(vectors, [(i, p), (i, q)]);
    }
}

/// The K x `rank` loadings L whose L L' is the best positive semi-definite approximation of a symmetric K x K matrix; each
/// column is signed so that it sums to at least zero.
pub(super) fn loadings(symmetric: &Matrix, rank: usize) -> Matrix {
    let (values, vectors) = eigen(symmetric);
    let mut result = Matrix::zero(symmetric.rows, rank);
    for (column, value) in values.iter().take(rank).enumerate() {
        let sum: f64 = (0..symmetric.rows).map(|row| vectors.at(row, column)).sum();
        let scale = if sum < 0.0 { -1.0 } else { 1.0 } * value.max(0.0).sqrt();
        for row in 0..symmetric.rows {
            result.set(row, column, scale * vectors.at(row, column));
        }
    }
    result
}

/// Loadings of `rank` common factors whose L L' fits the off-diagonal of `correlation`, with communality (row sum of squares)
/// at most `limits[row]`: principal-axis iteration (Harman 1976, chapter 8).
pub(super) fn factor_analysis(correlation: &Matrix, rank: usize, limits: &[f64]) -> Matrix {
    let mut reduced = correlation.clone();
    let mut communality: Vec<f64> = limits.iter().map(|limit| limit.clamp(0.0, 0.5)).collect();
    let mut result = Matrix::zero(correlation.rows, rank);
    for _ in 0..60 {
        for (row, &value) in communality.iter().enumerate() {
            reduced.set(row, row, value);
        }
        result = loadings(&reduced, rank);
        for (row, value) in communality.iter_mut().enumerate() {
            *value = result.row_square(row).min(limits[row]);
        }
    }
    result.cap_rows(limits);
    result
}

/// Turns `loadings` (L L' unchanged) as near to `reference` as a rotation can (orthogonal Procrustes, Schoenemann 1966).
pub(super) fn align(loadings: &Matrix, reference: &Matrix) -> Matrix {
    let product = loadings.transposed().times(reference);
    let (squares, right) = eigen(&product.transposed().times(&product));
    if squares.iter().any(|&square| square <= 1e-12) {
        return loadings.clone();
    }
    let inverse = Matrix::from_fn(right.rows, right.columns, |i, j| right.at(i, j) / squares[j].sqrt());
    loadings.times(&product.times(&inverse.times(&right.transposed())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &Matrix, b: &Matrix, tolerance: f64) -> bool {
        a.values.iter().zip(&b.values).all(|(x, y)| (x - y).abs() < tolerance)
    }

    fn two_factors() -> Matrix {
        Matrix::from_fn(6, 2, |i, j| if j == 0 { 0.7 - 0.05 * i as f64 } else { 0.1 * i as f64 - 0.25 })
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let matrix = Matrix::from_fn(5, 5, |i, j| 1.0 / (1.0 + i as f64 + j as f64));
        let (values, vectors) = eigen(&matrix);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        let scaled = Matrix::from_fn(5, 5, |i, j| vectors.at(i, j) * values[j]);
        assert!(near(&scaled.times(&vectors.transposed()), &matrix, 1e-10));
    }

    #[test]
    fn factor_analysis_finds_the_common_part() {
        let truth = two_factors().outer();
        let mut correlation = truth.clone();
        (0..6).for_each(|i| correlation.set(i, i, 1.0));
        let found = factor_analysis(&correlation, 2, &[0.95; 6]).outer();
        assert!(near(&found, &truth, 0.02), "{found:?}");
    }

    #[test]
    fn alignment_undoes_a_rotation() {
        let (sine, cosine) = (0.6, 0.8);
        let turn = Matrix { rows: 2, columns: 2, values: vec![cosine, -sine, sine, cosine] };
        assert!(near(&align(&two_factors().times(&turn), &two_factors()), &two_factors(), 1e-9));
    }
}
