//! Which models a policy uses as an online run goes on.

use super::arm_shares::{BESIDE, cell, colors, columns, key, order, size};
use super::online::{buckets, changes, phases};
use super::table::{Mark, Measured, Table, best, distinct, ranked};
use super::{About, Chart, Source};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::legend;
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Color, INK, Point, Scene};
use crate::theme;
use store::words::metric;

/// Most panels on a page.
const PANELS: usize = 6;
/// Label of the marks that hold phases instead of shares.
const PHASE: &str = "phase";

pub(super) struct SharesOnline;

impl Chart for SharesOnline {
    fn about(&self) -> About {
        About {
            name: "shares_online",
            title: "Share of requests sent to each model, as the run goes on",
            what: "For each policy that learns (at most 6), stacked in the order of the legend, over the requests of each bucket \
                   alone; light lines are changes of the world. Shares are means over replicates.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let shares = buckets(source.rows, metric::ARM_SHARE);
        let learning =
            distinct(shares.iter().map(|one| &one.row.policy).filter(|policy| !source.roster.is_reference(policy)));
        let mut panels: Vec<String> = theme::looks(&ranked(&learning, &best(source.rows)), &source.roster)
            .into_iter()
            .map(|look| look.name)
            .collect();
        panels.truncate(PANELS);
        let arms = order(source.rows, distinct(shares.iter().filter_map(|one| one.row.arm.as_ref())));
        let mut table = Table::of_source(source);
        for panel in &panels {
            for arm in &arms {
                let own = |row: &store::SummaryRow| row.policy == *panel && row.arm.as_deref() == Some(arm);
                for one in shares.iter().filter(|one| own(one.row)) {
                    let mark = Mark {
                        panel: panel.clone(),
                        series: arm.clone(),
                        label: String::new(),
                        x: Measured { value: one.ends.1, interval: Some(one.ends) },
                        y: Measured::exact(one.mean.value),
                        n: one.row.n,
                    };
                    table.push(mark, &[one.row]);
                }
            }
        }
        let first = table.panels().first().cloned()?;
        for (start, end) in phases(source.rows) {
            let x = Measured { value: end, interval: Some((start, end)) };
            let (series, label) = (table.marks[0].series.clone(), PHASE.to_owned());
            table.marks.push(Mark { panel: first.clone(), series, label, x, y: Measured::exact(0.0), n: 0 });
        }
        table.basis.methods = vec!["not drawn".to_owned()];
        Some(table)
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        size(table)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let colors = colors(table);
        let area = legend::place(scene, area, &key(table, &colors));
        let (panels, columns) = (table.panels(), columns(table));
        let rows = panels.len().div_ceil(columns);
        let all = Area { left: area.left + BESIDE, ..area };
        let phases: Vec<(f64, f64)> =
            table.marks.iter().filter(|mark| mark.label == PHASE).filter_map(|mark| mark.x.interval).collect();
        let (low, high) = range(table.marks.iter().flat_map(|mark| mark.x.reach())).unwrap_or((0.0, 1.0));
        for (position, name) in panels.iter().enumerate() {
            let outer = cell(all, (position / columns, rows), (position % columns, columns));
            let below = position + columns >= panels.len();
            let x = Axis::exactly(if below { "requests answered" } else { "" }, (low, high), Numbers::Counts, 3);
            let y = Axis::exactly("", (0.0, 1.0), Numbers::Percent, 4);
            let mut panel = Panel::inside(outer, x, y, Side::Shared);
            panel.area.bottom = outer.bottom - 38.0;
            let side = if position.is_multiple_of(columns) { Side::Labelled } else { Side::Shared };
            let own: Vec<&Mark> = table.within(name).filter(|mark| mark.label.is_empty()).collect();
            stack(&own, &colors, &panel, scene);
            changes(&phases, &panel, scene);
            panel.frame(scene, Grid::Neither, side);
            panel.heading(scene, name, INK);
        }
    }
}

/// The shares of one policy as regions over each other, in the order of `colors`; every bucket is as wide as its requests.
pub(super) fn stack(marks: &[&Mark], colors: &[(String, Color)], panel: &Panel, scene: &mut Scene) {
    let mut low: Vec<f64> = Vec::new();
    for (arm, color) in colors {
        let own: Vec<&&Mark> = marks.iter().filter(|mark| mark.series == *arm).collect();
        low.resize(own.len().max(low.len()), 0.0);
        let high: Vec<f64> = own.iter().zip(&low).map(|(mark, low)| (low + mark.y.value).min(1.0)).collect();
        let steps = |edge: &[f64]| -> Vec<Point> {
            let places = own.iter().zip(edge).filter_map(|(mark, edge)| mark.x.interval.map(|ends| (ends, *edge)));
            places.flat_map(|((start, end), edge)| [panel.at((start, edge)), panel.at((end, edge))]).collect()
        };
        if own.iter().any(|mark| mark.y.value > 0.0005) {
            let mut corners = steps(&high);
            corners.extend(steps(&low).into_iter().rev());
            scene.polygon(corners, *color);
        }
        low = high;
    }
}
