//! Elementwise functions in plain multiply and add, so that vector width cannot change a bit.

use crate::level::at_every_level;

at_every_level! {
    /// Replaces each x by exp(x): within 2 units in the last place for x in [-87, 88], clamped to that range outside.
    ///
    /// exp(x) = 2^n exp(r) with |r| <= ln(2)/2; exp(r) = 1 + r + r^2 P(r), P of degree 4 by the Remez algorithm for
    /// least relative error (3.1e-9 before rounding).
    pub fn exp(values: &mut [f32]) {
        for x in values {
            *x = exp_one(*x);
        }
    }
}

#[inline(always)]
pub(crate) fn exp_one(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
    const LN2_HIGH: f32 = 355.0 / 512.0; // ln 2 in two parts, the first exact in 9 bits
    const LN2_LOW: f32 = -0.000_212_194_44;
    const P: [f32; 5] = [0.499_999_94, 0.166_665_2, 0.041_668_39, 0.008_368_745, 0.001_381_454];
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let p = (((P[4] * r + P[3]) * r + P[2]) * r + P[1]) * r + P[0];
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    (1.0 + (r + r * r * p)) * scale
}

at_every_level! {
    /// Replaces each row of `width` logits by its softmax; a logit of negative infinity gets probability zero.
    ///
    /// # Panics
    /// If `width` is zero.
    pub fn softmax_rows(values: &mut [f32], width: usize) {
        for row in values.chunks_exact_mut(width) {
            let mut top = f32::NEG_INFINITY;
            for &logit in row.iter() {
                top = if logit > top { logit } else { top };
            }
            for logit in row.iter_mut() {
                let shifted = exp_one(*logit - top);
                *logit = if *logit == f32::NEG_INFINITY { 0.0 } else { shifted };
            }
            let mut sum = 0.0;
            for &value in row.iter() {
                sum += value;
            }
            for value in row.iter_mut() {
                *value /= sum;
            }
        }
    }
}

at_every_level! {
    /// Replaces each x by max(x, 0).
    pub fn relu(values: &mut [f32]) {
        for x in values {
            *x = if *x > 0.0 { *x } else { 0.0 };
        }
    }
}

at_every_level! {
    /// Zeroes the gradient where the activation it passed through was zero. Equal lengths.
    pub fn relu_backward(activations: &[f32], gradient: &mut [f32]) {
        for (slope, &activation) in gradient.iter_mut().zip(activations) {
            *slope = if activation > 0.0 { *slope } else { 0.0 };
        }
    }
}

/// Constants of one step of Adam (Kingma and Ba 2015, algorithm 1), bias corrections included.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Decay of the first moment, beta_1.
    pub first: f32,
    /// Decay of the second moment, beta_2.
    pub second: f32,
    /// Learning rate divided by 1 - beta_1^t.
    pub rate: f32,
    /// 1 / sqrt(1 - beta_2^t).
    pub correction: f32,
    /// Added to the denominator.
    pub epsilon: f32,
}

/// Zero for numbers so small that their squares would leave the normal range, where arithmetic is a hundred times slower;
/// without it the moments of a unit that is never active decay into that range and stay there.
#[inline(always)]
fn flush(x: f32, smallest: f32) -> f32 {
    if x.abs() < smallest { 0.0 } else { x }
}

at_every_level! {
    /// One step of Adam on `parameters` along `gradient`, updating both moments. Equal lengths. A gradient below 1e-15 in
    /// size counts as zero.
    pub fn adam(step: AdamStep, parameters: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let n = parameters.len();
        assert!(gradient.len() == n && first.len() == n && second.len() == n, "one moment for each parameter");
        for i in 0..n {
            let g = flush(gradient[i], 1e-15);
            let m = flush(step.first * first[i] + (1.0 - step.first) * g, 1e-30);
            let v = flush(step.second * second[i] + (1.0 - step.second) * (g * g), 1e-35);
            first[i] = m;
            second[i] = v;
            parameters[i] -= step.rate * m / (v.sqrt() * step.correction + step.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for step in 0..400_000 {
            let x = -87.0 + 175.0 * (step as f32 / 400_000.0);
            let mut value = [x];
            exp(&mut value);
            let truth = f64::from(x).exp_reference();
            let unit = f64::from(f32::from_bits((truth as f32).to_bits() + 1)) - f64::from(truth as f32);
            worst = worst.max((f64::from(value[0]) - truth).abs() / unit);
        }
        assert!(worst < 2.0, "{worst}");
        let mut ends = [0.0, f32::NEG_INFINITY, 1000.0];
        exp(&mut ends);
        assert_eq!(ends[0], 1.0);
        assert!(ends[1] < 1e-37 && ends[2] > 1e38);
    }

    trait Reference {
        fn exp_reference(self) -> f64;
    }
    impl Reference for f64 {
        #[expect(clippy::disallowed_methods, reason = "the test compares with the system's function")]
        fn exp_reference(self) -> f64 {
            self.exp()
        }
    }

    #[test]
    fn softmax_sums_to_one_and_keeps_order() {
        let mut rows = [1.0, 2.0, 3.0, f32::NEG_INFINITY, 500.0, 500.0, -500.0, f32::NEG_INFINITY];
        softmax_rows(&mut rows, 4);
        assert!((rows[..4].iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(rows[0] < rows[1] && rows[1] < rows[2] && rows[3] == 0.0);
        assert_eq!(&rows[4..6], &[0.5, 0.5]);
    }

    #[test]
    fn adam_walks_to_the_minimum_of_a_parabola() {
        let (mut x, mut m, mut v) = ([5.0_f32], [0.0], [0.0]);
        for t in 1..=2000_i32 {
            let gradient = [2.0 * (x[0] - 1.0)];
            let step = AdamStep {
                first: 0.9,
                second: 0.999,
                rate: 0.05 / (1.0 - 0.9_f32.powi(t)),
                correction: 1.0 / (1.0 - 0.999_f32.powi(t)).sqrt(),
                epsilon: 1e-8,
            };
            adam(step, &mut x, &gradient, &mut m, &mut v);
        }
        assert!((x[0] - 1.0).abs() < 1e-3, "{}", x[0]);
    }
}
