//! Numbers of an online run bucket by bucket, and the phases of a world that moves.

use std::collections::BTreeMap;
use store::words::{self, metric, phase};

use store::SummaryRow;

use super::table::Measured;
use crate::graphics::panel::Panel;
use crate::graphics::scene::{Anchor, Color, GRID, SOFT_INK, Scene, Text};

/// The background of every other phase.
const SHADE: Color = Color::hex(0xF1F1F1);
/// Names of phases.
const NAME: f64 = 9.0;

/// What was measured over the requests of one bucket.
pub(super) struct Bucket<'a> {
    pub row: &'a SummaryRow,
    /// Rounds before and after it.
    pub ends: (f64, f64),
    /// The mean over its requests, of regret too.
    pub mean: Measured,
}

/// The buckets of `metric`, in the order of the summary. Folders that were written before buckets were stored have cumulative
/// numbers only: their differences are the same means, without intervals.
pub(super) fn buckets<'a>(rows: &'a [SummaryRow], metric: &str) -> Vec<Bucket<'a>> {
    let of = |phase: &'static str| {
        rows.iter()
            .filter(move |row| row.phase == phase && row.metric == metric && row.task == words::ALL_TASKS && row.n > 0)
    };
    // A sum grows with its requests, a mean does not.
    let size = |row: &SummaryRow| if row.metric == metric::REGRET { row.n as f64 } else { 1.0 };
    let stored: Vec<Bucket<'a>> = of(phase::BUCKET)
        .map(|row| {
            let ends = (row.round.saturating_sub(row.n) as f64, row.round as f64);
            Bucket { row, ends, mean: Measured::from(row).scaled(1.0 / size(row)) }
        })
        .collect();
    if !stored.is_empty() {
        return stored;
    }
    let mut before: BTreeMap<(&str, Option<&str>), (f64, f64)> = BTreeMap::new();
    of(phase::ONLINE)
        .filter_map(|row| {
            let total = row.value * row.n as f64 / size(row);
            let (n, sum) = before.insert((&row.policy, row.arm.as_deref()), (row.n as f64, total)).unwrap_or_default();
            let requests = row.n as f64 - n;
            let mean = Measured::exact((total - sum) / requests);
            (requests > 0.0).then_some(Bucket { row, ends: (row.round as f64 - requests, row.round as f64), mean })
        })
        .collect()
}

/// First and last round of each phase; none where the world stands still.
pub(super) fn phases(rows: &[SummaryRow]) -> Vec<(f64, f64)> {
    let mut ends: Vec<u64> =
        rows.iter().filter(|row| row.metric == metric::PHASE_REGRET).map(|row| row.round).collect();
    ends.sort_unstable();
    ends.dedup();
    let starts = [0].into_iter().chain(ends.iter().copied());
    if ends.len() < 2 {
        Vec::new()
    } else {
        starts.zip(&ends).map(|(start, end)| (start as f64, *end as f64)).collect()
    }
}

/// Shades every other phase; drawn before the grid.
pub(super) fn shade(phases: &[(f64, f64)], panel: &Panel, scene: &mut Scene) {
    for &(start, end) in phases.iter().skip(1).step_by(2) {
        let ends = (start.max(panel.x.low), end.min(panel.x.high));
        panel.bar(scene, ends, (panel.y.low, panel.y.high), SHADE);
    }
}

/// Names the phases over the panel at height `y` of the page, where there is room.
pub(super) fn name_phases(phases: &[(f64, f64)], panel: &Panel, y: f64, scene: &mut Scene) {
    for (place, &(start, end)) in phases.iter().enumerate() {
        let (left, right) = (panel.across(start.max(panel.x.low)), panel.across(end.min(panel.x.high)));
        let words = Text::new(0.5 * (left + right), y, NAME, format!("phase {}", place + 1));
        let words = words.anchored(Anchor::Middle).colored(SOFT_INK);
        if words.extent().width() < right - left {
            scene.text(words);
        }
    }
}

/// Upright lines at the changes of the world, drawn over stacks that hide the shading.
pub(super) fn changes(phases: &[(f64, f64)], panel: &Panel, scene: &mut Scene) {
    for &(start, _) in phases.iter().skip(1) {
        let x = panel.across(start);
        scene.segment((x, panel.area.top), (x, panel.area.bottom), GRID, 1.5);
    }
}
