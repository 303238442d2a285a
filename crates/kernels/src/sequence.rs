//! What a transformer does between its products: GELU, layer norm, softmax over part of a row. Sums run in sixteen lanes
//! that are added up in a fixed order, so vector width cannot change them.

use crate::elementwise::exp_one;
use crate::level::at_every_level;

/// Lanes of every sum; the widest vector has as many.
const LANES: usize = 16;

/// The sum of the lanes, halves onto halves.
#[inline(always)]
fn add_up(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The sum of `term` over `values`: sixteen lanes, then what is left over onto the first lanes.
#[inline(always)]
fn sum_of(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += term(value);
    }
    add_up(lanes)
}

at_every_level! {
    /// Replaces each x by x Phi(x), Phi the normal distribution function: GELU in its exact form, 0.5 x (1 + erf(x/sqrt 2)).
    ///
    /// Phi(x) = 1/2 + x P(2 x^2 / L^2 - 1) for |x| <= L = 5.25, and 0 or 1 outside; P of degree 13, fitted here by
    /// iteratively reweighted least squares for the least largest error of Phi (7.7e-8 before rounding, 1.5e-7 after).
    pub fn gelu(values: &mut [f32]) {
        for x in values {
            *x = gelu_one(*x);
        }
    }
}

#[inline(always)]
fn gelu_one(x: f32) -> f32 {
    const LIMIT: f32 = 5.25;
    const SCALE: f32 = 0.072_562_36; // 2 / LIMIT^2
    const P: [f32; 14] = [
        0.134_659_36,
        -0.067_126_654,
        0.049_643_897,
        -0.039_768_633,
        0.032_064_263,
        -0.024_994_932,
        0.018_325_996,
        -0.012_954_383,
        0.009_070_378,
        -0.005_119_987_3,
        0.001_869_441_8,
        -0.001_326_343,
        0.001_456_613_4,
        -0.000_560_955_7,
    ];
    let near = x.clamp(-LIMIT, LIMIT);
    let s = (near * near).mul_add(SCALE, -1.0);
    let mut p = P[13];
    let mut term = 13;
    while term > 0 {
        term -= 1;
        p = p.mul_add(s, P[term]);
    }
    let share = near.mul_add(p, 0.5);
    let share = if x > LIMIT { 1.0 } else { share };
    x * if x < -LIMIT { 0.0 } else { share }
}

at_every_level! {
    /// Adds `residual` to `values`, then sets each row of `scale.len()` numbers to mean zero and variance one (`epsilon` added
    /// to the variance) and maps it by `scale` and `shift`.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn add_and_normalise(values: &mut [f32], residual: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) {
        let width = scale.len();
        assert!(values.len() == residual.len() && shift.len() == width, "one residual for each value, one shift a column");
        for (row, residual) in values.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
            for (value, &more) in row.iter_mut().zip(residual) {
                *value += more;
            }
            let mean = sum_of(row, |value| value) / width as f32;
            let variance = sum_of(row, |value| (value - mean) * (value - mean)) / width as f32;
            let inverse = 1.0 / (variance + epsilon).sqrt();
            for ((value, &scale), &shift) in row.iter_mut().zip(scale).zip(shift) {
                *value = (*value - mean) * inverse * scale + shift;
            }
        }
    }
}

at_every_level! {
    /// Replaces the first `width` numbers of each row by their softmax; rows are `stride` apart, and what stands between is
    /// left alone. Logits must be finite.
    ///
    /// # Panics
    /// If `width` is zero or above `stride`.
    pub fn softmax_within(values: &mut [f32], width: usize, stride: usize) {
        assert!(0 < width && width <= stride, "a row of {stride} holds 1 to {stride} logits, not {width}");
        for row in values.chunks_exact_mut(stride) {
            let row = &mut row[..width];
            let top = largest(row);
            for logit in row.iter_mut() {
                *logit = exp_one(*logit - top);
            }
            let inverse = 1.0 / sum_of(row, |value| value);
            for value in row.iter_mut() {
                *value *= inverse;
            }
        }
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, value);
        }
    }
    rest.iter().chain(&lanes).fold(f32::NEG_INFINITY, |top, &value| larger(top, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    fn at_all_levels(mut run: impl FnMut() -> Vec<f32>) -> Vec<f32> {
        let results: Vec<Vec<f32>> = Level::all()
            .map(|level| {
                Level::limit_to(level);
                run()
            })
            .collect();
        Level::limit_to(Level::Avx512);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert!(results.iter().all(|result| bits(result) == bits(&results[0])), "all levels give the same bits");
        results.into_iter().next_back().unwrap()
    }

    #[test]
    fn gelu_is_that_of_the_error_function() {
        let x: Vec<f32> = (0..200_003).map(|step| -12.0 + 24.0 * step as f32 / 200_000.0).collect();
        let values = at_all_levels(|| {
            let mut values = x.clone();
            gelu(&mut values);
            values
        });
        let truth = |x: f64| 0.5 * x * libm::erfc(-x / std::f64::consts::SQRT_2);
        let worst = x.iter().zip(&values).map(|(&x, &value)| (f64::from(value) - truth(f64::from(x))).abs());
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 1.5e-6, "{worst}");
        let mut ends = [0.0, -1e30, 1e30];
        gelu(&mut ends);
        assert_eq!(ends, [0.0, 0.0, 1e30]);
    }

    #[test]
    fn rows_are_normalised_after_the_residual() {
        let width = 37;
        let values: Vec<f32> = (0..2 * width).map(|i| (i * i % 23) as f32).collect();
        let residual: Vec<f32> = (0..2 * width).map(|i| (i % 5) as f32).collect();
        let (scale, shift) = (vec![2.0; width], vec![1.0; width]);
        let normal = at_all_levels(|| {
            let mut values = values.clone();
            add_and_normalise(&mut values, &residual, &scale, &shift, 1e-12);
            values
        });
        for (row, start) in normal.chunks(width).zip([0, width]) {
            let sums: Vec<f64> = (start..start + width).map(|i| f64::from(values[i] + residual[i])).collect();
            let mean = sums.iter().sum::<f64>() / width as f64;
            let variance = sums.iter().map(|sum| (sum - mean) * (sum - mean)).sum::<f64>() / width as f64;
            for (value, sum) in row.iter().zip(sums) {
                let expected = 1.0 + 2.0 * (sum - mean) / variance.sqrt();
                assert!((f64::from(*value) - expected).abs() < 1e-5, "{value} {expected}");
            }
        }
    }

    #[test]
    fn softmax_stays_within_its_part_of_the_row() {
        for width in [1, 5, 16, 35] {
            let logits: Vec<f32> = (0..2 * 40).map(|i| (i * 7 % 19) as f32 - 5.0).collect();
            let rows = at_all_levels(|| {
                let mut rows = logits.clone();
                softmax_within(&mut rows, width, 40);
                rows
            });
            for (row, logits) in rows.chunks(40).zip(logits.chunks(40)) {
                assert!((row[..width].iter().sum::<f32>() - 1.0).abs() < 1e-5);
                assert_eq!(row[width..], logits[width..]);
                let odds = f64::from(row[0] / row[width - 1]);
                let expected = libm::exp(f64::from(logits[0] - logits[width - 1]));
                assert!((odds / expected - 1.0).abs() < 1e-4, "{odds} {expected}");
            }
        }
    }
}
