//! Whether the rewards that routers expect come true.

use super::table::{Mark, Measured, Table, nearest_weight, select};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::legend::{self, Entry};
use crate::graphics::mark::Dash::Dashed;
use crate::graphics::mark::Style;
use crate::graphics::panel::{Grid, LABEL, Panel, Side, TICK};
use crate::graphics::scene::{Area, INK, SOFT_INK, Scene};
use crate::graphics::text;
use crate::theme::{self, OTHER, Part, SeriesStyle};
use std::collections::BTreeMap;
use store::SummaryRow;
use store::words::{self, metric, phase};

/// Weights on cost of the panels: quality alone, and that of the tables.
const WEIGHTS: [f64; 2] = [0.0, 0.2];
/// Label of the marks of the lower panels: all requests of the test split. Others are called after their decile.
const WHOLE: &str = phase::TEST;
/// Points from one policy to the next in the lower panels.
const LANE: f64 = 17.0;
/// Height of the upper panels.
const UPPER: f64 = 230.0;
/// Width of numbers beside a panel.
const BESIDE: f64 = 36.0;

pub(super) struct Calibration;

impl Chart for Calibration {
    fn about(&self) -> About {
        About {
            name: "calibration",
            title: "Does the reward that a router expects come true?",
            what: "Test split. Above: mean reward obtained against the mean that the router itself expected of its choices, one \
                   marker for each tenth of the requests, ordered by what was expected; below the dashed line it promised too much. Below: mean absolute \
                   distance from that line; the vertical tick is what a perfectly calibrated router would have by chance. Policies \
                   that estimate no reward, such as `barp`, are absent.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let errors = || select(source.rows, phase::TEST, metric::CALIBRATION_ERROR);
        let weights: Vec<f64> = WEIGHTS.iter().filter_map(|&wanted| nearest_weight(errors(), wanted)).collect();
        let shown = |row: &&SummaryRow| {
            row.task == words::ALL_TASKS
                && row.arm.is_none()
                && row.w_cost.is_some_and(|weight| weights.contains(&weight))
        };
        let own: Vec<&SummaryRow> = source.rows.iter().filter(shown).collect();
        let by_key: BTreeMap<Key<'_>, &SummaryRow> = own.iter().map(|row| (key(row, &row.metric), *row)).collect();
        let mut table = Table::of_source(source);
        for x in own {
            let Some(y) = vertical(x).and_then(|metric| by_key.get(&key(x, metric))) else { continue };
            let mark = Mark {
                panel: format!("w_cost {}", x.w_cost.unwrap_or_default()),
                series: x.policy.to_string(),
                label: x.phase.to_string(),
                x: Measured::from(x),
                y: Measured::from(*y),
                n: x.n,
            };
            table.push(mark, &[x, y]);
        }
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let looks = table.looks(&table.series());
        let width = WIDTH + table.excess();
        let below = LANE * highlighted(&looks).count() as f64;
        (width, 230.0 + UPPER + below + legend_height(&theme::legend(&looks, Entry::Line), width))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&table.series());
        let area = legend::place(scene, area, &theme::legend(&looks, Entry::Line));
        let names: Vec<String> = highlighted(&looks).map(|look| look.name.clone()).collect();
        let gutter = text::widest(names.iter().map(String::as_str), TICK).max(BESIDE + 1.7 * LABEL) + 12.0;
        let panels = table.panels();
        let width = (area.width() - gutter + BESIDE) / panels.len() as f64;
        let middle = area.bottom - 62.0 - LANE * names.len() as f64;
        for (position, name) in panels.iter().enumerate() {
            let left = area.left + gutter + width * position as f64;
            let side = if position == 0 { Side::Labelled } else { Side::Shared };
            let cell = Area { left, right: left + width - BESIDE, ..area };
            diagram(table, name, &looks, Area { top: area.top + 16.0, bottom: middle, ..cell }, side, scene);
            errors(table, name, &looks, Area { top: middle + 12.0, ..cell }, side, scene);
        }
    }
}

/// What rows of one mark share, and a metric.
type Key<'a> = (&'a str, &'a str, Option<u64>, &'a str);

fn key<'a>(row: &'a SummaryRow, metric: &'a str) -> Key<'a> {
    (&row.policy, &row.phase, row.w_cost.map(f64::to_bits), metric)
}

/// The metric that is on the vertical axis where `row` is on the horizontal one; none: it is not.
fn vertical(row: &SummaryRow) -> Option<&'static str> {
    match row.metric.as_str() {
        metric::EXPECTED_REWARD if row.phase != WHOLE => Some(metric::REWARD),
        metric::CALIBRATION_ERROR => Some(metric::CALIBRATION_CHANCE),
        _ => None,
    }
}

fn highlighted(looks: &[SeriesStyle]) -> impl Iterator<Item = &SeriesStyle> {
    looks.iter().filter(|look| look.part == Part::Highlighted)
}

/// Obtained against expected, in one panel.
fn diagram(table: &Table, name: &str, looks: &[SeriesStyle], outer: Area, side: Side, scene: &mut Scene) {
    let of = |look: &SeriesStyle| -> Vec<&Mark> {
        table.within(name).filter(|mark| mark.series == look.name && mark.label != WHOLE).collect()
    };
    let values = looks.iter().flat_map(of).flat_map(|mark| [mark.x.value].into_iter().chain(mark.y.reach()));
    let reach = range(values).unwrap_or((0.0, 1.0));
    let x = Axis::linear("expected reward", reach, Numbers::Plain, 5);
    let y = Axis::linear(if side == Side::Labelled { "obtained reward" } else { "" }, reach, Numbers::Plain, 5);
    // Numbers stand beside every panel, in the gap before it.
    let panel = Panel::inside(outer, x, y, Side::Shared);
    panel.frame(scene, Grid::Both, Side::Labelled);
    panel.heading(scene, name, INK);
    let ideal = Style { color: SOFT_INK, width: 1.2, dash: Dashed, ..OTHER };
    panel.line(scene, &[(panel.x.low, panel.y.low), (panel.x.high, panel.y.high)], &ideal);
    for look in looks.iter().rev() {
        let marks = of(look);
        for mark in &marks {
            if let (Part::Highlighted, Some(ends)) = (look.part, mark.y.interval) {
                panel.vertical_interval(scene, mark.x.value, ends, look.style.color.faded(0.5));
            }
        }
        let places: Vec<(f64, f64)> = marks.iter().map(|mark| (mark.x.value, mark.y.value)).collect();
        panel.line(scene, &places, &look.style);
        places.iter().for_each(|&place| look.style.mark(scene, panel.at(place), 3.0));
    }
}

/// Calibration errors of the highlighted policies, one below the other, beside what chance would make of them.
fn errors(table: &Table, name: &str, looks: &[SeriesStyle], outer: Area, side: Side, scene: &mut Scene) {
    let names: Vec<String> = highlighted(looks).map(|look| look.name.clone()).collect();
    let mark = |look: &SeriesStyle| table.within(name).find(|mark| mark.label == WHOLE && mark.series == look.name);
    let values = highlighted(looks).filter_map(mark).flat_map(|mark| mark.x.reach().chain([mark.y.value]));
    let (_, most) = range(values).unwrap_or((0.0, 1.0));
    let x = Axis::linear("calibration error (reward)", (0.0, most), Numbers::Plain, 5);
    let panel = Panel::inside(outer, x, Axis::categories("", &names, Order::Downward), Side::Shared);
    panel.frame(scene, Grid::Upright, side);
    for (look, tick) in highlighted(looks).zip(&panel.y.ticks) {
        let Some(mark) = mark(look) else { continue };
        if let Some(ends) = mark.x.interval {
            panel.horizontal_interval(scene, ends, tick.value, look.style.color);
        }
        let (chance, y) = (panel.across(mark.y.value), panel.down(tick.value));
        scene.segment((chance, y - 0.35 * LANE), (chance, y + 0.35 * LANE), INK, 1.6);
        look.style.mark(scene, panel.at((mark.x.value, tick.value)), 3.6);
    }
}
