//! The one number of each policy, sorted: mean reward over the grid of preferences.

use super::table::{Mark, Measured, Table, select};
use super::{About, Chart, Source, WIDTH};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::{NOT_TOLD, number, short_count};
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, Scene, Text};
use crate::graphics::text;
use crate::roster::Roster;
use crate::theme;
use store::Role;
use store::words::{self, metric, phase};

const ROW: f64 = 22.0;
/// Most rows on a page.
const ROWS: usize = 60;
/// Width of a column of numbers.
const COLUMN: f64 = 112.0;

pub(super) struct Sweep;

impl Chart for Sweep {
    fn about(&self) -> About {
        About {
            name: "sweep",
            title: "Mean reward over the grid of preferences",
            what: "Test split, the best first (at most 60); lines are intervals. Outcomes: cells of the outcome table \
                   shown to the policy before; a dash: a reference, which learns nothing from them.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let mut table = Table::of_source(source);
        for row in select(rows, phase::TEST, metric::SWEEP_REWARD)
            .filter(|row| row.task == words::ALL_TASKS && row.identity.role != Role::SingleModel)
        {
            let mark = Mark {
                panel: String::new(),
                series: row.policy.to_string(),
                label: String::new(),
                x: Measured::from(row),
                y: Measured::exact(row.outcomes),
                n: row.n,
            };
            table.push(mark, &[row]);
        }
        table.marks.sort_by(|left, right| right.x.value.total_cmp(&left.x.value));
        table.marks.truncate(ROWS);
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        (WIDTH + table.excess(), 190.0 + ROW * table.marks.len() as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let names = table.series();
        let x = Axis::linear(
            "mean reward over preferences",
            range(table.marks.iter().flat_map(|mark| mark.x.reach())).unwrap_or((0.0, 1.0)),
            Numbers::Plain,
            4,
        );
        let y = Axis::categories("", &names, Order::Downward);
        let gutter = text::widest(names.iter().map(String::as_str), TICK) + 12.0;
        let outer = Area {
            left: area.left + gutter,
            top: area.top + 16.0,
            right: area.right - 1.75 * COLUMN,
            bottom: area.bottom,
        };
        let panel = Panel::inside(outer, x, y, Side::Shared);
        panel.frame(scene, Grid::Upright, Side::Shared);
        headings(&panel, area, scene);
        for (mark, tick) in table.marks.iter().zip(&panel.y.ticks) {
            row(mark, &table.roster, tick.value, &panel, area, scene);
        }
    }
}

fn headings(panel: &Panel, area: Area, scene: &mut Scene) {
    let y = panel.area.top - 12.0;
    let columns = [(area.right - 0.6 * COLUMN, "mean [interval]"), (area.right, "outcomes")];
    for (x, words) in columns {
        scene.text(Text::new(x, y, TICK, words).anchored(Anchor::End).bold());
    }
}

fn row(mark: &Mark, roster: &Roster, place: f64, panel: &Panel, area: Area, scene: &mut Scene) {
    let style = theme::style(&mark.series, roster);
    if let Some(ends) = mark.x.interval {
        panel.horizontal_interval(scene, ends, place, style.color);
    }
    style.mark(scene, panel.at((mark.x.value, place)), 3.4);
    let y = panel.down(place);
    let words = Text::new(panel.area.left - 8.0, y, TICK, &mark.series).anchored(Anchor::End);
    scene.text(if roster.is_main(&mark.series) { words.bold() } else { words });
    let mean = number(mark.x.value, 3);
    let numbers = match mark.x.interval {
        Some((low, high)) => format!("{mean} [{}, {}]", number(low, 3), number(high, 3)),
        None => mean,
    };
    let bought = if mark.y.value > 0.0 && !roster.is_reference(&mark.series) {
        short_count(mark.y.value)
    } else if roster.role(&mark.series) == Role::Elsewhere {
        NOT_TOLD.to_owned()
    } else {
        "\u{2013}".to_owned()
    };
    for (x, words) in [(area.right - 0.6 * COLUMN, numbers), (area.right, bought)] {
        scene.text(Text::new(x, y, TICK, words).anchored(Anchor::End));
    }
}
