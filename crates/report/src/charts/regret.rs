//! What was lost to the best choice while learning.

use super::online::{name_phases, phases, shade};
use super::table::{Mark, Measured, Table, select};
use super::{About, Chart, Source};
use crate::graphics::axis::{Axis, Numbers, range};
use crate::graphics::labels;
use crate::graphics::legend::{self, Entry};
use crate::graphics::panel::{Grid, Panel, Side};
use crate::graphics::scene::{Area, Scene};
use crate::theme::{Part, SeriesStyle};
use store::Role;
use store::words::{self, metric, phase};

/// Panel of the marks that hold phases.
const PHASE: &str = "phase";

pub(super) struct Regret;

impl Chart for Regret {
    fn about(&self) -> About {
        About {
            name: "regret",
            title: "Cumulative regret online",
            what: "Reward lost so far to the best model for each request; flat is learned, straight is not. Bands are \
                   intervals; grey lines, named at their end, are the other policies. Phases between two changes of the world are shaded in turn.",
        }
    }

    fn data(&self, source: &Source<'_>) -> Option<Table> {
        let rows = source.rows;
        let mut table = Table::of_source(source);
        let online = select(rows, phase::ONLINE, metric::REGRET).filter(|row| row.task == words::ALL_TASKS);
        for row in online.filter(|row| row.identity.role != Role::SingleModel) {
            let mark = Mark {
                panel: String::new(),
                series: row.policy.to_string(),
                label: String::new(),
                x: Measured::exact(row.round as f64),
                y: Measured::from(row),
                n: row.n,
            };
            table.push(mark, &[row]);
        }
        let first = table.marks.first()?.series.clone();
        for (start, end) in phases(rows) {
            let x = Measured { value: end, interval: Some((start, end)) };
            let (panel, series) = (PHASE.to_owned(), first.clone());
            table.marks.push(Mark { panel, series, label: String::new(), x, y: Measured::exact(0.0), n: 0 });
        }
        Some(table)
    }

    fn draw(&self, table: &Table, scene: &mut Scene, area: Area) {
        let looks = table.looks(&table.series());
        let highlighted = looks.iter().filter(|look| look.part == Part::Highlighted);
        let entries: Vec<Entry> = highlighted.map(|look| Entry::Line(look.name.clone(), look.style)).collect();
        let area = legend::place(scene, area, &entries);
        let others = || looks.iter().filter(|look| look.part == Part::Other);
        let area = Area { right: area.right - labels::gutter(others().map(|look| look.name.as_str())), ..area };
        let rounds = table.marks.iter().map(|mark| mark.x.value);
        let lost = table.marks.iter().flat_map(|mark| mark.y.reach());
        let x = Axis::linear("requests answered", range(rounds).unwrap_or((0.0, 1.0)), Numbers::Counts, 6);
        let y = Axis::linear("cumulative regret", range(lost).unwrap_or((0.0, 1.0)), Numbers::Counts, 6);
        let panel = Panel::inside(area, x, y, Side::Labelled);
        let phases: Vec<(f64, f64)> = table.within(PHASE).filter_map(|mark| mark.x.interval).collect();
        shade(&phases, &panel, scene);
        name_phases(&phases, &panel, panel.area.top - 8.0, scene);
        panel.frame(scene, Grid::Both, Side::Labelled);
        for look in looks.iter().rev() {
            curve(table, look, &panel, scene);
        }
        let end = |look: &SeriesStyle| {
            table
                .of(&look.name)
                .filter(|mark| mark.panel.is_empty())
                .last()
                .map(|mark| (look.name.clone(), panel.down(mark.y.value)))
        };
        let ends: Vec<(String, f64)> = others().filter_map(end).collect();
        labels::name_ends(scene, panel.area, &ends);
    }
}

fn curve(table: &Table, look: &SeriesStyle, panel: &Panel, scene: &mut Scene) {
    if look.part == Part::Highlighted {
        let band: Vec<(f64, f64, f64)> = table
            .of(&look.name)
            .filter_map(|mark| mark.y.interval.map(|(low, high)| (mark.x.value, low, high)))
            .collect();
        panel.band(scene, &band, look.style.color);
    }
    let values: Vec<(f64, f64)> =
        table.of(&look.name).filter(|mark| mark.panel.is_empty()).map(|mark| (mark.x.value, mark.y.value)).collect();
    panel.line(scene, &values, &look.style);
    let every = values.len().div_ceil(6).max(1);
    for &value in values.iter().rev().step_by(every) {
        look.style.mark(scene, panel.at(value), 3.5);
    }
}
