//! A source with an ordered list of shifts, as an environment.

use super::{Claim, Motion, Shift, Span};
use crate::{Batch, Environment, Episode, Table};
use routing::{Round, Seed};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A shift of a [`Shifted`] world, under what it is seeded and addressed by.
struct Placed {
    kind: &'static str,
    content: String,
    shift: Box<dyn Shift>,
}

/// A world that moves.
pub struct Shifted {
    source: Arc<dyn Environment>,
    shifts: Vec<Placed>,
    changes: Vec<u64>,
    fingerprint: String,
}

/// Why shifts cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Position in the list of the shift that is refused.
    pub shift: usize,
    /// Field, rule and value.
    pub problem: String,
}

impl Shifted {
    /// `source` under `shifts`, each with its kind and its whole content (kind, revision and parameters, as canonical text).
    ///
    /// # Errors
    /// [`Clash`] where two shifts of one kind move the same thing at once, a model retires before it arrives, or no model is
    /// up in one of the first `rounds` rounds.
    pub fn new(
        source: Arc<dyn Environment>,
        shifts: Vec<(&'static str, String, Box<dyn Shift>)>,
        rounds: u64,
    ) -> Result<Shifted, Clash> {
        let placed = shifts.into_iter().map(|(kind, content, shift)| Placed { kind, content, shift });
        let shifts: Vec<Placed> = placed.collect();
        overlaps(&shifts)?;
        order_of_life(&shifts)?;
        empty_pool(&shifts, source.models().len(), rounds)?;
        let mut changes: Vec<u64> = shifts.iter().flat_map(|placed| placed.shift.changes()).collect();
        changes.retain(|&round| round > 0 && round < rounds);
        changes.sort_unstable();
        changes.dedup();
        Ok(Shifted { fingerprint: fingerprint(&*source, &shifts), source, shifts, changes })
    }
}

impl Environment for Shifted {
    fn models(&self) -> &[String] {
        self.source.models()
    }

    fn tasks(&self) -> &[String] {
        self.source.tasks()
    }

    fn dimension(&self) -> usize {
        self.source.dimension()
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn simulated(&self) -> bool {
        self.source.simulated()
    }

    fn task_shares(&self) -> Vec<f64> {
        self.source.task_shares()
    }

    fn changes(&self) -> &[u64] {
        &self.changes
    }

    /// The source's: a pool stands for the time before anything moved.
    fn pool(&self, seed: &Seed) -> Arc<Table> {
        self.source.pool(seed)
    }

    fn episode(&self, seed: &Seed) -> Box<dyn Episode + '_> {
        let mut motions = Vec::with_capacity(self.shifts.len());
        for placed in &self.shifts {
            motions.push(placed.shift.start(&seed.child("shift", &placed.content)));
        }
        Box::new(ShiftedEpisode { source: self.source.episode(seed), motions })
    }
}

struct ShiftedEpisode<'a> {
    source: Box<dyn Episode + 'a>,
    motions: Vec<Box<dyn Motion + 'a>>,
}

impl Episode for ShiftedEpisode<'_> {
    fn task(&self, round: Round) -> usize {
        self.motions.iter().fold(self.source.task(round), |task, motion| motion.task(round, task))
    }

    fn push(&self, round: Round, instead: Option<usize>, batch: &mut Batch) {
        let by_itself = self.source.task(round);
        let task = instead.unwrap_or_else(|| self.task(round));
        self.source.push(round, (task != by_itself).then_some(task), batch);
        let mut request = batch.last_mut();
        for motion in &self.motions {
            motion.apply(round, &mut request);
        }
    }
}

/// Refuses two shifts of one kind that move the same thing in the same round.
fn overlaps(shifts: &[Placed]) -> Result<(), Clash> {
    let mut earlier: Vec<(usize, &str, Claim)> = Vec::new();
    for (position, placed) in shifts.iter().enumerate() {
        for claim in placed.shift.claims() {
            let meets = |other: &Claim| {
                other.subject == claim.subject && other.span.0 < claim.span.1 && claim.span.0 < other.span.1
            };
            let clash = earlier.iter().find(|(_, kind, other)| *kind == placed.kind && meets(other));
            if let Some((first, kind, other)) = clash {
                let problem = format!(
                    "`from` must not lie in the rounds in which `{kind}` (shift {}) already moves {}: {}, got {}",
                    first + 1,
                    claim.subject,
                    in_words(other.span),
                    in_words(claim.span)
                );
                return Err(Clash { shift: position, problem });
            }
            earlier.push((position, placed.kind, claim));
        }
    }
    Ok(())
}

fn in_words((start, end): Span) -> String {
    if end == u64::MAX { format!("from round {start} on") } else { format!("rounds {start} to {end}") }
}

/// A downtime of one model, and the position of the shift it comes from.
struct Downtime {
    shift: usize,
    kind: &'static str,
    arm: usize,
    span: Span,
}

fn downtimes(shifts: &[Placed]) -> Vec<Downtime> {
    let of = |(shift, placed): (usize, &Placed)| {
        let kind = placed.kind;
        placed.shift.downtime().into_iter().map(move |(arm, span)| Downtime { shift, kind, arm, span })
    };
    shifts.iter().enumerate().flat_map(of).collect()
}

/// Refuses a model that retires no later than it arrives.
fn order_of_life(shifts: &[Placed]) -> Result<(), Clash> {
    let all = downtimes(shifts);
    for retired in all.iter().filter(|down| down.kind == "retire") {
        let too_late =
            |down: &&Downtime| down.kind == "arrive" && down.arm == retired.arm && down.span.1 >= retired.span.0;
        if let Some(absent) = all.iter().find(too_late) {
            let (arrives, retires) = (absent.span.1, retired.span.0);
            let problem = format!("`at` must be above {arrives}, the round at which the model arrives, got {retires}");
            return Err(Clash { shift: retired.shift, problem });
        }
    }
    Ok(())
}

/// Refuses a round before `rounds` in which no model is up. Only where a downtime begins can the pool become empty.
fn empty_pool(shifts: &[Placed], arms: usize, rounds: u64) -> Result<(), Clash> {
    let all = downtimes(shifts);
    for down in &all {
        let (start, end) = down.span;
        let covers = |other: &Downtime| (other.span.0..other.span.1).contains(&start);
        let down_then = |arm: usize| all.iter().any(|other| other.arm == arm && covers(other));
        if start < end && start < rounds && (0..arms).all(down_then) {
            let problem = format!("`models` must leave a model up in every round, got none of {arms} in round {start}");
            return Err(Clash { shift: down.shift, problem });
        }
    }
    Ok(())
}

/// SHA-256, in hexadecimal, of the source's fingerprint and the shifts' contents in order; the source's own without shifts.
fn fingerprint(source: &dyn Environment, shifts: &[Placed]) -> String {
    if shifts.is_empty() {
        return source.fingerprint();
    }
    let own = source.fingerprint();
    let mut hash = Sha256::new();
    for part in [own.as_str()].into_iter().chain(shifts.iter().map(|placed| placed.content.as_str())) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    routing::hexadecimal(&hash.finalize())
}
