//! A data set before anything is learned from it: how good, how dear and how often needed each model is.

use super::table::{Mark, Measured, Table, distinct, select};
use super::{About, Chart, Source};
use crate::graphics::axis::{Axis, Numbers, Order, range};
use crate::graphics::format::{count, dollars, number};
use crate::graphics::mark::{Dash, Inside, Marker, Style};
use crate::graphics::panel::{Grid, Panel, Side, TICK};
use crate::graphics::scene::{Anchor, Area, Color, INK, Point, SOFT_INK, Scene, Text, WHITE};
use crate::graphics::text;
use crate::theme;
use std::collections::{BTreeMap, BTreeSet};
use store::SummaryRow;
use store::words::{self, metric, phase};

const QUALITY: &str = metric::QUALITY;
const COST: &str = metric::COST;
const ORACLE: &str = metric::ORACLE_SHARE;
const ROW: f64 = 25.0;
const CELL: f64 = 47.0;
/// Width of the panels of dollars and of oracle shares.
const BESIDE: f64 = 190.0;
const GAP: f64 = 24.0;
/// Most tasks and models that are drawn: more could be neither read nor, as dots, be held in memory.
const MOST: (usize, usize) = (40, 60);
/// Requests a price is quoted for.
const REQUESTS: f64 = 1_000.0;
const PRICE: Style = Style::new(0x0072B2, Marker::Disc, Inside::Filled, Dash::Solid);
const BAR: Color = Color::hex(0x44668A);
/// The dark end of the heat map; the light end is white.
const HOT: Color = Color::hex(0x14507A);

pub(super) struct Dataset;

impl Chart for Dataset {
    fn about(&self) -> About {
        About {
            name: "dataset",
            title: "The models of the data set",
            what: "Left: mean quality by task, with the number of prompts. Middle: mean dollars per 1,000 requests \
                   (logarithmic). Right: share of prompts on which the model is the cheapest of the best; nobody: no model \
                   scores at all. Drawn are at most the 40 tasks with the most prompts and the first 60 models.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let (tasks, models) = drawn(rows);
        let mut table = Table::of_source(source);
        for metric in [QUALITY, COST, ORACLE] {
            let own = |row: &&SummaryRow| match metric {
                QUALITY => tasks.contains(&*row.task),
                _ => row.task == words::ALL_TASKS,
            };
            for row in select(rows, phase::DATA, metric).filter(own).filter(|row| models.contains(&*row.policy)) {
                let factor = if metric == COST { REQUESTS } else { 1.0 };
                let mark = Mark {
                    panel: metric.to_owned(),
                    series: row.policy.to_string(),
                    label: row.task.to_string(),
                    x: Measured::from(row).scaled(factor),
                    y: Measured::exact(0.0),
                    n: row.n,
                };
                table.push(mark, &[row]);
            }
        }
        table.within(QUALITY).next()?;
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let width = name_width(table) + CELL * tasks(table).len() as f64 + 2.0 * (BESIDE + GAP) + 40.0;
        (width.max(720.0), 170.0 + heading_height(table) + ROW * table.series().len() as f64)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let (models, tasks) = (ranked(table), tasks(table));
        let y = Axis::categories("", &models, Order::Downward);
        let (top, bottom) = (area.top + heading_height(table), area.bottom - 42.0);
        let left = area.left + name_width(table);
        let heat = Area { left, top, right: left + CELL * tasks.len() as f64, bottom };
        let x = Axis::categories("", &tasks, Order::Rightward);
        heat_map(table, &Panel { area: heat, x, y: y.clone() }, scene);
        let width = 0.5 * (area.right - heat.right) - GAP;
        let left = heat.right + GAP;
        prices(table, Area { left, top, right: left + width - 6.0, bottom }, y.clone(), scene);
        let left = left + width + GAP;
        oracle_shares(table, Area { left, top, right: left + width - 18.0, bottom }, y, scene);
    }
}

/// Names of the tasks and models that are drawn.
fn drawn(rows: &[SummaryRow]) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let mut prompts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut models: Vec<&str> = Vec::new();
    for row in select(rows, phase::DATA, ORACLE) {
        prompts.insert(&row.task, row.n);
        if row.task == words::ALL_TASKS {
            models.push(&row.policy);
        }
    }
    let mut tasks: Vec<(&str, u64)> = prompts.into_iter().filter(|(task, _)| *task != words::ALL_TASKS).collect();
    tasks.sort_by_key(|(_, prompts)| std::cmp::Reverse(*prompts));
    let tasks = tasks.into_iter().take(MOST.0).map(|(task, _)| task).chain([words::ALL_TASKS]).collect();
    // The last is no model but nobody.
    let nobody = models.last().copied();
    (tasks, models.into_iter().take(MOST.1).chain(nobody).collect())
}

/// Tasks in the order of the summary, their mix first.
fn tasks(table: &Table) -> Vec<String> {
    let mut tasks = distinct(table.within(QUALITY).map(|mark| &mark.label));
    tasks.sort_by_key(|task| task != words::ALL_TASKS);
    tasks
}

/// Models by quality over all tasks, the best first; what is no model (nobody) last.
fn ranked(table: &Table) -> Vec<String> {
    let mut models = table.series();
    let quality = |model: &String| {
        let mut marks = table.within(QUALITY).filter(|mark| mark.series == *model && mark.label == words::ALL_TASKS);
        marks.next().map_or(f64::NEG_INFINITY, |mark| mark.x.value)
    };
    models.sort_by(|left, right| quality(right).total_cmp(&quality(left)));
    models
}

fn name_width(table: &Table) -> f64 {
    text::widest(theme::short_names(&table.series()).iter().map(String::as_str), TICK) + 10.0
}

/// Room for the names of the tasks, which stand vertically.
fn heading_height(table: &Table) -> f64 {
    (text::widest(tasks(table).iter().map(String::as_str), TICK) + 10.0).max(24.0)
}

fn row_of(panel: &Panel, model: &str) -> Option<f64> {
    panel.y.ticks.iter().find(|tick| tick.words == model).map(|tick| tick.value)
}

fn heat_map(table: &Table, panel: &Panel, scene: &mut Scene) {
    for mark in table.within(QUALITY) {
        let Some(row) = row_of(panel, &mark.series) else { continue };
        let Some(column) = panel.x.ticks.iter().find(|tick| tick.words == mark.label) else { continue };
        let x = column.value;
        let color = heat(mark.x.value);
        panel.bar(scene, (x - 0.49, x + 0.49), (row - 0.48, row + 0.48), color);
        panel.words(scene, (x, row), &number(mark.x.value, 2), Some(color.ink()));
    }
    let models: Vec<String> = panel.y.ticks.iter().map(|tick| tick.words.clone()).collect();
    for (tick, name) in panel.y.ticks.iter().zip(theme::short_names(&models)) {
        let name = Text::new(panel.area.left - 7.0, panel.down(tick.value), TICK, name);
        scene.text(name.anchored(Anchor::End));
    }
    column_names(table, panel, scene);
}

/// Tasks stand vertically over their column, their number of prompts under it.
fn column_names(table: &Table, panel: &Panel, scene: &mut Scene) {
    for tick in &panel.x.ticks {
        let x = panel.across(tick.value);
        let name = Text::new(x, panel.area.top - 6.0, TICK, &tick.words).vertical();
        scene.text(if tick.words == words::ALL_TASKS { name.bold() } else { name });
        let prompts = table.within(QUALITY).find(|mark| mark.label == tick.words).map_or(0, |mark| mark.n);
        let words = Text::new(x, panel.area.bottom + 12.0, 9.0, count(prompts));
        scene.text(words.anchored(Anchor::Middle).colored(SOFT_INK));
    }
    let words = Text::new(panel.area.left - 7.0, panel.area.bottom + 12.0, 9.0, "prompts");
    scene.text(words.anchored(Anchor::End).colored(SOFT_INK));
}

/// White at quality 0, [`HOT`] at 1.
fn heat(quality: f64) -> Color {
    WHITE.toward(HOT, quality.clamp(0.0, 1.0))
}

fn prices(table: &Table, area: Area, y: Axis, scene: &mut Scene) {
    let marks: Vec<&Mark> = table.within(COST).filter(|mark| mark.x.value.is_finite()).collect();
    if marks.is_empty() {
        return;
    }
    let above = range(marks.iter().map(|mark| mark.x.value).filter(|&price| price > 0.0));
    let free = marks.iter().any(|mark| mark.x.value <= 0.0);
    // Room for the number to the right of the dearest.
    let above = above.map(|(low, high)| (low / 1.3, high * 2.8));
    let panel = Panel { area, x: Axis::from_zero("$ per 1,000 requests", above, free, Numbers::Dollars, 4), y };
    panel.frame(scene, Grid::Upright, Side::Shared);
    panel.heading(scene, "price", INK);
    for mark in marks {
        let Some(row) = row_of(&panel, &mark.series) else { continue };
        if let Some((low, high)) = mark.x.interval {
            panel.horizontal_interval(scene, (low, high.min(panel.x.high)), row, PRICE.color);
        }
        let Point { x, y } = panel.at((mark.x.value, row));
        PRICE.mark(scene, Point { x, y }, 4.0);
        scene.text(Text::new(x + 8.0, y, 10.0, dollars(mark.x.value)));
    }
}

fn oracle_shares(table: &Table, area: Area, y: Axis, scene: &mut Scene) {
    let marks: Vec<&Mark> = table.within(ORACLE).collect();
    let Some((_, most)) = range(marks.iter().map(|mark| mark.x.value)) else { return };
    let panel =
        Panel { area, x: Axis::exactly("share of prompts", (0.0, 1.3 * most.max(0.01)), Numbers::Percent, 4), y };
    panel.frame(scene, Grid::Upright, Side::Shared);
    panel.heading(scene, "oracle's choice", INK);
    for mark in marks {
        let Some(row) = row_of(&panel, &mark.series) else { continue };
        panel.bar(scene, (0.0, mark.x.value), (row - 0.3, row + 0.3), BAR);
        let Point { x, y } = panel.at((mark.x.value, row));
        scene.text(Text::new(x + 5.0, y, 10.0, format!("{} %", number(100.0 * mark.x.value, 1))));
    }
}
