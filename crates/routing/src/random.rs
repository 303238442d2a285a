//! The few distributions the laboratory draws from, fixed bit for bit on every host (`libm`, no system mathematics).

use rand_chacha::rand_core::Rng;

/// The one generator of the laboratory: ChaCha with 8 rounds.
pub type Generator = rand_chacha::ChaCha8Rng;

/// Uniform on [0, 1), 53 random bits.
pub fn uniform(generator: &mut Generator) -> f64 {
    (generator.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Standard normal, by the Box-Muller transform.
pub fn normal(generator: &mut Generator) -> f64 {
    let (radius, angle) = (1.0 - uniform(generator), uniform(generator));
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)
}

/// Uniform on 0..`bound`, which is above zero (Lemire's multiplication; its bias is under `bound` / 2^64).
pub fn below(generator: &mut Generator, bound: usize) -> usize {
    ((u128::from(generator.next_u64()) * bound as u128) >> 64) as usize
}

/// A position drawn with probability proportional to `weights` (finite, not negative, not all zero).
pub fn categorical(generator: &mut Generator, weights: &[f32]) -> usize {
    let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    let mut left = uniform(generator) * total;
    let mut last = 0;
    for (position, &weight) in weights.iter().enumerate() {
        if weight > 0.0 {
            last = position;
            left -= f64::from(weight);
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

/// Puts `items` into a uniformly random order (Fisher-Yates).
pub fn shuffle<T>(generator: &mut Generator, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(generator, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use crate::{Round, Seed};

    #[test]
    fn moments_and_frequencies_are_right() {
        let mut generator = Seed::root(1).stream("moments").at(Round(0));
        let n = 200_000;
        let normals: Vec<f64> = (0..n).map(|_| super::normal(&mut generator)).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(n);
        let fourth = normals.iter().map(|z| z * z * z * z).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((fourth - 3.0).abs() < 0.1, "{fourth}");

        let mut counts = [0; 4];
        for _ in 0..n {
            counts[super::categorical(&mut generator, &[0.1, 0.0, 0.6, 0.3])] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, share) in counts.iter().zip([0.1, 0.0, 0.6, 0.3]) {
            assert!((f64::from(*count) / f64::from(n) - share).abs() < 0.005);
        }
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        super::shuffle(&mut Seed::root(1).stream("s").at(Round(0)), &mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
