//! How soon policies are back after a change of the world.

use super::table::{Mark, Measured, Table, select};
use super::{About, Chart, Source, WIDTH, legend_height};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, INK, Scene};
use crate::theme::{self, Part};
use store::Role;
use store::words::{metric, phase};

pub(super) struct Recovery;

impl Chart for Recovery {
    fn about(&self) -> About {
        About {
            name: "recovery",
            title: "Recovery after each change",
            what: "Share of replicates that have not recovered yet (Kaplan-Meier; a replicate that never recovers counts until its \
                   phase ends), against requests since the change. A curve that drops early is a policy that adapts. \
                   Bands are log-log Greenwood intervals, of the highlighted policies.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let mut table = Table::of_source(source);
        for row in source
            .rows
            .iter()
            .filter(|row| row.metric == metric::RECOVERY_CURVE && row.identity.role != Role::SingleModel)
        {
            let mark = Mark {
                panel: row.phase.to_string(),
                series: row.policy.to_string(),
                label: String::new(),
                x: Measured::exact(row.round as f64),
                y: Measured::from(row),
                n: row.n,
            };
            table.push(mark, &[row]);
        }
        // For these rows n is the replicates still at risk, not requests.
        let requests = || select(source.rows, phase::ONLINE, metric::REGRET).map(|row| row.n);
        table.basis.n = requests().max().map(|most| (most, most)).or(table.basis.n);
        table.unless_empty()
    }

    fn size(&self, table: &Table) -> (f64, f64) {
        let rows = table.panels().len().div_ceil(2) as f64;
        let keys = theme::legend(&table.looks(&table.series()), Entry::Line);
        (WIDTH, 180.0 + (210.0 * rows).max(260.0) + legend_height(&keys, WIDTH))
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&table.series());
        let area = legend::place(scene, area, &theme::legend(&looks, Entry::Line));
        let panels = table.panels();
        let columns = panels.len().min(2);
        let rows = panels.len().div_ceil(columns);
        let (width, height) = (area.width() / columns as f64, area.height() / rows as f64);
        for (place, name) in panels.iter().enumerate() {
            let (row, column) = (place / columns, place % columns);
            let (left, top) = (area.left + width * column as f64, area.top + height * row as f64);
            let outer = Area { left, top: top + 16.0, right: left + width - 12.0, bottom: top + height };
            let reach = range(table.within(name).map(|mark| mark.x.value)).unwrap_or((0.0, 1.0));
            let x = Axis::linear("requests since the change", (0.0, reach.1), Numbers::Counts, 4);
            let y = Axis::exactly(if column == 0 { "not yet recovered" } else { "" }, (0.0, 1.03), Numbers::Percent, 5);
            let panel = Panel::inside(outer, x, y, Side::Labelled);
            panel.frame(scene, Grid::Both, Side::Labelled);
            panel.heading(scene, name, INK);
            for look in looks.iter().rev() {
                let marks: Vec<&Mark> = table.within(name).filter(|mark| mark.series == look.name).collect();
                curve(&marks, look, &panel, scene);
            }
        }
    }
}

/// A right-continuous step down from one.
fn curve(marks: &[&Mark], look: &theme::SeriesStyle, panel: &Panel, scene: &mut Scene) {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut band: Vec<(f64, f64, f64)> = Vec::new();
    for pair in marks.windows(2) {
        let (here, next) = (pair[0], pair[1].x.value);
        steps.extend([(here.x.value, here.y.value), (next, here.y.value)]);
        if let Some((low, high)) = here.y.interval {
            let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
            band.extend([(here.x.value, low, high), (next, low, high)]);
        }
    }
    steps.extend(marks.last().map(|mark| (mark.x.value, mark.y.value)));
    if look.part == Part::Highlighted {
        panel.band(scene, &band, look.style.color.faded(0.4));
    }
    panel.line(scene, &steps, &look.style);
    for mark in marks.iter().skip(1).step_by(marks.len().div_ceil(5).max(1)) {
        look.style.mark(scene, panel.at((mark.x.value, mark.y.value)), 3.2);
    }
}
