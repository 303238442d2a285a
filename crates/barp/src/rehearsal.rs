//! How long work takes, told from parts of it.

use std::time::Instant;

/// The first part, small enough to be quick whatever the work is.
const FIRST: f64 = 1.0 / 1024.0;
/// Seconds after which a part says enough.
const ENOUGH: f64 = 0.05;
/// Seconds after which no other part is tried.
const PATIENCE: f64 = 1.0;

/// About how many seconds all of some work will take. `work` does about the share that it is given and returns the share that
/// it did: parts are doubled until one takes [`ENOUGH`], or all [`PATIENCE`]. What grows with the share grows as a power of it,
/// from linear to quadratic.
pub(crate) fn seconds(work: impl Fn(f64) -> f64) -> f64 {
    foretold(|share| {
        #[expect(clippy::disallowed_methods, reason = "the reader asked how long it takes; no result depends on it")]
        let start = Instant::now();
        let done = work(share);
        (done, start.elapsed().as_secs_f64())
    })
}

/// As [`seconds`], given shares done and the seconds that they took.
fn foretold(timed: impl Fn(f64) -> (f64, f64)) -> f64 {
    // The first time pays for what is then at hand.
    let (least, mut spent) = timed(FIRST);
    let (_, fixed) = timed(FIRST);
    let mut share = least;
    let mut before: Option<(f64, f64)> = None;
    loop {
        share = (2.0 * share).min(1.0);
        let (done, took) = timed(share);
        let grown = (took - fixed).max(0.0);
        spent += took;
        if share >= 1.0 {
            return took;
        }
        if grown >= ENOUGH || spent > PATIENCE {
            let before = before.filter(|(_, grown)| *grown > 0.1 * ENOUGH);
            let power = before.map_or(1.0, |(earlier, less)| {
                power(grown / less, |power| beyond(done, least, power) / beyond(earlier, least, power))
            });
            return fixed + grown * beyond(1.0, least, power) / beyond(done, least, power);
        }
        before = (done > least).then_some((done, grown));
    }
}

/// What is done beyond the first part, where work grows as a power of the share.
fn beyond(done: f64, least: f64, power: f64) -> f64 {
    (libm::pow(done, power) - libm::pow(least, power)).max(f64::MIN_POSITIVE)
}

/// The power from 1 to 2 at which work has grown by `growth`, where `law` says by how much it grows, ever more, at a power.
fn power(growth: f64, law: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (1.0, 2.0);
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if law(middle) < growth { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    #[test]
    fn work_of_known_growth_is_foretold() {
        let foretold = |law: fn(f64) -> f64| {
            super::foretold(|share| {
                let done = share.max(0.01);
                (done, law(done))
            })
        };
        let near = |found: f64, wanted: f64, error: f64| {
            assert!((found / wanted - 1.0).abs() < error, "{found} against {wanted}");
        };
        near(foretold(|share| 0.02 + 7.0 * share), 7.02, 1e-9);
        near(foretold(|share| 0.02 + 0.03 * share), 0.05, 1e-9);
        near(foretold(|_| 3.0), 3.0, 1e-9);
        near(foretold(|share| 0.02 + 50.0 * share * share), 50.02, 1e-3);
    }
}
