//! Mean ranks of policies over tasks and replicates, and which of them cannot be told apart.

use statistics::{ALPHA, FEWEST_BLOCKS, friedman};

use super::blocks::blocks;
use super::table::{Mark, Measured, Table};
use super::{About, Chart, Source};
use crate::graphics::format::number;
use crate::graphics::panel::{LABEL, TICK};
use crate::graphics::scene::{Anchor, Area, Color, INK, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::theme;

/// Most policies that are ranked: more of them make every difference harder to see.
const POLICIES: usize = 14;
const ROW: f64 = 20.0;
/// Points from one bar of policies that cannot be told apart to the next.
const BAR: f64 = 8.0;
/// Labels of the marks that hold the test rather than a policy.
/// Rows of bars; further ones share them.
const BARS: usize = 8;
const DIFFERENCE: &str = "critical difference";
const P_VALUE: &str = "p";

pub(super) struct CriticalDifference;

impl Chart for CriticalDifference {
    fn about(&self) -> About {
        About {
            name: "critical_difference",
            title: "Mean ranks and critical difference",
            what: "Rank 1 earns most. Policies are ranked by their mean reward over preferences in each task and replicate; thick bars join \
                   policies whose mean ranks differ by less than Nemenyi's critical difference. The p-value is that of \
                   Friedman's test (Demsar 2006). Tasks of one replicate share what was learned, so the number of independent blocks is \
                   smaller than the one counted, and the test too sure. At most 14 policies, the best on average.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let blocks = blocks(source)?.best(POLICIES);
        let flat: Vec<Vec<f64>> = blocks.scores.iter().map(|own| own.iter().flatten().copied().collect()).collect();
        let ranks = friedman(&flat)?;
        let mut table = Table { basis: blocks.basis.clone(), ..Table::of_source(source) };
        table.basis.units = vec![("mean rank".to_owned(), "1 to the number of policies".to_owned())];
        table.basis.methods = vec![format!("Nemenyi's critical difference at alpha = {ALPHA}, all pairs together")];
        let panel = format!("{} = {} blocks", blocks.extent(), ranks.blocks);
        let mark = |series: &str, label: &str, value: f64| Mark {
            panel: panel.clone(),
            series: series.to_owned(),
            label: label.to_owned(),
            x: Measured::exact(value),
            y: Measured::exact(0.0),
            n: ranks.blocks as u64,
        };
        let mut own: Vec<Mark> =
            blocks.policies.iter().zip(&ranks.means).map(|(policy, rank)| mark(policy, "", *rank)).collect();
        own.sort_by(|left, right| left.x.value.total_cmp(&right.x.value));
        table.marks = own;
        table.marks.push(mark("", DIFFERENCE, ranks.critical_difference));
        table.marks.push(mark("", P_VALUE, ranks.p_value));
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let policies: Vec<&Mark> = ranks(table);
        let bars = bars(&policies, number_of(table, DIFFERENCE)).len().min(BARS);
        (620.0 + 2.0 * table.excess(), 239.0 + ROW * policies.len().div_ceil(2) as f64 + BAR * bars as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let policies = ranks(table);
        let (difference, p_value) = (number_of(table, DIFFERENCE), number_of(table, P_VALUE));
        verdict(table, p_value, scene, area);
        let names = text::widest(policies.iter().map(|mark| mark.series.as_str()), TICK) + 48.0;
        let (left, right) = (area.left + names, area.right - names);
        let most = (policies.len() as f64).max(2.0);
        let across = |rank: f64| left + (rank - 1.0) / (most - 1.0) * (right - left);
        let axis = area.top + 92.0;
        scale(policies.len(), &across, axis, scene);
        let span = across(1.0 + difference) - across(1.0);
        let (from, height) = (left, axis - 34.0);
        scene.segment((from, height), ((from + span).min(right), height), INK, 1.5);
        for end in [from, (from + span).min(right)] {
            scene.segment((end, height - 4.0), (end, height + 4.0), INK, 1.5);
        }
        let words = format!("critical difference {}", number(difference, 2));
        scene.text(Text::new(from, height - 11.0, TICK, words));
        let bars = bars(&policies, difference);
        for (row, &(first, last)) in bars.iter().enumerate() {
            let y = axis + 12.0 + BAR * (row % BARS) as f64;
            let ends = (across(policies[first].x.value) - 4.0, across(policies[last].x.value) + 4.0);
            scene.segment((ends.0, y), (ends.1, y), INK, 3.5);
        }
        let below = axis + 12.0 + BAR * bars.len().min(BARS) as f64 + 12.0;
        let named: Vec<(&Mark, Color)> =
            policies.iter().map(|mark| (*mark, theme::style(&mark.series, &table.roster).color)).collect();
        arms(&named, &across, (axis, below), (left, right), scene);
    }
}

/// The marks of the policies, the best first.
fn ranks(table: &Table) -> Vec<&Mark> {
    table.marks.iter().filter(|mark| mark.label.is_empty()).collect()
}

fn number_of(table: &Table, label: &str) -> f64 {
    table.marks.iter().find(|mark| mark.label == label).map_or(0.0, |mark| mark.x.value)
}

/// What the test says, and whether there is enough to say it.
fn verdict(table: &Table, p_value: f64, scene: &mut Scene, area: Area) {
    let blocks = table.marks.first().map_or(0, |mark| mark.n);
    let p = if p_value < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", number(p_value, 3)) };
    let says =
        if p_value < ALPHA { "ranks differ" } else { "no difference between ranks is shown, bars notwithstanding" };
    let few = if blocks < FEWEST_BLOCKS as u64 { "; too few blocks for the test to be trusted" } else { "" };
    let words = format!("Friedman: {p}, {says}; {}; alpha = {ALPHA}{few}", table.panels().concat());
    for (line, words) in text::wrap(&words, TICK, area.width()).into_iter().enumerate() {
        scene.text(Text::new(area.left, area.top + 2.0 + 15.0 * line as f64, TICK, words).colored(SOFT_INK));
    }
}

/// The axis of ranks, the best at the left.
fn scale(count: usize, across: &impl Fn(f64) -> f64, y: f64, scene: &mut Scene) {
    scene.segment((across(1.0), y), (across(count as f64), y), INK, 1.2);
    for rank in 1..=count {
        let x = across(rank as f64);
        scene.segment((x, y), (x, y - 5.0), INK, 1.2);
        scene.text(Text::new(x, y - 13.0, TICK, rank.to_string()).anchored(Anchor::Middle));
    }
    let x = across(count as f64) + 12.0;
    scene.text(Text::new(x, y - 13.0, LABEL, "mean rank"));
}

/// First and last of each longest group that lies within the critical difference.
fn bars(policies: &[&Mark], difference: f64) -> Vec<(usize, usize)> {
    let mut bars: Vec<(usize, usize)> = Vec::new();
    for (first, mark) in policies.iter().enumerate() {
        let within = |other: &&&Mark| other.x.value - mark.x.value < difference;
        let last = first + policies[first..].iter().take_while(within).count() - 1;
        if last > first && bars.last().is_none_or(|(_, before)| last > *before) {
            bars.push((first, last));
        }
    }
    bars
}

/// Names of the better half at the left, of the others at the right, each with a line to its rank.
fn arms(
    policies: &[(&Mark, Color)],
    across: &impl Fn(f64) -> f64,
    (axis, below): (f64, f64),
    (left, right): (f64, f64),
    scene: &mut Scene,
) {
    let half = policies.len().div_ceil(2);
    for (place, &(mark, color)) in policies.iter().enumerate() {
        let better = place < half;
        let row = if better { place } else { policies.len() - 1 - place };
        let y = below + ROW * row as f64;
        let x = across(mark.x.value);
        let (end, anchor, sign) = if better { (left, Anchor::End, -1.0) } else { (right, Anchor::Start, 1.0) };
        scene.segment((x, axis), (x, y), color, 1.0);
        scene.segment((x, y), (end + sign * 6.0, y), color, 1.0);
        let words = if better {
            format!("{}  {}", mark.series, number(mark.x.value, 2))
        } else {
            format!("{}  {}", number(mark.x.value, 2), mark.series)
        };
        scene.text(Text::new(end + sign * 11.0, y, TICK, words).anchored(anchor));
    }
}
