//! How long a request waits for its answer, under each policy.

use store::SummaryRow;
use store::words::{self, metric, phase};

use super::table::{Mark, Measured, Table, nearest_weight, select};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::number;
use crate::graphics::legend::{self, Entry};
use crate::graphics::mark::{Dash, Inside, Marker, Style};
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, INK, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::theme;

/// The metrics with the names of their marks and how they look.
const MARKS: [(&str, &str, Style); 2] = [
    (metric::LATENCY, "mean", Style::new(0x0072B2, Marker::Disc, Inside::Filled, Dash::Solid)),
    (metric::LATENCY_P95, "95th percentile", Style::new(0xD55E00, Marker::Diamond, Inside::Hollow, Dash::Solid)),
];
/// Weight on cost in the middle of the grid.
const WEIGHT: f64 = 0.5;
const ROW: f64 = 26.0;
/// Half of what lies between the two marks of a policy, in rows.
const LANE: f64 = 0.16;
/// Most rows of a panel.
const ROWS: usize = 50;
/// Width of the column of numbers.
const COLUMN: f64 = 96.0;
/// Above the rows of a panel, and below them.
const HEAD: f64 = 34.0;
const FOOT: f64 = 46.0;

pub(super) struct Latency;

impl Chart for Latency {
    fn about(&self) -> About {
        About {
            name: "latency",
            title: "Seconds to answer",
            what: "Seconds that the chosen models took: mean, and 95th percentile (one request in twenty took longer). On the test \
                   split at the weight on cost nearest to 0.5, or over an online run up to its last round. Lines through the \
                   marks are intervals. The fastest mean stands first; at most 50 policies.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let mut table = Table::of_source(source);
        let of = |phase: &'static str, metric: &'static str| {
            select(source.rows, phase, metric).filter(|row| row.task == words::ALL_TASKS && row.value.is_finite())
        };
        let tested = || MARKS.iter().flat_map(|(metric, ..)| of(phase::TEST, metric));
        let weight = nearest_weight(tested(), WEIGHT);
        let last = MARKS.iter().flat_map(|(metric, ..)| of(phase::ONLINE, metric)).map(|row| row.round).max();
        let mut add = |row: &SummaryRow, label: &str, panel: String| {
            let mark = Mark {
                panel,
                series: row.policy.to_string(),
                label: label.to_owned(),
                x: Measured::from(row),
                y: Measured::exact(0.0),
                n: row.n,
            };
            table.push(mark, &[row]);
        };
        for (metric, label, _) in MARKS {
            for row in of(phase::TEST, metric).filter(|row| row.w_cost == weight) {
                let at = weight.map_or(String::new(), |weight| format!(" at w_cost {weight}"));
                add(row, label, format!("test split{at}"));
            }
        }
        for (metric, label, _) in MARKS {
            for row in of(phase::ONLINE, metric).filter(|row| Some(row.round) == last) {
                add(row, label, "online, all rounds".to_owned());
            }
        }
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let width = WIDTH + theme::excess(names(&table.series(), table).iter().map(String::as_str));
        let panels: f64 = table.panels().iter().map(|panel| height(ranked(table, panel).len())).sum();
        (width, 140.0 + panels + legend_height(&key(), width))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let area = legend::place(scene, area, &key());
        let named = names(&table.series(), table);
        let gutter = text::widest(named.iter().map(String::as_str), TICK) + 12.0;
        // No answer takes less than no time, whatever a symmetric interval says.
        let seconds = table.marks.iter().flat_map(|mark| mark.x.reach()).map(|seconds| seconds.max(0.0));
        let reach = range(seconds.chain([0.0])).unwrap_or((0.0, 1.0));
        let mut top = area.top;
        for name in table.panels() {
            let policies = ranked(table, &name);
            let bottom = top + height(policies.len());
            let x = Axis::linear("seconds", reach, Numbers::Plain, 5);
            let y = Axis::categories("", &policies, Order::Downward);
            let right = area.right - 2.0 * COLUMN;
            let outer = Area { left: area.left + gutter, top: top + HEAD, right, bottom };
            let panel = Panel::inside(outer, x, y, Side::Shared);
            panel.frame(scene, Grid::Upright, Side::Shared);
            headings(&panel, &name, area, scene);
            for (tick, shown) in panel.y.ticks.iter().zip(names(&policies, table)) {
                row(table.within(&name).filter(|mark| mark.series == tick.words), tick.value, &panel, area, scene);
                let words = Text::new(panel.area.left - 8.0, panel.down(tick.value), TICK, shown);
                scene.text(words.anchored(Anchor::End));
            }
            top = bottom;
        }
    }
}

fn key() -> Vec<Entry> {
    MARKS.iter().map(|(_, label, style)| Entry::Mark((*label).to_owned(), *style)).collect()
}

fn height(rows: usize) -> f64 {
    HEAD + FOOT + ROW * rows as f64
}

/// A single model goes by its own name.
fn names(policies: &[String], table: &Table) -> Vec<String> {
    policies.iter().map(|policy| table.roster.model(policy).unwrap_or(policy).to_owned()).collect()
}

/// The policies of a panel by their mean, the fastest first; those without one come last.
fn ranked(table: &Table, panel: &str) -> Vec<String> {
    let mut policies = super::distinct(table.within(panel).map(|mark| &mark.series));
    let mean = |policy: &String| {
        let mut own = table.within(panel).filter(|mark| mark.series == *policy && mark.label == MARKS[0].1);
        own.next().map_or(f64::INFINITY, |mark| mark.x.value)
    };
    policies.sort_by(|left, right| mean(left).total_cmp(&mean(right)));
    policies.truncate(ROWS);
    policies
}

fn headings(panel: &Panel, name: &str, area: Area, scene: &mut Scene) {
    panel.heading(scene, name, INK);
    let y = panel.area.top - 11.0;
    for (place, words) in [(1.0, "mean"), (0.0, "95th")] {
        scene.text(Text::new(area.right - place * COLUMN, y, TICK, words).anchored(Anchor::End).bold());
    }
}

fn row<'a>(marks: impl Iterator<Item = &'a Mark>, place: f64, panel: &Panel, area: Area, scene: &mut Scene) {
    for mark in marks {
        let Some(position) = MARKS.iter().position(|(_, label, _)| *label == mark.label) else { continue };
        let (style, column) = (MARKS[position].2, area.right - COLUMN * (1.0 - position as f64));
        let lane = place + LANE * (1.0 - 2.0 * position as f64);
        if let Some((low, high)) = mark.x.interval {
            panel.horizontal_interval(scene, (low.max(0.0), high.max(0.0)), lane, style.color);
        }
        style.mark(scene, panel.at((mark.x.value, lane)), 3.6);
        let (value, decimals) = (mark.x.value, decimals(mark.x.value));
        let half = |(low, high): (f64, f64)| format!(" \u{b1} {}", number(0.5 * (high - low), decimals));
        let half = mark.x.interval.map_or(String::new(), half);
        let words = Text::new(column, panel.down(place), TICK, number(value, decimals) + &half);
        scene.text(words.anchored(Anchor::End).colored(if half.is_empty() { SOFT_INK } else { INK }));
    }
}

/// Decimals of seconds to about three digits.
fn decimals(seconds: f64) -> usize {
    match seconds.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{self, LARGE};

    fn drawn(rows: &[SummaryRow]) -> Table {
        Latency.data(&Source::new(rows, &[])).unwrap()
    }

    #[test]
    fn every_policy_has_its_mean_and_its_percentile_at_the_middle_weight() {
        let rows = fake::summary(LARGE);
        let table = drawn(&rows);
        assert_eq!(table.panels(), ["test split at w_cost 0.5"]);
        for (metric, label, _) in MARKS {
            let expected = rows.iter().filter(|row| row.metric == metric && row.w_cost == Some(0.5)).count();
            assert!(expected > 0);
            assert_eq!(table.marks.iter().filter(|mark| mark.label == label).count(), expected);
        }
    }

    #[test]
    fn an_online_run_stands_with_its_last_round_alone() {
        let mut rows: Vec<SummaryRow> = fake::summary(LARGE);
        rows.retain(|row| row.metric.starts_with("latency") && row.w_cost == Some(0.5));
        rows.iter_mut().for_each(|row| (row.phase, row.w_cost, row.round) = ("online".into(), None, 200));
        let earlier: Vec<SummaryRow> =
            rows.iter().map(|row| SummaryRow { round: 100, value: 99.0, ..row.clone() }).collect();
        rows.extend(earlier);
        let table = drawn(&rows);
        assert_eq!(table.panels(), ["online, all rounds"]);
        assert!(!table.marks.is_empty() && table.marks.iter().all(|mark| mark.x.value < 99.0));
    }

    #[test]
    fn the_fastest_mean_stands_first() {
        let table = drawn(&fake::summary(LARGE));
        let order = ranked(&table, &table.panels()[0]);
        let mean = |policy: &str| table.of(policy).find(|mark| mark.label == "mean").unwrap().x.value;
        assert!(order.len() > 2 && order.is_sorted_by(|left, right| mean(left) <= mean(right)), "{order:?}");
    }
}
