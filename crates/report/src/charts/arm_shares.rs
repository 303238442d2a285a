//! Which models a policy really uses: the first place where collapse onto one model shows.

use store::words::{self, metric, phase};
use store::{Role, SummaryRow};

use super::table::{Mark, Measured, Table, best, distinct, ranked};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, Order};
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, LABEL, Panel, Side};
use crate::graphics::scene::{Area, Color, INK, Scene};
use crate::graphics::text;
use crate::graphics::text::Weight;
use crate::theme;

/// Most panels on a page.
const PANELS: usize = 9;
/// Room for the words of the vertical axis.
pub(super) const BESIDE: f64 = 40.0;
/// Width that panels have at least.
const ROOM: f64 = 460.0;
const REST: &str = "other models";

pub(super) struct ArmShares;

impl Chart for ArmShares {
    fn about(&self) -> About {
        About {
            name: "arm_shares",
            title: "Share of requests sent to each model",
            what: "Test split, for each policy that learns; left to right the weight on cost, each bar one weight. Models \
                   are stacked in the order of the legend, by price where single models were measured. Shares are means over replicates.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let shares: Vec<&SummaryRow> = rows
            .iter()
            .filter(|row| row.phase == phase::TEST && row.metric == metric::ARM_SHARE && row.task == words::ALL_TASKS)
            .collect();
        let learning =
            distinct(shares.iter().map(|row| &row.policy).filter(|policy| !source.roster.is_reference(policy)));
        let mut panels: Vec<String> = theme::looks(&ranked(&learning, &best(source.rows)), &source.roster)
            .into_iter()
            .map(|look| look.name)
            .collect();
        panels.truncate(PANELS);
        let arms = order(rows, distinct(shares.iter().filter_map(|row| row.arm.as_ref())));
        let mut table = Table::of_source(source);
        for panel in &panels {
            let own: Vec<&SummaryRow> = shares.iter().copied().filter(|row| row.policy == *panel).collect();
            for arm in &arms {
                for row in own.iter().filter(|row| row.arm.as_deref() == Some(arm)) {
                    let Some(weight) = row.w_cost else { continue };
                    let mark = Mark {
                        panel: panel.clone(),
                        series: arm.clone(),
                        label: format!("{weight}"),
                        x: Measured::exact(weight),
                        y: Measured::from(*row),
                        n: row.n,
                    };
                    table.push(mark, &[row]);
                }
            }
        }
        table.basis.methods = vec!["not drawn".to_owned()];
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        size(table)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let colors = colors(table);
        let area = legend::place(scene, area, &key(table, &colors));
        let mut weights: Vec<f64> = table.marks.iter().map(|mark| mark.x.value).collect();
        weights.sort_by(f64::total_cmp);
        weights.dedup();
        let columns = columns(table);
        let panels = table.panels();
        let rows = panels.len().div_ceil(columns);
        let panels_area = Area { left: area.left + BESIDE, ..area };
        for (position, name) in panels.iter().enumerate() {
            let outer = cell(panels_area, (position / columns, rows), (position % columns, columns));
            let below = position + columns >= panels.len();
            let side = if position.is_multiple_of(columns) { Side::Labelled } else { Side::Shared };
            let names: Vec<String> = weights.iter().map(|weight| format!("{weight}")).collect();
            let x = Axis::categories(if below { "weight on cost" } else { "" }, &names, Order::Rightward);
            let y = Axis::exactly("", (0.0, 1.0), Numbers::Percent, 4);
            let mut panel = Panel::inside(outer, x, y, Side::Shared);
            panel.area.bottom = outer.bottom - 38.0;
            panel.frame(scene, Grid::Neither, side);
            panel.heading(scene, name, INK);
            stack(table, name, &weights, &colors, &panel, scene);
        }
    }
}

/// Every model with the colour it has in the chart, from the cheapest to the dearest where their prices are known.
pub(crate) fn model_colors(rows: &[SummaryRow]) -> Vec<(String, Color)> {
    let colored = ArmShares.data(&Source::new(rows, &[])).map_or(Vec::new(), |table| colors(&table));
    let arms = distinct(
        rows.iter()
            .filter(|row| row.phase == phase::TEST && row.metric == metric::ARM_SHARE)
            .filter_map(|row| row.arm.as_ref()),
    );
    let color = |arm: &String| colored.iter().find(|(known, _)| known == arm).map_or(theme::REST, |(_, color)| *color);
    order(rows, arms).into_iter().map(|arm| (arm.clone(), color(&arm))).collect()
}

/// Dollars per request of each model by itself, none unless all are known.
pub(crate) fn model_prices(rows: &[SummaryRow], arms: &[String]) -> Option<Vec<f64>> {
    let price = |arm: &String| {
        let alone =
            |row: &SummaryRow| row.identity.role == Role::SingleModel && row.identity.model.as_deref() == Some(arm);
        let mut costs = super::table::select(rows, phase::TEST, metric::COST);
        costs.find(|row| row.task == words::ALL_TASKS && alone(row)).map(|row| row.value)
    };
    arms.iter().map(price).collect()
}

/// The models from the cheapest to the dearest where their prices are known, else as they come.
pub(super) fn order(rows: &[SummaryRow], arms: Vec<String>) -> Vec<String> {
    let Some(prices) = model_prices(rows, &arms) else { return arms };
    let mut priced: Vec<(f64, String)> = prices.into_iter().zip(arms).collect();
    priced.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    priced.into_iter().map(|(_, arm)| arm).collect()
}

/// Panels in a row: as many as look well, and no more than have room for their headings.
pub(super) fn columns(table: &Table) -> usize {
    let panels = table.panels();
    let well = match panels.len() {
        few if few <= 3 => few.max(1),
        4 => 2,
        _ => 3,
    };
    well.min((room(table) / heading(&panels)) as usize).max(1)
}

/// Width of all panels side by side: two with long headings still stand beside each other.
fn room(table: &Table) -> f64 {
    let panels = table.panels();
    if panels.len() > 1 { ROOM.max(2.0 * heading(&panels) + 1.0) } else { ROOM }
}

/// Width that the longest heading needs.
fn heading(panels: &[String]) -> f64 {
    panels.iter().map(|panel| text::width(panel, LABEL, Weight::Bold)).fold(0.0, f64::max) + 14.0
}

/// Width and height of a page of panels.
pub(super) fn size(table: &Table) -> (f64, f64) {
    let width = WIDTH + room(table) - ROOM;
    let rows = table.panels().len().div_ceil(columns(table)) as f64;
    (width, 150.0 + (195.0 * rows).max(260.0) + legend_height(&key(table, &colors(table)), width))
}

/// One of rows x columns equal parts of `area`, with room for a heading.
pub(super) fn cell(area: Area, (row, rows): (usize, usize), (column, columns): (usize, usize)) -> Area {
    let (width, height) = (area.width() / columns as f64, area.height() / rows as f64);
    let left = area.left + width * column as f64;
    let top = area.top + height * row as f64;
    Area { left, top: top + 14.0, right: left + width - 10.0, bottom: top + height }
}

/// A colour for each model in stacking order; where there are more models than colours, those never chosen much share one.
pub(super) fn colors(table: &Table) -> Vec<(String, Color)> {
    let arms = table.series();
    let mut largest: Vec<(f64, &String)> =
        arms.iter().map(|arm| (table.of(arm).map(|mark| mark.y.value).fold(0.0, f64::max), arm)).collect();
    largest.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let own: Vec<&String> = largest.into_iter().take(theme::STACK.len()).map(|(_, arm)| arm).collect();
    let mut free = theme::STACK.iter();
    arms.iter()
        .map(|arm| {
            let color = if own.contains(&arm) { free.next().copied() } else { None };
            (arm.clone(), color.unwrap_or(theme::REST))
        })
        .collect()
}

/// The legend in the order of the stack, the top first.
pub(super) fn key(table: &Table, colors: &[(String, Color)]) -> Vec<Entry> {
    let names = theme::short_names(&table.series());
    let named = colors.iter().zip(names).filter(|((_, color), _)| *color != theme::REST);
    let mut entries: Vec<Entry> = named.map(|((_, color), name)| Entry::Patch(name, *color)).collect();
    entries.push(Entry::Heading("model".to_owned()));
    entries.reverse();
    if colors.iter().any(|(_, color)| *color == theme::REST) {
        entries.push(Entry::Patch(REST.to_owned(), theme::REST));
    }
    entries
}

fn stack(table: &Table, name: &str, weights: &[f64], colors: &[(String, Color)], panel: &Panel, scene: &mut Scene) {
    for (position, weight) in weights.iter().enumerate() {
        let ends = (position as f64 - 0.42, position as f64 + 0.42);
        let mut low = 0.0;
        for (arm, color) in colors {
            let here = |mark: &&Mark| mark.series == *arm && mark.x.value == *weight;
            let share = table.within(name).find(here).map_or(0.0, |mark| mark.y.value);
            let high = (low + share).min(1.0);
            if high > low {
                panel.bar(scene, ends, (low, high), *color);
            }
            // A white hairline keeps neighbours apart without colour.
            if share > 0.02 && high < 0.999 {
                let y = panel.down(high);
                scene.segment(
                    (panel.across(ends.0), y),
                    (panel.across(ends.1), y),
                    crate::graphics::scene::WHITE,
                    0.75,
                );
            }
            low = high;
        }
    }
}
