//! The one number of each policy, sorted: mean reward over the grid of preferences.

use store::SummaryRow;

use super::table::{Mark, Measured, Table, select};
use super::{About, Chart};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::{number, short_count};
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::theme::{self, SINGLE};

const ROW: f64 = 19.0;
/// Width of a column of numbers.
const COLUMN: f64 = 112.0;

pub(super) struct Sweep;

impl Chart for Sweep {
    fn about(&self) -> About {
        About {
            name: "sweep",
            title: "Mean reward over the grid of preferences",
            what: "Test split, the best first; lines are intervals. Outcomes: how many cells of the outcome table each \
                   policy was shown before, which no ranking may leave out.",
        }
    }

    fn data(&self, rows: &[SummaryRow]) -> Option<Table> {
        let mut table = Table::default();
        for row in select(rows, "test", "sweep_reward").filter(|row| row.task == "all") {
            let mark = Mark {
                panel: String::new(),
                series: row.policy.clone(),
                label: String::new(),
                x: Measured::from(row),
                y: Measured::exact(row.outcomes),
                n: row.n,
            };
            table.push(mark, &[row]);
        }
        table.marks.sort_by(|left, right| right.x.value.total_cmp(&left.x.value));
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        (760.0, 190.0 + ROW * table.marks.len() as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let names = table.series();
        let shown = row_names(&names);
        let x = Axis::linear(
            "mean reward over preferences",
            range(table.marks.iter().flat_map(|mark| mark.x.reach())).unwrap_or((0.0, 1.0)),
            Numbers::Plain,
            6,
        );
        let y = Axis::categories("", &names, Order::Downward);
        let gutter = text::widest(shown.iter().map(String::as_str), TICK) + 12.0;
        let outer = Area {
            left: area.left + gutter,
            top: area.top + 16.0,
            right: area.right - 1.75 * COLUMN,
            bottom: area.bottom,
        };
        let panel = Panel::inside(outer, x, y, Side::Shared);
        panel.frame(scene, Grid::Upright, Side::Shared);
        headings(&panel, area, scene);
        for ((mark, tick), name) in table.marks.iter().zip(&panel.y.ticks).zip(&shown) {
            row(mark, tick.value, name, &panel, area, scene);
        }
    }
}

/// Names of policies as they are, those of single models short.
fn row_names(names: &[String]) -> Vec<String> {
    let models: Vec<String> = names.iter().filter_map(|name| name.strip_prefix(SINGLE)).map(str::to_owned).collect();
    let mut short = theme::short_names(&models).into_iter();
    names
        .iter()
        .map(|name| if name.starts_with(SINGLE) { short.next().unwrap_or_default() + " alone" } else { name.clone() })
        .collect()
}

fn headings(panel: &Panel, area: Area, scene: &mut Scene) {
    let y = panel.area.top - 12.0;
    let columns = [(area.right - 0.6 * COLUMN, "mean [interval]"), (area.right, "outcomes")];
    for (x, words) in columns {
        scene.text(Text::new(x, y, TICK, words).anchored(Anchor::End).bold());
    }
}

fn row(mark: &Mark, place: f64, name: &str, panel: &Panel, area: Area, scene: &mut Scene) {
    let single = mark.series.starts_with(SINGLE);
    let style = theme::style(&mark.series);
    let color = if single { SOFT_INK } else { crate::graphics::scene::INK };
    if let Some(ends) = mark.x.interval {
        panel.level_interval(scene, ends, place, style.color);
    }
    style.mark(scene, panel.at((mark.x.value, place)), 4.2);
    let y = panel.down(place);
    let words = Text::new(panel.area.left - 8.0, y, TICK, name).anchored(Anchor::End).colored(color);
    scene.text(if mark.series == "barp" { words.bold() } else { words });
    let mean = number(mark.x.value, 3);
    let numbers = match mark.x.interval {
        Some((low, high)) => format!("{mean} [{}, {}]", number(low, 3), number(high, 3)),
        None => mean,
    };
    let bought = if mark.y.value > 0.0 { short_count(mark.y.value) } else { "none".to_owned() };
    for (x, words) in [(area.right - 0.6 * COLUMN, numbers), (area.right, bought)] {
        scene.text(Text::new(x, y, TICK, words).anchored(Anchor::End).colored(color));
    }
}
