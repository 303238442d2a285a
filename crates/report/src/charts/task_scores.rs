//! Where a policy's score comes from: one row for each task.

use super::table::{Mark, Measured, Table, nearest_weight, select};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::count;
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, Color, INK, SOFT_INK, Scene, Text};
use crate::graphics::text;
use crate::theme::{self, Part, SeriesStyle};
use store::Role;
use store::words::{self, metric, phase};

/// The weight on cost of the tables.
const WEIGHT: f64 = 0.2;
/// Points from one policy to the next within a task.
const LANE: f64 = 7.5;
const PANELS: [&str; 2] = [metric::REWARD, metric::QUALITY];
const STRIPE: Color = Color::hex(0xF5F5F5);

pub(super) struct TaskScores;

impl Chart for TaskScores {
    fn about(&self) -> About {
        About {
            name: "task_scores",
            title: "Scores by task",
            what: "Test split at the weight on cost named in the headings; below each task its number of requests. Lines \
                   through the markers are intervals; grey dots are the other policies.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let mut table = Table::of_source(source);
        for metric in PANELS {
            let tasks = || {
                select(rows, phase::TEST, metric)
                    .filter(|row| row.task != words::ALL_TASKS && row.identity.role != Role::SingleModel)
            };
            let weight = nearest_weight(tasks(), WEIGHT)?;
            for row in tasks().filter(|row| row.w_cost == Some(weight)) {
                let mark = Mark {
                    panel: format!("{metric} at w_cost {weight}"),
                    series: row.policy.to_string(),
                    label: row.task.to_string(),
                    x: Measured::from(row),
                    y: Measured::exact(0.0),
                    n: row.n,
                };
                table.push(mark, &[row]);
            }
        }
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let width = WIDTH + table.excess();
        let keys = theme::legend(&table.looks(&table.series()), Entry::Mark);
        let tasks = table.labels().len() as f64 * task_height(table);
        (width, 165.0 + tasks.max(170.0) + legend_height(&keys, width))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&table.series());
        let area = legend::place(scene, area, &theme::legend(&looks, Entry::Mark));
        let tasks = table.labels();
        let gutter = text::widest(tasks.iter().map(String::as_str), TICK).max(50.0) + 14.0;
        let panels = table.panels();
        let width = (area.width() - gutter) / panels.len() as f64;
        for (position, name) in panels.iter().enumerate() {
            let left = area.left + gutter + width * position as f64;
            let outer = Area { left, right: left + width - 8.0, top: area.top + 14.0, bottom: area.bottom };
            let reach = range(table.within(name).flat_map(|mark| mark.x.reach())).unwrap_or((0.0, 1.0));
            let x = Axis::linear("", reach, Numbers::Plain, 4);
            let panel = Panel::inside(outer, x, Axis::categories("", &tasks, Order::Downward), Side::Shared);
            stripes(&tasks, &panel, scene);
            panel.frame(scene, Grid::Upright, Side::Shared);
            panel.heading(scene, name, INK);
            if position == 0 {
                task_names(table, &panel, scene);
            }
            for mark in table.within(name) {
                dot(mark, &looks, &panel, scene);
            }
        }
    }
}

fn lanes(looks: &[SeriesStyle]) -> usize {
    let highlighted = looks.iter().filter(|look| look.part == Part::Highlighted).count();
    highlighted + usize::from(highlighted < looks.len())
}

fn task_height(table: &Table) -> f64 {
    (LANE * (lanes(&table.looks(&table.series())) as f64 + 1.0)).max(34.0)
}

fn stripes(tasks: &[String], panel: &Panel, scene: &mut Scene) {
    for position in (0..tasks.len()).step_by(2) {
        let middle = position as f64;
        panel.bar(scene, (panel.x.low, panel.x.high), (middle - 0.5, middle + 0.5), STRIPE);
    }
}

fn task_names(table: &Table, panel: &Panel, scene: &mut Scene) {
    for tick in &panel.y.ticks {
        let (x, y) = (panel.area.left - 8.0, panel.down(tick.value));
        scene.text(Text::new(x, y - 7.0, TICK, &tick.words).anchored(Anchor::End));
        let requests = table.marks.iter().find(|mark| mark.label == tick.words).map_or(0, |mark| mark.n);
        let words = format!("n = {}", count(requests));
        scene.text(Text::new(x, y + 7.0, 9.0, words).anchored(Anchor::End).colored(SOFT_INK));
    }
}

/// A policy's value in its lane; the policies that step back share the last one and show no interval.
fn dot(mark: &Mark, looks: &[SeriesStyle], panel: &Panel, scene: &mut Scene) {
    let Some(position) = looks.iter().position(|look| look.name == mark.series) else { return };
    let look = &looks[position];
    let lanes = lanes(looks);
    let lane = position.min(lanes - 1) as f64;
    let Some(tick) = panel.y.ticks.iter().find(|tick| tick.words == mark.label) else { return };
    let height = panel.area.height() / panel.y.ticks.len() as f64;
    let offset = (lane - 0.5 * (lanes as f64 - 1.0)) * LANE / height;
    let y = tick.value - offset;
    if let (Part::Highlighted, Some(ends)) = (look.part, mark.x.interval) {
        panel.horizontal_interval(scene, ends, y, look.style.color);
    }
    look.style.mark(scene, panel.at((mark.x.value, y)), 3.6);
}
