//! A keyed tree of seeds, so that nobody's numbers depend on who else is in the experiment.
//!
//! experiment -> environment content -> replicate -> purpose, and experiment -> ... -> policy content -> purpose. A node's
//! key is SHA-256 of its parent's key, a label and a value; a leaf is a ChaCha8 generator positioned by round. Adding,
//! renaming or reordering policies, batching differently or running on more threads therefore changes no draw.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// Index of a request in a run: the position at which a [`Stream`] is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Round(pub u64);

/// A node of the seed tree.
///
/// ```
/// use routing::Seed;
///
/// let world = Seed::root(7).child("environment", "calibrated").child("replicate", "0");
/// assert_eq!(world, Seed::root(7).child("environment", "calibrated").child("replicate", "0"));
/// assert_ne!(world.child("policy", "knn"), world.child("policy", "ridge"));
/// assert_eq!(Seed::from_hexadecimal(&world.to_hexadecimal()), Some(world));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    key: [u8; 32],
}

impl Seed {
    /// The root for an experiment's seed number.
    pub fn root(number: u64) -> Seed {
        Seed { key: digest(&[b"barp seed tree 1", &number.to_le_bytes()]) }
    }

    /// The node below this one for `label` = `value`; equal arguments give equal nodes.
    pub fn child(&self, label: &str, value: &str) -> Seed {
        Seed { key: digest(&[&self.key, label.as_bytes(), value.as_bytes()]) }
    }

    /// The node's key, 64 hexadecimal digits: what [`Seed::from_hexadecimal`] reads.
    pub fn to_hexadecimal(&self) -> String {
        crate::hexadecimal(&self.key)
    }

    /// The node with the given key; none unless it is 64 hexadecimal digits.
    pub fn from_hexadecimal(digits: &str) -> Option<Seed> {
        let digits: Vec<u8> = digits.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect();
        let key = bytes.try_into().ok().filter(|_| digits.len() == 64)?;
        Some(Seed { key })
    }

    /// The generators for one purpose under this node.
    pub fn stream(&self, purpose: &str) -> Stream {
        Stream { start: ChaCha8Rng::from_seed(self.child("purpose", purpose).key) }
    }
}

/// Hash of the parts with their lengths, so that ("ab", "c") and ("a", "bc") differ.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Independent generators, one for each round.
///
/// ```
/// use routing::{Round, Seed, random};
///
/// let stream = Seed::root(7).stream("choice");
/// let draw = |round| random::uniform(&mut stream.at(Round(round)));
/// assert_eq!(draw(3), draw(3), "a draw depends on its round alone");
/// assert_ne!(draw(3), draw(4));
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    start: ChaCha8Rng,
}

impl Stream {
    /// The generator of `round`: a pure function of the stream and the round.
    pub fn at(&self, round: Round) -> ChaCha8Rng {
        let mut generator = self.start.clone();
        generator.set_stream(round.0);
        generator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    /// Frozen: every stored result depends on these values. If this test fails, results of older versions are lost.
    #[test]
    fn the_seed_tree_and_generator_are_pinned() {
        let stream = Seed::root(7).child("environment", "toy").child("replicate", "3").stream("prompts");
        let draws: Vec<f64> = (0..3).map(|round| random::uniform(&mut stream.at(Round(round)))).collect();
        assert_eq!(draws, PINNED);
    }
    const PINNED: [f64; 3] = [0.5434928921751916, 0.4977447892483793, 0.4557115106527393];

    #[test]
    fn neighbours_in_the_tree_are_unrelated() {
        let root = Seed::root(7);
        assert_ne!(root.child("a", "bc"), root.child("ab", "c"));
        assert_ne!(Seed::root(7), Seed::root(8));
        let mut first = root.stream("x").at(Round(0));
        let mut second = root.stream("x").at(Round(1));
        assert_ne!(random::uniform(&mut first), random::uniform(&mut second));
    }
}
