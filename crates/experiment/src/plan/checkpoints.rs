//! When a learning curve is taken.

/// The first checkpoint comes after this share of the training rounds.
const FIRST: f64 = 1.0 / 512.0;

/// Rounds after which the learning curve is taken: evenly spaced on the log scale, the last round included.
pub(crate) struct Checkpoints {
    rounds: Vec<u64>,
    next: usize,
}

impl Checkpoints {
    /// `points` of them over `total` rounds.
    pub(crate) fn new(points: u32, total: u64) -> Checkpoints {
        let round = |point: u32| {
            let share = if points > 1 { f64::from(point) / f64::from(points - 1) } else { 1.0 };
            (total as f64 * libm::pow(FIRST, 1.0 - share)).round() as u64
        };
        Checkpoints { rounds: (0..points).map(round).collect(), next: 0 }
    }

    /// Whether a checkpoint lies at or before `round` that no earlier call has passed.
    pub(crate) fn passed(&mut self, round: u64) -> bool {
        let due = self.rounds[self.next..].iter().take_while(|&&due| due <= round).count();
        self.next += due;
        due > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_end_with_the_last_round() {
        let mut due = Checkpoints::new(4, 1000);
        let passed: Vec<u64> = (1..=1000).filter(|&round| due.passed(round)).collect();
        assert_eq!(passed, vec![2, 16, 125, 1000]);
    }
}
